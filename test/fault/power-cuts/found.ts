/** Reads an outbox to the end, through its own methods, as a connection that starts after a power cut would. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Outbox } from '../../../src/delivery/outbox/contract.js';
import type { StoredMessage } from '../../../src/delivery/outbox/messages.js';
import { CONNECTION, digest, FILE, openIn, SENDER } from './opening.js';
import { waiting } from './promises.js';

const MANY = 100_000;
/** Later than anything waits. */
const LATER_MS = 24 * 3_600_000;

/** A message that was found. */
export interface FoundMessage {
  readonly id: number;
  readonly controlId: string;
  /** As in `Promised.states`. */
  readonly state: string;
  /** SHA-256 of its text, where the outbox gives that out. */
  text?: string;
}

/** What was found in an outbox. */
export interface Found {
  /** What the outbox said when it was opened. */
  readonly reports: readonly string[];
  /** What SQLite says of the file: `ok`. */
  readonly integrity: string;
  readonly messages: readonly FoundMessage[];
  /** Ids of those whose sender is to be told. */
  readonly untold: ReadonlySet<number>;
  /** Ids of those that waited, in the order in which they were given out; first those that were not held. */
  readonly order: readonly number[];
  /** How many of these were given out before held ones were let go. */
  readonly free: number;
}

/**
 * Opens the outbox in a folder and takes everything out of it.
 *
 * @throws whatever the outbox throws
 */
export async function readOutbox(folder: string): Promise<Found> {
  const { outbox, reports, release } = await openIn(folder);
  const found = new Map<number, FoundMessage>();
  let untold: Set<number>;
  let free: number;
  try {
    untold = new Set((await outbox.untold(CONNECTION, SENDER)).map(({ message }) => message.id));
    for (const { id, controlId, state, kept } of await outbox.failed(CONNECTION, SENDER, MANY)) {
      const stored = await outbox.findFailed(CONNECTION, { id, controlId });
      if (!kept || stored === undefined) throw new Error(`The text of ${controlId} is not kept.`);
      found.set(id, { id, controlId, state: `${state} ${controlId}`, text: digest(stored.body) });
    }
    const queued = await outbox.queued(CONNECTION, MANY);
    const order: number[] = [];
    const taken = (message: StoredMessage): void => {
      const { id, controlId, attempts, body } = message;
      order.push(id);
      found.set(id, { id, controlId, state: waiting(controlId, attempts), text: digest(body) });
    };
    await takeAll(outbox, taken);
    free = order.length;
    await outbox.release(CONNECTION);
    await takeAll(outbox, taken);
    if (order.length !== queued) throw new Error(`${queued} wait, ${order.length} were given out.`);
    return { reports, untold, order, free, ...(await closeAndLook(folder, release, found)) };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Takes and settles, one at a time, until nothing is given out. */
async function takeAll(outbox: Outbox, taken: (message: StoredMessage) => void): Promise<void> {
  for (;;) {
    const [message] = await outbox.take(CONNECTION, Date.now() + LATER_MS, 1, []);
    if (message === undefined) return;
    taken(message);
    const { controlId } = message;
    const outcome = { outcome: 'accepted', code: 'AA', controlId, text: '', ack: '' } as const;
    const attempt = { at: Date.now(), outcome: 'accepted', reason: '', counts: false } as const;
    await outbox.settle({ message, state: 'accepted', outcome, expired: false }, attempt, false);
  }
}

/** Accepted messages of which the sender has been told are given out by no method: they are looked up in the file. */
async function closeAndLook(
  folder: string,
  release: () => Promise<void>,
  found: ReadonlyMap<number, FoundMessage>,
): Promise<{ integrity: string; messages: FoundMessage[] }> {
  await release();
  const db = new DatabaseSync(join(folder, FILE), { readOnly: true });
  try {
    const rows = db.prepare('SELECT id, control_id, state FROM message ORDER BY id').all();
    const messages = rows.map((row): FoundMessage => {
      const id = Number(row['id']);
      const controlId = String(row['control_id']);
      return found.get(id) ?? { id, controlId, state: `${String(row['state'])} ${controlId}` };
    });
    const [integrity] = db.prepare('PRAGMA integrity_check(1)').all();
    return { integrity: String(integrity?.['integrity_check']), messages };
  } finally {
    db.close();
  }
}
