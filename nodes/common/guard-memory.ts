/**
 * What a pkb-guard node remembers of the messages it has seen, so that it can tell what is sent again.
 */
import { fieldOf, messageTypeOf, readHeader } from '../../src/hl7/header.js';
import { read } from '../../src/hl7/read.js';
import type { GuardContext } from '../../src/pkb/guard/rule.js';

/** So many control IDs and appointments are remembered, the oldest forgotten first. */
const LIMIT = 10_000;

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
    const header = readHeader(hl7);
    keep(this.#controlIds, fieldOf(hl7, header, 10));
    if (messageTypeOf(fieldOf(hl7, header, 9)) === 'SIU^S12')
      keep(this.#appointments, read(hl7, 'SCH-1.1') ?? '');
  }
}

function keep(ids: Set<string>, id: string): void {
  if (id === '') return;
  ids.delete(id);
  ids.add(id);
  for (const oldest of ids) {
    if (ids.size <= LIMIT) return;
    ids.delete(oldest);
  }
}
