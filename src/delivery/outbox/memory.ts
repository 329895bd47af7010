/**
 * An outbox in memory: for trying things out, and for tests. What it holds is lost when the process ends.
 */
import { randomBytes } from 'node:crypto';
import { PkbOutboxError } from '../../errors.js';
import type { Attempt, Counts, NewMessage, Outbox, SettledMessage, StoredMessage } from './outbox.js';

/** The messages of one order key; the first is the next to be sent. */
interface Queue {
  readonly waiting: StoredMessage[];
  /** How many of `waiting` have been settled and await removal, so that taking the head costs no copying. */
  settled: number;
  inFlight: boolean;
  held: boolean;
  due: number;
  /** Order keys take turns by this number. */
  turn: number;
}

/** Keeps messages in this process. */
export class MemoryOutbox implements Outbox {
  readonly durable = false;
  readonly secret = randomBytes(32);
  readonly #limit: number;
  readonly #connections = new Map<string, Map<string, Queue>>();
  readonly #messages = new Map<number, { message: StoredMessage; queue: Queue }>();
  readonly #untold = new Map<number, SettledMessage>();
  #lastId = 0;
  #lastTurn = 0;

  /** @param limit how many messages it takes before it refuses further ones */
  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  async add(message: NewMessage): Promise<number> {
    if (this.#messages.size + this.#untold.size >= this.#limit) {
      throw new PkbOutboxError(
        'PKB_OUTBOX',
        `The outbox in memory is full (${this.#limit} messages); this one was not taken.`,
      );
    }
    const stored: StoredMessage = { ...message, id: ++this.#lastId, attempts: 0, unclear: 0 };
    const queue = this.#queue(message);
    queue.waiting.push(stored);
    this.#messages.set(stored.id, { message: stored, queue });
    return stored.id;
  }

  async take(connection: string, now: number): Promise<StoredMessage | undefined> {
    let next: Queue | undefined;
    for (const queue of this.#queues(connection)) {
      if (queue.inFlight || queue.held || queue.due > now) continue;
      if (next === undefined || queue.turn < next.turn) next = queue;
    }
    if (next === undefined) return undefined;
    next.inFlight = true;
    return next.waiting[next.settled];
  }

  async settle(settled: SettledMessage, _attempt: Attempt, hold: boolean): Promise<void> {
    const { message, queue } = this.#find(settled.message.id);
    this.#messages.delete(message.id);
    this.#untold.set(message.id, settled);
    queue.settled++;
    queue.inFlight = false;
    queue.held = hold;
    queue.due = 0;
    queue.turn = ++this.#lastTurn;
    if (queue.settled === queue.waiting.length) {
      queue.waiting.length = 0;
      queue.settled = 0;
      if (!hold) this.#connections.get(message.connection)?.delete(message.orderKey);
    } else if (queue.settled > 1000) {
      queue.waiting.splice(0, queue.settled);
      queue.settled = 0;
    }
  }

  async untold(connection: string, sender: string): Promise<SettledMessage[]> {
    return [...this.#untold.values()].filter(
      ({ message }) => message.connection === connection && message.sender === sender,
    );
  }

  async told(id: number): Promise<void> {
    this.#untold.delete(id);
  }

  async postpone(id: number, until: number, { unclear }: Attempt): Promise<void> {
    const { message, queue } = this.#find(id);
    const again = {
      ...message,
      attempts: message.attempts + 1,
      unclear: message.unclear + (unclear ? 1 : 0),
    };
    queue.waiting[queue.settled] = again;
    this.#messages.set(id, { message: again, queue });
    queue.inFlight = false;
    queue.due = until;
    queue.turn = ++this.#lastTurn;
  }

  async giveBack(id: number): Promise<void> {
    this.#find(id).queue.inFlight = false;
  }

  async nextDue(connection: string): Promise<number | undefined> {
    let due: number | undefined;
    for (const queue of this.#queues(connection)) {
      if (!queue.inFlight && !queue.held && (due === undefined || queue.due < due)) due = queue.due;
    }
    return due;
  }

  async release(connection: string, orderKey?: string): Promise<number> {
    let released = 0;
    for (const [key, queue] of this.#connections.get(connection) ?? []) {
      if (!queue.held || (orderKey !== undefined && key !== orderKey)) continue;
      queue.held = false;
      if (queue.waiting.length === 0) this.#connections.get(connection)?.delete(key);
      released++;
    }
    return released;
  }

  async queued(connection: string, most: number): Promise<number> {
    return Math.min(most, (await this.counts(connection)).queued);
  }

  async held(connection: string): Promise<number> {
    return [...this.#queues(connection)].filter(({ held }) => held).length;
  }

  async counts(connection: string): Promise<Counts> {
    let queued = 0;
    let held = 0;
    for (const queue of this.#queues(connection)) {
      const waiting = queue.waiting.length - queue.settled;
      queued += waiting;
      if (queue.held) held += waiting;
    }
    return { queued, held };
  }

  async close(): Promise<void> {
    this.#connections.clear();
    this.#messages.clear();
    this.#untold.clear();
  }

  #queues(connection: string): Iterable<Queue> {
    return this.#connections.get(connection)?.values() ?? [];
  }

  #queue({ connection, orderKey }: NewMessage): Queue {
    let queues = this.#connections.get(connection);
    if (queues === undefined) this.#connections.set(connection, (queues = new Map()));
    let queue = queues.get(orderKey);
    if (queue === undefined) {
      queue = { waiting: [], settled: 0, inFlight: false, held: false, due: 0, turn: ++this.#lastTurn };
      queues.set(orderKey, queue);
    }
    return queue;
  }

  #find(id: number): { message: StoredMessage; queue: Queue } {
    const found = this.#messages.get(id);
    if (found === undefined) throw new PkbOutboxError('PKB_OUTBOX', `The outbox holds no message ${id}.`);
    return found;
  }
}
