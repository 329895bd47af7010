/**
 * Letters that are watched until they are read or posted. Part of the contract of every store.
 *
 * States of a letter, and what moves it on:
 *
 * - *watched*: PKB has accepted it. It is asked about from time to time, and at its deadline.
 * - *read*: PKB has said so. *post*: it is to be printed. *attention*: a person must look. Each is an end, written once, and given to
 *   the flow at least once.
 * - *cancelled*: PKB has accepted its deletion (MDM^T11). An end that nobody is told of.
 *
 * A new version of the same document (MDM^T02) makes it *watched* again, with a deadline of its own. A crash changes none of this:
 * an end that was not noted as given is given again.
 */

/** Which letter, and until when it is watched. */
export interface NewLetter {
  /** Id of the pkb-letters node. */
  readonly watcher: string;
  /** Keyed hash of Customer and document ID. */
  readonly key: string;
  /** MSH-10 of the message with which it was sent: its version. */
  readonly controlId: string;
  /** MSH-4. */
  readonly facility: string;
  /** TXA-12.1. */
  readonly documentId: string;
  /** The integrator's own reference; blank where it has none. */
  readonly reference: string;
  /** UUID of the Customer for PKB's FHIR operations; blank where it has none, so that nothing can be asked. */
  readonly organisation: string;
  /** NHS number of its patient; blank unless it is to be asked whether the patient is registered. */
  readonly nhsNumber: string;
  /** What the flow's message carried besides, as JSON. */
  readonly carried: string;
  /** After which it is posted unless it was read, in milliseconds since 1970. */
  readonly deadline: number;
  /** When it is asked about next, in milliseconds since 1970. */
  readonly nextAsk: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A letter in an outbox. */
export interface WatchedLetter extends NewLetter {
  readonly id: number;
}

/** How the watching of a letter ends. */
export type LetterEnd = 'read' | 'post' | 'attention';

/** The states of a letter. */
export const LETTER_STATES = ['watched', 'read', 'post', 'attention', 'cancelled'] as const;

/** One of {@link LETTER_STATES}. */
export type LetterState = (typeof LETTER_STATES)[number];

/** An end of a letter. */
export interface EndedLetter extends WatchedLetter {
  readonly end: LetterEnd;
  /** Why, as a short word of ours, such as `unread`. */
  readonly reason: string;
  /** When PKB says that it was read, in milliseconds since 1970; undefined where it does not say it. */
  readonly readAt: number | undefined;
  /** Milliseconds since 1970. */
  readonly endedAt: number;
}

/** What is decided about a letter. */
export interface LetterDecision extends Pick<EndedLetter, 'id' | 'controlId' | 'end' | 'reason' | 'readAt'> {
  readonly at: number;
}

/** How many letters of a watcher are in each state. */
export interface WatcherCount {
  /** Id of the pkb-letters node, which may be gone. */
  readonly watcher: string;
  readonly states: Readonly<Record<LetterState, number>>;
}

/** How many letters ended in one hour in one way, and why. */
export interface LetterCount {
  /** Its beginning, in milliseconds since 1970. */
  readonly hour: number;
  readonly watcher: string;
  readonly end: LetterEnd;
  readonly reason: string;
  readonly count: number;
}

/** How watched letters are found: by the integrator's reference, or by document ID. */
export type LetterName = { readonly reference: string } | { readonly documentId: string };

/** What every outbox does for letters. All methods reject with a PkbOutboxError where the store cannot do its duty. */
export interface Letters {
  /** Watches letters. One that is known in this version stays as it is. */
  watch(letters: readonly NewLetter[]): Promise<void>;

  /**
   * Ends the watching of a letter that was deleted, in the order of these calls and those of `watch`.
   *
   * @returns false where it is not known, or its end has been given
   */
  cancel(watcher: string, key: string, at: number): Promise<boolean>;

  /**
   * Takes letters that are due to be asked about, by organisation and deadline, without what they carry. They are due again at a later time, also where this
   * process ends meanwhile, unless that is put off further.
   *
   * @param again when they are due again, in milliseconds since 1970
   */
  take(watcher: string, now: number, again: number, most: number): Promise<WatchedLetter[]>;

  /** Puts off when letters are asked about; those whose patients were asked about are noted. */
  putOff(ids: readonly number[], until: number, withoutPatient: boolean): Promise<void>;

  /** Ends letters that are watched, each in the version that is named. @returns of how many */
  end(decisions: readonly LetterDecision[]): Promise<number>;

  /**
   * Takes ends that were not noted as given, the first first. No other process gets them meanwhile.
   *
   * @param until after which they may be taken again
   */
  takeEnded(watcher: string, now: number, until: number, most: number): Promise<EndedLetter[]>;

  /** Notes that ends were given to the flow, each in the version that was given. */
  gave(letters: readonly Pick<EndedLetter, 'id' | 'controlId'>[]): Promise<void>;

  /** Letters of a watcher that is no more, or is again, get another watcher; those that it knows stay. @returns how many */
  handOver(from: string, to: string): Promise<number>;

  /** Watched letters of a reference, or of a document ID. */
  find(watcher: string, name: LetterName): Promise<WatchedLetter[]>;

  /** How many letters of a watcher are in each state. */
  counts(watcher: string): Promise<Readonly<Record<LetterState, number>>>;

  /** The same of every watcher that has letters here, by its id. */
  allCounts(): Promise<WatcherCount[]>;

  /** How many ended since a time, by the hour. */
  ended(since: number): Promise<LetterCount[]>;
}
