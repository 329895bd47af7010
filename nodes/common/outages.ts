/**
 * Remembers when a connection began to wait, and writes one log line then and one when it sends again, for any number of
 * pkb-send nodes and attempts. (A pause is an error of its own, see pkb-connection.)
 */
import type { Connection } from '../../src/delivery/connection.js';
import type { ConnectionState } from '../../src/delivery/dispatcher.js';
import type { Node, Runtime } from './types.js';

/** The connections that wait, with when that began, in milliseconds since 1970. */
const WAITING = new WeakMap<Connection, number>();

/** Takes note of a connection's state; the first pkb-send node that is told of a change writes the line. */
export function noteState(RED: Runtime, node: Node, connection: Connection, state: ConnectionState): void {
  const waits = state.state === 'waiting';
  if (waits === WAITING.has(connection)) return;
  if (waits) {
    WAITING.set(connection, Date.now());
    node.warn(RED._('pkb-send.log.waiting', { reason: state.reason }));
    return;
  }
  WAITING.delete(connection);
  if (state.state === 'open') node.log(RED._('pkb-send.log.open'));
}

/** When a connection began to wait; undefined where it does not. */
export function waitingSince(connection: Connection): number | undefined {
  return WAITING.get(connection);
}

/** A time for a status: `17:22`, or of another day `23 Nov`. */
export function shortTime(time: number, now: number): string {
  const date = new Date(time);
  if (date.toDateString() === new Date(now).toDateString()) return date.toTimeString().slice(0, 5);
  return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
}
