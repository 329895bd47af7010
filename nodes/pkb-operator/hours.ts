/** How many messages ended in each hour: counted seldom enough that pages that are open cost the store next to nothing. */
import type { Outbox } from '../../src/delivery/outbox/contract.js';
import type { EndedCount } from '../../src/delivery/outbox/ledger.js';
import { Seldom } from '../../src/operator/seldom.js';

/** Counts are good for half a minute at least. */
const COUNTED = new Seldom<Outbox, readonly EndedCount[]>(30_000);

/** The counts of an outbox since a time, at most a while old. All that ask meanwhile get the same. */
export async function endedSince(outbox: Outbox, since: number): Promise<readonly EndedCount[]> {
  const counts = await COUNTED.ask(outbox, () => outbox.ended(since));
  return counts.filter(({ hour }) => hour >= since);
}
