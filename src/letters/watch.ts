/**
 * Watches letters until they are read or posted. Knows no Node-RED.
 *
 * What is due is taken from the outbox, asked about in batches, and decided (`decide.ts`). What has ended is given to the flow. All
 * that must outlive a crash is in the outbox: a letter that was taken and not decided is due again soon, at once where flows are
 * stopped in an orderly way, and an end that was not noted as given is given again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PkbApi } from '../api/client.js';
import { MOST_STATUSES, patientStatuses } from '../api/patients.js';
import { MOST_DOCUMENTS, type Receipt, readReceipts } from '../api/read-receipts.js';
import type { ReceiptParts } from '../api/receipt-parts.js';
import type {
  EndedLetter,
  LetterDecision,
  Letters,
  LetterState,
  WatchedLetter,
} from '../delivery/outbox/letters.js';
import { asPkbError, PkbApiError } from '../errors.js';
import { decide, type Said, type WatchTerms } from './decide.js';

/** What letters are watched with. */
export interface WatchOptions extends WatchTerms {
  /** Id of the pkb-letters node. */
  readonly watcher: string;
  /** The letters of the outbox, once it is open. */
  readonly letters: () => Promise<Letters>;
  /** Asks PKB. @throws PkbError what is wrong with its settings */
  readonly api: () => PkbApi;
  /** Names of the parts of a read receipt. @throws PkbError as `api` */
  readonly parts: () => ReceiptParts;
  /** How often a letter is asked about before its deadline, in milliseconds. */
  readonly askMs: number;
  /** UUID of the organisation of a Customer (MSH-4) that had none when its letter was accepted; blank where it has none. */
  readonly organisationOf?: (facility: string) => string;
  /** How often it is looked which are due, in milliseconds. */
  readonly tickMs: number;
  readonly events: {
    /** A letter has ended. */
    ended(letter: EndedLetter): void;
    /** How many letters are in each state. @param isAnswered false where PKB could not be asked this time */
    looked(counts: Readonly<Record<LetterState, number>>, isAnswered: boolean): void;
    /** PKB could not be asked, or the outbox failed. */
    failed(error: unknown): void;
  };
  /** When a letter that was taken and not decided is due again, in milliseconds; a minute where left out. */
  readonly againMs?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** When a letter is due again whose process was stopped while it asked: longer than most answers take. */
const AGAIN_MS = 60_000;

/** How soon it is looked again where something has come. */
const SOON_MS = 1000;

/** How long the flow has to take an end, from node to node, until that counts as given. */
const NOTE_AFTER_MS = 50;

/** How long this process has the right to give an end. */
const CLAIM_MS = 10_000;

/** Ends that are given in one turn. */
const GIVEN = 200;

/** Watches the letters of one node. */
export class LetterWatch {
  readonly #options: WatchOptions;
  readonly #now: () => number;
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #runs = false;
  /** Grows when flows stop: what was given before is not noted. */
  #stops = 0;
  #looking: Promise<void> | undefined;
  #again = false;
  /** When it was looked last, by the steady clock. */
  #looked = -Infinity;
  /** By question and organisation, until when PKB asked not to be asked, in milliseconds since 1970. */
  readonly #notBefore = new Map<string, number>();
  /** Since when this process asks, in milliseconds since 1970: it could not before. */
  #since: number | undefined;
  /** Whether PKB has answered all that it was asked in this look. */
  #isAnswered = true;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Flows have started: outputs have somewhere to go. One that was closed does not begin again. */
  start(): void {
    if (this.#runs || this.#closing.signal.aborted) return;
    this.#runs = true;
    this.#since ??= this.#now();
    this.#lookIn(0);
  }

  /** Flows are stopping: what is given to them now may be dropped. */
  stop(): void {
    this.#runs = false;
    this.#stops++;
    clearTimeout(this.#timer);
  }

  /** Ends. Never rejects. */
  async close(): Promise<void> {
    this.stop();
    this.#closing.abort();
    await this.#looking;
  }

  /** Looks soon: something was decided or is due. */
  wake(): void {
    if (!this.#runs) return;
    // What comes while it looks may not be seen by this look.
    if (this.#looking) this.#again = true;
    else this.#lookIn(this.#soon());
  }

  /** However many letters come, it is looked once a second at most. */
  #soon(): number {
    return Math.max(0, SOON_MS - (performance.now() - this.#looked));
  }

  #lookIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // One that began before flows stopped and started is the next one's, too.
      this.#looked = performance.now();
      this.#looking ??= this.look()
        .catch((error: unknown) => this.#options.events.failed(error))
        .finally(() => {
          this.#looking = undefined;
          if (this.#runs) this.#lookIn(this.#again ? this.#soon() : this.#options.tickMs);
          this.#again = false;
        });
    }, milliseconds);
  }

  /** Asks about all letters that are due, decides, and gives out what has ended. */
  async look(): Promise<void> {
    const { letters: open, watcher, tickMs, againMs = AGAIN_MS } = this.#options;
    const store = await open();
    this.#isAnswered = true;
    await this.#giveAll(store);
    // What is put off meanwhile is not due again in this look, however long PKB takes to answer.
    const begun = this.#now();
    let due: WatchedLetter[];
    do {
      due = await store.take(watcher, begun, this.#now() + Math.max(againMs, tickMs), MOST_DOCUMENTS);
      const undecided = new Set(due.map(({ id }) => id));
      for (const [organisation, letters] of Map.groupBy(due, (one) => this.#organisationOf(one))) {
        if (!this.#runs || !(await this.#decideAbout(store, organisation, letters))) {
          // Whoever watches them next, such as this node after a deploy, need not wait until they would be due again.
          await store.putOff([...undecided], begun, false);
          return;
        }
        for (const { id } of letters) undecided.delete(id);
        await this.#giveAll(store);
      }
    } while (due.length === MOST_DOCUMENTS);
    await this.#giveAll(store);
    this.#options.events.looked(await store.counts(watcher), this.#isAnswered);
  }

  /** The Customer's organisation as it is entered now; as it was when the letter was accepted, where the Customer is gone. */
  #organisationOf({ organisation, facility }: WatchedLetter): string {
    return (this.#options.organisationOf?.(facility) ?? '') || organisation;
  }

  /** @returns false where this watch ended its question itself, so that nothing is decided */
  async #decideAbout(
    store: Letters,
    organisation: string,
    letters: readonly WatchedLetter[],
  ): Promise<boolean> {
    const { askMs, tickMs, graceMs, ifUnknown } = this.#options;
    const now = this.#now();
    const saidOf = await this.#ask(organisation, letters);
    if (saidOf === undefined) return false;
    const decisions: LetterDecision[] = [];
    const open: WatchedLetter[] = [];
    for (const letter of letters) {
      const decision = decide(letter, saidOf(letter), now, { graceMs, ifUnknown, since: this.#since ?? now });
      if (decision === undefined) open.push(letter);
      else decisions.push({ id: letter.id, controlId: letter.controlId, at: this.#now(), ...decision });
    }
    const { unregistered, wasAsked } = await this.#unregistered(organisation, open);
    for (const { id, controlId } of unregistered) {
      const post = { end: 'post', reason: 'unregistered', readAt: undefined } as const;
      decisions.push({ id, controlId, at: this.#now(), ...post });
    }
    if (decisions.length > 0) await store.end(decisions);
    const ended = new Set(decisions.map(({ id }) => id));
    // Those with the same next time are put off together.
    const times = Map.groupBy(
      open.filter(({ id }) => !ended.has(id)),
      ({ deadline }) => (deadline > now ? Math.min(deadline, now + askMs) : now + tickMs),
    );
    for (const [until, all] of times)
      await store.putOff(
        all.map(({ id }) => id),
        until,
        wasAsked,
      );
    return true;
  }

  /** Asks which letters of an organisation were read. @returns undefined where this watch ended its question itself */
  async #ask(
    organisation: string,
    letters: readonly WatchedLetter[],
  ): Promise<((letter: WatchedLetter) => Said) | undefined> {
    if (organisation === '') return () => ({ state: 'organisation' });
    const receipts = await this.#try(`receipts ${organisation}`, (api, signal) => {
      const documents = [...new Set(letters.map(({ documentId }) => documentId))];
      return readReceipts(api, organisation, documents, this.#options.parts(), signal);
    });
    if (receipts === undefined)
      return this.#closing.signal.aborted ? undefined : () => ({ state: 'unanswered' });
    return ({ documentId }): Receipt | Said => receipts.get(documentId) ?? { state: 'unknown' };
  }

  /** Letters whose patients are not registered, of those whose patients are to be asked about. */
  async #unregistered(
    organisation: string,
    letters: readonly WatchedLetter[],
  ): Promise<{ unregistered: readonly WatchedLetter[]; wasAsked: boolean }> {
    const asked = letters.filter(({ nhsNumber }) => nhsNumber !== '').slice(0, MOST_STATUSES);
    const nobody = { unregistered: [], wasAsked: false };
    if (organisation === '' || asked.length === 0) return nobody;
    const numbers = [...new Set(asked.map(({ nhsNumber }) => nhsNumber))];
    const statuses = await this.#try(`patients ${organisation}`, (api, signal) =>
      patientStatuses(api, organisation, numbers, signal),
    );
    if (statuses === undefined) return nobody;
    const isUnregistered = ({ nhsNumber }: WatchedLetter): boolean =>
      statuses.get(nhsNumber)?.state === 'not registered';
    return { unregistered: asked.filter(isUnregistered), wasAsked: true };
  }

  /**
   * Asks PKB.
   *
   * @param question which one, and of which organisation: what PKB asks of one says nothing of another
   * @returns undefined where it gave no answer, which is said and concludes nothing
   */
  async #try<T>(
    question: string,
    ask: (api: PkbApi, signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    if (this.#now() < (this.#notBefore.get(question) ?? 0)) {
      this.#isAnswered = false;
      return undefined;
    }
    try {
      return await ask(this.#options.api(), this.#closing.signal);
    } catch (thrown) {
      if (this.#closing.signal.aborted) return undefined;
      this.#isAnswered = false;
      const error = asPkbError(thrown);
      if (error instanceof PkbApiError && error.retryAfterMs !== undefined)
        this.#notBefore.set(question, this.#now() + error.retryAfterMs);
      this.#options.events.failed(error);
      return undefined;
    }
  }

  async #giveAll(store: Letters): Promise<void> {
    const { watcher, events } = this.#options;
    for (;;) {
      const now = this.#now();
      const stops = this.#stops;
      if (!this.#runs) return;
      const ended = await store.takeEnded(watcher, now, now + CLAIM_MS, GIVEN);
      if (ended.length === 0 || this.#stops !== stops) return;
      for (const letter of ended) events.ended(letter);
      await sleep(NOTE_AFTER_MS);
      if (this.#stops !== stops) return;
      await store.gave(ended);
    }
  }
}
