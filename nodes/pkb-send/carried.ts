/**
 * What a flow's message carries besides its payload, from the moment it is stored until its fate is known.
 */
import { own } from '../../src/hl7/own.js';
import type { StoredMessage } from '../../src/delivery/outbox/messages.js';
import type { Message } from '../common/types.js';

/** Upper limit of messages kept as they are. Beyond it, and after a restart, only what JSON can hold is restored. */
const LIVE_LIMIT = 1000;

/** Keeps messages while they are in the outbox. */
export class CarriedMessages {
  readonly #live = new Map<number, Message>();

  /** Remembers a message as it is, with what JSON cannot hold. Never throws: the message is stored all the same. */
  keep(id: number, message: Message): void {
    if (this.#live.size >= LIVE_LIMIT) return;
    try {
      // The text comes back from the outbox; a thousand letters would fill the memory.
      const { payload: _payload, hl7: _hl7, ...rest } = message as Message & { hl7?: unknown };
      this.#live.set(id, withOwnTexts(rest as Message));
    } catch {
      // A property that cannot even be read is left to what JSON could hold.
    }
  }

  /** Gives a message back; it may be asked for again until it is released. */
  recall(stored: StoredMessage): Message {
    return this.#live.get(stored.id) ?? (JSON.parse(stored.carried) as Message);
  }

  /** Its fate has been told; nothing more will be asked for. */
  release(id: number): void {
    this.#live.delete(id);
  }
}

/** Texts up to this length may have been cut from a long one, which they would keep in memory. */
const SHORT = 1000;

/** The same properties, with short texts copied; those of `msg.pkb`, too. */
function withOwnTexts(message: Message): Message {
  const copied: Record<string, unknown> = copyTexts({ ...message });
  const { pkb } = copied;
  if (typeof pkb === 'object' && pkb !== null && !Array.isArray(pkb)) copied['pkb'] = copyTexts({ ...pkb });
  return copied as unknown as Message;
}

function copyTexts(properties: Record<string, unknown>): Record<string, unknown> {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === 'string' && value.length <= SHORT) properties[name] = own(value);
  }
  return properties;
}
