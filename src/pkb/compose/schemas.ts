/**
 * The JSON Schemas (draft 2020-12), one for each kind of message. They are what fields are checked against, what
 * `fields.ts` is made from, and what the tables in the help and in `docs/compose.md` show.
 */
import appointment from './schemas/appointment.json';
import carePlan from './schemas/care-plan.json';
import common from './schemas/common.json';
import demographics from './schemas/demographics.json';
import document from './schemas/document.json';
import documentDeletion from './schemas/document-deletion.json';
import encounter from './schemas/encounter.json';
import measurement from './schemas/measurement.json';
import query from './schemas/query.json';
import result from './schemas/result.json';
import resultDeletion from './schemas/result-deletion.json';

/** What the kinds share: patient, names, times. */
export const COMMON: object = common;

/** The schema of each kind of message, in the order in which they are documented. */
export const SCHEMAS = {
  document,
  'document-deletion': documentDeletion,
  'care-plan': carePlan,
  appointment,
  demographics,
  result,
  measurement,
  'result-deletion': resultDeletion,
  encounter,
  query,
} as const;

/** A kind of message that can be composed. */
export type Kind = keyof typeof SCHEMAS;
