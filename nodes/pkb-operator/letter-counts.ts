/** The numbers of letters, counted so seldom that pages that are open, and who scrapes, cost the store next to nothing. */
import type { Outbox } from '../../src/delivery/outbox/contract.js';
import type { LetterCount, WatcherCount } from '../../src/delivery/outbox/letters.js';
import { hoursUntil, type LetterDays } from '../../src/operator/letter-report.js';
import { Seldom } from '../../src/operator/seldom.js';

/** Numbers are good for a second at least. */
const GOOD_MS = 1000;

/** How many letters each node watches, and how those that it watched have ended. */
const WATCHERS = new Seldom<Outbox, readonly WatcherCount[]>(GOOD_MS);

/** How many ended by the hour, each for a number of days. */
const ENDED: Readonly<Record<LetterDays, Seldom<Outbox, readonly LetterCount[]>>> = {
  1: new Seldom(GOOD_MS),
  7: new Seldom(GOOD_MS),
  30: new Seldom(GOOD_MS),
};

/** How many letters of each node an outbox has in each state, at most a while old. */
export function watcherCounts(outbox: Outbox): Promise<readonly WatcherCount[]> {
  return WATCHERS.ask(outbox, () => outbox.letters.allCounts());
}

/** How many letters ended in the hours of some days until now, at most a while old. */
export async function letterEnds(outbox: Outbox, days: LetterDays): Promise<readonly LetterCount[]> {
  const { since } = hoursUntil(Date.now(), days);
  const counts = await ENDED[days].ask(outbox, () => outbox.letters.ended(since));
  return counts.filter(({ hour }) => hour >= since);
}
