/**
 * The pkb-send nodes of a connection, and what they are told.
 */
import type { ConnectionState, Dispatcher } from '../../src/delivery/dispatcher.js';
import type { Outbox, SettledMessage } from '../../src/delivery/outbox/outbox.js';
import { PkbDeliveryError } from '../../src/errors.js';
import type { Node } from './types.js';

/** What a pkb-send node gives its connection, to be told of its messages. */
export interface Sender {
  readonly node: Node;
  /** A message's fate is known. */
  settled(settled: SettledMessage): void;
  /** The connection's state, or what waits on it, has changed. */
  changed(state: ConnectionState, inFlight: number): void;
}

/** All senders of one connection. */
export class Senders {
  readonly #senders = new Set<Sender>();
  #alerted = false;

  add(sender: Sender): void {
    this.#senders.add(sender);
  }

  delete(sender: Sender): void {
    this.#senders.delete(sender);
  }

  /**
   * Tells a message's sender of its fate, and notes that it has been told. While its sender is away (a deploy), or for
   * good, the outbox keeps the fate.
   *
   * @returns whether there was a sender to tell
   */
  async settled(settled: SettledMessage, outbox: Outbox): Promise<boolean> {
    const sender = [...this.#senders].find(({ node }) => node.id === settled.message.sender);
    if (sender === undefined) return false;
    sender.settled(settled);
    await outbox.told(settled.message.id);
    return true;
  }

  /** Tells each sender what it was not told before a restart. */
  async tellUntold(connection: string, outbox: Outbox): Promise<void> {
    for (const { node } of this.#senders) {
      for (const settled of await outbox.untold(connection, node.id)) await this.settled(settled, outbox);
    }
  }

  /** Shows a change of the connection, and alerts once, through one of the senders, when it is paused. */
  changed({ state, inFlight }: Dispatcher): void {
    for (const sender of this.#senders) sender.changed(state, inFlight);
    const [first] = this.#senders;
    if (state.state === 'paused' && !this.#alerted && first) {
      const text = `The connection is paused; nothing is lost. ${state.reason}`;
      first.node.error(new PkbDeliveryError('PKB_MISCONFIGURED', text), {});
    }
    this.#alerted = state.state === 'paused';
  }
}
