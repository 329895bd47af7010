/**
 * The public library: what a Function node or a program may import. Pure and synchronous, but for `startSimulator`, and for
 * `stamp` and `compose` where neither `newId` nor `now` is given: then they ask for a random UUID and the time.
 */
export {
  type ErrorCode,
  ERROR_CODES,
  PkbConfigError,
  PkbDeliveryError,
  PkbError,
  PkbMessageError,
  PkbOutboxError,
} from './errors.js';
export { read, readRaw } from './hl7/read.js';
export { insertSegment, removeSegment, set, setRaw } from './hl7/edit.js';
export { readMessage, readMessages } from './hl7/input.js';
export {
  formatTimestamp,
  formatUtc,
  parseTimestamp,
  readTimestamp,
  type Timestamp,
} from './hl7/timestamp.js';
export type { Customer } from './pkb/alias.js';
export { MESSAGE_TYPES, type MessageType } from './pkb/catalogue.js';
export { compose, composeMessage, type ComposeOptions } from './pkb/compose/compose.js';
export { type Fault, PkbFieldsError } from './pkb/compose/faults.js';
export type * from './pkb/compose/fields.js';
export { COMMON as COMMON_SCHEMA, type Kind, SCHEMAS } from './pkb/compose/kinds.js';
export { type DataPoint, type DataPointId, deriveId } from './pkb/data-point.js';
export { isNhsNumber } from './pkb/nhs-number.js';
export {
  type FoundIdentifier,
  type FoundPatient,
  type QueryAnswer,
  readQueryAnswer,
} from './pkb/query-answer.js';
export { stamp, type Stamped, type StampOptions } from './pkb/stamp.js';
export { inspect, type Inspection, type RuleActions } from './pkb/guard/inspect.js';
export type { Action, Finding, GuardContext, Rule, Severity } from './pkb/guard/rule.js';
export { RULES } from './pkb/guard/rules/index.js';
export { encodeRequest } from './pkb/soap/request.js';
export { decodeResponse, type DecodedOutcome, type DecodedResponse } from './pkb/soap/response.js';
export { FAULT_KINDS, type FaultKind, type FaultPlan } from './simulator/faults.js';
export { API_FAULT_KINDS, type ApiFaultKind, type ApiFaultPlan } from './simulator/fhir/faults.js';
export type { ApiOptions } from './simulator/fhir/options.js';
export type { Organisation } from './simulator/fhir/organisations.js';
export type { PartShape, ReceiptSetting, ReceiptShape } from './simulator/fhir/receipt-shape.js';
export { type RunningSimulator, startSimulator, type StartOptions } from './simulator/server.js';
export type { Effect } from './simulator/filing.js';
export type { KnownPatient } from './simulator/known-patients.js';
export type { Limits } from './simulator/limits.js';
export type { Received } from './simulator/simulator.js';
