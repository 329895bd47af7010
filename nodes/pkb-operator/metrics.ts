/** The route that Prometheus scrapes. It answers in a bounded time, whatever the stores do. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../../src/delivery/connection.js';
import type { Outbox } from '../../src/delivery/outbox/contract.js';
import { LETTER_STATES } from '../../src/delivery/outbox/letters.js';
import type { Found, FoundLetters, Seen, Stored } from '../../src/operator/metrics.js';
import { Seldom } from '../../src/operator/seldom.js';
import { adminGet } from '../common/admin.js';
import { connections, counted, opened, standing } from '../common/connections.js';
import type { ConnectionNode } from '../common/contracts.js';
import { lettersNode } from '../common/letters.js';
import { labelsOf, metricsOf } from '../common/metrics.js';
import type { Runtime } from '../common/types.js';
import { watcherCounts } from './letter-counts.js';

/** How long a store may take to answer, in milliseconds; Prometheus itself gives up after 10 seconds unless told otherwise. */
const STORE_MS = 2000;

/** What stores have told is good for 5 seconds at least, so that several who scrape cost no more than one. */
const TOLD = new Seldom<Connection, Stored>(5000);

/** Makes the route. */
export function metricsRoute(RED: Runtime): void {
  const metrics = metricsOf(RED);
  adminGet(RED, '/pkb/metrics', { all: ['pkb.read'] }, (_request, response) => {
    metrics
      .text(() => seen(RED))
      .then(
        (text) => {
          response.set({ 'Content-Type': metrics.contentType, 'Cache-Control': 'no-store' });
          response.end(text);
        },
        // Only a defect of ours gets here; its words may be about anything.
        () => response.status(500).json({ error: 'The metrics could not be written.' }),
      );
  });
}

/** How connections and letters stand. Never rejects. */
async function seen(RED: Runtime): Promise<Seen> {
  const all = connections(RED);
  const [found, letters] = await Promise.all([Promise.all(all.map(foundOf)), lettersOf(RED, stores(all))]);
  return { connections: found, letters };
}

/** The outboxes that are open, each store once: several connections may have one, and each an outbox of its own to it. */
function stores(all: readonly ConnectionNode[]): Outbox[] {
  const found = all.map(opened).filter((outbox) => outbox !== undefined);
  return [...new Map(found.map((outbox) => [outbox.name, outbox])).values()];
}

/** How a connection stands. Never rejects. */
async function foundOf(node: ConnectionNode): Promise<Found> {
  const { state, inFlight } = standing(node);
  const outbox = opened(node);
  const stored = outbox && (await inTime(TOLD.ask(node.delivery(), () => counted(outbox, node.id))));
  return { labels: labelsOf(node), state, inFlight, stored };
}

/** The letters of each node in these outboxes. Never rejects. */
async function lettersOf(RED: Runtime, outboxes: readonly Outbox[]): Promise<FoundLetters[]> {
  const told = await Promise.all(outboxes.map((outbox) => inTime(watcherCounts(outbox))));
  const all = new Map<string, FoundLetters>();
  for (const { watcher: node, states } of told.flatMap((counts) => counts ?? [])) {
    const before = all.get(node)?.states;
    const sum = LETTER_STATES.map((state) => [state, states[state] + (before?.[state] ?? 0)] as const);
    const name = lettersNode(RED, node)?.name || node;
    all.set(node, { node, name, states: Object.fromEntries(sum) as FoundLetters['states'] });
  }
  return [...all.values()];
}

/** What a store tells; undefined where it fails, or does not answer in time. */
async function inTime<T>(told: Promise<T>): Promise<T | undefined> {
  const patience = new AbortController();
  const over = sleep(STORE_MS, undefined, { signal: patience.signal }).catch(() => undefined);
  const answer = await Promise.race([told.catch(() => undefined), over]);
  patience.abort();
  return answer;
}
