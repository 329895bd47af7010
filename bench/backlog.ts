/**
 * Long queues: how fast a backlog drains, what a million waiting messages cost in memory, and whether the event loop stays
 * free meanwhile. The server is a process of its own, and so is each that memory is measured of.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Dispatcher as DispatcherClass } from '../src/delivery/dispatcher.js';
import type { NewMessage } from '../src/delivery/outbox/messages.js';
import type { SqliteOutbox as SqliteOutboxClass } from '../src/delivery/outbox/sqlite/sqlite-outbox.js';
import type { transportFactory as Factory } from '../src/delivery/transport.js';
import { DEFAULT_POLICY } from '../src/delivery/retry.js';
import { machine, table } from './harness.js';

// What is measured is the built code.
const dist = createRequire(__filename);
const { Dispatcher } = dist('../dist/src/delivery/dispatcher.js') as { Dispatcher: typeof DispatcherClass };
const { SqliteOutbox } = dist('../dist/src/delivery/outbox/sqlite/sqlite-outbox.js') as {
  SqliteOutbox: typeof SqliteOutboxClass;
};
const { transportFactory } = dist('../dist/src/delivery/transport.js') as {
  transportFactory: typeof Factory;
};

const PATIENTS = 5000;
const MANY = Number(process.env['PKB_MANY'] ?? 1_000_000);
const CONCURRENCY = 8;
/** How many callers hand messages in, each the next when its last is on disk. */
const CALLERS = 50;
/** How many messages a process has stored and sent that has worked for a while. */
const WORKED = Math.min(50_000, MANY);
const DRAINED = Math.min(10_000, MANY / 10);

const message = (n: number): NewMessage => ({
  connection: 'c',
  address: 'custom x',
  sender: 's',
  orderKey: `patient ${n % PATIENTS}`,
  controlId: String(n),
  messageType: 'ADT^A28',
  dataPoint: undefined,
  facility: 'trustalias{trustalias}',
  body: `MSH|^~\\&|MAILCO|trustalias{trustalias}|HL7API|PKB|20260101120000||ADT^A28|${n}|P|2.4\rPID|||9990000018^^^NHS^NH||Example^Alex||19700101|U\rNTE|1||${'x'.repeat(1000)}\r`,
  carried: '{}',
  holdOnRejection: false,
  askOnUnknown: false,
  storedAt: Date.now(),
});

const rss = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
};

/** Stores so many, as fast as the outbox takes them. @returns how many per second */
async function fill(outbox: SqliteOutboxClass, count: number): Promise<number> {
  const start = performance.now();
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) await outbox.add(message(next++));
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return count / ((performance.now() - start) / 1000);
}

/** Has the system write what it still holds of a file, so that what follows does not pay for it. */
function writeBack(path: string): void {
  for (const suffix of ['', '-wal']) {
    const file = openSync(path + suffix, 'r');
    fsyncSync(file);
    closeSync(file);
  }
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
    address: 'custom x',
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

const open = (path: string): Promise<SqliteOutboxClass> => SqliteOutbox.open({ path, retentionMs: 1e12 });

/** What a process with a long queue came to; memory in MiB, above what it took before. */
interface Memory {
  readonly stored: number;
  readonly resident: number;
  readonly inUse: number;
  readonly peak: number;
  readonly drained: number;
  readonly delay: number;
  readonly left: number;
}

/** Stores many (unless they are there), sends some of them, and measures both. */
async function long(path: string, url: string, storeThem: boolean): Promise<Memory> {
  const idle = { rss: rss(), heap: process.memoryUsage().heapUsed };
  const outbox = await open(path);
  const stored = storeThem ? await fill(outbox, MANY) : 0;
  const resident = rss() - idle.rss;
  const inUse = (process.memoryUsage().heapUsed - idle.heap) / 2 ** 20;
  const { perSecond, delay, peak } = await drain(outbox, url, DRAINED);
  const { queued: left } = await outbox.counts('c');
  await outbox.close();
  return { stored, resident, inUse, peak: peak - idle.rss, drained: perSecond, delay, left };
}

/** The processes in which memory is measured. */
const ROLES: Readonly<Record<string, (folder: string, url: string) => Promise<Memory>>> = {
  'has just started': (folder, url) => long(join(folder, 'many.sqlite'), url, true),
  'was restarted with the queue': (folder, url) => long(join(folder, 'many.sqlite'), url, false),
  'has worked before': async (folder, url) => {
    const outbox = await open(join(folder, 'worked.sqlite'));
    await fill(outbox, WORKED);
    await drain(outbox, url, WORKED);
    await outbox.close();
    return long(join(folder, 'more.sqlite'), url, true);
  },
};

/** What a process tells. */
const told = <T>(child: ChildProcess): Promise<T> =>
  new Promise((resolve) => child.once('message', (message) => resolve(message as T)));

async function measureMemory(folder: string, url: string): Promise<void> {
  const processes: Memory[] = [];
  for (const role of Object.keys(ROLES)) processes.push(await told(fork(__filename, [role, folder, url])));
  const row = (title: string, value: (memory: Memory) => string): string[] => [
    title,
    ...processes.map((memory) => (memory.stored === 0 && title.startsWith('stored') ? '' : value(memory))),
  ];
  console.log(
    table(
      [`${MANY.toLocaleString('en')} queued in a process that`, ...Object.keys(ROLES)],
      [
        row(`stored, messages/s (${CALLERS} callers)`, ({ stored }) => stored.toFixed(0)),
        row('resident memory above idle, MiB', ({ resident }) => resident.toFixed(0)),
        row('of it in use on the heap, MiB', ({ inUse }) => inUse.toFixed(0)),
        row('resident at its highest while draining, MiB', ({ peak }) => peak.toFixed(0)),
        row(`drained, messages/s, the first ${DRAINED.toLocaleString('en')}`, ({ drained }) =>
          drained.toFixed(0),
        ),
        row('event loop delay while draining, p99, ms', ({ delay }) => delay.toFixed(1)),
        row('left in the queue', ({ left }) => left.toLocaleString('en')),
      ],
    ),
  );
  const path = join(folder, 'more.sqlite');
  const opening = performance.now();
  await (await open(path)).close();
  console.log(
    `\nThe file: ${(statSync(path).size / 2 ** 20).toFixed(0)} MiB; opened, with its check, in ${((performance.now() - opening) / 1000).toFixed(1)} s.\n`,
  );
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'pkb-backlog-'));
  const server = fork(join(__dirname, 'latency-server.cjs'), ['0']);
  const url = `http://127.0.0.1:${await told<number>(server)}/services/hl7`;
  console.log(
    `Long queues: ${machine()}; messages of 1.2 kB, ${PATIENTS} patients, ${CONCURRENCY} at once, 0 ms\n`,
  );
  await measureMemory(folder, url);

  const warm = await open(join(folder, 'warm.sqlite'));
  await fill(warm, 5000);
  await drain(warm, url, 5000);
  await warm.close();

  const rows: string[][] = [];
  // Each backlog is measured over the same number of messages, taken from its front, in turns.
  const rates = new Map<number, number[]>();
  for (let round = 0; round < 5; round++) {
    for (const backlog of [1000, 100_000]) {
      const path = join(folder, `${round}-${backlog}.sqlite`);
      const outbox = await open(path);
      let sum = 0;
      const times = backlog === 1000 ? 4 : 1;
      for (let i = 0; i < times; i++) {
        await fill(outbox, backlog);
        writeBack(path);
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

const [role = '', folder = '', url = ''] = process.argv.slice(2);
const run = ROLES[role];
if (run === undefined) void main();
else void run(folder, url).then((memory) => process.send?.(memory, () => process.exit(0)));
