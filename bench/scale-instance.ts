/** One process of `scale.ts`: stores messages, or sends them, when it is told to. */
import { Connection } from '../src/delivery/connection.js';
import type { NewMessage } from '../src/delivery/outbox/messages.js';
import { PostgresOutbox } from '../src/delivery/outbox/postgres/postgres-outbox.js';
import { DEFAULT_POLICY } from '../src/delivery/retry.js';
import { transportFactory } from '../src/delivery/transport.js';
import { stamped } from '../test/support/messages.js';

/** What a process is told. */
export type Task =
  | { readonly do: 'store'; readonly count: number; readonly from: string }
  | { readonly do: 'send'; readonly url: string; readonly concurrency: number };

const PATIENTS = 500;

/** A message of the benchmark. */
export function messageOf(id: string, n: number): NewMessage {
  return {
    connection: 'c',
    address: 'custom x',
    sender: 's',
    orderKey: `patient${n % PATIENTS}`,
    controlId: id,
    messageType: 'ADT^A28',
    dataPoint: undefined,
    facility: 'trustalias{trustalias}',
    body: stamped(id),
    carried: '{}',
    holdOnRejection: false,
    askOnUnknown: false,
    storedAt: Date.now(),
  };
}

async function main(): Promise<void> {
  const outbox = await PostgresOutbox.open({
    connectionString: process.env['PKB_DATABASE'] ?? '',
    retentionMs: 1e9,
  });
  process.on('message', (task: Task) => {
    void (async () => {
      if (task.do === 'store') {
        const start = performance.now();
        await Promise.all(
          Array.from({ length: task.count }, (_, n) => outbox.add(messageOf(`${task.from}-${n}`, n))),
        );
        process.send?.({ stored: task.count, ms: performance.now() - start });
        return;
      }
      const createTransport = await transportFactory();
      const { url, concurrency } = task;
      const connection = new Connection({
        id: 'c',
        open: async () => ({ outbox, reports: [], release: async () => undefined }),
        transport: createTransport({
          username: 'a',
          password: 'b',
          timeout: 5,
          concurrency,
          userAgent: 'bench',
        }),
        url: () => new URL(url),
        address: 'custom x',
        concurrency,
        requestMs: 5000,
        policy: DEFAULT_POLICY,
        events: {
          changed: () => undefined,
          failed: () => undefined,
          report: () => undefined,
          unclaimed: () => undefined,
        },
      });
      connection.add({ id: 's', tell: () => undefined, noted: () => undefined });
      connection.flowsStarted();
    })();
  });
  process.send?.({ ready: true });
}

if (require.main === module) void main();
