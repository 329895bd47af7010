/** What became of messages that were sent under trouble, from what was seen outside only. */
import type { Told } from './sending.js';

/** A message that has arrived at the server. */
export interface Arrival {
  /** The patient, a hyphen, and the message's number among that patient's. */
  readonly id: string;
  /** The acknowledgement code that has been written as its answer, as far as the server knows. */
  answered?: string;
}

/** The account of many messages. */
export interface Account {
  /** Acknowledged to who handed it in, and never arrived. */
  readonly lost: string[];
  /** Acknowledged, and the flow was never told what became of it. */
  readonly untold: string[];
  /** Told to the flow with an outcome that the server never answered. */
  readonly invented: string[];
  /** How many arrivals were of an earlier message of their patient than one that had arrived before. */
  readonly inversions: number;
  /** How many arrivals were of a message that had arrived before. */
  readonly duplicates: number;
}

const CODES: Readonly<Record<string, string>> = { accepted: 'AA', rejected: 'AR', errored: 'AE' };

/**
 * Compares what was handed in, what arrived and what the flow was told.
 *
 * @param acknowledged ids of the messages that were acknowledged to who handed them in
 * @param arrivals in the order in which they arrived
 */
export function account(
  acknowledged: readonly string[],
  arrivals: readonly Arrival[],
  told: readonly Told[],
): Account {
  const answers = new Map<string, Set<string | undefined>>();
  const latest = new Map<string, number>();
  let inversions = 0;
  for (const { id, answered } of arrivals) {
    const hyphen = id.lastIndexOf('-');
    const [patient, number] = [id.slice(0, hyphen), Number(id.slice(hyphen + 1))];
    const last = latest.get(patient) ?? 0;
    if (number < last) inversions++;
    latest.set(patient, Math.max(last, number));
    answers.set(id, (answers.get(id) ?? new Set()).add(answered));
  }
  const known = new Set(told.map(({ id }) => id));
  return {
    lost: acknowledged.filter((id) => !answers.has(id)),
    untold: acknowledged.filter((id) => !known.has(id)),
    invented: told
      .filter(({ id, outcome }) => !answers.get(id)?.has(CODES[outcome]) || CODES[outcome] === undefined)
      .map(({ id }) => id),
    inversions,
    duplicates: arrivals.length - answers.size,
  };
}
