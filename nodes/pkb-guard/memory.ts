/**
 * What a pkb-guard node remembers of the messages it has seen, so that it can tell what is sent again.
 */
import { createHash } from 'node:crypto';
import { own } from '../../src/hl7/own.js';
import type { GuardContext } from '../../src/pkb/guard/rule.js';
import { SendableMessage } from '../../src/pkb/sendable-message.js';

/** So many control IDs and appointments are remembered, the oldest forgotten first. */
const LIMIT = 10_000;

/** Longer IDs are remembered by their hash. */
const LONGEST = 64;

/** Remembers control IDs and appointments while Node-RED runs. */
export class GuardMemory {
  readonly #controlIds = new Set<string>();
  readonly #appointments = new Set<string>();

  /** What the rules are told of it. */
  readonly context: GuardContext = {
    controlIdSeen: (controlId) => this.#controlIds.has(controlId),
    appointmentSeen: (id) => this.#appointments.has(id),
  };

  /** Remembers a message; a blocked one is not sent, so its appointment is not remembered. */
  remember(hl7: string, blocked: boolean): void {
    if (blocked) return;
    const message = new SendableMessage(hl7);
    keep(this.#controlIds, message.msh(10));
    if (message.messageType === 'SIU^S12') keep(this.#appointments, message.dataPoint?.id ?? '');
  }
}

function keep(ids: Set<string>, id: string): void {
  if (id === '') return;
  // A kept ID must not keep its whole message in memory, and must not be as long as a message.
  const kept = id.length > LONGEST ? createHash('sha256').update(id).digest('base64') : own(id);
  ids.delete(kept);
  ids.add(kept);
  for (const oldest of ids) {
    if (ids.size <= LIMIT) return;
    ids.delete(oldest);
  }
}
