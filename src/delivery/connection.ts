/**
 * A connection: opens the outbox, sends messages, notifies the flow, pauses and closes. Does not depend on Node-RED.
 *
 * States, and what moves it on:
 *
 * - *opening*: the outbox is being opened; messages that are handed in wait for it.
 * - *failed*: the outbox could not be opened. New messages are refused with the reason. It is opened again after a delay.
 * - *running*: messages are stored. When flows have started, messages are sent and flows are notified of outcomes. The
 *   dispatcher is open, waiting or paused (`dispatcher.ts`). Messages stored for another address pause it until a person
 *   decides where they go.
 * - *closing*, *closed*: no more messages are accepted. Messages in flight may end; if they do not, they are sent again later.
 *
 * A crash in any state loses no stored message, because the outbox keeps them. All other state is found again.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { asPkbError, type PkbError, PkbOutboxError } from '../errors.js';
import { type ConnectionState, Dispatcher } from './dispatcher.js';
import type {
  Addressed,
  FailedReference,
  Outbox,
  Replayed,
  ReplayTerms,
  SettledMessage,
} from './outbox/contract.js';
import type { Attempt, FinalState, NewMessage } from './outbox/messages.js';
import type { Withdrawal } from './outbox/ledger.js';
import type { OpenOutbox } from './outbox/open.js';
import type { Placed, RunItem } from './outbox/runs.js';
import { backoff, DEFAULT_POLICY, type RetryPolicy } from './retry.js';
import { shownAddress } from '../pkb/environments.js';
import { type Recipient, Telling } from './telling.js';
import type { Transport } from './transport.js';

/** What a connection tells. */
export interface ConnectionEvents {
  /** Its state, or what waits on it, has changed. */
  changed(state: ConnectionState, inFlight: number): void;
  /** Something failed that no caller waits for. */
  failed(error: unknown): void;
  /** What a person should read of the outbox, such as that a damaged file was set aside. */
  report(text: string): void;
  /** A message has ended, and its pkb-send node was removed. */
  unclaimed(state: string): void;
  /** As `DispatcherEvents.attempted`. This and the two below are for counting, and left out where nobody counts. */
  attempted?(attempt: Attempt, milliseconds: number | undefined): void;
  /** A message has ended by an attempt, so many milliseconds after it was stored. That is stored. */
  ended?(state: FinalState, milliseconds: number): void;
  /** A person has discarded so many messages. That is stored. */
  discarded?(count: number): void;
}

/** What a connection is made from. */
export interface ConnectionOptions {
  readonly id: string;
  readonly open: () => Promise<OpenOutbox>;
  readonly transport: Transport;
  /** Where to post to; may throw a PkbConfigError. */
  readonly url: () => URL;
  /** What messages are bound to: environment and origin, as `addressKey` writes it. */
  readonly address: string;
  readonly concurrency: number;
  /** How long a request may take, in milliseconds: so long another process waits before it takes over. */
  readonly requestMs: number;
  readonly policy: RetryPolicy;
  readonly events: ConnectionEvents;
  /** As `Telling` asks for it. */
  readonly unfinishedSince?: () => number | undefined;
}

/** Of the 15 seconds that Node-RED gives a node to close, the part for sending; the rest is for the outbox. */
const CLOSE_MS = 10_000;

/** How soon an outbox that could not be opened is tried again. */
const OPEN_POLICY: RetryPolicy = { ...DEFAULT_POLICY, baseMs: 1000, capMs: 30_000 };

/** Why it is paused where a person has paused it. */
const BY_PERSON = 'A person has paused it. Resume sending on the page for operators, or in pkb send.';

/** What there is while the outbox is open. */
interface Running {
  readonly open: OpenOutbox;
  readonly dispatcher: Dispatcher;
  readonly telling: Telling;
  /** Where several processes share the outbox: leaves it to the others. */
  readonly leave: () => Promise<void>;
}

/** A connection. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #recipients = new Map<string, Recipient>();
  #opening: Promise<Running>;
  #running: Running | undefined;
  #state: 'opening' | 'failed' | 'running' | 'closing' = 'opening';
  #started = false;
  #tries = 0;
  #again: NodeJS.Timeout | undefined;
  #elsewhere: readonly Addressed[] = [];
  #fault: PkbError | undefined;
  #isPausedByPerson = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#opening = this.#open();
    // Those who wait for it are told themselves.
    this.#opening.catch(() => undefined);
  }

  /** Id of the connection, as its messages name it. */
  get id(): string {
    return this.#options.id;
  }

  /** How it stands; undefined until the outbox is open. */
  get state(): ConnectionState | undefined {
    return this.#running?.dispatcher.state;
  }

  /** Why the outbox could not be opened, until it is. */
  get fault(): PkbError | undefined {
    return this.#fault;
  }

  get inFlight(): number {
    return this.#running?.dispatcher.inFlight ?? 0;
  }

  /** Pending messages that were stored for another address; a person must decide about them. */
  get elsewhere(): readonly Addressed[] {
    return this.#elsewhere;
  }

  /** The outbox, once it is open. @throws PkbError why it cannot be opened */
  async outbox(): Promise<Outbox> {
    const { open } = await this.#opening;
    return open.outbox;
  }

  /** The outbox where it is open already. */
  get openOutbox(): Outbox | undefined {
    return this.#running?.open.outbox;
  }

  /** Stores a message; resolves when it is safe. */
  async submit(message: Omit<NewMessage, 'connection' | 'address'>): Promise<number> {
    const { dispatcher } = await this.#ready();
    return dispatcher.submit(this.#addressed(message));
  }

  /** Stores a message as an item of a run, unless the same is there; resolves when that is safe. */
  async submitItem(message: Omit<NewMessage, 'connection' | 'address'>, item: RunItem): Promise<Placed> {
    const { dispatcher } = await this.#ready();
    return dispatcher.submitItem(this.#addressed(message), item);
  }

  /** Puts a message that ended without acceptance back, to be sent once more, as it was or corrected. */
  async replay(
    which: FailedReference,
    message: Omit<NewMessage, 'connection' | 'address'>,
    terms: ReplayTerms,
  ): Promise<Replayed> {
    const { dispatcher, telling } = await this.#ready();
    return telling.during(which.id, () => dispatcher.replay(which, this.#addressed(message), terms));
  }

  #addressed(message: Omit<NewMessage, 'connection' | 'address'>): NewMessage {
    const { id, address } = this.#options;
    return { ...message, connection: id, address: address };
  }

  /** Pauses sending by a person's word, until a person resumes it: a deploy or a restart does not. */
  async pause(user: string): Promise<void> {
    const running = await this.#ready();
    await running.open.outbox.setPause(this.#options.id, { at: Date.now(), user });
    await this.#pauseForPerson(running);
  }

  /** Resumes sending: ends a pause, and takes messages off hold. @returns how many order keys were on hold */
  async resume(): Promise<number> {
    const running = await this.#ready();
    await running.open.outbox.setPause(this.#options.id, undefined);
    const released = await running.open.outbox.release(this.#options.id);
    await this.#goOn(running);
    return released;
  }

  /**
   * Sends or discards the messages that were stored for another address.
   *
   * @param what `send` them to this connection's address, or `discard` them
   * @returns how many
   */
  async decide(what: 'send' | 'discard'): Promise<number> {
    const running = await this.#ready();
    const { open, telling } = running;
    const { id, address } = this.#options;
    const reason = 'Discarded by a person: it was stored for another address than the connection has now.';
    const count =
      what === 'send'
        ? await open.outbox.readdress(id, address)
        : await open.outbox.discard(id, address, reason, Date.now());
    if (what === 'discard') this.#options.events.discarded?.(count);
    await this.#goOn(running);
    if (what === 'discard' && this.#started) await telling.start();
    return count;
  }

  /**
   * Ends the life of one message that is pending or on hold, by a person's word. Its flow is told.
   *
   * @param reason a sentence without patient data
   */
  async withdraw(id: number, reason: string): Promise<Withdrawal> {
    const [result] = await this.withdrawSome([id], reason);
    if (result?.status === 'fulfilled') return result.value;
    throw asPkbError(result?.reason);
  }

  /**
   * As {@link withdraw}, of several messages at once, which costs the store and the flow little more than one.
   *
   * @returns what became of each, or why it failed, in their order
   */
  async withdrawSome(
    ids: readonly number[],
    reason: string,
  ): Promise<readonly PromiseSettledResult<Withdrawal>[]> {
    const { open, dispatcher, telling } = await this.#ready();
    const at = Date.now();
    const results = await Promise.allSettled(ids.map((id) => open.outbox.withdraw(id, reason, at)));
    const discarded = results.filter((one) => one.status === 'fulfilled' && one.value === 'discarded').length;
    if (discarded === 0) return results;
    this.#options.events.discarded?.(discarded);
    dispatcher.wake();
    if (this.#started) await telling.start();
    return results;
  }

  add(recipient: Recipient): void {
    this.#recipients.set(recipient.id, recipient);
  }

  delete(recipient: Recipient): void {
    if (this.#recipients.get(recipient.id) === recipient) this.#recipients.delete(recipient.id);
  }

  /** Flows have started: outputs have somewhere to go. */
  flowsStarted(): void {
    this.#started = true;
    if (this.#running) this.#begin(this.#running);
  }

  /** Flows are stopping: what is given to them now may be dropped. */
  flowsStopping(): void {
    this.#started = false;
    this.#running?.telling.stop();
  }

  /** Ends. Never rejects; takes no longer than Node-RED waits. */
  async close(): Promise<void> {
    clearTimeout(this.#again);
    this.flowsStopping();
    try {
      const { open, dispatcher, leave } = await this.#opening;
      // What was handed in before the close, and waited for the outbox, is still taken.
      await turn();
      this.#state = 'closing';
      await dispatcher.stop(CLOSE_MS);
      await leave();
      this.#options.transport.close();
      await open.release();
    } catch {
      // It was never open; that has been said.
      this.#state = 'closing';
      clearTimeout(this.#again);
      this.#options.transport.close();
    }
  }

  async #ready(): Promise<Running> {
    if (this.#state === 'closing')
      throw new PkbOutboxError(
        'PKB_OUTBOX',
        'The message was not stored: the connection is closing, for example for a deploy.',
      );
    return this.#opening;
  }

  async #open(): Promise<Running> {
    this.#state = 'opening';
    try {
      const open = await this.#options.open();
      this.#tries = 0;
      const running = this.#run(open);
      await this.#lookElsewhere(running);
      await this.#pauseForPerson(running);
      this.#pauseForElsewhere(running);
      if (this.#state !== 'opening') return running;
      this.#state = 'running';
      this.#running = running;
      this.#fault = undefined;
      for (const report of open.reports) this.#options.events.report(report);
      if (this.#started) this.#begin(running);
      return running;
    } catch (error) {
      if (this.#state === 'opening') this.#state = 'failed';
      this.#fault = asPkbError(error);
      // Reported once until the outbox opens; callers that hand in messages get the error each time.
      if (this.#tries++ === 0) this.#options.events.failed(error);
      this.#openAgain();
      throw asPkbError(error);
    }
  }

  #openAgain(): void {
    if (this.#state !== 'failed') return;
    const wait = backoff(this.#tries, OPEN_POLICY, 1);
    this.#again = setTimeout(() => {
      this.#opening = this.#open();
      this.#opening.catch(() => undefined);
    }, wait);
    this.#again.unref();
  }

  #run(open: OpenOutbox): Running {
    const { id, transport, url, concurrency, policy, events } = this.#options;
    const telling = new Telling(
      id,
      open.outbox,
      this.#recipients,
      (error) => events.failed(error),
      this.#options.unfinishedSince,
    );
    const dispatcher: Dispatcher = new Dispatcher({
      connection: id,
      outbox: open.outbox,
      transport,
      url,
      address: this.#options.address,
      concurrency,
      policy,
      events: {
        settled: (settled) => this.#settled(settled, telling),
        attempted: (attempt, milliseconds) => events.attempted?.(attempt, milliseconds),
        changed: () => events.changed(dispatcher.state, dispatcher.inFlight),
        failed: (error) => events.failed(error),
      },
    });
    const leave = open.outbox.sharing?.join(id, {
      requestMs: this.#options.requestMs,
      wake: () => dispatcher.wake(),
      look: () => {
        if (this.#started) void telling.start();
        if (this.#running) void this.#followPerson(this.#running);
      },
    });
    return { open, dispatcher, telling, leave: leave ?? (async () => undefined) };
  }

  #settled(settled: SettledMessage, telling: Telling): void {
    const { events } = this.#options;
    const { toldElsewhere, storedAt } = settled.message;
    if (!toldElsewhere && !telling.settled(settled)) events.unclaimed(settled.state);
    // The clock may have been set back since, or another process's clock be ahead.
    events.ended?.(settled.state, Math.max(0, Date.now() - storedAt));
  }

  /** Sending does not wait for telling: an outcome that cannot be told is kept, and all stored messages are sent. */
  #begin({ dispatcher, telling }: Running): void {
    dispatcher.start();
    this.#options.events.changed(dispatcher.state, dispatcher.inFlight);
    telling.start().catch((error: unknown) => this.#options.events.failed(error));
  }

  /** Ends a pause, unless a person has paused it, or something is still stored for another address. */
  async #goOn(running: Running): Promise<void> {
    await this.#lookElsewhere(running);
    if (await this.#pauseForPerson(running)) return;
    running.dispatcher.resume();
    this.#pauseForElsewhere(running);
  }

  async #lookElsewhere({ open }: Running): Promise<void> {
    this.#elsewhere = await open.outbox.elsewhere(this.#options.id, this.#options.address);
  }

  /** Pauses where a person has paused it. @returns whether one has */
  async #pauseForPerson({ open, dispatcher }: Running): Promise<boolean> {
    const pause = await open.outbox.pauseOf(this.#options.id);
    this.#isPausedByPerson = pause !== undefined;
    if (pause !== undefined) dispatcher.pause(BY_PERSON, true);
    return this.#isPausedByPerson;
  }

  /** Follows what a person has said to another process. Never rejects: it is looked at again. */
  async #followPerson(running: Running): Promise<void> {
    const was = this.#isPausedByPerson;
    try {
      if (!(await this.#pauseForPerson(running)) && was) await this.#goOn(running);
    } catch {
      // A store that is away says so by itself.
      this.#isPausedByPerson = was;
    }
  }

  /** Pauses where something was stored for another address: sandbox data must not go to production unseen. */
  #pauseForElsewhere({ dispatcher }: Running): void {
    const { address } = this.#options;
    const [first] = this.#elsewhere;
    if (first === undefined) return;
    const count = this.#elsewhere.reduce((sum, one) => sum + one.count, 0);
    const shown = `${count} ${count === 1 ? 'message was' : 'messages were'} stored for ${shownAddress(first.address)}`;
    dispatcher.pause(
      `${shown}, and this connection now goes to ${shownAddress(address)}. Open pkb send and send them there, or discard them.`,
    );
  }
}
