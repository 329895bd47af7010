/**
 * Long queues: how fast a backlog drains, what a million waiting messages cost in memory, and whether the event loop stays
 * free meanwhile. One process for all, with the server in another.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Dispatcher as DispatcherClass } from '../src/delivery/dispatcher.js';
import type { NewMessage } from '../src/delivery/outbox/outbox.js';
import type { SqliteOutbox as SqliteOutboxClass } from '../src/delivery/outbox/sqlite.js';
import type { transportFactory as Factory } from '../src/delivery/transport.js';
import { DEFAULT_POLICY } from '../src/delivery/retry.js';
import { machine, table } from './harness.js';

// What is measured is the built code.
const dist = createRequire(__filename);
const { Dispatcher } = dist('../dist/src/delivery/dispatcher.js') as { Dispatcher: typeof DispatcherClass };
const { SqliteOutbox } = dist('../dist/src/delivery/outbox/sqlite.js') as {
  SqliteOutbox: typeof SqliteOutboxClass;
};
const { transportFactory } = dist('../dist/src/delivery/transport.js') as {
  transportFactory: typeof Factory;
};

const PATIENTS = 5000;
const MANY = Number(process.env['PKB_MANY'] ?? 1_000_000);
const folder = mkdtempSync(join(tmpdir(), 'pkb-backlog-'));
const CONCURRENCY = 8;

const message = (n: number): NewMessage => ({
  connection: 'c',
  sender: 's',
  orderKey: `patient ${n % PATIENTS}`,
  controlId: String(n),
  messageType: 'ADT^A28',
  dataPoint: undefined,
  facility: 'trustalias{trustalias}',
  body: `MSH|^~\\&|MAILCO|trustalias{trustalias}|HL7API|PKB|20260101120000||ADT^A28|${n}|P|2.4\rPID|||9990000018^^^NHS^NH||Example^Alex||19700101|U\rNTE|1||${'x'.repeat(1000)}\r`,
  carried: '{}',
  holdOnRejection: false,
  storedAt: Date.now(),
});

const rss = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
};

/** Stores so many, as fast as the outbox takes them, a few hundred at a time. @returns how many per second */
async function fill(outbox: SqliteOutboxClass, count: number): Promise<number> {
  const start = performance.now();
  for (let n = 0; n < count; n += 500)
    await Promise.all(Array.from({ length: Math.min(500, count - n) }, (_, i) => outbox.add(message(n + i))));
  return count / ((performance.now() - start) / 1000);
}

/** Sends until so many are settled. */
async function drain(
  outbox: SqliteOutboxClass,
  url: string,
  count: number,
): Promise<{ perSecond: number; delay: number; peak: number }> {
  const transport = (await transportFactory())({
    username: 'u',
    password: 'p',
    timeout: 30,
    concurrency: CONCURRENCY,
    userAgent: 'bench',
  });
  let settled = 0;
  let peak = 0;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const dispatcher = new Dispatcher({
    connection: 'c',
    outbox,
    transport,
    url: () => new URL(url),
    concurrency: CONCURRENCY,
    policy: DEFAULT_POLICY,
    events: {
      settled: ({ message: { id } }) => {
        void outbox.told(id);
        if (++settled === count) finish();
        if (settled % 500 === 0) peak = Math.max(peak, process.memoryUsage().rss / 2 ** 20);
      },
      changed: () => undefined,
      failed: (error) => {
        throw error;
      },
    },
  });
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  const start = performance.now();
  dispatcher.start();
  await finished;
  const perSecond = count / ((performance.now() - start) / 1000);
  histogram.disable();
  await dispatcher.stop(5000);
  transport.close();
  return { perSecond, delay: histogram.percentile(99) / 1e6, peak };
}

async function main(): Promise<void> {
  const server = fork(join(__dirname, 'latency-server.cjs'), ['0']);
  const port = await new Promise<number>((resolve) =>
    server.once('message', (told) => resolve(told as number)),
  );
  const url = `http://127.0.0.1:${port}/services/hl7`;
  console.log(
    `Long queues: ${machine()}; messages of 1.2 kB, ${PATIENTS} patients, ${CONCURRENCY} at once, 0 ms\n`,
  );

  // First, while the process is small: memory that it has once had would hide what this takes.
  const path = join(folder, 'many.sqlite');
  const outbox = new SqliteOutbox({ path, retentionMs: 1e12 });
  const idle = rss();
  const stored = await fill(outbox, MANY);
  const queued = rss();
  const { perSecond, delay, peak } = await drain(outbox, url, 10_000);
  const { queued: left } = await outbox.counts('c');
  await outbox.close();
  const opening = performance.now();
  await new SqliteOutbox({ path, retentionMs: 1e12 }).close();
  const reopened = performance.now() - opening;
  console.log(
    table(
      ['with a million queued', 'measured'],
      [
        ['stored, messages/s (500 handed in at a time)', stored.toFixed(0)],
        ['resident memory above idle, MiB', (queued - idle).toFixed(0)],
        ['the same at its highest while draining, MiB', (peak - idle).toFixed(0)],
        ['drained, messages/s, the first 10,000', perSecond.toFixed(0)],
        ['event loop delay while draining, p99, ms', delay.toFixed(1)],
        ['left in the queue', left.toLocaleString('en')],
        ['size of the file, MiB', (statSync(path).size / 2 ** 20).toFixed(0)],
        ['opened again, with its check, s', (reopened / 1000).toFixed(1)],
      ].map((row) => (MANY === 1_000_000 ? row : [row[0] ?? '', `${row[1]} (of ${MANY})`])),
    ),
  );

  const warm = new SqliteOutbox({ path: join(folder, 'warm.sqlite'), retentionMs: 1e12 });
  await fill(warm, 5000);
  await drain(warm, url, 5000);
  await warm.close();

  const rows: string[][] = [];
  // Each backlog is measured over the same number of messages, taken from its front, in turns.
  const rates = new Map<number, number[]>();
  for (let round = 0; round < 3; round++) {
    for (const backlog of [1000, 100_000]) {
      const path = join(folder, `${round}-${backlog}.sqlite`);
      const outbox = new SqliteOutbox({ path, retentionMs: 1e12 });
      let sum = 0;
      const times = backlog === 1000 ? 4 : 1;
      for (let i = 0; i < times; i++) {
        await fill(outbox, backlog);
        const { perSecond } = await drain(outbox, url, Math.min(backlog, 4000));
        sum += perSecond;
      }
      rates.set(backlog, [...(rates.get(backlog) ?? []), sum / times]);
      await outbox.close();
      rmSync(path);
    }
  }
  const median = (values: number[] = []): number =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  for (const [backlog, values] of rates)
    rows.push([
      `${backlog.toLocaleString('en')} waiting`,
      median(values).toFixed(0),
      values.map((v) => v.toFixed(0)).join(', '),
    ]);
  console.log(table(['backlog', 'drained, messages/s (median)', 'rounds'], rows));
  console.log(
    `\nratio of the medians: ${(median(rates.get(100_000)) / median(rates.get(1000))).toFixed(2)}\n`,
  );
  server.kill();
  rmSync(folder, { recursive: true });
  process.exit(0);
}

void main();
