/** The connections of the flows, and how each stands. */
import type { Outbox } from '../../src/delivery/outbox/contract.js';
import { asPkbError, PkbConfigError } from '../../src/errors.js';
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

/**
 * The outbox of the connection that is chosen in a node.
 *
 * @param id of the connection
 * @param chosenIn name of the node's type, for the error
 * @throws PkbConfigError `PKB_CONNECTION` where there is none, or what is wrong with its settings; PkbOutboxError
 */
export async function outboxOf(RED: Runtime, id: string, chosenIn: string): Promise<Outbox> {
  const connection = connectionOf(RED, id);
  if (connection !== undefined) return connection.delivery().outbox();
  throw new PkbConfigError(
    'PKB_CONNECTION',
    `No connection is chosen, or it is disabled; open ${chosenIn} and choose that of pkb send.`,
  );
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

/** The outbox of a connection, where it is open; several connections may share one. */
export function opened(node: ConnectionNode): Outbox | undefined {
  try {
    return node.delivery().openOutbox;
  } catch {
    return undefined;
  }
}

/** How a connection stands, as far as this process knows without asking its outbox. */
export function standing(node: ConnectionNode): Omit<ShownConnection, 'pending' | 'onHold' | 'oldest'> {
  try {
    const delivery = node.delivery();
    const outbox = delivery.openOutbox;
    const { state } = delivery;
    if (outbox === undefined || state === undefined) {
      const reason = delivery.fault?.message ?? '';
      return { ...notUsable(node, reason), state: reason === '' ? 'opening' : 'failed' };
    }
    const since = waitingSince(delivery);
    return {
      ...namesOf(node),
      state: state.state,
      reason: state.state === 'open' ? '' : state.reason,
      ...(since !== undefined && { since }),
      ...(state.state === 'waiting' && { until: state.until }),
      ...(state.state === 'paused' && state.customers !== undefined && { customers: state.customers }),
      inFlight: delivery.inFlight,
      elsewhere: delivery.elsewhere.map(({ address, count }) => ({ address: shownAddress(address), count })),
      durable: outbox.durable,
    };
  } catch (error) {
    return notUsable(node, asPkbError(error).message);
  }
}

/** How a connection stands, and what its outbox tells. Never rejects. */
export async function shown(node: ConnectionNode): Promise<ShownConnection> {
  const stands = standing(node);
  const outbox = opened(node);
  const nothing = { pending: 0, onHold: 0 };
  if (outbox === undefined) return { ...stands, ...nothing };
  try {
    return { ...stands, ...(await counted(outbox, node.id)) };
  } catch (error) {
    return { ...notUsable(node, asPkbError(error).message), ...nothing };
  }
}

/** What an outbox tells of a connection's messages. @throws PkbOutboxError where it cannot */
export async function counted(
  outbox: Outbox,
  id: string,
): Promise<Pick<ShownConnection, 'pending' | 'onHold' | 'oldest'>> {
  const [{ queued, held }, oldest] = await Promise.all([outbox.counts(id), outbox.oldest(id)]);
  return { pending: queued, onHold: held, ...(oldest !== undefined && { oldest }) };
}

function namesOf({
  id,
  name = '',
  madeFrom: { environment },
}: ConnectionNode): Pick<ShownConnection, 'id' | 'name' | 'environment'> {
  return { id, name, environment };
}

function notUsable(node: ConnectionNode, reason: string): ReturnType<typeof standing> {
  return { ...namesOf(node), state: 'failed', reason, inFlight: 0, elsewhere: [] };
}
