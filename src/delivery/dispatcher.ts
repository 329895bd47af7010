/**
 * Takes messages out of the outbox and sends them, in order per key, as many at once as the connection allows, for as
 * long as the connection works. It holds the messages in flight and nothing else.
 */
import { setMaxListeners } from 'node:events';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { requestBody } from '../pkb/soap/request.js';
import { judgeAnswer, judgeFailure } from './classify.js';
import type { Outcome, Unacknowledged } from './outcome.js';
import type {
  Attempt,
  FailedReference,
  NewMessage,
  Outbox,
  Replayed,
  SettledMessage,
  StoredMessage,
} from './outbox/outbox.js';
import { backoff, DEFAULT_POLICY, nextStep, type RetryPolicy } from './retry.js';
import type { Transport } from './transport.js';

/** How a connection stands. */
export type ConnectionState =
  | { readonly state: 'open' }
  /** A fault of the connection: one message at a time is tried, the next at `until`. */
  | { readonly state: 'waiting'; readonly until: number; readonly reason: string }
  /** Something must be corrected by a person. */
  | { readonly state: 'paused'; readonly reason: string };

/** What a dispatcher tells. */
export interface DispatcherEvents {
  /** A message's fate is known and stored. */
  settled(settled: SettledMessage): void;
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
  readonly concurrency: number;
  readonly policy: RetryPolicy;
  readonly events: DispatcherEvents;
  /** What waiting is measured by, in milliseconds since 1970; by default a clock that nobody can set. */
  readonly now?: () => number;
  readonly random?: () => number;
}

/** A message that has been answered makes room for another before its fate is on disk: so many are taken at most. */
const TAKEN_PER_REQUEST = 2;

/** How soon a failed write to the store is tried again. */
const STORE_POLICY: RetryPolicy = { ...DEFAULT_POLICY, capMs: 30_000 };

/** How soon a store that could not be read is asked again. */
const STORE_RETRY_MS = 5000;

/** The time since 1970 as it was when the process began, and from then on by a clock that is never set. */
function steadyNow(): number {
  return Math.floor(performance.timeOrigin + performance.now());
}

/** Sends the messages of one connection. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #abort = new AbortController();
  /** Ids of the messages that are being sent. */
  readonly #inFlight = new Set<number>();
  /** All that have been taken: those in flight, and those whose fate is being written. */
  readonly #taken = new Set<Promise<void>>();
  #state: ConnectionState = { state: 'open' };
  #failures = 0;
  #running = false;
  #stopped = false;
  #pumping: Promise<void> | undefined;
  #pumpAgain = false;
  /** Whether nothing could be taken when it was last looked for, and nothing has changed in the outbox since. */
  #dry = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#now = options.now ?? steadyNow;
    this.#random = options.random ?? Math.random;
    // Every request in flight listens to it.
    setMaxListeners(0, this.#abort.signal);
  }

  /** How the connection stands. */
  get state(): ConnectionState {
    return this.#state;
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
  async submit(message: NewMessage): Promise<number> {
    const id = await this.#options.outbox.add(message);
    this.wake();
    return id;
  }

  /** Puts a message that ended without acceptance back into its place, and sees to it that it is sent. */
  async replay(which: FailedReference, message: NewMessage, override: boolean): Promise<Replayed> {
    const replayed = await this.#options.outbox.replay(which, message, override);
    this.wake();
    return replayed;
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

  /** Goes on after a pause, at once. */
  resume(): void {
    this.#failures = 0;
    this.#state = { state: 'open' };
    this.#tell((events) => events.changed());
    this.wake();
  }

  /**
   * Stops taking messages, lets those in flight end, and aborts them when the time is over: their fate is then unknown and
   * they stay in the outbox, to be sent again.
   */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    const timer = setTimeout(() => this.#abort.abort(), graceMs);
    await this.#pumping;
    await Promise.allSettled(this.#taken);
    clearTimeout(timer);
    clearTimeout(this.#timer);
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

  /** Takes messages until all places are in use or nothing is due. */
  async #fill(): Promise<void> {
    const { connection, outbox } = this.#options;
    while (this.#mayTake()) {
      const message = await outbox.take(connection, this.#now());
      if (message === undefined) {
        this.#dry = true;
        return this.#wakeAt(await outbox.nextDue(connection));
      }
      if (this.#stopped) return outbox.giveBack(message.id);
      const sending = this.#deliver(message);
      this.#taken.add(sending);
      this.#tell((events) => events.changed());
      void sending.finally(() => {
        this.#taken.delete(sending);
        this.#leave(message);
        this.wake();
      });
    }
  }

  #mayTake(): boolean {
    if (!this.#running || this.#stopped || this.#state.state === 'paused') return false;
    if (this.#state.state === 'waiting' && this.#state.until > this.#now()) {
      this.#wakeAt(this.#state.until);
      return false;
    }
    // After a fault of the connection one message at a time is the probe; all go on when it has been answered.
    if (this.#failures > 0) return this.#taken.size < 1;
    const { concurrency } = this.#options;
    return this.#inFlight.size < concurrency && this.#taken.size < concurrency * TAKEN_PER_REQUEST;
  }

  #wakeAt(time: number | undefined): void {
    clearTimeout(this.#timer);
    if (time === undefined || this.#stopped) return;
    // Timers cannot wait longer than 2^31 ms; waking early only means looking again.
    this.#timer = setTimeout(() => this.wake(), Math.min(Math.max(time - this.#now(), 1), 2 ** 31 - 1));
  }

  /** A message is no longer in flight: there is room for another, where one waits that may go. */
  #leave({ id }: StoredMessage): void {
    if (!this.#inFlight.delete(id)) return;
    this.#tell((events) => events.changed());
    if (!this.#dry) this.#look();
  }

  async #deliver(message: StoredMessage): Promise<void> {
    this.#inFlight.add(message.id);
    try {
      const outcome = await this.#attempt(message);
      if (outcome === undefined) await this.#options.outbox.giveBack(message.id);
      else await this.#apply(message, outcome);
    } catch (error) {
      this.#tell((events) => events.failed(error));
    }
  }

  /** Sends once. @returns undefined where it was cut off by our own stop */
  async #attempt(message: StoredMessage): Promise<Outcome | undefined> {
    let url: URL;
    try {
      url = this.#options.url();
    } catch (error) {
      return { outcome: 'misconfigured', reason: (error as Error).message, scope: 'connection' };
    }
    const exchange = await this.#options.transport.post(url, requestBody(message.body), this.#abort.signal);
    if ('answer' in exchange) return judgeAnswer(exchange.answer, message.controlId, new Date(Date.now()));
    return this.#abort.signal.aborted ? undefined : judgeFailure(exchange.failure);
  }

  async #apply(message: StoredMessage, outcome: Outcome): Promise<void> {
    const { outbox, policy } = this.#options;
    const now = this.#now();
    const faulty = 'scope' in outcome && outcome.scope === 'connection';
    // Messages sent at the same time fail together; that counts as one failure of the connection.
    if (!faulty) this.#failures = 0;
    else if (this.#state.state !== 'waiting' || this.#state.until <= now) this.#failures++;
    const reason = 'reason' in outcome ? outcome.reason : '';
    const unclear = 'scope' in outcome && outcome.scope === 'message';
    const attempt: Attempt = { at: Date.now(), outcome: outcome.outcome, reason, unclear };
    const facts = {
      unclear: message.unclear + (unclear ? 1 : 0),
      failures: this.#failures,
      age: Date.now() - message.storedAt,
    };
    const next = nextStep(outcome, facts, policy, now, this.#random());
    if (!faulty) this.#leave(message);
    switch (next.step) {
      case 'settle': {
        const sent = { ...message, attempts: message.attempts + 1 };
        const settled: SettledMessage = { message: sent, state: next.state, outcome, expired: next.expired };
        const hold = message.holdOnRejection && next.state !== 'accepted';
        await this.#keep(() => outbox.settle(settled, attempt, hold));
        this.#enter(faulty ? this.#waiting(next.at, outcome) : { state: 'open' });
        this.#tell((events) => events.settled(settled));
        return;
      }
      case 'retry':
        await this.#keep(() => outbox.postpone(message.id, next.at, attempt));
        this.#enter(faulty ? this.#waiting(next.at, outcome) : { state: 'open' });
        return;
      case 'pause':
        await this.#keep(() => outbox.postpone(message.id, now, attempt));
        this.#enter({ state: 'paused', reason: attempt.reason });
        return;
    }
  }

  /**
   * Writes what became of a message. Where the store fails (a full disk, say) the message keeps its place in flight and
   * the write is tried again, since sending it again meanwhile would only multiply it.
   */
  async #keep(write: () => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await write();
      } catch (error) {
        this.#tell((events) => events.failed(error));
        if (this.#stopped) throw error;
        await sleep(backoff(tries, STORE_POLICY, this.#random()));
      }
    }
  }

  #waiting(until: number, { reason }: Unacknowledged): ConnectionState {
    return { state: 'waiting', until, reason };
  }

  #enter(state: ConnectionState): void {
    // A pause ends by a person's act only, not by an answer to a message that was still under way.
    if (this.#state.state === 'paused') return;
    this.#state = state;
    this.#tell((events) => events.changed());
  }
}
