/**
 * What the thread of an outbox file and the rest of the process say to each other.
 */
import type { ErrorCode } from '../../../errors.js';
import type { Outbox } from '../contract.js';
import type { Letters } from '../letters.js';
import type { StoredMessage } from '../messages.js';
import type { Runs } from '../runs.js';

/** What the thread is started with. */
export interface ThreadData {
  readonly path: string;
  readonly retentionMs: number;
  readonly encryptionKey: string | undefined;
  readonly inFlight: readonly number[];
}

/** The rooms of an outbox that have methods of their own. */
export type RoomName = 'runs' | 'letters';

/** The methods of runs, of which the compiler sees that none is missing. */
export const RUN_METHODS: Readonly<Record<keyof Runs, true>> = {
  begin: true,
  place: true,
  all: true,
  one: true,
  items: true,
  close: true,
  claim: true,
  reported: true,
};

/** The methods of letters. */
export const LETTER_METHODS: Readonly<Record<keyof Letters, true>> = {
  watch: true,
  cancel: true,
  take: true,
  putOff: true,
  end: true,
  takeEnded: true,
  gave: true,
  handOver: true,
  find: true,
  counts: true,
  allCounts: true,
  ended: true,
};

/** The methods that are called in the thread. */
export type Method =
  | Exclude<
      {
        [Name in keyof Outbox]: Outbox[Name] extends (...args: never[]) => unknown ? Name : never;
      }[keyof Outbox],
      'busySince' | undefined
    >
  | `runs.${keyof Runs}`
  | `letters.${keyof Letters}`;

/** One call. Calls that are made together are sent together. */
export interface Call {
  readonly id: number;
  readonly method: Method;
  readonly args: readonly unknown[];
  /** Of `add` and `addItem`: whether the caller keeps the texts, so that `take` need not give them back. */
  readonly keeps?: boolean;
}

/** A message that was taken, without its texts where the caller has kept them. */
export type Taken = StoredMessage & { readonly kept?: boolean };

/** An error, in what survives the way between threads. */
export interface Failed {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What one call came to. */
export type Reply =
  { readonly id: number; readonly value: unknown } | { readonly id: number; readonly failed: Failed };

/** What the thread says: once that it is open, or why not; then replies. */
export type Said =
  | {
      readonly opened: {
        readonly secret: Uint8Array;
        readonly name: string;
        readonly reports: readonly string[];
      };
    }
  | { readonly refused: Failed }
  | { readonly replies: readonly Reply[] };
