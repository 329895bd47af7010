/**
 * Several processes, one PostgreSQL: killed, frozen, cut off from the database, and the database itself restarted. Judged
 * from outside only: by what the server saw and what flows were told. `PKB_INSTANCES=20000` makes it as many messages.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { account, type Arrival } from '../../support/account.js';
import { type Postgres, postgresFolder, startPostgres } from '../../support/postgres.js';
import { acceptAll, startServer, type TestServer } from '../../support/server.js';
import type { Told } from '../../support/sending.js';
import { until } from '../../support/wait.js';
import type { InstancePlan, Order, Said } from './instance.js';

const MESSAGES = Number(process.env['PKB_INSTANCES'] ?? 3000);
const INSTANCES = 3;
const PATIENTS = MESSAGES >= 10_000 ? 500 : 60;
const CONNECTIONS = ['c1', 'c2', 'c3', 'c4'];
const CONCURRENCY = 2;
const REQUEST_MS = 1000;
const TIMES = { leaseMs: 1500, renewMs: 400, marginMs: 400 };
/** Something goes wrong each time that so many more have been stored. */
const BETWEEN = 250;

interface Instance {
  process: ChildProcess;
  ready: boolean;
  /** Frozen, or killed: it is given nothing. */
  away: boolean;
  /** Orders that it has not answered, with what is to be called. */
  readonly open: Map<string, (stored: boolean) => void>;
}

describe('several processes that share an outbox in PostgreSQL', function () {
  this.timeout(600_000);
  if (postgresFolder === undefined) {
    it('are tried where there is a PostgreSQL (not run)');
    return;
  }
  let postgres: Postgres;
  let server: TestServer;
  const arrivals: Arrival[] = [];
  const told: Told[] = [];
  const toldIds = new Set<string>();
  const now = new Map<string, number>();
  let most = 0;
  /** Exit codes of processes that ended by themselves. */
  const crashed: number[] = [];
  /** What processes said that failed, for whoever looks into a run that went wrong. */
  const failures: string[] = [];

  before(async () => {
    postgres = await startPostgres();
    let n = 0;
    server = await startServer((arrived, response) => {
      const connection = arrived.request.url ?? '';
      const arrival: Arrival = { id: arrived.controlId };
      arrivals.push(arrival);
      now.set(connection, (now.get(connection) ?? 0) + 1);
      most = Math.max(most, now.get(connection) ?? 0);
      response.once('close', () => now.set(connection, (now.get(connection) ?? 0) - 1));
      const fault = ++n % 53;
      if (fault === 7) return response.destroy();
      if (fault === 21) {
        response.statusCode = 503;
        return response.end('busy');
      }
      setTimeout(() => {
        arrival.answered = 'AA';
        acceptAll(arrived, response);
      }, 5);
    });
  });
  after(async () => {
    await server?.close();
    await postgres?.stop();
  });

  const startInstance = (): Instance => {
    const plan: InstancePlan = {
      connectionString: postgres.url,
      url: server.url,
      connections: CONNECTIONS,
      concurrency: CONCURRENCY,
      requestMs: REQUEST_MS,
      times: TIMES,
    };
    const child = fork(join(__dirname, 'instance.ts'), {
      execArgv: ['--require', 'tsx/cjs'],
      env: { ...process.env, PKB_INSTANCE: JSON.stringify(plan) },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const instance: Instance = { process: child, ready: false, away: false, open: new Map() };
    const answer = (id: string, stored: boolean): void => {
      const resolve = instance.open.get(id);
      instance.open.delete(id);
      resolve?.(stored);
    };
    child.on('message', (said: Said) => {
      if ('ready' in said) instance.ready = true;
      else if ('stored' in said) answer(said.stored, true);
      else if ('refused' in said) answer(said.refused, false);
      else if ('failed' in said) failures.push(said.failed);
      else if ('told' in said) {
        toldIds.add(said.told);
        told.push({ id: said.told, outcome: said.state });
      }
    });
    child.on('exit', (code) => {
      if (code !== null && code !== 0) crashed.push(code);
      instance.away = true;
      for (const id of instance.open.keys()) answer(id, false);
    });
    return instance;
  };

  it('lose nothing, keep order and the limit, and tell all', async () => {
    const instances = Array.from({ length: INSTANCES }, startInstance);
    await until('all are ready', () => instances.every(({ ready }) => ready), 60_000);
    const acknowledged: string[] = [];
    let posted = 0;

    /** Hands a message in, to any process, until one has stored it. */
    const store = async (order: Order): Promise<void> => {
      for (;;) {
        const fit = instances.filter(({ ready, away }) => ready && !away);
        const instance = fit[Math.floor(Math.random() * fit.length)];
        const stored =
          instance !== undefined &&
          (await new Promise<boolean>((resolve) => {
            instance.open.set(order.controlId, resolve);
            instance.process.send(order, (error) => error && resolve(false));
          }));
        if (stored) return void acknowledged.push(order.controlId);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const load = Array.from({ length: PATIENTS }, async (_, patient) => {
      // The next of a patient is handed in when the one before is stored, wherever.
      for (let n = 1; posted < MESSAGES; n++) {
        posted++;
        await store({
          connection: CONNECTIONS[patient % CONNECTIONS.length] ?? '',
          key: `patient${patient}`,
          controlId: `${patient}-${n}`,
        });
      }
    });

    const kill = async (turn: number): Promise<void> => {
      const victim = instances[turn % INSTANCES];
      if (victim === undefined) return;
      victim.away = true;
      victim.process.kill('SIGKILL');
      const next = startInstance();
      instances[turn % INSTANCES] = next;
      await until('it is back', () => next.ready, 60_000);
    };
    /** Frozen for longer than its leases and what others wait after them. */
    const freeze = async (turn: number): Promise<void> => {
      const victim = instances[turn % INSTANCES];
      if (victim === undefined) return;
      victim.away = true;
      victim.process.kill('SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, TIMES.leaseMs + REQUEST_MS + 1500));
      victim.process.kill('SIGCONT');
      victim.away = false;
    };
    const cut = async (): Promise<void> =>
      void postgres.sql(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
      );
    const restart = (): Promise<void> => postgres.restart();
    const disturbances = [kill, cut, freeze, restart, kill, kill, freeze, restart, kill, cut];

    for (let turn = 0; acknowledged.length < MESSAGES - BETWEEN; turn++) {
      const enough = Math.min(acknowledged.length + BETWEEN, MESSAGES);
      await until('more are stored', () => acknowledged.length >= enough, 60_000);
      await disturbances[turn % disturbances.length]?.(turn);
    }
    await Promise.all(load);
    await until('all have been told', () => toldIds.size >= MESSAGES, 120_000).catch(() => undefined);
    const seen = account(acknowledged, arrivals, told);
    if (seen.untold.length > 0) {
      // What is needed to see why.
      for (const table of ['lease', 'instance'])
        console.log(postgres.sql(`SELECT clock_timestamp(), * FROM pkb_outbox.${table}`));
      console.log(
        postgres.sql(
          `SELECT connection, count(*), sum(waiting), count(taken), min(epoch), max(epoch), min(due), max(due), count(held_by)
            FROM pkb_outbox.queue WHERE waiting > 0 GROUP BY 1`,
        ),
        seen.untold.slice(0, 5),
        failures.slice(-5),
      );
    }
    for (const { process: child } of instances) child.kill('SIGTERM');
    await until('all have ended', () => instances.every(({ away }) => away), 30_000);
    console.log(
      `      ${acknowledged.length} stored, ${arrivals.length} arrivals, ${seen.duplicates} sent twice, ${seen.lost.length} lost, ` +
        `${seen.untold.length} not told, ${seen.inversions} out of order, at most ${most} at once of ${CONCURRENCY}`,
    );
    const { lost, untold, invented, inversions } = seen;
    assert.deepEqual(
      { lost, untold, invented, inversions, most, crashed },
      { lost: [], untold: [], invented: [], inversions: 0, most: CONCURRENCY, crashed: [] },
    );
  });
});
