/**
 * The contract of an outbox, which keeps messages safe until their outcome is known. Every store (memory, embedded, …) keeps
 * it, and one suite of tests (`test/unit/delivery/outbox`) is run on each.
 */
import { createHash, type KeyObject } from 'node:crypto';
import { PkbDeliveryError, PkbOutboxError } from '../../errors.js';
import type { Outcome, Withdrawn } from '../outcome.js';
import type { Ledger } from './ledger.js';
import type { Letters } from './letters.js';
import type { Pause } from './pause.js';
import type { Placed, RunItem, Runs } from './runs.js';
import type { Attempt, FinalState, NewMessage, StoredMessage } from './messages.js';

/** A message whose fate is known and whose sender may not have been told of it yet. */
export interface SettledMessage {
  readonly message: StoredMessage;
  readonly state: FinalState;
  /** The outcome of its last attempt, or why it was ended without one. */
  readonly outcome: Outcome | Withdrawn;
  /** Whether it was given up because of its age. */
  readonly expired: boolean;
}

/** Which message is to be sent once more. */
export interface FailedReference {
  readonly id: number;
  readonly controlId: string;
}

/** A message that was not accepted in the end, as a person is shown it: without its texts. */
export interface FailedMessage extends FailedReference {
  readonly messageType: string;
  readonly state: Exclude<FinalState, 'accepted' | 'discarded'>;
  /** Milliseconds since 1970. */
  readonly settledAt: number;
  readonly attempts: number;
  /** What PKB said, or why it could not be delivered. PKB's words may quote the message. */
  readonly reason: string;
  /** Whether its texts are still there. */
  readonly kept: boolean;
}

/**
 * The result of a request to send a message again: it is queued; or a later message about the same data point was sent, which
 * this one would undo; there is no such failed message (any more); the new message is about something else; it is unchanged,
 * and PKB has refused it; or it was corrected too often.
 */
export type Replayed = 'queued' | 'superseded' | 'gone' | 'other' | 'unchanged' | 'exhausted';

/** The terms on which a message is sent again. */
export interface ReplayTerms {
  /** Whether to do so even if it is superseded. */
  readonly override: boolean;
  /** Whether a person asks for it; a flow is held back from sending what PKB has refused again and again. */
  readonly byPerson: boolean;
}

/** Upper limit of corrections of one message that a flow may send; then a person must check it. */
export const MOST_CORRECTIONS = 3;

/** Why a message was not taken whose very bytes PKB has refused before. */
export function unchangedError(): PkbDeliveryError {
  return new PkbDeliveryError(
    'PKB_UNCHANGED',
    'PKB has already rejected this message, or three corrections of it. Correct the fault that MSA-3 names; after three corrections, create a new one at the source. A person can also press “Send again” in the dialog of pkb send.',
  );
}

/** Messages that wait to be sent to an address. */
export interface Addressed {
  /** Environment and origin; blank for messages of a version that did not note it. */
  readonly address: string;
  readonly count: number;
}

/** How many messages of a connection are where. */
export interface Counts {
  /** Stored and not yet settled, those in flight included. */
  readonly queued: number;
  /** Of the queued ones, those behind a rejected message, on hold. */
  readonly held: number;
}

/** A process's part in a store that several share. */
export interface Part {
  /** How long a request of this connection may take, in milliseconds. */
  readonly requestMs: number;
  /** There may be something to send. */
  wake(): void;
  /** There may be fates to tell. */
  look(): void;
}

/**
 * What a store has besides that several processes share: every process accepts messages, and one at a time sends for a
 * connection.
 */
export interface Sharing {
  /** This process has a sender for a connection. @returns ends that, once its requests have ended */
  join(connection: string, part: Part): () => Promise<void>;

  /**
   * This process's time as the sender of a connection; undefined where it may not begin a request. Requests must end when
   * the signal says so, since another process may begin then.
   */
  term(connection: string): { readonly signal: AbortSignal } | undefined;
}

/** Thrown by the writes of a sender where another process has taken over: what it did is not written, and is done again there. */
export class TakenOver extends PkbOutboxError {
  constructor() {
    super(
      'PKB_OUTBOX',
      'This Node-RED does not send for this connection any more: it could not renew its lease in time, or another one has it now. A message that was in flight is sent again.',
    );
  }
}

/** The place where messages are kept. All methods reject with a PkbOutboxError where the store cannot do its duty. */
export interface Outbox extends Ledger {
  /** Whether messages outlive this process. */
  readonly durable: boolean;
  /** A key of this installation, with which patient identifiers are hashed. */
  readonly secret: KeyObject;
  /** Tells this store from every other one; ids mean something only together with it. */
  readonly name: string;
  /** Where several processes share the store. */
  readonly sharing?: Sharing;
  readonly runs: Runs;
  readonly letters: Letters;

  /**
   * Stores a message.
   *
   * @returns its id, once it is as safe as the store can make it
   * @throws PkbDeliveryError `PKB_UNCHANGED` where PKB has rejected these very bytes
   */
  add(message: NewMessage): Promise<number>;

  /**
   * Stores a message as an item, unless the latest message of this key that is accepted or pending has the same content. Both are
   * looked up and written in one transaction.
   *
   * @throws PkbDeliveryError as `add`
   */
  addItem(message: NewMessage, item: RunItem): Promise<Placed>;

  /**
   * Takes the next messages to send: the oldest of each order key, if it is due and the key has no message in flight and is
   * not on hold. Order keys take turns. Taken messages stay in flight until they are settled, postponed or given back.
   *
   * @param most how many to take
   * @param except MSH-4 of the Customers whose messages are to stay
   * @returns at most `most`, in the order in which they are to be sent
   */
  take(connection: string, now: number, most: number, except: readonly string[]): Promise<StoredMessage[]>;

  /**
   * Records how a message ended. With `hold`, the later messages of its order key are on hold until `release`.
   *
   * @param settled the message as it was taken, with this attempt counted
   */
  settle(settled: SettledMessage, attempt: Attempt, hold: boolean): Promise<void>;

  /** The settled messages of a sender that it was not notified of, oldest first; read after a restart, for example. */
  untold(connection: string, sender: string): Promise<SettledMessage[]>;

  /** Notes that a message's sender has been told of its fate. */
  told(id: number): Promise<void>;

  /** Puts a message back, to be sent again at a time, before all others of its order key. */
  postpone(id: number, until: number, attempt: Attempt): Promise<void>;

  /** Puts a message back as if it had not been taken. */
  giveBack(id: number): Promise<void>;

  /** When the next message can be taken, in milliseconds since 1970; undefined where none waits for a time. */
  nextDue(connection: string, except: readonly string[]): Promise<number | undefined>;

  /** The pending messages for other addresses than this one, by address. Messages with a blank address get this one. */
  elsewhere(connection: string, address: string): Promise<Addressed[]>;

  /** Binds the pending messages for other addresses to this one, if a person decides so. @returns how many */
  readdress(connection: string, address: string): Promise<number>;

  /**
   * Discards the pending messages for other addresses than this one, if a person decides so.
   *
   * @returns how many; their senders have not been notified yet
   */
  discard(connection: string, address: string, reason: string, at: number): Promise<number>;

  /** Takes one order key, or all, off hold. @returns how many keys were on hold */
  release(connection: string, orderKey?: string): Promise<number>;

  /** The messages of a sender that ended without acceptance, the latest first. */
  failed(connection: string, sender: string, most: number): Promise<FailedMessage[]>;

  /** One that ended without acceptance, with its texts; undefined where there is none, or they have been erased. */
  findFailed(connection: string, which: FailedReference): Promise<StoredMessage | undefined>;

  /**
   * Puts a message that ended without acceptance back into its place in the order, as it was or corrected. It goes before
   * all later ones of its order key that have not gone out, and ends a hold that it caused. A corrected message must be
   * about the same data point, or about the same patient where there is none, or have the same control ID.
   *
   * @param message what is to be sent now
   */
  replay(which: FailedReference, message: NewMessage, terms: ReplayTerms): Promise<Replayed>;

  /** How many messages are stored and not yet settled, counted up to `most` so that a long queue costs no more. */
  queued(connection: string, most: number): Promise<number>;

  /** How many order keys of a connection are on hold. */
  held(connection: string): Promise<number>;

  counts(connection: string): Promise<Counts>;

  /** Notes that a person pauses a connection, or, with undefined, that it goes on. */
  setPause(connection: string, pause: Pause | undefined): Promise<void>;

  /** Who has paused a connection; undefined where nobody has. */
  pauseOf(connection: string): Promise<Pause | undefined>;

  /** Since when the oldest call has waited for the store, by `performance.now()`; undefined where none waits. */
  busySince?(): number | undefined;

  close(): Promise<void>;
}

/** What tells a store from others, made from its secret. */
export function storeName(secret: KeyObject): string {
  return createHash('sha256').update('name').update(secret.export()).digest('hex').slice(0, 12);
}

/** Whether a message that is to be sent in the place of one that failed is about the same. */
export function isSame(
  failed: { orderKey: string; controlId: string; facility: string; dataPointId: string },
  { orderKey, controlId, facility, dataPoint }: NewMessage,
): boolean {
  if (failed.controlId === controlId) return true;
  if (failed.dataPointId === '') return failed.orderKey === orderKey && !dataPoint?.id;
  return failed.dataPointId === dataPoint?.id && (failed.facility === '' || failed.facility === facility);
}
