/**
 * The thread of one outbox file: SQLite with its syncs, checks, erasing and vacuuming runs here and stops nothing else. It
 * is called by `sqlite-outbox.ts`.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { asPkbError } from '../../../errors.js';
import type { NewMessage, StoredMessage } from '../messages.js';
import type { RunItem } from '../runs.js';
import type { Call, Failed, Reply, RoomName, Said, Taken, ThreadData } from './protocol.js';
import { SqliteStore } from './store.js';

const port = parentPort;
if (port === null) throw new Error('This file runs in a thread of its own.');

/** Ids of the messages whose texts the caller has kept. */
const kept = new Set<number>();
let replies: Reply[] = [];

function say(said: Said): void {
  port?.postMessage(said);
}

/** Replies that come together are sent together. */
function reply(one: Reply): void {
  if (replies.length === 0) {
    setImmediate(() => {
      const all = replies;
      replies = [];
      say({ replies: all });
    });
  }
  replies.push(one);
}

function failed(error: unknown): Failed {
  const { code, message } = asPkbError(error);
  return { code, message };
}

async function run(store: SqliteStore, { method, args, keeps }: Call): Promise<unknown> {
  if (method === 'add') {
    const id = await store.add(args[0] as NewMessage);
    if (keeps) kept.add(id);
    return id;
  }
  if (method === 'addItem') {
    const placed = await store.addItem(args[0] as NewMessage, args[1] as RunItem);
    if (keeps && 'id' in placed) kept.add(placed.id);
    return placed;
  }
  if (method === 'take') {
    const [connection, now, most, except] = args as [string, number, number, string[]];
    const taken = await store.take(connection, now, most, except, (id) => kept.has(id));
    return taken.map((message: StoredMessage): Taken =>
      kept.delete(message.id) ? { ...message, kept: true } : message,
    );
  }
  const [first, second] = method.split('.') as [RoomName, string | undefined];
  const room: object = second === undefined ? store : store[first];
  const call = (room as Record<string, (...given: unknown[]) => Promise<unknown>>)[second ?? first];
  return call?.apply(room, [...args]);
}

async function main(): Promise<void> {
  const { path, retentionMs, encryptionKey, inFlight } = workerData as ThreadData;
  const store = await SqliteStore.open({ path, retentionMs, encryptionKey, inFlight });
  port?.on('message', (calls: readonly Call[]) => {
    for (const call of calls) {
      run(store, call).then(
        (value) => {
          reply({ id: call.id, value });
          // Nothing comes after it, so the thread ends when the reply is on its way.
          if (call.method === 'close') setImmediate(() => port?.close());
        },
        (error: unknown) => reply({ id: call.id, failed: failed(error) }),
      );
    }
  });
  const { secret, name, reports } = store;
  say({ opened: { secret: secret.export(), name, reports } });
}

main().catch((error: unknown) => {
  say({ refused: failed(error) });
  port.close();
});
