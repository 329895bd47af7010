/** How many messages ended in each hour: counted seldom enough that pages that are open cost the store next to nothing. */
import type { Outbox } from '../../src/delivery/outbox/contract.js';
import type { EndedCount } from '../../src/delivery/outbox/ledger.js';

/** How long counts are good for at least, in milliseconds. */
const GOOD_MS = 30_000;

/** How much longer than it took to count, so that counting takes a hundredth of the time at most. */
const TIMES = 100;

/** What was counted, and until when that is good enough, by `performance.now()`. */
interface Counted {
  readonly counts: Promise<readonly EndedCount[]>;
  until: number;
}

const COUNTED = new WeakMap<Outbox, Counted>();

/** The counts of an outbox since a time, at most a while old. All that ask meanwhile get the same. */
export function endedSince(outbox: Outbox, since: number): Promise<readonly EndedCount[]> {
  const known = COUNTED.get(outbox);
  if (known !== undefined && performance.now() < known.until)
    return known.counts.then((counts) => counts.filter(({ hour }) => hour >= since));
  const begun = performance.now();
  const counted: Counted = { counts: outbox.ended(since), until: Infinity };
  COUNTED.set(outbox, counted);
  const end = (good: number): void => {
    counted.until = performance.now() + good;
  };
  counted.counts.then(
    () => end(Math.max(GOOD_MS, TIMES * (performance.now() - begun))),
    () => end(0),
  );
  return counted.counts;
}
