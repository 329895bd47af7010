/**
 * The embedded outbox as the rest of the process sees it: every call goes to the thread of the file (`thread.ts`).
 *
 * States of the thread, and what moves it on:
 *
 * - *opening*: the file is being opened and checked; calls wait.
 * - *open*: calls are sent and answered.
 * - *down*: the thread ended by itself (out of memory, a defect). This is reported once. A new one is started at once, and at
 *   growing intervals while it cannot open the file. Messages that were just being stored are refused, because it is unknown
 *   whether they were stored. All other calls are repeated in the new thread, which does no harm. Messages in flight stay in
 *   flight.
 * - *closing*, *closed*: calls made before are answered, the file is closed, and the thread is awaited.
 *
 * All that the old thread had answered is in the file. Nothing else was promised.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { PkbError, PkbOutboxError } from '../../../errors.js';
import { backoff, DEFAULT_POLICY, type RetryPolicy } from '../../retry.js';
import type {
  Addressed,
  Counts,
  FailedMessage,
  FailedReference,
  Outbox,
  Replayed,
  ReplayTerms,
  SettledMessage,
} from '../contract.js';
import type { Attempt, NewMessage, StoredMessage } from '../messages.js';
import { unchangedError } from '../contract.js';
import type { Pause } from '../pause.js';
import type { TrailEntry, TrailRecord } from '../trail.js';
import type { Letters } from '../letters.js';
import type { Placed, RunItem, Runs } from '../runs.js';
import type { EndedCount, MessageFilter, MessageLife, MessageList, Withdrawal } from '../ledger.js';
import { KeptTexts } from './kept-texts.js';
import {
  type Call,
  type Failed,
  LETTER_METHODS,
  type Method,
  type Reply,
  type RoomName,
  RUN_METHODS,
  type Said,
  type Taken,
  type ThreadData,
} from './protocol.js';
import type { SqliteOptions } from './store.js';

/** How soon a thread that cannot open its file is started again. */
const RESTART_POLICY: RetryPolicy = { ...DEFAULT_POLICY, baseMs: 1000, capMs: 30_000 };

/** How long the end of a thread is awaited; then it is ended, which costs nothing that was promised. */
const CLOSE_MS = 4000;

/** So many answers are given out in one turn of the loop: each makes nodes of the flow go on. */
const ANSWERS_PER_TURN = 200;

/** Calls that may not be made twice: nobody can know whether the first was carried out. */
const ONCE: ReadonlySet<Method> = new Set(['add', 'addItem', 'replay']);

interface Pending {
  readonly call: Call;
  readonly since: number;
  readonly answered: (value: never) => void;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** What opening gives. */
interface Opened {
  readonly secret: KeyObject;
  readonly name: string;
  readonly reports: readonly string[];
}

/** What an embedded outbox is told besides its file. */
export interface ThreadOptions {
  /** Told once when the thread has ended by itself. */
  readonly failed?: (error: PkbError) => void;
}

/** Keeps messages in a file of this machine, by a thread of its own. */
export class SqliteOutbox implements Outbox {
  readonly durable = true;
  readonly runs: Runs = this.#room('runs', RUN_METHODS);
  readonly letters: Letters = this.#room('letters', LETTER_METHODS);
  readonly #data: Omit<ThreadData, 'inFlight'>;
  readonly #options: ThreadOptions;
  readonly #texts = new KeptTexts();
  readonly #inFlight = new Set<number>();
  readonly #pending = new Map<number, Pending>();
  /** What the thread has answered and nobody has been given yet. */
  readonly #replies: Reply[] = [];
  #outgoing: Call[] = [];
  #lastCall = 0;
  #worker: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #opened: Opened | undefined;
  #closing = false;
  #isDown = false;
  #restarts = 0;

  /**
   * Opens the file in a thread of its own, and makes it where there is none.
   *
   * @throws PkbOutboxError `PKB_OUTBOX` as `SqliteStore.open`, and where the thread cannot be started
   */
  static async open(
    { path, retentionMs, encryptionKey }: Omit<SqliteOptions, 'now' | 'inFlight'>,
    options: ThreadOptions = {},
  ): Promise<SqliteOutbox> {
    const outbox = new SqliteOutbox({ path, retentionMs, encryptionKey }, options);
    outbox.#opened = await outbox.#start();
    return outbox;
  }

  private constructor(data: Omit<ThreadData, 'inFlight'>, options: ThreadOptions) {
    this.#data = data;
    this.#options = options;
  }

  get secret(): KeyObject {
    return this.#mustBeOpen().secret;
  }

  get name(): string {
    return this.#mustBeOpen().name;
  }

  /** What was found wrong and mended when it was opened, for a person to read. */
  get reports(): readonly string[] {
    return this.#mustBeOpen().reports;
  }

  /** Since when the oldest call has waited for the disk, by the process's steady clock; undefined where none waits. */
  busySince(): number | undefined {
    const [oldest] = this.#pending.values();
    return oldest?.since;
  }

  add(message: NewMessage): Promise<number> {
    return this.#keepingTexts(message, (keeps, keep) => this.#call<number>('add', [message], keeps, keep));
  }

  addItem(message: NewMessage, item: RunItem): Promise<Placed> {
    return this.#keepingTexts(message, (keeps, keep) =>
      this.#call<Placed>('addItem', [message, item], keeps, (placed) => {
        if ('id' in placed) keep(placed.id);
      }),
    );
  }

  /** Stores a message whose texts stay here until it is sent, if there is room for them. */
  async #keepingTexts<T>(
    message: NewMessage,
    store: (keeps: boolean, keep: (id: number) => void) => Promise<T>,
  ): Promise<T> {
    const keeps = this.#texts.reserve(message);
    let kept = false;
    try {
      return await store(keeps, (id) => {
        if (!keeps) return;
        this.#texts.keep(id, message);
        kept = true;
      });
    } finally {
      if (keeps && !kept) this.#texts.giveUp(message);
    }
  }

  async take(
    connection: string,
    now: number,
    most: number,
    except: readonly string[],
  ): Promise<StoredMessage[]> {
    const whole: StoredMessage[] = [];
    const taken = await this.#call<Taken[]>('take', [connection, now, most, except], false, (all) => {
      for (const one of all) whole.push(...this.#withTexts(one));
    });
    if (whole.length === taken.length) return whole;
    // No message is ever given out without its text. The file has it, and it is read from there the next time.
    await Promise.all(taken.map(({ id }) => this.giveBack(id)));
    throw new PkbOutboxError('PKB_OUTBOX', TEXT_MISSING);
  }

  /** The message with its texts; none where they were to be here and are not. */
  #withTexts({ kept, ...message }: Taken): StoredMessage[] {
    this.#inFlight.add(message.id);
    const texts = this.#texts.release(message.id);
    if (kept !== true) return [message];
    return texts === undefined ? [] : [{ ...message, ...texts }];
  }

  async settle(settled: SettledMessage, attempt: Attempt, hold: boolean): Promise<void> {
    // The thread has the texts; sending a letter of megabytes back to it would cost a copy for nothing.
    const message = { ...settled.message, body: '', carried: '' };
    await this.#call('settle', [{ ...settled, message }, attempt, hold]);
    this.#inFlight.delete(settled.message.id);
  }

  untold(connection: string, sender: string): Promise<SettledMessage[]> {
    return this.#call('untold', [connection, sender]);
  }

  told(id: number): Promise<void> {
    return this.#call('told', [id]);
  }

  async postpone(id: number, until: number, attempt: Attempt): Promise<void> {
    await this.#call('postpone', [id, until, attempt]);
    this.#inFlight.delete(id);
  }

  async giveBack(id: number): Promise<void> {
    await this.#call('giveBack', [id]);
    this.#inFlight.delete(id);
  }

  nextDue(connection: string, except: readonly string[]): Promise<number | undefined> {
    return this.#call('nextDue', [connection, except]);
  }

  elsewhere(connection: string, address: string): Promise<Addressed[]> {
    return this.#call('elsewhere', [connection, address]);
  }

  readdress(connection: string, address: string): Promise<number> {
    return this.#call('readdress', [connection, address]);
  }

  discard(connection: string, address: string, reason: string, at: number): Promise<number> {
    return this.#call('discard', [connection, address, reason, at]);
  }

  release(connection: string, orderKey?: string): Promise<number> {
    return this.#call('release', [connection, orderKey]);
  }

  failed(connection: string, sender: string, most: number): Promise<FailedMessage[]> {
    return this.#call('failed', [connection, sender, most]);
  }

  findFailed(connection: string, which: FailedReference): Promise<StoredMessage | undefined> {
    return this.#call('findFailed', [connection, which]);
  }

  replay(which: FailedReference, message: NewMessage, terms: ReplayTerms): Promise<Replayed> {
    return this.#call('replay', [which, message, terms]);
  }

  list(filter: MessageFilter, before: number | undefined, most: number): Promise<MessageList> {
    return this.#call('list', [filter, before, most]);
  }

  life(id: number): Promise<MessageLife | undefined> {
    return this.#call('life', [id]);
  }

  ended(since: number): Promise<EndedCount[]> {
    return this.#call('ended', [since]);
  }

  oldest(connection: string): Promise<number | undefined> {
    return this.#call('oldest', [connection]);
  }

  withdraw(id: number, reason: string, at: number): Promise<Withdrawal> {
    return this.#call('withdraw', [id, reason, at]);
  }

  dismiss(ids: readonly number[]): Promise<number> {
    return this.#call('dismiss', [ids]);
  }

  record(entry: TrailEntry): Promise<void> {
    return this.#call('record', [entry]);
  }

  trail(after: number, most: number): Promise<TrailRecord[]> {
    return this.#call('trail', [after, most]);
  }

  setPause(connection: string, pause: Pause | undefined): Promise<void> {
    return this.#call('setPause', [connection, pause]);
  }

  pauseOf(connection: string): Promise<Pause | undefined> {
    return this.#call('pauseOf', [connection]);
  }

  queued(connection: string, most: number): Promise<number> {
    return this.#call('queued', [connection, most]);
  }

  held(connection: string): Promise<number> {
    return this.#call('held', [connection]);
  }

  counts(connection: string): Promise<Counts> {
    return this.#call('counts', [connection]);
  }

  /** Answers what was called, closes the file and awaits the end of the thread. */
  async close(): Promise<void> {
    if (!this.#closing && !this.#isDown) {
      const closed = this.#call<void>('close', []);
      this.#closing = true;
      const patience = new AbortController();
      const over = sleep(CLOSE_MS, undefined, { signal: patience.signal }).catch(() => undefined);
      await Promise.race([closed.then(() => this.#ended), over]).catch(() => undefined);
      patience.abort();
    }
    this.#closing = true;
    await this.#worker?.terminate();
    await this.#ended;
    this.#rejectAll(closedError());
  }

  #mustBeOpen(): Opened {
    if (this.#opened === undefined) throw new PkbOutboxError('PKB_OUTBOX', 'The outbox is not open.');
    return this.#opened;
  }

  /**
   * Calls the thread.
   *
   * @param answered is given the answer before the next one is looked at. Whoever awaits the promise may be later than who awaits the
   *   next: one answer may say that a message is stored, and the next, which came with it, that it is taken
   */
  #call<T>(
    method: Method,
    args: readonly unknown[],
    keeps = false,
    answered: (value: T) => void = () => undefined,
  ): Promise<T> {
    if (this.#closing) return Promise.reject(closedError());
    if (this.#isDown && ONCE.has(method)) return Promise.reject(downError());
    return new Promise<T>((resolve, reject) => {
      const call: Call = { id: ++this.#lastCall, method, args, keeps };
      const since = performance.now();
      this.#pending.set(call.id, { call, since, answered, resolve: resolve as Pending['resolve'], reject });
      if (this.#outgoing.push(call) === 1) setImmediate(() => this.#send());
    });
  }

  /** A room of the store, each of whose methods is called in the thread. */
  #room<Name extends RoomName>(
    name: Name,
    methods: Readonly<Record<keyof Outbox[Name], true>>,
  ): Outbox[Name] {
    const calls = Object.keys(methods).map((method) => {
      const call = (...args: readonly unknown[]): Promise<unknown> =>
        this.#call(`${name}.${method}` as Method, args);
      return [method, call] as const;
    });
    return Object.fromEntries(calls) as unknown as Outbox[Name];
  }

  /** Calls that were made in one turn go together. */
  #send(): void {
    const calls = this.#outgoing;
    this.#outgoing = [];
    // Those of a thread that is down are sent when the next one is open.
    if (!this.#isDown && calls.length > 0) this.#worker?.postMessage(calls);
  }

  /** Starts a thread. @returns what it says when the file is open */
  #start(): Promise<Opened> {
    return new Promise((resolve, reject) => {
      let isOpen = false;
      const data: ThreadData = { ...this.#data, inFlight: [...this.#inFlight] };
      const worker = this.#newWorker(data);
      this.#worker = worker;
      worker.on('message', (said: Said) => {
        if ('replies' in said) this.#answerAll(said.replies);
        else if ('refused' in said) reject(errorOf(said.refused));
        else {
          isOpen = true;
          const { secret, name, reports } = said.opened;
          resolve({ secret: createSecretKey(Buffer.from(secret)), name, reports });
        }
      });
      // The reason is not shown: an error of the thread may quote what it was working on.
      worker.on('error', () => undefined);
      this.#ended = new Promise((ended) => {
        worker.once('exit', () => {
          ended();
          if (!isOpen) reject(new PkbOutboxError('PKB_OUTBOX', CANNOT_START));
          else if (!this.#closing) this.#died();
        });
      });
    });
  }

  #newWorker(workerData: ThreadData): Worker {
    try {
      return new Worker(require.resolve('./thread.js'), { workerData, name: 'pkb-outbox' });
    } catch {
      throw new PkbOutboxError('PKB_OUTBOX', CANNOT_START);
    }
  }

  /** Gives answers to whoever waits for them, in their order, a bounded number per turn of the loop. */
  #answerAll(replies: readonly Reply[]): void {
    const isEmpty = this.#replies.length === 0;
    for (const reply of replies) this.#replies.push(reply);
    if (isEmpty) this.#answerSome();
  }

  #answerSome(): void {
    for (const reply of this.#replies.splice(0, ANSWERS_PER_TURN)) this.#answer(reply);
    if (this.#replies.length > 0) setImmediate(() => this.#answerSome());
  }

  #answer(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    if (pending === undefined) return;
    this.#pending.delete(reply.id);
    if ('failed' in reply) pending.reject(errorOf(reply.failed));
    else {
      pending.answered(reply.value as never);
      pending.resolve(reply.value as never);
    }
  }

  /** The thread has ended by itself. */
  #died(): void {
    for (const reply of this.#replies.splice(0)) this.#answer(reply);
    this.#isDown = true;
    this.#texts.clear();
    for (const [id, { call, reject }] of this.#pending) {
      if (!ONCE.has(call.method)) continue;
      this.#pending.delete(id);
      reject(downError());
    }
    this.#options.failed?.(new PkbOutboxError('PKB_OUTBOX', DIED));
    void this.#restart();
  }

  /** Starts threads until one has opened the file; then makes the calls again that were not answered. */
  async #restart(): Promise<void> {
    while (!this.#closing) {
      try {
        this.#opened = await this.#start();
        this.#isDown = false;
        this.#restarts = 0;
        this.#outgoing = [];
        const again = [...this.#pending.values()].map(({ call }) => call);
        if (again.length > 0) this.#worker?.postMessage(again);
        return;
      } catch {
        await this.#ended;
        await sleep(backoff(++this.#restarts, RESTART_POLICY, 0));
      }
    }
  }

  #rejectAll(error: PkbError): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

const CANNOT_START =
  'The thread of the outbox could not be started or ended at once; check how much memory Node-RED may use.';
const TEXT_MISSING =
  'The outbox gave out a message without its text. Nothing was sent; the message is sent when its text has been read from the file.';
const DIED =
  'The thread of the outbox ended unexpectedly and is started again. No stored message is lost. Messages that were just being stored are refused, but may be in the outbox.';

function downError(): PkbOutboxError {
  return new PkbOutboxError(
    'PKB_OUTBOX',
    'The thread of the outbox ended while this message was being stored: it may or may not be in the outbox. Look at what is pending before you send it again.',
  );
}

function closedError(): PkbOutboxError {
  return new PkbOutboxError(
    'PKB_OUTBOX',
    'The message was not stored: the outbox is closed, for example for a deploy.',
  );
}

/** An error from the thread, as one of this process. */
function errorOf({ code, message }: Failed): PkbError {
  if (code === 'PKB_UNCHANGED') return unchangedError();
  return code === 'PKB_OUTBOX' ? new PkbOutboxError(code, message) : new PkbError(code, message);
}
