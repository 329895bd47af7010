/** The connections of the flows, and how each stands. */
import type { Outbox } from '../../src/delivery/outbox/contract.js';
import { asPkbError } from '../../src/errors.js';
import { shownAddress } from '../../src/pkb/environments.js';
import type { ConnectionNode } from './contracts.js';
import { waitingSince } from './outages.js';
import type { Node, Runtime } from './types.js';
import type { ShownConnection } from './shown.js';

/** The running pkb-connection of an id; undefined where there is none. */
export function connectionOf(RED: Runtime, id: string): ConnectionNode | undefined {
  const node = RED.nodes.getNode(id) as Node | null;
  return node?.type === 'pkb-connection' ? (node as ConnectionNode) : undefined;
}

/** All that run. */
export function connections(RED: Runtime): ConnectionNode[] {
  const all: ConnectionNode[] = [];
  RED.nodes.eachNode((config) => {
    if (config.type !== 'pkb-connection') return;
    const node = connectionOf(RED, config.id);
    if (node) all.push(node);
  });
  return all;
}

/** How a connection stands. Never rejects. */
export async function shown(node: ConnectionNode): Promise<ShownConnection> {
  const { id, name = '' } = node;
  const { environment } = node.madeFrom;
  const nothing = { id, name, environment, inFlight: 0, pending: 0, onHold: 0, elsewhere: [] };
  try {
    const delivery = node.delivery();
    const outbox = delivery.openOutbox;
    const { state } = delivery;
    if (outbox === undefined || state === undefined) {
      const reason = delivery.fault?.message ?? '';
      return { ...nothing, state: reason === '' ? 'opening' : 'failed', reason };
    }
    const since = waitingSince(delivery);
    return {
      ...nothing,
      state: state.state,
      reason: state.state === 'open' ? '' : state.reason,
      ...(since !== undefined && { since }),
      ...(state.state === 'waiting' && { until: state.until }),
      ...(state.state === 'paused' && state.customers !== undefined && { customers: state.customers }),
      inFlight: delivery.inFlight,
      ...(await counted(outbox, id)),
      elsewhere: delivery.elsewhere.map(({ address, count }) => ({ address: shownAddress(address), count })),
      durable: outbox.durable,
    };
  } catch (error) {
    return { ...nothing, state: 'failed', reason: asPkbError(error).message };
  }
}

async function counted(
  outbox: Outbox,
  id: string,
): Promise<Pick<ShownConnection, 'pending' | 'onHold' | 'oldest'>> {
  const [{ queued, held }, oldest] = await Promise.all([outbox.counts(id), outbox.oldest(id)]);
  return { pending: queued, onHold: held, ...(oldest !== undefined && { oldest }) };
}
