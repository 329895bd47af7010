/**
 * An outbox in memory: for trying things out, and for tests. What it holds is lost when the process ends.
 */
import { createSecretKey, randomBytes } from 'node:crypto';
import { PkbOutboxError } from '../../errors.js';
import { MESSAGE_TYPES, supersedes } from '../../pkb/catalogue.js';
import { reasonOf } from '../outcome.js';
import { isSame, MOST_CORRECTIONS, storeName, unchangedError } from './contract.js';
import type {
  Addressed,
  Counts,
  FailedMessage,
  FailedReference,
  Outbox,
  Replayed,
  ReplayTerms,
  SettledMessage,
} from './contract.js';
import type { Attempt, NewMessage, StoredMessage } from './messages.js';
import type { EndedCount, MessageFilter, MessageLife, MessageList, Withdrawal } from './ledger.js';
import { MemoryLedger, type QueuedMessage } from './memory-ledger.js';
import type { Pause } from './pause.js';
import { MemoryLetters } from './memory-letters.js';
import { MemoryRuns } from './memory-runs.js';
import type { Placed, RunItem } from './runs.js';
import { recordOf, type TrailEntry, type TrailRecord } from './trail.js';

/** The messages of one order key; the first is the next to be sent. */
interface Queue {
  readonly waiting: StoredMessage[];
  /** How many of `waiting` have been settled and await removal, so that taking the head costs no copying. */
  settled: number;
  inFlight: boolean;
  /** The message behind which the rest is held. */
  heldBy: number | undefined;
  due: number;
  /** Order keys take turns by this number. */
  turn: number;
}

/** How much is remembered of what has ended. */
const REMEMBERED = 1000;

/** Keeps messages in this process. */
export class MemoryOutbox implements Outbox {
  readonly durable = false;
  readonly secret = createSecretKey(randomBytes(32));
  readonly name = storeName(this.secret);
  readonly #limit: number;
  readonly #connections = new Map<string, Map<string, Queue>>();
  readonly #messages = new Map<number, { message: StoredMessage; queue: Queue }>();
  readonly #untold = new Map<number, SettledMessage>();
  /** What ended without acceptance, to be sent once more on request. */
  readonly #failed = new Map<number, { readonly settled: SettledMessage; readonly at: number }>();
  /** By data point and message type, the last message about it that has reached PKB, or may have. */
  readonly #gone = new Map<string, number>();
  /** Those of which an attempt got no answer, so that PKB may have them. */
  readonly #maybe = new Set<number>();
  /** How often each message that was sent once more was corrected. */
  readonly #corrections = new Map<number, number>();
  readonly #ledger = new MemoryLedger();
  readonly runs = new MemoryRuns((id) => this.#messages.get(id)?.message);
  readonly letters = new MemoryLetters();
  readonly #pauses = new Map<string, Pause>();
  readonly #trail: TrailRecord[] = [];
  #lastId = 0;
  #lastTurn = 0;

  /** @param limit how many messages it takes before it refuses further ones */
  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  async add(message: NewMessage): Promise<number> {
    return this.#add(message);
  }

  #add(message: NewMessage): number {
    if (this.#messages.size + this.#untold.size >= this.#limit) {
      throw new PkbOutboxError(
        'PKB_OUTBOX',
        `The outbox in memory is full (${this.#limit} messages). Choose another Store in pkb outbox. The message was not stored.`,
      );
    }
    const refused = [...this.#failed.values()].some(
      ({ settled: { state, message: before } }) =>
        state !== 'undeliverable' && before.connection === message.connection && before.body === message.body,
    );
    if (refused) throw unchangedError();
    const stored: StoredMessage = { ...message, id: ++this.#lastId, attempts: 0, refusals: 0 };
    const queue = this.#queue(message);
    queue.waiting.push(stored);
    this.#messages.set(stored.id, { message: stored, queue });
    return stored.id;
  }

  async take(
    connection: string,
    now: number,
    most: number,
    except: readonly string[],
  ): Promise<StoredMessage[]> {
    const due = [...this.#queues(connection)]
      .filter((queue) => isFree(queue, except) && queue.due <= now)
      .toSorted((a, b) => a.turn - b.turn)
      .slice(0, most);
    return due.flatMap((queue) => {
      queue.inFlight = true;
      return queue.waiting[queue.settled] ?? [];
    });
  }

  async settle(settled: SettledMessage, attempt: Attempt, hold: boolean): Promise<void> {
    const { at } = attempt;
    const { message, queue } = this.#find(settled.message.id);
    this.#messages.delete(message.id);
    this.#ledger.tried(message.id, attempt);
    this.#ledger.end(settled, at);
    this.runs.end(settled, at);
    if (settled.state !== 'accepted' && settled.state !== 'discarded')
      this.#remember(this.#failed, message.id, { settled, at });
    const unclear = settled.outcome.outcome === 'unknown' || this.#maybe.delete(message.id);
    const dataPoint = dataPointOf(message);
    if (dataPoint !== '' && (settled.state === 'accepted' || unclear)) {
      const key = `${dataPoint}${message.messageType}`;
      this.#remember(this.#gone, key, Math.max(message.id, this.#gone.get(key) ?? 0));
    }
    this.#untold.set(message.id, settled);
    queue.settled++;
    queue.inFlight = false;
    queue.heldBy = hold ? message.id : undefined;
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
    return [...this.#untold.values()]
      .filter(({ message }) => message.connection === connection && message.sender === sender)
      .toSorted((a, b) => a.message.id - b.message.id);
  }

  async told(id: number): Promise<void> {
    this.#untold.delete(id);
    this.#ledger.told(id);
  }

  async postpone(id: number, until: number, attempt: Attempt): Promise<void> {
    const { counts, outcome } = attempt;
    this.#ledger.tried(id, attempt);
    if (outcome === 'unknown') this.#maybe.add(id);
    const { message, queue } = this.#find(id);
    const again = {
      ...message,
      attempts: message.attempts + 1,
      refusals: message.refusals + (counts ? 1 : 0),
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

  async nextDue(connection: string, except: readonly string[]): Promise<number | undefined> {
    let due: number | undefined;
    for (const queue of this.#queues(connection)) {
      if (isFree(queue, except) && (due === undefined || queue.due < due)) due = queue.due;
    }
    return due;
  }

  async elsewhere(connection: string, address: string): Promise<Addressed[]> {
    const counts = new Map<string, number>();
    for (const { message } of this.#elsewhere(connection, address))
      counts.set(message.address, (counts.get(message.address) ?? 0) + 1);
    return [...counts].map(([at, count]) => ({ address: at, count }));
  }

  async readdress(connection: string, address: string): Promise<number> {
    const found = this.#elsewhere(connection, address);
    for (const { message, queue } of found) {
      const moved = { ...message, address };
      queue.waiting[queue.waiting.indexOf(message)] = moved;
      this.#messages.set(message.id, { message: moved, queue });
    }
    return found.length;
  }

  async discard(connection: string, address: string, reason: string, at: number): Promise<number> {
    const found = this.#elsewhere(connection, address);
    for (const { message, queue } of found) this.#discard(message, queue, reason, at);
    return found.length;
  }

  #discard(message: StoredMessage, queue: Queue, reason: string, at: number): void {
    queue.waiting.splice(queue.waiting.indexOf(message, queue.settled), 1);
    this.#messages.delete(message.id);
    const outcome = { outcome: 'discarded', reason } as const;
    const settled = { message, state: 'discarded', outcome, expired: false } as const;
    this.#untold.set(message.id, settled);
    this.#ledger.end(settled, at);
    this.runs.end(settled, at);
  }

  async list(filter: MessageFilter, before: number | undefined, most: number): Promise<MessageList> {
    return this.#ledger.list([...this.#messages.values()].map(queuedOf), filter, before, most);
  }

  async life(id: number): Promise<MessageLife | undefined> {
    const found = this.#messages.get(id);
    return this.#ledger.life(id, found && queuedOf(found));
  }

  async ended(since: number): Promise<EndedCount[]> {
    return this.#ledger.ended(since);
  }

  async oldest(connection: string): Promise<number | undefined> {
    const mine = [...this.#messages.values()].filter(({ message }) => message.connection === connection);
    return mine.toSorted((a, b) => a.message.id - b.message.id)[0]?.message.storedAt;
  }

  async withdraw(id: number, reason: string, at: number): Promise<Withdrawal> {
    const found = this.#messages.get(id);
    if (found === undefined) return 'gone';
    const { message, queue } = found;
    if (queue.inFlight && queue.waiting[queue.settled]?.id === id) return 'in flight';
    if (queue.waiting[queue.settled]?.id === id) queue.due = 0;
    this.#discard(message, queue, reason, at);
    return 'discarded';
  }

  async dismiss(ids: readonly number[]): Promise<number> {
    return this.#ledger.dismiss(ids);
  }

  async record(entry: TrailEntry): Promise<void> {
    this.#trail.push(recordOf(entry, this.#trail.at(-1), this.secret));
  }

  async trail(after: number, most: number): Promise<TrailRecord[]> {
    return this.#trail.slice(after, after + most);
  }

  async addItem(message: NewMessage, item: RunItem): Promise<Placed> {
    return this.runs.add(message, item, () => this.#add(message));
  }

  async setPause(connection: string, pause: Pause | undefined): Promise<void> {
    if (pause === undefined) this.#pauses.delete(connection);
    else this.#pauses.set(connection, pause);
  }

  async pauseOf(connection: string): Promise<Pause | undefined> {
    return this.#pauses.get(connection);
  }

  #elsewhere(connection: string, address: string): { message: StoredMessage; queue: Queue }[] {
    return [...this.#messages.values()].filter(
      ({ message }) => message.connection === connection && message.address !== address,
    );
  }

  async release(connection: string, orderKey?: string): Promise<number> {
    return this.#release(connection, orderKey);
  }

  #release(connection: string, orderKey?: string): number {
    let released = 0;
    for (const [key, queue] of this.#connections.get(connection) ?? []) {
      if (queue.heldBy === undefined || (orderKey !== undefined && key !== orderKey)) continue;
      queue.heldBy = undefined;
      if (queue.waiting.length === 0) this.#connections.get(connection)?.delete(key);
      released++;
    }
    return released;
  }

  async failed(connection: string, sender: string, most: number): Promise<FailedMessage[]> {
    return [...this.#failed.values()]
      .filter(({ settled: { message } }) => message.connection === connection && message.sender === sender)
      .filter(({ settled: { message } }) => !this.#ledger.isDismissed(message.id))
      .toSorted((a, b) => b.settled.message.id - a.settled.message.id)
      .slice(0, most)
      .map(({ settled: { message, state, outcome }, at }) => ({
        id: message.id,
        controlId: message.controlId,
        messageType: message.messageType,
        state: state as FailedMessage['state'],
        settledAt: at,
        attempts: message.attempts,
        reason: reasonOf(outcome),
        kept: true,
      }));
  }

  async findFailed(connection: string, which: FailedReference): Promise<StoredMessage | undefined> {
    return this.#findFailed(connection, which);
  }

  #findFailed(connection: string, which: FailedReference): StoredMessage | undefined {
    const message = this.#failed.get(which.id)?.settled.message;
    if (message?.controlId !== which.controlId || message.connection !== connection) return undefined;
    return message;
  }

  /** Never awaits: otherwise a later message of the order key could be taken in between. */
  async replay(
    which: FailedReference,
    message: NewMessage,
    { override, byPerson }: ReplayTerms,
  ): Promise<Replayed> {
    const failed = this.#findFailed(message.connection, which);
    if (failed === undefined) return 'gone';
    const { orderKey, controlId, facility, dataPoint } = failed;
    if (!isSame({ orderKey, controlId, facility, dataPointId: dataPoint?.id ?? '' }, message)) return 'other';
    const isChanged = failed.body !== message.body;
    const state = this.#failed.get(which.id)?.settled.state;
    if (!byPerson && !isChanged && state !== 'undeliverable') return 'unchanged';
    const corrections = (this.#corrections.get(which.id) ?? 0) + (isChanged ? 1 : 0);
    if (!byPerson && corrections > MOST_CORRECTIONS) return 'exhausted';
    if (!override && this.#isSuperseded(which.id, message)) return 'superseded';
    this.#remember(this.#corrections, which.id, corrections);
    const before = this.#connections.get(failed.connection)?.get(failed.orderKey);
    if (before?.heldBy === which.id) this.#release(failed.connection, failed.orderKey);
    const again: StoredMessage = { ...message, id: which.id, attempts: 0, refusals: 0 };
    const queue = this.#queue(message);
    // Behind what is under way, before all that was stored later.
    const first = queue.settled + (queue.inFlight ? 1 : 0);
    const rest = [...queue.waiting.splice(first), again].toSorted((a, b) => a.id - b.id);
    queue.waiting.push(...rest);
    if (!queue.inFlight) queue.due = 0;
    this.#failed.delete(which.id);
    this.#untold.delete(which.id);
    this.#ledger.requeued(which.id);
    this.runs.requeued(which.id);
    this.#messages.set(which.id, { message: again, queue });
    return 'queued';
  }

  async queued(connection: string, most: number): Promise<number> {
    return Math.min(most, (await this.counts(connection)).queued);
  }

  async held(connection: string): Promise<number> {
    return [...this.#queues(connection)].filter(({ heldBy }) => heldBy !== undefined).length;
  }

  async counts(connection: string): Promise<Counts> {
    let queued = 0;
    let held = 0;
    for (const queue of this.#queues(connection)) {
      const waiting = queue.waiting.length - queue.settled;
      queued += waiting;
      if (queue.heldBy !== undefined) held += waiting;
    }
    return { queued, held };
  }

  async close(): Promise<void> {
    this.#connections.clear();
    this.#messages.clear();
    this.#untold.clear();
    this.#failed.clear();
    this.#gone.clear();
    this.#maybe.clear();
    this.#corrections.clear();
    this.#ledger.clear();
    this.runs.clear();
    this.letters.clear();
    this.#pauses.clear();
  }

  #isSuperseded(id: number, message: NewMessage): boolean {
    const dataPoint = dataPointOf(message);
    if (dataPoint === '') return false;
    const types = MESSAGE_TYPES.filter(({ type }) => supersedes(type, message.messageType));
    if (types.some(({ type }) => (this.#gone.get(`${dataPoint}${type}`) ?? 0) > id)) return true;
    for (const { message: later, queue } of this.#messages.values()) {
      if (later.id <= id || dataPointOf(later) !== dataPoint) continue;
      const underWay = queue.inFlight && queue.waiting[queue.settled]?.id === later.id;
      if (underWay && supersedes(later.messageType, message.messageType)) return true;
    }
    return false;
  }

  /** Keeps the latest. */
  #remember<K, V>(map: Map<K, V>, key: K, value: V): void {
    map.delete(key);
    map.set(key, value);
    const [oldest] = map.keys();
    if (map.size > REMEMBERED && oldest !== undefined) map.delete(oldest);
  }

  #queues(connection: string): Iterable<Queue> {
    return this.#connections.get(connection)?.values() ?? [];
  }

  #queue({ connection, orderKey }: NewMessage): Queue {
    let queues = this.#connections.get(connection);
    if (queues === undefined) this.#connections.set(connection, (queues = new Map()));
    let queue = queues.get(orderKey);
    if (queue === undefined) {
      queue = { waiting: [], settled: 0, inFlight: false, heldBy: undefined, due: 0, turn: ++this.#lastTurn };
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

function queuedOf({ message, queue }: { message: StoredMessage; queue: Queue }): QueuedMessage {
  const isFirst = queue.waiting[queue.settled]?.id === message.id;
  return { message, isOnHold: queue.heldBy !== undefined, due: isFirst ? queue.due : 0 };
}

/** Whether the first message of a queue may be sent. */
function isFree({ inFlight, heldBy, waiting, settled }: Queue, except: readonly string[]): boolean {
  if (inFlight || heldBy !== undefined) return false;
  const first = waiting[settled];
  return first !== undefined && !except.includes(first.facility);
}

/** Names the data point of a message, with its connection and Customer; blank where it has none. */
function dataPointOf({ connection, facility, dataPoint }: NewMessage): string {
  return dataPoint?.id ? JSON.stringify([connection, facility, dataPoint.id]) : '';
}
