/**
 * The options of the token endpoint and the FHIR operations.
 */
import { PkbConfigError } from '../../errors.js';
import type { ReadingHabit } from './documents.js';
import { type ApiFaultPlan, ApiFaults } from './faults.js';
import { type Organisation, Organisations } from './organisations.js';
import { type ReceiptSetting, type ReceiptShape, receiptShape } from './receipt-shape.js';

/** Options of the token endpoint and the FHIR operations, all with defaults. */
export interface ApiOptions {
  /**
   * The organisations that have granted access, each with MSH-4 of its documents. If left out or empty, every UUID is granted,
   * and may ask about the documents of all Customers.
   */
  readonly organisations?: readonly Organisation[] | undefined;
  /** How long an access token is valid, in seconds; default 600. */
  readonly tokenSeconds?: number | undefined;
  /** The first of each so many received letters is read without anybody's doing; default 0 = none. */
  readonly readEvery?: number | undefined;
  /** How long after it was received such a letter is read, in seconds; default 0. */
  readonly readAfterSeconds?: number | undefined;
  /** Whether a letter stays read when an MDM^T02 replaces it; default false. PKB's own way is unknown. */
  readonly replacedStaysRead?: boolean | undefined;
  /** The form of a read receipt, where it differs from the default. */
  readonly receipt?: ReceiptSetting | undefined;
  /** Faults to make in the token endpoint and the operations. */
  readonly apiFaults?: ApiFaultPlan | undefined;
}

/** Checked options. */
export interface ApiSettings {
  readonly organisations: Organisations;
  readonly tokenSeconds: number;
  readonly habit: ReadingHabit;
  readonly receipt: ReceiptShape;
  readonly faults: ApiFaults;
}

/**
 * Checks options, and completes them by the defaults.
 *
 * @throws PkbConfigError `PKB_SETTING`
 */
export function settle(options: ApiOptions): ApiSettings {
  const { tokenSeconds = 600, readEvery = 0, readAfterSeconds = 0, replacedStaysRead = false } = options;
  if (!(Number.isFinite(tokenSeconds) && tokenSeconds > 0)) throw wrong('tokenSeconds must be more than 0');
  if (!(Number.isSafeInteger(readEvery) && readEvery >= 0))
    throw wrong('readEvery must be a whole number, 0 or more');
  if (!(Number.isFinite(readAfterSeconds) && readAfterSeconds >= 0))
    throw wrong('readAfterSeconds must be 0 or more');
  return {
    organisations: new Organisations(options.organisations ?? []),
    tokenSeconds,
    habit: { every: readEvery, afterSeconds: readAfterSeconds, againUnread: !replacedStaysRead },
    receipt: receiptShape(options.receipt ?? {}),
    faults: new ApiFaults(options.apiFaults ?? {}),
  };
}

function wrong(what: string): PkbConfigError {
  return new PkbConfigError('PKB_SETTING', `The simulator's ${what}.`);
}
