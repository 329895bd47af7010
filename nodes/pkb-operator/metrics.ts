/** The route that Prometheus scrapes. It answers in a bounded time, whatever the stores do. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../../src/delivery/connection.js';
import type { Found, Stored } from '../../src/operator/metrics.js';
import { Seldom } from '../../src/operator/seldom.js';
import { adminGet } from '../common/admin.js';
import { connections, counted, opened, standing } from '../common/connections.js';
import type { ConnectionNode } from '../common/contracts.js';
import { labelsOf, metricsOf } from '../common/metrics.js';
import type { Runtime } from '../common/types.js';

/** How long a store may take to answer, in milliseconds; Prometheus itself gives up after 10 seconds unless told otherwise. */
const STORE_MS = 2000;

/** What stores have told is good for 5 seconds at least, so that several who scrape cost no more than one. */
const TOLD = new Seldom<Connection, Stored>(5000);

/** Makes the route. */
export function metricsRoute(RED: Runtime): void {
  const metrics = metricsOf(RED);
  adminGet(RED, '/pkb/metrics', { all: ['pkb.read'] }, (_request, response) => {
    metrics
      .text(() => Promise.all(connections(RED).map(found)))
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

/** How a connection stands. Never rejects. */
async function found(node: ConnectionNode): Promise<Found> {
  const { state, inFlight } = standing(node);
  return { labels: labelsOf(node), state, inFlight, stored: await storedOf(node) };
}

/** What the store of a connection tells; undefined where it is not open, or does not answer in time. */
async function storedOf(node: ConnectionNode): Promise<Stored | undefined> {
  const outbox = opened(node);
  if (outbox === undefined) return undefined;
  const told = TOLD.ask(node.delivery(), () => counted(outbox, node.id)).catch(() => undefined);
  const patience = new AbortController();
  const over = sleep(STORE_MS, undefined, { signal: patience.signal }).catch(() => undefined);
  const stored = await Promise.race([told, over]);
  patience.abort();
  return stored;
}
