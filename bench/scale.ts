/**
 * The outbox in PostgreSQL: how many messages a second 1, 2 and 4 processes store; how many one sends; how soon another takes over;
 * and both beside the embedded outbox. `PKB_BACKLOG=1000000` measures taking from a backlog as long as that.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outbox } from '../src/delivery/outbox/contract.js';
import { PostgresOutbox } from '../src/delivery/outbox/postgres/postgres-outbox.js';
import { SqliteOutbox } from '../src/delivery/outbox/sqlite/sqlite-outbox.js';
import { startPostgres } from '../test/support/postgres.js';
import { soapAck, startServer } from '../test/support/server.js';
import { until } from '../test/support/wait.js';
import { machine, table } from './harness.js';
import { messageOf, type Task } from './scale-instance.js';

const STORED = 20_000;
const LATENCY_MS = 20;
const CONCURRENCY = 4;
const BACKLOG = Number(process.env['PKB_BACKLOG'] ?? 100_000);
const SAMPLE = 2000;

const perSecond = (count: number, ms: number): number => Math.round(count / (ms / 1000));

function start(url: string): Promise<ChildProcess> {
  const child = fork(join(__dirname, 'scale-instance.ts'), {
    execArgv: ['--require', 'tsx/cjs'],
    env: { ...process.env, PKB_DATABASE: url },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new Promise((resolve) => child.once('message', () => resolve(child)));
}

/** Stores as many messages at once. @returns how many a second */
async function storing(outbox: Outbox, count: number): Promise<number> {
  const begin = performance.now();
  await Promise.all(Array.from({ length: count }, (_, n) => outbox.add(messageOf(`x-${n}`, n))));
  return perSecond(count, performance.now() - begin);
}

/** Takes and settles messages one after the other, four at a time. @returns how many a second */
async function draining(outbox: Outbox, count: number): Promise<number> {
  const begin = performance.now();
  let done = 0;
  const work = async (): Promise<void> => {
    while (done < count) {
      const [taken] = await outbox.take('c', Date.now(), 1, []);
      if (taken === undefined) return;
      done++;
      const { controlId } = taken;
      const outcome = { outcome: 'accepted', code: 'AA', controlId, text: '', ack: '' } as const;
      const settled = {
        message: { ...taken, attempts: 1 },
        state: 'accepted',
        outcome,
        expired: false,
      } as const;
      await outbox.settle(settled, { at: Date.now(), outcome: 'accepted', reason: '', counts: false }, false);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return perSecond(done, performance.now() - begin);
}

async function main(): Promise<void> {
  console.log(`Scale: ${machine()}, PostgreSQL on the same machine, synced\n`);
  const postgres = await startPostgres('fsync=on');
  const rows: (readonly string[])[] = [];

  for (const instances of [1, 2, 4]) {
    const all = await Promise.all(Array.from({ length: instances }, () => start(postgres.url)));
    const begin = performance.now();
    await Promise.all(
      all.map((child, i) => {
        const task: Task = { do: 'store', count: STORED / instances, from: `${instances}.${i}` };
        child.send(task);
        return new Promise((resolve) => child.once('message', resolve));
      }),
    );
    rows.push([
      `stored a second by ${instances} processes`,
      String(perSecond(STORED, performance.now() - begin)),
    ]);
    for (const child of all) child.kill('SIGKILL');
  }
  postgres.sql(
    'TRUNCATE pkb_outbox.message, pkb_outbox.text, pkb_outbox.queue, pkb_outbox.lease, pkb_outbox.instance',
  );

  const folder = mkdtempSync(join(tmpdir(), 'pkb-bench-'));
  const embedded = await SqliteOutbox.open({ path: join(folder, 'x.sqlite'), retentionMs: 1e9 });
  const shared = await PostgresOutbox.open({
    connectionString: postgres.url,
    schema: 'beside',
    retentionMs: 1e9,
  });
  const stored = [await storing(embedded, STORED), await storing(shared, STORED)] as const;
  const drained = [await draining(embedded, SAMPLE), await draining(shared, SAMPLE)] as const;
  const ratio = ([one, other]: readonly [number, number]): string => (other / one).toFixed(2);
  rows.push([
    'stored a second, embedded and PostgreSQL, one process',
    `${stored.join(' and ')} (${ratio(stored)})`,
  ]);
  rows.push([
    'taken and settled a second, embedded and PostgreSQL',
    `${drained.join(' and ')} (${ratio(drained)})`,
  ]);
  await embedded.close();
  await shared.close();
  rmSync(folder, { recursive: true, force: true });

  let waited = 0;
  let answered = 0;
  const server = await startServer(({ controlId }, response) => {
    const arrived = performance.now();
    setTimeout(() => {
      response.end(soapAck('AA', controlId));
      waited += performance.now() - arrived;
      answered++;
    }, LATENCY_MS);
  });
  const [one, two] = await Promise.all([start(postgres.url), start(postgres.url)]);
  const send: Task = { do: 'send', url: server.url, concurrency: CONCURRENCY };
  one.send(send);
  one.send({ do: 'store', count: 8000, from: 'sent' } satisfies Task);
  await until('it has begun', () => server.arrived.length >= 200, 60_000);
  const [from, begin] = [server.arrived.length, performance.now()];
  await until('it has sent some', () => server.arrived.length >= from + 2000, 120_000);
  const sent = perSecond(server.arrived.length - from, performance.now() - begin);
  // Timers and a busy machine make it a little more than what was asked for.
  const latency = waited / answered;
  const most = CONCURRENCY / (latency / 1000);
  rows.push([
    `sent a second at ${latency.toFixed(1)} ms, ${CONCURRENCY} at once (${Math.round(most)} at most)`,
    `${sent} (${(sent / most).toFixed(2)})`,
  ]);
  two.send(send);
  const killed = performance.now();
  one.kill('SIGKILL');
  const last = server.arrived.length;
  await until('the other sends', () => server.arrived.length > last + CONCURRENCY, 60_000);
  rows.push(['takeover after a kill, timeout 5 s', `${((performance.now() - killed) / 1000).toFixed(1)} s`]);
  two.kill('SIGKILL');
  await server.close();

  const taken: number[] = [];
  for (const backlog of [1000 + SAMPLE, BACKLOG]) {
    const outbox = await PostgresOutbox.open({
      connectionString: postgres.url,
      schema: `backlog_${backlog}`,
      retentionMs: 1e9,
    });
    for (let n = 0; n < backlog; n += STORED) await storing(outbox, Math.min(STORED, backlog - n));
    taken.push(await draining(outbox, SAMPLE));
    await outbox.close();
  }
  const [few = 0, many = 0] = taken;
  rows.push([
    `taken and settled a second from ${BACKLOG} beside ${1000 + SAMPLE}`,
    `${many} beside ${few} (${(many / few).toFixed(2)})`,
  ]);
  console.log(table(['what', 'figure'], rows));
  await postgres.stop();
}

void main().then(() => process.exit(0));
