/**
 * Moving all that an outbox holds into an empty one of another kind: order, states, outcomes, holds and the secret with which
 * patients' identifiers are hashed, so that messages that come later are queued behind those that were moved.
 *
 * States of a move, and what a crash makes of them:
 *
 * - *begun*: the source is marked, and no Node-RED opens it any more. Nothing has been written. Moving again begins again.
 * - *received*: the target holds everything; it was written as a whole or not at all. Moving again finds it there, since it has
 *   the secret of the source, and only notes that the move is done.
 * - *done*: the mark of the source says so. It is left as it is, for a person to remove.
 *
 * If the target refuses and holds nothing of the source, the mark is removed, and the source can be used as before. If the
 * target cannot be asked, the mark stays until the outbox is moved again, or a person cancels the move.
 */
import { PkbOutboxError } from '../../errors.js';
import type { Attempt, FinalState, NewMessage } from './messages.js';

/** Under which key an outbox notes that it is being moved, or was. */
export const MOVED = 'moved';

/** A message with all that is noted of it. */
export interface MovedMessage {
  /** Its place in the order of storing, by which it is known in the target. */
  readonly id: number;
  /** Its texts are blank where they were erased, or cannot be read. */
  readonly message: NewMessage;
  readonly texts: 'there' | 'erased' | 'unreadable';
  readonly state: 'queued' | FinalState;
  readonly attempts: number;
  readonly refusals: number;
  readonly corrections: number;
  readonly dismissed: boolean;
  /** A keyed hash of the text, as it stands in the source. */
  readonly digest: string;
  /** Milliseconds since 1970; null while it is queued. */
  readonly settledAt: number | null;
  readonly told: number | null;
  readonly expired: number | null;
  /** Its outcome as JSON; null where it has none, or it was erased. */
  readonly result: string | null;
  readonly history: readonly Omit<Attempt, 'counts'>[];
}

/** The queue of an order key. */
export interface MovedQueue {
  readonly connection: string;
  readonly orderKey: string;
  /** Queues take turns in this order. */
  readonly turn: number;
  /** When the first message is to be sent again, in milliseconds since 1970; 0 = now. */
  readonly due: number;
  /** The message behind which the others are on hold; 0 where it is not known which; null where nothing is on hold. */
  readonly heldBy: number | null;
}

/** An outbox that is left. */
export interface MoveSource {
  readonly secret: Buffer;
  /** Whether a move of it had been begun and not ended when it was opened. */
  readonly wasBegun: boolean;
  /** Keeps every Node-RED out of it. @throws PkbOutboxError `PKB_OUTBOX` where one has it open */
  mark(state: 'begun' | 'done'): Promise<void>;
  /** Lets Node-RED in again. */
  unmark(): Promise<void>;
  /** All messages in the order of storing, some at a time. */
  eachMessages(take: (messages: readonly MovedMessage[]) => Promise<void>): Promise<void>;
  /** The queues of all order keys that have a message waiting or on hold, in any order, some at a time. */
  eachQueues(take: (queues: readonly MovedQueue[]) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** An outbox that is filled. */
export interface MoveTarget {
  /** What it holds: its secret and how many messages; undefined where it holds nothing. */
  contents(): Promise<{ readonly secret: Buffer; readonly count: number } | undefined>;
  /** Takes everything, as a whole or not at all. @returns how many messages it holds then */
  receive(source: MoveSource): Promise<number>;
  close(): Promise<void>;
}

/**
 * Moves everything.
 *
 * @returns how many messages the target holds
 * @throws PkbOutboxError `PKB_OUTBOX` where one of the two cannot be used, is open elsewhere, or the target holds something
 */
export async function move(source: MoveSource, target: MoveTarget): Promise<number> {
  await source.mark('begun');
  let count: number;
  try {
    count = await fill(target, source);
  } catch (error) {
    // An answer that was lost on its way may have been a yes; then the source stays marked until somebody moves again.
    const isEmpty = await target.contents().then(
      (contents) => !contents?.secret.equals(source.secret),
      () => false,
    );
    if (isEmpty) await source.unmark();
    throw error;
  }
  await source.mark('done');
  return count;
}

async function fill(target: MoveTarget, source: MoveSource): Promise<number> {
  const contents = await target.contents();
  if (contents === undefined) return target.receive(source);
  if (source.wasBegun && contents.secret.equals(source.secret)) return contents.count;
  throw new PkbOutboxError(
    'PKB_OUTBOX',
    'Move into an empty outbox: the one to move to holds messages already. Nothing was moved.',
  );
}

/**
 * Refuses an outbox that was left.
 *
 * @param mark what it notes under {@link MOVED}
 * @throws PkbOutboxError `PKB_OUTBOX`
 */
export function refuseMoved(mark: Uint8Array | undefined): void {
  if (mark === undefined) return;
  const isDone = Buffer.from(mark).toString() === 'done';
  throw new PkbOutboxError(
    'PKB_OUTBOX',
    isDone
      ? 'This outbox was moved to another one: choose the other one in pkb outbox. This one is kept only until you delete it.'
      : 'This outbox is being moved to another one. If the move was interrupted, run “npx pkb-outbox move” again as before, or with --cancel to keep this one.',
  );
}

/** What is said where an outbox that is to be left is in use. */
export function inUseError(): PkbOutboxError {
  return new PkbOutboxError(
    'PKB_OUTBOX',
    'Stop every Node-RED that uses this outbox, wait 30 seconds, and move again: one uses it now, or did a moment ago. Nothing was moved.',
  );
}
