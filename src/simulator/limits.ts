/**
 * Limits for requests and records, so that nobody can fill the memory of the simulator's process.
 */
import { own } from '../hl7/own.js';

/** Limits of one simulator. */
export interface Limits {
  /** Bytes of one request; a larger one gets 413. */
  readonly request: number;
  /** Bytes of all requests being read at once; beyond it a request gets 503. */
  readonly requests: number;
  /** Segments of one message; more are rejected. */
  readonly segments: number;
  /** Characters of one identifier, data point ID or MSH-4; a longer one is rejected. */
  readonly id: number;
  /** Identifiers of one patient; a message with more is rejected. */
  readonly identifiers: number;
  /** Entries of one clinical list that are kept. */
  readonly entries: number;
  /** Patients; beyond it, the least recently changed one is forgotten. */
  readonly patients: number;
  /** Data points of one patient; beyond it, the oldest is forgotten. */
  readonly dataPoints: number;
  /** Estimated bytes of all records; beyond it, the least recently changed patient is forgotten. */
  readonly memory: number;
  /** Bytes of one request to a FHIR operation; a larger one gets 413. */
  readonly apiRequest: number;
  /** Documents whose read state is known; beyond it, the least recently received one is forgotten. */
  readonly documents: number;
  /** Estimated bytes of these documents; beyond it, the least recently received one is forgotten. */
  readonly documentMemory: number;
}

const MIB = 1024 * 1024;

/** The default limits. */
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
  apiRequest: 4 * MIB,
  documents: 100_000,
  documentMemory: 64 * MIB,
};

/** Names and texts are kept up to this length, because they are only shown and not used for matching. */
const SHOWN = 250;

/** A copy of the beginning of a text, to be shown. */
export function ownShort(text: string): string {
  return own(text.slice(0, SHOWN));
}
