/**
 * The flow that is told of fates. What it is given takes a moment to arrive; when flows stop meanwhile, or the process is
 * gone, it never does.
 */
import type { Connection } from '../../../src/delivery/connection.js';
import type { Recipient } from '../../../src/delivery/telling.js';
import type { Entry, Life } from './known.js';
import type { Ledger } from './ledger.js';

/** How long a fate takes through the flow, in milliseconds. */
const FLOW_MS = 45;

/** A fate on its way. */
interface OnItsWay {
  readonly round: number;
  dropped: boolean;
}

/** The flow. */
export class Flow {
  readonly #ledger: Ledger;
  readonly #notesAtOnce: boolean;
  #onTheWay: OnItsWay[] = [];

  /** @param notesAtOnce a defect: what is given counts as told before it can have arrived */
  constructor(ledger: Ledger, notesAtOnce: boolean) {
    this.#ledger = ledger;
    this.#notesAtOnce = notesAtOnce;
  }

  /** Who is told in one life of the connection. @param id of the sender */
  recipient({ life, connection }: { life: Life; connection: Connection }, id: string): Recipient {
    return {
      id,
      noted: () => undefined,
      tell: ({ message, state }) => {
        if (life.crashed) return;
        this.#ledger.note(`  the flow is told: ${message.controlId} ${state}`);
        if (message.sender !== id) this.#ledger.break('told', `${message.controlId} was told to ${id}`);
        if (this.#notesAtOnce) void connection.openOutbox?.told(message.id).catch(() => undefined);
        const entry = this.#ledger.entries.get(message.id);
        // An earlier fate of a message that is being sent once more is no news.
        if (entry?.state !== state) return;
        const way: OnItsWay = { round: entry.round, dropped: false };
        this.#onTheWay.push(way);
        setTimeout(() => this.#hear(entry, way), FLOW_MS);
      },
    };
  }

  /** Flows stop, or the process is gone: what is on its way does not arrive. */
  drop(): void {
    if (this.#onTheWay.length > 0) this.#ledger.count('dropped on its way');
    for (const way of this.#onTheWay) way.dropped = true;
    this.#onTheWay = [];
  }

  /** A fate has come through the flow. */
  #hear(entry: Entry, way: OnItsWay): void {
    if (way.dropped) return;
    this.#onTheWay = this.#onTheWay.filter((one) => one !== way);
    this.#ledger.note(`  the flow has heard of ${entry.message.controlId}`);
    this.#ledger.count('heard');
    entry.heard.add(way.round);
  }
}
