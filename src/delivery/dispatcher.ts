/**
 * Takes messages out of the outbox and sends them, in order per key, as many at once as the connection allows, for as
 * long as the connection works. It holds the messages in flight and nothing else.
 *
 * States of a connection, and what moves it on (what a refusal means is the table of `refusal.ts`):
 *
 * - *open*: sends. A refusal that counts as the connection's makes it *waiting* or *paused*.
 * - *waiting* until a time: then it tries one message at a time; not the refused one, if there is one of another order key.
 *   An acknowledgement makes it *open*; further refusals make it wait longer.
 * - *paused*: sends nothing, of some Customers or at all, until a person resumes it.
 *
 * States of a message that it has taken: *ready* (to be sent when the next answer frees a place), *in flight* (posted,
 * unanswered), then *written down* (settled, postponed, or given back to the outbox as if never taken). Ready messages are
 * also given back when the connection does not work or stops. A crash makes all of them *pending* again, in their old places.
 * Those that were in flight are then sent again. If an answer had arrived but was not written down, PKB gets the message twice.
 */
import { setMaxListeners } from 'node:events';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { requestBody } from '../pkb/soap/request.js';
import { answerLimit } from '../pkb/soap/response.js';
import { judgeAnswer, judgeFailure, refusal } from './classify.js';
import type { Outcome } from './outcome.js';
import {
  type FailedReference,
  type Outbox,
  type Replayed,
  type ReplayTerms,
  type SettledMessage,
  TakenOver,
} from './outbox/contract.js';
import type { Attempt, NewMessage, StoredMessage } from './outbox/messages.js';
import type { Placed, RunItem } from './outbox/runs.js';
import { backoff, DEFAULT_POLICY, type NextStep, nextStep, type RetryPolicy } from './retry.js';
import { Standing } from './standing.js';
import type { Transport } from './transport.js';

/** How a connection stands. */
export type ConnectionState =
  | { readonly state: 'open' }
  /** A fault of the connection: one message at a time is tried, the next at `until`. */
  | { readonly state: 'waiting'; readonly until: number; readonly reason: string }
  /** Something must be corrected by a person. */
  | {
      readonly state: 'paused';
      readonly reason: string;
      /** MSH-4 of the Customers whose messages pause; undefined where all do. */
      readonly customers?: readonly string[];
      /** Whether a person has paused it, and nothing is wrong. */
      readonly byPerson?: true;
    };

/** What a dispatcher tells. */
export interface DispatcherEvents {
  /** A message's fate is known and stored. */
  settled(settled: SettledMessage): void;
  /**
   * An attempt has ended; it is not stored yet. Left out where nobody measures.
   *
   * @param milliseconds how long its request took; undefined where none was made
   */
  attempted?(attempt: Attempt, milliseconds: number | undefined): void;
  /** The connection's state or the number in flight has changed. */
  changed(): void;
  /** The store failed; what was taken is still in it. */
  failed(error: unknown): void;
}

/** What a dispatcher is made from. Clock, chance and transport come in from outside. */
export interface DispatcherOptions {
  /** Id of the connection whose messages it sends. */
  readonly connection: string;
  readonly outbox: Outbox;
  readonly transport: Transport;
  /** The address, asked for at every attempt; may throw a PkbConfigError, which pauses the connection. */
  readonly url: () => URL;
  /** What messages are bound to; one that is bound to another address is not posted. */
  readonly address: string;
  readonly concurrency: number;
  readonly policy: RetryPolicy;
  readonly events: DispatcherEvents;
  /** What waiting is measured by, in milliseconds since 1970; by default a clock that nobody can set. */
  readonly now?: () => number;
  readonly random?: () => number;
}

/** How an attempt ended, and how long its request took, in milliseconds; undefined where none was made. */
interface Tried {
  readonly outcome: Outcome;
  readonly milliseconds: number | undefined;
}

/** Upper limit of messages taken per request slot: an answered message makes room before its fate is on disk. */
const TAKEN_PER_REQUEST = 2;

/** One message for so many request slots is taken beforehand, so that no slot waits for the store. */
const SLOTS_PER_READY = 4;

/** How soon a failed write to the store is tried again. */
const STORE_POLICY: RetryPolicy = { ...DEFAULT_POLICY, capMs: 30_000 };

/** How soon a store that could not be read is asked again. */
const STORE_RETRY_MS = 5000;

/** Of the time that a stop may take, the part after which requests are aborted; the rest is for writing down their fate. */
const ABORT_AFTER = 0.75;

/** The least that writing down may take, however short the stop. */
const LEAST_STOP_MS = 1000;

/** The time since 1970 as it was when the process began, and from then on by a clock that is never set. */
function steadyNow(): number {
  return Math.floor(performance.timeOrigin + performance.now());
}

/** Sends the messages of one connection. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #standing = new Standing();
  /** Ends the requests in flight. */
  readonly #abort = new AbortController();
  /** Ends what waits for the store. */
  readonly #stop = new AbortController();
  /** The attempts in flight: a message that is taken again is another. */
  readonly #inFlight = new Set<StoredMessage>();
  /** Taken, and sent as soon as there is room. */
  #ready: StoredMessage[] = [];
  /** Those in flight, and those whose fate is being written. */
  readonly #taken = new Set<Promise<void>>();
  #state: ConnectionState = { state: 'open' };
  #running = false;
  #pumping: Promise<void> | undefined;
  #pumpAgain = false;
  /** Whether nothing could be taken when it was last looked for, and nothing has changed in the outbox since. */
  #dry = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#now = options.now ?? steadyNow;
    this.#random = options.random ?? Math.random;
    // Every request in flight, and every write that waits, listens to them.
    setMaxListeners(0, this.#abort.signal, this.#stop.signal);
  }

  /** How the connection stands. */
  get state(): ConnectionState {
    const refused = this.#standing.refusedCustomers;
    // While another Customer's message is tried, it is not known yet whether a refusal is about one Customer or all.
    if (this.#state.state === 'paused' || refused.size === 0 || this.#isProbingCustomers())
      return this.#state;
    const [reason = ''] = refused.values();
    return { state: 'paused', reason, customers: [...refused.keys()] };
  }

  /** How many messages are being sent at this moment. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Begins to send: what is stored from now on, and what an earlier run left behind. */
  start(): void {
    this.#running = true;
    this.wake();
  }

  /** Stores a message and sees to it that it is sent. @returns its id, once it is stored */
  submit(message: NewMessage): Promise<number> {
    return this.#andWake(this.#options.outbox.add(message));
  }

  /** Stores a message as an item of a run. @throws as `Outbox.addItem` */
  submitItem(message: NewMessage, item: RunItem): Promise<Placed> {
    return this.#andWake(this.#options.outbox.addItem(message, item));
  }

  /** Looks for what to send, also where storing failed: the store may have the message all the same. */
  async #andWake<T>(storing: Promise<T>): Promise<T> {
    try {
      return await storing;
    } finally {
      this.wake();
    }
  }

  /** Puts a message that ended without acceptance back into its place, and sees to it that it is sent. */
  async replay(which: FailedReference, message: NewMessage, terms: ReplayTerms): Promise<Replayed> {
    try {
      return await this.#options.outbox.replay(which, message, terms);
    } finally {
      this.wake();
    }
  }

  /** Looks for work, since there may be some. */
  wake(): void {
    this.#dry = false;
    this.#look();
  }

  #look(): void {
    this.#pumpAgain = true;
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = undefined;
      if (this.#pumpAgain) this.#look();
    });
  }

  /** Sends nothing more until it is resumed. */
  pause(reason: string, byPerson = false): void {
    this.#enter({ state: 'paused', reason, ...(byPerson && { byPerson }) });
  }

  /** Goes on after a pause, at once. */
  resume(): void {
    this.#standing.reset();
    this.#state = { state: 'open' };
    this.#tell((events) => events.changed());
    this.wake();
  }

  /**
   * Stops taking messages and waits for those in flight. It aborts them when their part of the time is over: their outcome
   * is then unknown, and they stay in the outbox to be sent again. Keeps the time limit even if the store fails.
   *
   * @param limitMs how long it may take, at least a second
   */
  async stop(limitMs: number): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    const aborting = setTimeout(() => this.#abort.abort(), limitMs * ABORT_AFTER);
    const limit = new AbortController();
    const over = sleep(Math.max(limitMs, LEAST_STOP_MS), undefined, { signal: limit.signal });
    const ended = Promise.allSettled([this.#pumping, this.#giveBackUnfit(), ...this.#taken]);
    await Promise.race([ended, over]);
    limit.abort();
    over.catch(() => undefined);
    clearTimeout(aborting);
    this.#abort.abort();
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Never rejects: where the store fails, it is asked again after a while. */
  async #pump(): Promise<void> {
    while (this.#pumpAgain) {
      // What comes in one turn of the loop is seen to together, which costs less than one after the other.
      await turn();
      this.#pumpAgain = false;
      try {
        await this.#fill();
      } catch (error) {
        this.#tell((events) => events.failed(error));
        this.#wakeAt(this.#now() + STORE_RETRY_MS);
      }
    }
  }

  /** Calls a listener; what it throws is its own fault and must not stop delivery. */
  #tell(call: (events: DispatcherEvents) => void): void {
    try {
      call(this.#options.events);
    } catch {
      // There is nobody left to tell.
    }
  }

  /** Takes messages until all places are in use and the next ones ready, or nothing is due. */
  async #fill(): Promise<void> {
    const { connection, outbox } = this.#options;
    await this.#giveBackUnfit();
    this.#sendReady();
    for (let most = this.#wanted(); most > 0; most = this.#wanted()) {
      const except = [...this.#standing.refusedCustomers.keys()];
      const messages = await outbox.take(connection, this.#now(), most, except);
      if (messages.length === 0) {
        this.#dry = true;
        if (except.length > 0) this.#tell((events) => events.changed());
        return this.#wakeAt(await outbox.nextDue(connection, except));
      }
      this.#ready.push(...messages);
      // What has happened meanwhile may leave less room than there was, and a Customer refused.
      await this.#giveBackUnfit();
      this.#sendReady();
    }
  }

  /** Sends what is ready, as far as there is room. */
  #sendReady(): void {
    const refused = this.#standing.refusedCustomers;
    while (this.#room() > 0) {
      const next = this.#ready.findIndex(({ facility }) => !refused.has(facility));
      const [message] = next < 0 ? [] : this.#ready.splice(next, 1);
      if (!message) return;
      this.#send(message);
    }
  }

  /** Gives back what is ready and may not be sent now. */
  async #giveBackUnfit(): Promise<void> {
    if (this.#ready.length === 0) return;
    const refused = this.#standing.refusedCustomers;
    const fit = this.#ready.filter(({ facility }) => !refused.has(facility));
    const staying = new Set(this.#isWorking ? fit : fit.slice(0, Math.max(this.#room(), 0)));
    const back = this.#ready.filter((message) => !staying.has(message));
    this.#ready = [...staying];
    await Promise.all(back.map(({ id }) => this.#keep(() => this.#options.outbox.giveBack(id))));
  }

  #send(message: StoredMessage): void {
    const sending = this.#deliver(message);
    this.#taken.add(sending);
    this.#tell((events) => events.changed());
    void sending.finally(() => {
      this.#taken.delete(sending);
      this.#leave(message);
      this.wake();
    });
  }

  /** How many messages may be taken now. */
  #room(): number {
    if (!this.#running || this.#stopped || this.#state.state === 'paused') return 0;
    if (this.#state.state === 'waiting' && this.#state.until > this.#now()) {
      this.#wakeAt(this.#state.until);
      return 0;
    }
    // After a fault of the connection one message at a time is tried; all go on when it has been acknowledged.
    if (this.#standing.failures > 0) return 1 - this.#taken.size;
    const { concurrency } = this.#options;
    return Math.min(concurrency - this.#inFlight.size, concurrency * TAKEN_PER_REQUEST - this.#taken.size);
  }

  /** How many messages may be taken from the outbox. */
  #wanted(): number {
    const room = this.#room();
    const { concurrency, outbox } = this.#options;
    // A store that several processes share is a network away.
    const perReady = outbox.sharing === undefined ? SLOTS_PER_READY : 1;
    const ahead = this.#isWorking ? Math.ceil(concurrency / perReady) : 0;
    return Math.max(room, 0) + ahead - this.#ready.length;
  }

  /** Whether messages go to PKB as fast as it answers. */
  get #isWorking(): boolean {
    return this.#running && !this.#stopped && this.#state.state === 'open' && this.#standing.failures === 0;
  }

  #isProbingCustomers(): boolean {
    return this.#standing.isProbingCustomers && (!this.#dry || this.#taken.size > 0);
  }

  #wakeAt(time: number | undefined): void {
    clearTimeout(this.#timer);
    if (time === undefined || this.#stopped) return;
    // Timers cannot wait longer than 2^31 ms; waking early only means looking again.
    this.#timer = setTimeout(() => this.wake(), Math.min(Math.max(time - this.#now(), 1), 2 ** 31 - 1));
  }

  /** Notes that a message is no longer in flight, and sends another one that may be sent. */
  #leave(message: StoredMessage): void {
    if (!this.#inFlight.delete(message)) return;
    this.#tell((events) => events.changed());
    if (this.#isWorking) this.#sendReady();
    if (!this.#dry) this.#look();
  }

  async #deliver(message: StoredMessage): Promise<void> {
    this.#inFlight.add(message);
    try {
      const tried = await this.#attempt(message);
      if (tried === undefined) await this.#options.outbox.giveBack(message.id);
      else await this.#apply(message, tried);
    } catch (error) {
      this.#tell((events) => events.failed(error));
    }
  }

  /** Sends once. @returns undefined where it was cut off by our own stop, or another process is to send it */
  async #attempt(message: StoredMessage): Promise<Tried | undefined> {
    if (message.address !== this.#options.address)
      return notTried('A message was stored for another address than the connection has now.');
    let url: URL;
    try {
      url = this.#options.url();
    } catch (error) {
      return notTried((error as Error).message);
    }
    const { body, controlId, messageType } = message;
    const { transport, outbox, connection } = this.#options;
    const term = outbox.sharing?.term(connection);
    // Another process sends for this connection, or soon will.
    if (outbox.sharing !== undefined && term === undefined) return undefined;
    const signal = term ? AbortSignal.any([this.#abort.signal, term.signal]) : this.#abort.signal;
    const mayWrite = term && ((): boolean => outbox.sharing?.term(connection)?.signal === term.signal);
    const limit = answerLimit(messageType);
    const begun = performance.now();
    const exchange = await transport.post(url, requestBody(body), signal, limit, mayWrite);
    const milliseconds = performance.now() - begun;
    if ('answer' in exchange) {
      const outcome = judgeAnswer(exchange.answer, controlId, new Date(Date.now()), messageType);
      return { outcome, milliseconds };
    }
    if (signal.aborted) return undefined;
    return { outcome: judgeFailure(exchange.failure, messageType), milliseconds };
  }

  async #apply(message: StoredMessage, { outcome, milliseconds }: Tried): Promise<void> {
    const { outbox, policy } = this.#options;
    const now = this.#now();
    const together = this.#state.state === 'waiting' && this.#state.until > now;
    const evidence = this.#standing.note(message, outcome, together);
    const { counts } = evidence;
    // Whether it is the connection that is at fault, as far as is known.
    const faulty = 'refusal' in outcome && !counts;
    const reason = 'reason' in outcome ? outcome.reason : '';
    const attempt: Attempt = { at: Date.now(), outcome: outcome.outcome, reason, counts };
    this.#tell((events) => events.attempted?.(attempt, milliseconds));
    const facts = {
      ...evidence,
      asks: message.askOnUnknown,
      refusals: message.refusals + (counts ? 1 : 0),
      age: Date.now() - message.storedAt,
    };
    const next = nextStep(outcome, facts, policy, now, this.#random());
    // The state changes when the answer arrives, not when it is written: a later answer counts more.
    this.#enter(this.#stateAfter(next, message, outcome, faulty));
    if (!faulty) this.#leave(message);
    switch (next.step) {
      case 'settle': {
        const sent = { ...message, attempts: message.attempts + 1 };
        const settled: SettledMessage = { message: sent, state: next.state, outcome, expired: next.expired };
        const asks = message.askOnUnknown && outcome.outcome === 'unknown';
        const hold = asks || (message.holdOnRejection && next.state !== 'accepted');
        await this.#keep(() => outbox.settle(settled, attempt, hold));
        this.#standing.forget(message.id);
        this.#tell((events) => events.settled(settled));
        return;
      }
      case 'retry':
        return this.#keep(() => outbox.postpone(message.id, next.at, attempt));
      case 'pause':
        return this.#keep(() => outbox.postpone(message.id, now, attempt));
    }
  }

  /** How the connection stands after an attempt. */
  #stateAfter(next: NextStep, message: StoredMessage, outcome: Outcome, faulty: boolean): ConnectionState {
    const reason = 'reason' in outcome ? outcome.reason : '';
    if (next.step !== 'pause')
      return faulty ? { state: 'waiting', until: next.at, reason } : { state: 'open' };
    // A Customer that pauses alone leaves the connection as it is.
    if (next.whose === 'customer' && this.#standing.refuseCustomer(message, reason) === 'customer')
      return this.#state;
    return { state: 'paused', reason: pauseReason(outcome, reason) };
  }

  /**
   * Writes what happened to a message. If the store fails (on a full disk, for example), the message keeps its place in
   * flight and the write is tried again. Sending the message again would only make duplicates.
   */
  async #keep(write: () => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await write();
      } catch (error) {
        if (error instanceof TakenOver) throw error;
        this.#tell((events) => events.failed(error));
        if (this.#stopped) throw error;
        const wait = backoff(tries, STORE_POLICY, this.#random());
        await sleep(wait, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    }
  }

  #enter(state: ConnectionState): void {
    // A pause ends by a person's act only, not by an answer to a message that was still in flight.
    if (this.#state.state === 'paused') return;
    this.#state = state;
    this.#tell((events) => events.changed());
    // What is ready goes back to the outbox where it may not be sent.
    if (this.#ready.length > 0 && !this.#isWorking) this.#look();
  }
}

/** An attempt that ended before a request was made, for a fault of our own. */
function notTried(reason: string): Tried {
  return { outcome: refusal('sender', reason), milliseconds: undefined };
}

/** Why a connection pauses; after answers that could not be read, what that means. */
function pauseReason(outcome: Outcome, reason: string): string {
  if (outcome.outcome !== 'unknown') return reason;
  return `PKB's answers could not be read several times in a row; it may have these messages. ${reason}`;
}
