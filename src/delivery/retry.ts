/**
 * What to do after an attempt, as a pure function of what is known.
 */
import type { Outcome } from './outcome.js';

/** How patient delivery is. */
export interface RetryPolicy {
  /** Wait after the first failed attempt, in milliseconds; it doubles with every further one. */
  readonly baseMs: number;
  /** The longest wait, in milliseconds, unless `Retry-After` asks for more. */
  readonly capMs: number;
  /** How often a message is sent when its answers are unreadable while the connection works. */
  readonly unknownAttempts: number;
  /** How long after it was stored a message is kept trying, in milliseconds. */
  readonly maxAgeMs: number;
}

/** Half a second at first, five minutes at most. */
export const DEFAULT_POLICY: RetryPolicy = {
  baseMs: 500,
  capMs: 300_000,
  unknownAttempts: 5,
  maxAgeMs: 72 * 3_600_000,
};

/** Nothing waits longer than this, also where a server asks for it. What seems to, was given its time by another clock. */
export const LONGEST_WAIT_MS = 3_600_000;

/** A message's life ends. */
export interface SettleStep {
  readonly step: 'settle';
  readonly state: 'accepted' | 'rejected' | 'errored' | 'undeliverable';
  /** Whether it is given up because of its age. */
  readonly expired: boolean;
  /** When the connection may be tried again, in milliseconds since 1970. */
  readonly at: number;
}

/** What is to be done next with a message. */
export type NextStep =
  SettleStep | { readonly step: 'retry'; readonly at: number } | { readonly step: 'pause' };

/**
 * Decides.
 *
 * @param unclear how many attempts the message itself got no clear answer to, this one included
 * @param failures how many attempts on this connection have failed in a row, this one included
 * @param age how long ago the message was stored, in milliseconds
 * @param now in milliseconds since 1970
 * @param random from 0 up to 1
 */
export function nextStep(
  outcome: Outcome,
  { unclear, failures, age }: { unclear: number; failures: number; age: number },
  policy: RetryPolicy,
  now: number,
  random: number,
): NextStep {
  switch (outcome.outcome) {
    case 'accepted':
    case 'rejected':
    case 'errored':
      return { step: 'settle', state: outcome.outcome, expired: false, at: now };
    case 'refused':
      return { step: 'settle', state: 'undeliverable', expired: false, at: now };
    case 'misconfigured':
      return { step: 'pause' };
    case 'notSent':
    case 'busy':
    case 'unknown':
      break;
  }
  if (outcome.scope === 'message' && unclear >= policy.unknownAttempts) {
    return { step: 'settle', state: 'undeliverable', expired: false, at: now };
  }
  const tries = outcome.scope === 'message' ? unclear : failures;
  const asked = Math.min(outcome.retryAfter ?? 0, LONGEST_WAIT_MS);
  const at = now + Math.max(backoff(tries, policy, random), asked);
  if (age >= policy.maxAgeMs) return { step: 'settle', state: 'undeliverable', expired: true, at };
  return { step: 'retry', at };
}

/**
 * Exponential backoff with jitter: between half and the whole of base × 2^(tries-1), and never above the cap.
 *
 * @returns milliseconds
 */
export function backoff(tries: number, policy: RetryPolicy, random: number): number {
  const full = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(tries - 1, 40));
  return Math.round(full * (0.5 + random / 2));
}
