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
import { asPkbError, PkbOutboxError } from '../../errors.js';
import type { Attempt, FinalState, NewMessage } from './messages.js';
import type { MovedLetter } from './letter-rows.js';
import type { MovedPause } from './pause.js';
import type { RunItem, RunSummary } from './runs.js';
import type { TrailRecord } from './trail.js';

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

/** A run on its way. */
export interface MovedRun extends RunSummary {
  /** Whether the number that is expected is exact. */
  readonly isExact: boolean;
  /** When another process may give out its report, in milliseconds since 1970. */
  readonly claimedUntil: number;
}

/** An item of a run on its way. */
export interface MovedItem extends RunItem {
  readonly occurrence: number;
  readonly facility: string;
  readonly messageType: string;
  /** Its message, and the same one of a duplicate, by their places in the order of storing. */
  readonly message: number | null;
  readonly same: number | null;
  readonly ending: string | null;
  readonly code: string;
  readonly at: number;
  readonly arrivals: number;
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
  /** All runs. */
  runs(): Promise<readonly MovedRun[]>;
  /** The items of all runs in the order in which they came, some at a time. */
  eachItems(take: (items: readonly MovedItem[]) => Promise<void>): Promise<void>;
  /** All letters, some at a time. */
  eachLetters(take: (letters: readonly MovedLetter[]) => Promise<void>): Promise<void>;
  /** The connections that a person has paused. */
  pauses(): Promise<readonly MovedPause[]>;
  /** What people did and looked at. */
  trail(): Promise<readonly TrailRecord[]>;
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
  // Nobody is kept out of an outbox for a move that cannot be.
  if (!source.wasBegun && (await target.contents()) !== undefined) throw holdsMessages();
  await source.mark('begun');
  let count: number;
  try {
    count = await fill(target, source);
  } catch (error) {
    if (await isEmptyOf(target, source)) {
      await source.unmark();
      throw error;
    }
    // An answer that was lost on its way may have been a yes.
    throw new PkbOutboxError(
      'PKB_OUTBOX',
      `${asPkbError(error).message} It is not known whether the new outbox has received everything. Until you move again as before, no Node-RED opens the old one.`,
    );
  }
  await source.mark('done');
  return count;
}

/**
 * Ends a move that was cut off, so that the old outbox is used again.
 *
 * @param target where it was to be moved; undefined where a person answers for its not being used
 * @throws PkbOutboxError `PKB_OUTBOX` where the target has everything, or cannot be asked
 */
export async function cancelMove(source: MoveSource, target: MoveTarget | undefined): Promise<void> {
  const contents = await target?.contents();
  if (contents?.secret.equals(source.secret)) {
    throw new PkbOutboxError(
      'PKB_OUTBOX',
      'The new outbox has received everything: used beside the old one, it would send every message a second time. Move again to end the move, or empty the new outbox first.',
    );
  }
  await source.unmark();
}

/** Whether a target that can be asked holds nothing of a source. */
async function isEmptyOf(target: MoveTarget, source: MoveSource): Promise<boolean> {
  try {
    return (await target.contents())?.secret.equals(source.secret) !== true;
  } catch {
    return false;
  }
}

async function fill(target: MoveTarget, source: MoveSource): Promise<number> {
  const contents = await target.contents();
  if (contents === undefined) return target.receive(source);
  if (source.wasBegun && contents.secret.equals(source.secret)) return contents.count;
  throw holdsMessages();
}

/** What is said of a target that is not empty. */
export function holdsMessages(): PkbOutboxError {
  return new PkbOutboxError(
    'PKB_OUTBOX',
    'The outbox to move to holds messages already. Move into an empty one. Nothing was moved.',
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
