/** What the dialog of pkb-send knows, as its routes give it (`endpoints.ts`). */

/** The settings of a pkb-send. */
export interface SendSettings {
  name: string;
  connection: string;
  orderBy: string;
  onRejected: string;
  onUnknown: string;
}

/** A message that was not accepted. */
export interface ShownFailure {
  readonly id: number;
  readonly controlId: string;
  readonly messageType: string;
  readonly state: string;
  /** When it ended, in milliseconds since 1970. */
  readonly settledAt: number;
  /** Why, where the user may see PKB's words. */
  readonly reason: string | null;
  readonly reasonHidden?: boolean;
  /** Whether its text is still there. */
  readonly kept: boolean;
}

/** So many messages wait for another address. */
export interface ShownAddressed {
  readonly address: string;
  readonly count: number;
}

/** What a node has of messages that need a person; `failed` is null where it is not deployed yet. */
export interface ShownFailures {
  readonly failed: readonly ShownFailure[] | null;
  readonly elsewhere?: readonly ShownAddressed[];
}
