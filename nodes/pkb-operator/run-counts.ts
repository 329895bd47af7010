/**
 * The numbers of runs. To count one, a store reads all its items, so it is done seldom: what is asked for one run takes a twentieth
 * of the store's time at most, and a list of a hundred another twentieth.
 */
import type { Outbox } from '../../src/delivery/outbox/contract.js';
import type { RunCounts } from '../../src/delivery/outbox/runs.js';
import { type GoodFor, Seldom } from '../../src/operator/seldom.js';

/** How much longer than it took to count the numbers are good, where one run is asked for, or an open one is in a list. */
const TIMES = 20;

/** The same of a closed run in a list: there are many, and numbers change only where a message is sent again. */
const CLOSED_TIMES = 2000;

/** How long those are good at most, in milliseconds. */
const CLOSED_MS = 5 * 60_000;

/** Of how many runs numbers are kept. */
const KEPT = 200;

type Counted = RunCounts | undefined;

const COUNTED = new Seldom<object, Counted>(0);

/** By the name of a run, what its numbers are kept by. */
const RUNS = new WeakMap<Outbox, Map<string, object>>();

/** The numbers of a run, at most a few seconds old; undefined where there is none of this name. */
export function countsOf(outbox: Outbox, name: string): Promise<Counted> {
  return counted(outbox, name, (counts, took) => (counts === undefined ? 0 : TIMES * took));
}

/** The latest runs with their numbers, the last begun first. They are counted one by one, so that the store can send in between. */
export async function latestCounts(outbox: Outbox, most: number): Promise<RunCounts[]> {
  const all: RunCounts[] = [];
  for (const { name, closedAt } of await outbox.runs.all(most)) {
    const counts = await counted(outbox, name, (known, took) => {
      // It was closed, or opened again, since it was counted.
      if (known?.closedAt !== closedAt) return 0;
      return closedAt === undefined ? TIMES * took : Math.min(CLOSED_MS, CLOSED_TIMES * took);
    });
    if (counts !== undefined) all.push(counts);
  }
  return all;
}

function counted(outbox: Outbox, name: string, goodFor: GoodFor<Counted>): Promise<Counted> {
  const runs = RUNS.get(outbox) ?? new Map<string, object>();
  RUNS.set(outbox, runs);
  const run = runs.get(name) ?? {};
  runs.set(name, run);
  const [oldest] = runs.keys();
  if (runs.size > KEPT && oldest !== undefined) runs.delete(oldest);
  return COUNTED.ask(run, () => outbox.runs.one(name), goodFor);
}
