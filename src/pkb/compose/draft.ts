/** The types of a kind of message: its row in the table, and the draft that it makes from fields. */
import type { Family } from '../catalogue.js';

/** The message that a kind makes from its fields, without MSH. */
export interface Draft {
  /** MSH-9.1 and MSH-9.2, such as `MDM^T02`. */
  readonly messageType: string;
  /** MSH-3, if PKB reads the kind from it; it replaces the sender's name. */
  readonly sendingApplication?: string;
  /** The segments after MSH, in order. */
  readonly segments: readonly string[];
  /** A last segment, which may be megabytes long and is copied as rarely as possible. */
  readonly content?: string;
}

/** Values for a draft besides the fields. */
export interface DraftContext {
  /** The data point ID; blank for kinds that have none. */
  readonly id: string;
  /** Makes an ID that has never been used. */
  readonly newId: () => string;
  /** The time of composing, as an HL7 time stamp. */
  readonly now: string;
}

/** A row of the table of kinds (`kinds.ts`). */
export interface KindRow<Fields> {
  /** JSON Schema (draft 2020-12) of the fields. */
  readonly schema: object;
  /** The family whose data point IDs it uses. */
  readonly family: Family;
  /** Whether it creates something, so that a new ID makes sense. */
  readonly begins: boolean | ((fields: Readonly<Record<string, unknown>>) => boolean);
  /** Whether it has exactly one of `pdf`, `html` and `text`. */
  readonly hasContent: boolean;
  /** @param fields fields that have passed the schema */
  readonly draft: (fields: Fields, context: DraftContext) => Draft;
}
