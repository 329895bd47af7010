/**
 * What an onlooker knows who sees the disk, PKB and the flow, but not into the code between them; and the promises of
 * `docs/delivery.md`, which it checks at every event.
 */
import type { SettledMessage } from '../../../src/delivery/outbox/contract.js';
import type { Attempt, NewMessage } from '../../../src/delivery/outbox/messages.js';
import type { Broken, Entry, Life, Promised } from './known.js';

/** Watches. */
export class Ledger {
  readonly entries = new Map<number, Entry>();
  readonly broken: Broken[] = [];
  readonly trace: string[] = [];
  /** Order keys on hold, with the message that caused it. */
  readonly held = new Map<string, number>();
  /** How often each thing happened, to see what the schedules reach. */
  readonly seen = new Map<string, number>();
  readonly #byControlId = new Map<string, number>();
  /** Acknowledgements that PKB gave, as code and control ID. */
  readonly #given = new Set<string>();
  readonly #processed = new Set<number>();
  readonly #concurrency: number;
  #events = 0;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  /** Writes down that something happened. */
  note(what: string): void {
    this.trace.push(what);
  }

  count(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }

  /** Writes down that a promise was not kept. */
  break(promise: Promised, how: string): void {
    this.note(`BROKEN (${promise}): ${how}`);
    this.broken.push({ promise, how });
  }

  entryOf(controlId: string): Entry | undefined {
    return this.entries.get(this.#byControlId.get(controlId) ?? 0);
  }

  // The disk

  stored(id: number, message: NewMessage): void {
    this.entries.set(id, {
      id,
      message,
      round: 0,
      state: 'pending',
      acknowledged: false,
      bytes: undefined,
      refusals: 0,
      overtakes: new Set(),
      heard: new Set(),
    });
    this.#byControlId.set(message.controlId, id);
  }

  settled(
    { message, state, outcome, expired }: SettledMessage,
    attempt: Attempt,
    hold: boolean,
    life: Life,
  ): void {
    const entry = this.entries.get(message.id);
    if (entry === undefined) return this.break('kept', `${message.controlId} was settled and is not there`);
    this.count(state);
    if (entry.state !== 'pending') this.break('once', `${message.controlId} was settled as ${state} again`);
    const code = { accepted: 'AA', rejected: 'AR', errored: 'AE', undeliverable: '', discarded: '' }[state];
    if (code !== '' && !this.#given.has(`${code} ${message.controlId}`))
      this.break('AA', `${message.controlId} was called ${state} and PKB gave no ${code}`);
    const asks = entry.message.askOnUnknown && outcome.outcome === 'unknown';
    if (asks) this.count('a person is asked');
    if (state === 'undeliverable' && !expired && !asks) this.#mustHaveBeenRefused(entry, life);
    this.#judged(entry, attempt, life);
    life.refusedAt.delete(message.id);
    entry.state = state;
    const mustHold = asks || (entry.message.holdOnRejection && state !== 'accepted');
    if (hold !== mustHold)
      this.break('order', `${message.controlId} was ${state}, and its key is ${hold ? '' : 'not '}held`);
    if (mustHold) this.held.set(message.orderKey, message.id);
  }

  postponed(id: number, attempt: Attempt, life: Life): void {
    const entry = this.entries.get(id);
    if (entry === undefined) return;
    if (entry.state !== 'pending')
      this.break('once', `${entry.message.controlId} was postponed after its end`);
    this.#judged(entry, attempt, life);
  }

  /** A refusal counts only while the connection works: PKB has acknowledged another message since, and refused none. */
  #judged(entry: Entry, { counts }: Attempt, life: Life): void {
    const { controlId } = entry.message;
    if (!counts) return;
    this.count('a refusal counts');
    const first = life.refusedAt.get(entry.id) ?? Infinity;
    const others = [...life.acknowledgedAt].filter(([id, at]) => id !== entry.id && at > first);
    if (others.length === 0)
      this.break('ends by the rule', `a refusal of ${controlId} counts though nothing was acknowledged`);
  }

  #mustHaveBeenRefused({ id, refusals, message: { controlId } }: Entry, life: Life): void {
    const first = life.refusedAt.get(id);
    const other = [...life.acknowledgedAt].some(([one, at]) => one !== id && at > (first ?? Infinity));
    if (!other || refusals < 3)
      this.break('ends by the rule', `${controlId} is undeliverable after ${refusals} refusals`);
  }

  replayed(id: number, message: NewMessage, inFlight: ReadonlySet<number>): void {
    const entry = this.entries.get(id);
    if (entry === undefined) return this.break('kept', `${message.controlId} was replayed and is not there`);
    this.count('replayed');
    if (this.held.get(entry.message.orderKey) === id) this.held.delete(entry.message.orderKey);
    entry.round++;
    entry.state = 'pending';
    entry.message = message;
    entry.bytes = undefined;
    entry.refusals = 0;
    this.#byControlId.set(message.controlId, id);
    for (const later of inFlight) if (later > id) this.entries.get(later)?.overtakes.add(id);
  }

  released(): void {
    if (this.held.size > 0) this.count('released');
    this.held.clear();
  }

  /** What waited for another address was sent to this one, or discarded. */
  decided(what: 'send' | 'discard', address: string): void {
    for (const entry of this.entries.values()) {
      if (entry.state !== 'pending' || entry.message.address === address) continue;
      this.count(what);
      if (what === 'send') entry.message = { ...entry.message, address };
      else entry.state = 'discarded';
    }
  }

  /** It is on the disk that the flow was told of a message's end. */
  toldNoted(id: number): void {
    const entry = this.entries.get(id);
    if (entry === undefined || entry.state === 'pending' || entry.heard.has(entry.round)) return;
    this.break(
      'told',
      `${entry.message.controlId} is noted as told, and the flow never heard that it was ${entry.state}`,
    );
  }

  // PKB

  /** A request leaves. */
  posting(life: Life, controlId: string, bytes: string): void {
    const entry = this.entryOf(controlId);
    if (entry === undefined) return this.break('bytes', `${controlId} was sent and is not on the disk`);
    const { id, message, state } = entry;
    if (life.closed) this.break('alone', `${controlId} was sent after the end of ${life.name}`);
    if (state !== 'pending') this.break('once', `${controlId} was sent again though it was ${state}`);
    if (message.address !== life.address)
      this.break('address', `${controlId} went to ${life.address} and was stored for ${message.address}`);
    if (this.held.has(message.orderKey))
      this.break('order', `${controlId} was sent though its key is on hold`);
    for (const other of this.entries.values()) {
      if (other.message.orderKey !== message.orderKey || other.id === id) continue;
      if (life.asked.has(other.id))
        this.break('alone', `${controlId} was sent beside ${other.message.controlId}`);
      if (other.id < id && other.state === 'pending' && !entry.overtakes.has(other.id))
        this.break('order', `${controlId} was sent before ${other.message.controlId} had ended`);
    }
    if (life.asked.has(id)) this.break('alone', `${controlId} was sent twice at once`);
    if (life.inDoubt && life.resuming === 0 && life.asked.size > 0)
      this.break(
        'limit',
        `${controlId} was sent beside others though nothing says that the connection works`,
      );
    if (life.resuming === 0 && life.refused.has(message.facility))
      this.break('paused', `${controlId} was sent though PKB had refused its Customer`);
    life.asked.add(id);
    if (life.asked.size > this.#concurrency) this.break('limit', `${life.asked.size} requests at once`);
    entry.bytes ??= bytes;
    if (entry.bytes !== bytes || !bytes.includes(message.body))
      this.break('bytes', `${controlId} was sent with other bytes`);
  }

  /** PKB takes a message in. */
  processing(controlId: string): void {
    const entry = this.entryOf(controlId);
    if (entry === undefined || this.#processed.has(entry.id)) return;
    this.#processed.add(entry.id);
    for (const other of this.entries.values()) {
      if (other.message.orderKey !== entry.message.orderKey || other.id >= entry.id) continue;
      // One that was put back since is no matter of what PKB takes in late.
      if (other.state === 'pending' && other.round === 0)
        this.break('order', `PKB took ${controlId} before ${other.message.controlId} had ended`);
    }
  }

  /**
   * An answer, or word that there is none, comes back.
   *
   * @param code what PKB said for this very message
   * @param status of an answer without such a code
   */
  answered(life: Life, controlId: string, code: string, status?: number): void {
    const at = ++this.#events;
    const entry = this.entryOf(controlId);
    if (entry === undefined) return;
    life.asked.delete(entry.id);
    if (code !== '') {
      this.#given.add(`${code} ${controlId}`);
      life.acknowledgedAt.set(entry.id, at);
      life.inDoubt = false;
      life.suspects.clear();
      return;
    }
    entry.refusals++;
    if (status === 403) this.#refused(life, entry.message.facility);
    if (life.refusedAt.has(entry.id)) return;
    life.refusedAt.set(entry.id, at);
    life.inDoubt = true;
  }

  #refused(life: Life, customer: string): void {
    life.refused.add(customer);
    life.suspects.add(customer);
    if (life.suspects.size < 2) return;
    life.suspects.clear();
    life.refused.clear();
  }

  // The end

  /** What waits for a person, and so may stay. */
  mayWait({ message }: Entry, isPaused: (facility: string) => boolean): boolean {
    return this.held.has(message.orderKey) || isPaused(message.facility);
  }
}
