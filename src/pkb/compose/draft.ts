/** What a kind of message makes of its fields: everything but MSH. */
export interface Draft {
  /** MSH-9.1 and MSH-9.2, such as `MDM^T02`. */
  readonly messageType: string;
  /** The segments after MSH, in their order. */
  readonly segments: readonly string[];
  /** A last segment that may be megabytes long, and is copied as seldom as can be. */
  readonly content?: string;
}
