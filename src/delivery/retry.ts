/**
 * What to do after an attempt, as a pure function of what is known. What each kind of refusal leads to stands in the table
 * of `refusal.ts`.
 */
import type { Outcome } from './outcome.js';
import { refusalRow } from './refusal.js';

/** How patient delivery is. */
export interface RetryPolicy {
  /** Wait after the first failed attempt, in milliseconds; it doubles with every further one. */
  readonly baseMs: number;
  /** The longest wait, in milliseconds, unless `Retry-After` asks for more. */
  readonly capMs: number;
  /** How often a message is refused while the connection is known to work, until it is undeliverable. */
  readonly refusedAttempts: number;
  /** How many answers in a row may be unreadable until the connection pauses. */
  readonly unreadableInARow: number;
  /** How long after it was stored a message is kept trying, in milliseconds. */
  readonly maxAgeMs: number;
}

/** Half a second at first, five minutes at most. */
export const DEFAULT_POLICY: RetryPolicy = {
  baseMs: 500,
  capMs: 300_000,
  refusedAttempts: 4,
  unreadableInARow: 5,
  maxAgeMs: 72 * 3_600_000,
};

/** Upper limit of a wait, even if a server asks for more. A time further ahead comes from another clock. */
export const LONGEST_WAIT_MS = 3_600_000;

/** What is known when the next step is to be found. */
export interface Facts {
  /** Whether the refusal counts against the message, since the connection is known to work (see `standing.ts`). */
  readonly counts: boolean;
  /** How often the message itself has been refused so, this attempt included. */
  readonly refusals: number;
  /** How many attempts on this connection have failed in a row, this one included. */
  readonly failures: number;
  /** How many answers in a row were unreadable, this one included. */
  readonly unreadable: number;
  /** How long ago the message was stored, in milliseconds. */
  readonly age: number;
  /** Whether a person decides about sending the message again where PKB may have it. */
  readonly asks: boolean;
}

/** A message's life ends. */
export interface SettleStep {
  readonly step: 'settle';
  readonly state: 'accepted' | 'rejected' | 'errored' | 'undeliverable';
  /** Whether it is given up because of its age. */
  readonly expired: boolean;
  /** When the connection may be tried again, in milliseconds since 1970. */
  readonly at: number;
}

/** The message is sent again at a time; until then it waits alone, or its connection waits with it. */
export interface RetryStep {
  readonly step: 'retry';
  readonly whose: 'message' | 'connection';
  readonly at: number;
}

/** Nothing more is sent, of one Customer or at all, until a person acts. */
export interface PauseStep {
  readonly step: 'pause';
  readonly whose: 'customer' | 'connection';
}

/** What is to be done next with a message. */
export type NextStep = SettleStep | RetryStep | PauseStep;

/**
 * The next step for a message after an attempt.
 *
 * @param now in milliseconds since 1970
 * @param random from 0 up to 1
 */
export function nextStep(
  outcome: Outcome,
  facts: Facts,
  policy: RetryPolicy,
  now: number,
  random: number,
): NextStep {
  if (!('refusal' in outcome)) return { step: 'settle', state: outcome.outcome, expired: false, at: now };
  const row = refusalRow(outcome.refusal);
  if (row.does === 'pause') return { step: 'pause', whose: 'connection' };
  if (row.does === 'pause-customer') return { step: 'pause', whose: 'customer' };
  const tries = facts.counts ? facts.refusals : facts.failures;
  const asked = Math.min(outcome.retryAfter ?? 0, LONGEST_WAIT_MS);
  const at = now + Math.max(backoff(tries, policy, random), asked);
  if (facts.asks && outcome.outcome === 'unknown')
    return { step: 'settle', state: 'undeliverable', expired: false, at };
  const enough = row.ends === 'at once' || facts.refusals >= policy.refusedAttempts;
  if (facts.counts && row.ends && enough)
    return { step: 'settle', state: 'undeliverable', expired: false, at: now };
  if (row.maybeTaken && !facts.counts && facts.unreadable >= policy.unreadableInARow)
    return { step: 'pause', whose: 'connection' };
  if (facts.age >= policy.maxAgeMs) return { step: 'settle', state: 'undeliverable', expired: true, at };
  return { step: 'retry', whose: facts.counts ? 'message' : 'connection', at };
}

/**
 * Exponential backoff with jitter: between half and the whole of base × 2^(tries-1), and never above the cap.
 *
 * @returns milliseconds
 */
export function backoff(tries: number, policy: RetryPolicy, random: number): number {
  const full = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(Math.max(tries, 1) - 1, 40));
  return Math.round(full * (0.5 + random / 2));
}
