/**
 * What a flow's message carries besides its payload, from the moment it is stored until its fate is known.
 */
import type { StoredMessage } from '../../src/delivery/outbox/outbox.js';
import type { Message } from './types.js';

/** So many messages are kept as they are; beyond it, and after a restart, what JSON can hold comes back. */
const LIVE_LIMIT = 1000;

/** Properties that belong to a connection of this process and mean nothing after a restart. */
const NOT_STORED = new Set(['payload', 'req', 'res']);

/** Keeps messages while they are in the outbox. */
export class CarriedMessages {
  readonly #live = new Map<number, Message>();

  /** The properties of a message that outlive a restart, as JSON; what JSON cannot hold is left out. */
  static toJson(message: Message): string {
    const members: string[] = [];
    for (const name of Object.keys(message)) {
      const json = NOT_STORED.has(name) ? undefined : jsonOf(message, name);
      if (json !== undefined) members.push(`${JSON.stringify(name)}:${json}`);
    }
    return `{${members.join(',')}}`;
  }

  /** Remembers a message as it is, with what JSON cannot hold. */
  keep(id: number, message: Message): void {
    if (this.#live.size >= LIVE_LIMIT) return;
    // The payload comes back from the outbox; a thousand letters would fill the memory.
    const { payload: _payload, ...rest } = message;
    this.#live.set(id, rest as Message);
  }

  /** Gives a message back, once. */
  recall(stored: StoredMessage): Message {
    const live = this.#live.get(stored.id);
    this.#live.delete(stored.id);
    return live ?? (JSON.parse(stored.carried) as Message);
  }
}

function jsonOf(message: Message, name: string): string | undefined {
  try {
    return JSON.stringify(message[name]);
  } catch {
    return undefined;
  }
}
