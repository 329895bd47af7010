/**
 * Tells the flow the fate of each of its messages (how it ended) at least once.
 *
 * States of a fate, and what moves it on:
 *
 * - *known*: settled in the outbox, not told. It is given to its sender's outputs at once. If flows are stopped or the sender
 *   does not exist, it is given when flows have started.
 * - *given*: handed to the flow. Node-RED delivers in a later turn, node by node, and drops messages on their way when flows
 *   stop. So the fate is noted as told only after a moment in which they did not stop, and in which nodes that store, such as
 *   pkb-letters, have stored what they were given. If they stop, it is *known* again.
 * - *told*: noted in the outbox.
 *
 * After a crash, every fate that was not noted is *known* again. So a flow is told each fate once or more often.
 */
import type { Outbox, SettledMessage } from './outbox/contract.js';

/** Who is told of the fates of its messages. */
export interface Recipient {
  /** Id of the sender, as messages name it. */
  readonly id: string;
  /** Hands a fate to the flow. */
  tell(settled: SettledMessage): void;
  /** The fate of a message has been noted as told; nothing more will be said of it. */
  noted(id: number): void;
}

/** How long a flow has to take what it is given, from node to node, until that counts as told. */
const NOTE_AFTER_MS = 50;

/**
 * How often the loop turns before that time begins: Node-RED gives a message from node to node in turns, which take long where
 * thousands are on their way.
 */
const TURNS = 8;

/** How soon a store that could not be read is asked again. */
const STORE_RETRY_MS = 5000;

/** Tells the recipients of one connection. */
export class Telling {
  readonly #connection: string;
  readonly #outbox: Outbox;
  readonly #failed: (error: unknown) => void;
  readonly #recipients: ReadonlyMap<string, Recipient>;
  readonly #unfinishedSince: () => number | undefined;
  /** Given and not noted yet, with when it was given. */
  readonly #given = new Map<number, { readonly recipient: Recipient; readonly at: number }>();
  /** Those given in this turn of the loop. */
  readonly #fresh: number[] = [];
  /** Messages that are being sent again. A fate told now is not noted, because it may be the old one or the new one. */
  readonly #changing = new Set<number>();
  #started = false;
  #again: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param recipients by id; they come and go
   * @param failed is told what a recipient or the outbox threw; the other fates are told all the same
   * @param unfinishedSince since when the oldest input is worked on that something in the flow is storing, by `performance.now()`;
   *   undefined where nothing is
   */
  constructor(
    connection: string,
    outbox: Outbox,
    recipients: ReadonlyMap<string, Recipient>,
    failed: (error: unknown) => void,
    unfinishedSince: () => number | undefined = () => undefined,
  ) {
    this.#connection = connection;
    this.#outbox = outbox;
    this.#recipients = recipients;
    this.#failed = failed;
    this.#unfinishedSince = unfinishedSince;
  }

  /** Flows have started: what is known and was not told is told now. Never rejects. */
  async start(): Promise<void> {
    this.#started = true;
    clearTimeout(this.#again);
    for (const { id } of this.#recipients.values()) {
      try {
        for (const settled of await this.#outbox.untold(this.#connection, id))
          if (!this.#given.has(settled.message.id)) this.settled(settled);
      } catch (error) {
        this.#failed(error);
        this.#startAgain();
      }
    }
  }

  /** A store that could not be read is asked again. */
  #startAgain(): void {
    if (!this.#started) return;
    clearTimeout(this.#again);
    this.#again = setTimeout(() => void this.start(), STORE_RETRY_MS);
    this.#again.unref();
  }

  /** Flows are stopping: what was given a moment ago may not have arrived. */
  stop(): void {
    this.#started = false;
    this.#given.clear();
    clearTimeout(this.#again);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /**
   * Tells a fate, where flows run and its sender is there; else it stays known. A message that is sent once more has a fate
   * anew, which is told though its earlier one was given a moment ago.
   *
   * @returns false where there is no such sender though flows run: it was removed
   */
  settled(settled: SettledMessage): boolean {
    const { id, sender } = settled.message;
    if (!this.#started) return true;
    const recipient = this.#recipients.get(sender);
    if (recipient === undefined) return false;
    try {
      recipient.tell(settled);
    } catch (error) {
      this.#failed(error);
      return true;
    }
    if (this.#changing.has(id)) return true;
    // In the order of time, so that the note finds the oldest first.
    this.#given.delete(id);
    this.#given.set(id, { recipient, at: Infinity });
    if (this.#fresh.length === 0) inTurns(TURNS, () => this.#turned());
    this.#fresh.push(id);
    return true;
  }

  /** The loop has turned, so that what was given has come to the nodes that store. */
  #turned(): void {
    const at = performance.now();
    for (const id of this.#fresh.splice(0)) {
      const given = this.#given.get(id);
      if (given !== undefined) this.#given.set(id, { ...given, at });
    }
    if (this.#given.size > 0) this.#timer ??= setTimeout(() => this.#note(), NOTE_AFTER_MS);
  }

  /**
   * Sends a message again. The note that its earlier fate was told must not count for its new fate.
   *
   * @param change sends it; while it has not ended, nothing of this message is noted
   */
  async during<T>(id: number, change: () => Promise<T>): Promise<T> {
    this.#given.delete(id);
    this.#changing.add(id);
    try {
      return await change();
    } finally {
      this.#changing.delete(id);
    }
  }

  /** Notes what was given long enough ago. */
  #note(): void {
    this.#timer = undefined;
    // What came of a fate has begun by then, and must be stored as well.
    const stored = (this.#unfinishedSince() ?? Infinity) - NOTE_AFTER_MS;
    const before = Math.min(performance.now() - NOTE_AFTER_MS + 1, stored);
    for (const [id, { recipient, at }] of this.#given) {
      if (at > before) {
        this.#timer = setTimeout(() => this.#note(), Math.min(at - before, NOTE_AFTER_MS));
        return;
      }
      this.#given.delete(id);
      this.#outbox.told(id).then(() => recipient.noted(id), this.#failed);
    }
  }
}

/** Calls a function after so many turns of the loop. */
function inTurns(turns: number, then: () => void): void {
  setImmediate(() => (turns > 1 ? inTurns(turns - 1, then) : then()));
}
