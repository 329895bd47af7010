/**
 * The kinds of message that can be composed, as one table. A new kind is a schema, a file in `kinds/` and a row here. The
 * types of the fields are generated from the schemas (`scripts/fields.mjs`), and the compiler reports a missing row.
 */
import type { KindRow } from './draft.js';
import type { MessageFields } from './fields.js';
import { appointment } from './kinds/appointment.js';
import { demographics } from './kinds/demographics.js';
import { carePlan, document, documentDeletion } from './kinds/document.js';
import { encounter } from './kinds/encounter.js';
import { measurement } from './kinds/measurement.js';
import { query } from './kinds/query.js';
import { radiology } from './kinds/radiology.js';
import { resultDeletion } from './kinds/result-deletion.js';
import { result } from './kinds/result.js';
import common from './schemas/common.json';

/** A kind of message that can be composed. */
export type Kind = MessageFields['kind'];

/** The table, in the order of the documentation. */
export const KINDS: { readonly [Name in Kind]: KindRow<Extract<MessageFields, { kind: Name }>> } = {
  document,
  'document-deletion': documentDeletion,
  'care-plan': carePlan,
  appointment,
  demographics,
  result,
  radiology,
  measurement,
  'result-deletion': resultDeletion,
  encounter,
  query,
};

/** The names of the kinds. */
export const KIND_NAMES: readonly string[] = Object.keys(KINDS);

/** Whether a text names a kind of message. */
export function isKind(kind: unknown): kind is Kind {
  return typeof kind === 'string' && Object.hasOwn(KINDS, kind);
}

/** The common parts of the schemas: patient, names, times. */
export const COMMON: object = common;

/**
 * The JSON Schemas (draft 2020-12) by kind. Fields are checked against them. `fields.ts` and the tables in the help and in
 * `docs/compose.md` are made from them.
 */
export const SCHEMAS = Object.fromEntries(
  Object.entries(KINDS).map(([kind, { schema }]) => [kind, schema]),
) as Readonly<Record<Kind, object>>;
