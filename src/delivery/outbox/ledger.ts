/**
 * What an outbox tells of its messages, and what a person may do about one: which there are, what became of each, and why it
 * is where it is. Part of the contract of every store.
 */
import type { Outcome, Withdrawn } from '../outcome.js';
import type { TrailEntry, TrailRecord } from './trail.js';
import type { Attempt, FinalState, StoredMessage } from './messages.js';

/** The states of a message, as they are stored. Queued ones are pending, in flight or on hold. */
export const MESSAGE_STATES = [
  'queued',
  'accepted',
  'rejected',
  'errored',
  'undeliverable',
  'discarded',
] as const satisfies readonly ('queued' | FinalState)[];

/** One of {@link MESSAGE_STATES}. */
export type MessageState = (typeof MESSAGE_STATES)[number];

/** Those that ended without acceptance and that a person has not discarded. */
export const FAILED_STATES: readonly MessageState[] = ['rejected', 'errored', 'undeliverable'];

/** What is looked for. A message must fit all that is given. */
export interface MessageFilter {
  /** Id of the connection. */
  readonly connection?: string | undefined;
  readonly states?: readonly MessageState[] | undefined;
  /** MSH-4: the Customer. */
  readonly facility?: string | undefined;
  /** Such as `ADT^A28`. */
  readonly messageType?: string | undefined;
  /** Stored at this time or later, in milliseconds since 1970. */
  readonly since?: number | undefined;
  /** Stored before this time. */
  readonly until?: number | undefined;
  readonly controlId?: string | undefined;
  readonly dataPointId?: string | undefined;
  /** The integrator's own reference. */
  readonly reference?: string | undefined;
  /** As `orderKey` makes it. */
  readonly orderKey?: string | undefined;
  /** Whether failures that a person has dismissed are left out. */
  readonly withoutDismissed?: boolean | undefined;
}

/** A message in a list: without its texts. */
export interface ListedMessage {
  readonly id: number;
  readonly connection: string;
  /** Id of the pkb-send node that took it. */
  readonly sender: string;
  readonly controlId: string;
  readonly messageType: string;
  /** MSH-4. */
  readonly facility: string;
  /** Blank where it has none. */
  readonly dataPointId: string;
  /** Blank where it has none. */
  readonly reference: string;
  readonly state: MessageState;
  /** Whether it is queued behind a message that PKB has rejected. */
  readonly isOnHold: boolean;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
  /** Milliseconds since 1970; undefined while it is queued. */
  readonly settledAt: number | undefined;
  readonly attempts: number;
  /** Whether its texts are still there. */
  readonly kept: boolean;
  /** Whether a person has dismissed it from the list of failures. */
  readonly dismissed: boolean;
}

/** Some of the messages that were found, the latest first. */
export interface MessageList {
  readonly messages: readonly ListedMessage[];
  /** Where to go on; undefined where there are no more. A page may be short, or empty, and have more behind it. */
  readonly next: number | undefined;
  /** When the messages were stored at which the search stopped, in milliseconds since 1970; undefined at the end. */
  readonly searchedTo: number | undefined;
}

/** One message from its storing to its end. */
export interface MessageLife {
  readonly listed: ListedMessage;
  /** When it is to be sent again, in milliseconds since 1970; undefined where it does not wait for a time. */
  readonly due: number | undefined;
  readonly history: readonly Omit<Attempt, 'counts'>[];
  /** How it ended; undefined while it is queued, or where that was erased. */
  readonly outcome: Outcome | Withdrawn | undefined;
  /** Whether its flow was told. */
  readonly told: boolean;
  /** With its texts; undefined where they were erased or cannot be read. */
  readonly message: StoredMessage | undefined;
}

/** How many messages of a connection and a Customer ended in one hour in one way. */
export interface EndedCount {
  /** Its beginning, in milliseconds since 1970. */
  readonly hour: number;
  readonly connection: string;
  readonly facility: string;
  readonly state: FinalState;
  readonly count: number;
}

/** The order in which counts are given: by hour, connection, Customer and state. */
export function byHour(a: EndedCount, b: EndedCount): number {
  const of = ({ connection, facility, state }: EndedCount): string =>
    JSON.stringify([connection, facility, state]);
  return a.hour - b.hour || (of(a) < of(b) ? -1 : 1);
}

/** What became of the wish to discard one message. */
export type Withdrawal = 'discarded' | 'in flight' | 'gone';

/** What every outbox tells. All methods reject with a PkbOutboxError where the store cannot do its duty. */
export interface Ledger {
  /**
   * Looks for messages. A call reads a bounded number of them, so that no search holds up what is being sent.
   *
   * @param before `next` of the page before; undefined for the first
   * @param most how many a page may have
   */
  list(filter: MessageFilter, before: number | undefined, most: number): Promise<MessageList>;

  /** One message; undefined where there is none of this id. */
  life(id: number): Promise<MessageLife | undefined>;

  /** How many ended since a time, by the hour. */
  ended(since: number): Promise<EndedCount[]>;

  /** When the oldest message of a connection that is queued was stored, in milliseconds since 1970. */
  oldest(connection: string): Promise<number | undefined>;

  /**
   * Ends the life of a queued message that is not in flight, by a person's word. Its sender has yet to be told.
   *
   * @param reason a sentence without patient data
   */
  withdraw(id: number, reason: string, at: number): Promise<Withdrawal>;

  /** Takes failures off the list of them; they stay stored. @returns of how many */
  dismiss(ids: readonly number[]): Promise<number>;

  /** Writes down what somebody did or looked at. Resolves when it is as safe as the store can make it. */
  record(entry: TrailEntry): Promise<void>;

  /** What was written down, the first first. @param after number of the record behind which to begin; 0 = all */
  trail(after: number, most: number): Promise<TrailRecord[]>;
}

/** How many messages one call of `list` reads at most, where no index leads to what is looked for. */
export const SCANNED = 20_000;
