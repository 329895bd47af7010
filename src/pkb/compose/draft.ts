/** What each kind of message is: its fields, and what it makes of them. */
import type { Family } from '../catalogue.js';

/** What a kind of message makes of its fields: everything but MSH. */
export interface Draft {
  /** MSH-9.1 and MSH-9.2, such as `MDM^T02`. */
  readonly messageType: string;
  /** MSH-3 where PKB goes by it, whatever the sender is called. */
  readonly sendingApplication?: string;
  /** The segments after MSH, in their order. */
  readonly segments: readonly string[];
  /** A last segment that may be megabytes long, and is copied as seldom as can be. */
  readonly content?: string;
}

/** What a draft is made with besides the fields. */
export interface DraftContext {
  /** The data point ID; blank for kinds that have none. */
  readonly id: string;
  /** Makes an ID that nothing has had yet. */
  readonly newId: () => string;
  /** When it is composed, an HL7 time stamp. */
  readonly now: string;
}

/** A row of the table of kinds (`kinds.ts`). */
export interface KindRow<Fields> {
  /** JSON Schema (draft 2020-12) of the fields. */
  readonly schema: object;
  /** Whose data point IDs it shares. */
  readonly family: Family;
  /** Whether it begins something, so that a new ID makes sense. */
  readonly begins: boolean | ((fields: Readonly<Record<string, unknown>>) => boolean);
  /** Whether it has exactly one of `pdf`, `html` and `text`. */
  readonly hasContent: boolean;
  /** @param fields as the schema allows them */
  readonly draft: (fields: Fields, context: DraftContext) => Draft;
}
