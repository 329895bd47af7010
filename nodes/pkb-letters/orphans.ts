/** Letters whose pkb-letters is no more: another one takes them, so that none is forgotten. */
import type { Outbox } from '../../src/delivery/outbox/contract.js';
import { connectionOf } from '../common/connections.js';
import type { Runtime } from '../common/types.js';

const REMOVED = 'removed ';

/** In whose name the letters of a removed node are kept, until another pkb-letters of the connection takes them. */
export function removedFrom(connection: string): string {
  return `${REMOVED}${connection}`;
}

/**
 * The watchers whose letters a pkb-letters of a connection takes: nodes that are no more, and what removed nodes left to its
 * connection, or to one that is no more.
 */
export async function orphans(RED: Runtime, outbox: Outbox, connection: string): Promise<string[]> {
  const own = removedFrom(connection);
  // Of a database that others share, nobody knows which nodes and connections they have.
  if (outbox.sharing !== undefined) return [own];
  const watchers = (await outbox.letters.allCounts()).map(({ watcher }) => watcher);
  return watchers.filter((id) => {
    if (!id.startsWith(REMOVED)) return !RED.nodes.getNode(id);
    return id === own || connectionOf(RED, id.slice(REMOVED.length)) === undefined;
  });
}
