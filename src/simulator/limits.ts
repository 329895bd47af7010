/**
 * How much the simulator takes and keeps, so that nobody can fill the memory of the process it runs in.
 */
import { own } from '../hl7/own.js';

/** Bounds of one simulator. */
export interface Limits {
  /** Bytes of one request; a larger one gets 413. */
  readonly request: number;
  /** Bytes of all requests that are being read at once; beyond it a request gets 503. */
  readonly requests: number;
  /** Segments of one message; more are rejected. */
  readonly segments: number;
  /** Characters of one identifier, data point ID or MSH-4; a longer one is rejected. */
  readonly id: number;
  /** Identifiers of one patient; a message with more is rejected. */
  readonly identifiers: number;
  /** Entries of one clinical list that are kept. */
  readonly entries: number;
  /** Patients; beyond it, the one that was written to least recently is forgotten. */
  readonly patients: number;
  /** Data points of one patient; beyond it, the oldest is forgotten. */
  readonly dataPoints: number;
  /** Bytes of all records, as estimated; beyond it, the patient that was written to least recently is forgotten. */
  readonly memory: number;
}

const MIB = 1024 * 1024;

/** The bounds unless told otherwise. */
export const LIMITS: Limits = {
  request: 64 * MIB,
  requests: 128 * MIB,
  segments: 100_000,
  id: 1_000,
  identifiers: 100,
  entries: 1_000,
  patients: 20_000,
  dataPoints: 1_000,
  memory: 64 * MIB,
};

/** Names and texts are kept up to this length: they are for reading, not for matching. */
const SHOWN = 250;

/** A copy of as much of a text as is worth showing. */
export function ownShort(text: string): string {
  return own(text.slice(0, SHOWN));
}
