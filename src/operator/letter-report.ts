/** What became of letters, as operators see it: how many are watched, how many ended and why, and how much printing was avoided. */
import type { LetterCount, LetterEnd, LetterState } from '../delivery/outbox/letters.js';

const HOUR_MS = 3_600_000;

/** For how many days back ends can be asked for. */
export const LETTER_DAYS = [1, 7, 30] as const;

/** One of {@link LETTER_DAYS}. */
export type LetterDays = (typeof LETTER_DAYS)[number];

/** The ends of letters, in the order in which they are shown. */
export const LETTER_ENDS = ['read', 'post', 'attention'] as const satisfies readonly LetterEnd[];

/** How many letters ended in each way. */
export type EndCounts = Readonly<Record<LetterEnd, number>>;

/** A pkb-letters node and the letters that it has in an outbox. */
export interface ShownWatcher {
  /** Its id. What a removed node has left has an id of its own. */
  readonly id: string;
  /** Blank where it has none, or does not run here. */
  readonly name: string;
  /** Whether it runs in the Node-RED that was asked. */
  readonly isHere: boolean;
  readonly states: Readonly<Record<LetterState, number>>;
}

/** What `POST /pkb/letters` answers about the letters of an outbox. */
export interface LetterReport {
  /** From when on ends are counted, the beginning of an hour, in milliseconds since 1970. */
  readonly since: number;
  /** How many hours that are, the one that has begun included. */
  readonly hours: number;
  /** Whether other processes use the outbox, too, so that a node that is not here may run elsewhere. */
  readonly isShared: boolean;
  readonly watchers: readonly ShownWatcher[];
  readonly counts: readonly LetterCount[];
}

/** How many letters ended in one way for one reason. */
export interface ReasonCount extends Pick<LetterCount, 'end' | 'reason' | 'count'> {}

/** The hours of some days until now. @param now milliseconds since 1970 */
export function hoursUntil(now: number, days: LetterDays): Pick<LetterReport, 'since' | 'hours'> {
  const hours = days * 24;
  return { since: (Math.floor(now / HOUR_MS) - hours + 1) * HOUR_MS, hours };
}

/** How many ended in each way. */
export function endCounts(counts: readonly Pick<LetterCount, 'end' | 'count'>[]): EndCounts {
  const all = { read: 0, post: 0, attention: 0 };
  for (const { end, count } of counts) all[end] += count;
  return all;
}

/** How many ended for each reason: by end, and the most frequent first. */
export function reasonCounts(counts: readonly LetterCount[]): ReasonCount[] {
  const all = new Map<string, ReasonCount>();
  for (const { end, reason, count } of counts) {
    const key = `${end} ${reason}`;
    all.set(key, { end, reason, count: count + (all.get(key)?.count ?? 0) });
  }
  const placeOf = ({ end }: ReasonCount): number => LETTER_ENDS.indexOf(end);
  return [...all.values()].toSorted((a, b) => placeOf(a) - placeOf(b) || b.count - a.count);
}

/**
 * Which part of the letters was read, and so was not printed: of those that were read or are posted. Those that a person looks into
 * are in neither.
 *
 * @returns from 0 to 1; undefined where there is none
 */
export function printingAvoided({ read, post }: EndCounts): number | undefined {
  return read + post === 0 ? undefined : read / (read + post);
}

/** Which part as a whole percentage; 100 and 0 only where it is all or nothing. */
export function percentOf(part: number): number {
  if (part === 0 || part === 1) return part * 100;
  return Math.min(99, Math.max(1, Math.round(part * 100)));
}

/** How many letters are in a state, of all watchers. */
export function inState(watchers: readonly Pick<ShownWatcher, 'states'>[], state: LetterState): number {
  return watchers.reduce((sum, { states }) => sum + states[state], 0);
}
