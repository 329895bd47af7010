/**
 * Why a connection waits or is paused, in the few words that a status has room for: from our own sentence (`classify.ts`),
 * never from PKB's words.
 */

/** What a sentence says, and the key of its short form in `pkb-send.reason`; the first row that fits counts. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, 'refused'],
  [/ENOTFOUND|EAI_/, 'unknown-host'],
  [/ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL/, 'unreachable'],
  [/could not be reached \(ETIMEDOUT/, 'no-connection'],
  [/ETIMEDOUT/, 'no-answer'],
  [/ECONNRESET|EPIPE/, 'broken'],
  [/proxy (?:could not|refused)/i, 'proxy'],
  [/TLS trust/, 'certificate'],
  [/redirect/, 'redirect'],
  [/(?:was|were) stored for/, 'elsewhere'],
  [/person has paused/, 'person'],
  [/refused the credentials \(/, 'credentials'],
  [/refused (?:this sender|the credentials) or/, 'customer'],
  [/busy/, 'busy'],
  [/server failed/, 'failing'],
  [/SOAP fault/, 'fault'],
  [/refused the request/, 'request'],
  [/could not be read several times|holds no acknowledgement|is larger than/, 'unreadable'],
  [/could not be reached/, 'unreachable'],
  [/No whole answer/, 'no-answer'],
];

/** Shown where no row fits. */
const OTHER = 'other';

/** A reason in short. */
export interface ShortReason {
  /** Key in `pkb-send.reason`. */
  readonly key: string;
  /** Such as `HTTP 503`; blank where there was no answer. */
  readonly status: string;
}

/** @param reason why a connection waits or is paused, as its state says it */
export function shortReason(reason: string): ShortReason {
  const key = REASONS.find(([said]) => said.test(reason))?.[1] ?? OTHER;
  return { key, status: /\((HTTP \d{3})\)/.exec(reason)?.[1] ?? '' };
}

/** Every key there is, for the test that looks for their words. */
export const REASON_KEYS: readonly string[] = [...new Set([...REASONS.map(([, key]) => key), OTHER])];
