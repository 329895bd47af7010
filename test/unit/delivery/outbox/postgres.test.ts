/** The outbox in PostgreSQL beyond what every outbox does: settings and databases that cannot be used, and several processes. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { SettledMessage } from '../../../../src/delivery/outbox/contract.js';
import type { Attempt, NewMessage, StoredMessage } from '../../../../src/delivery/outbox/messages.js';
import { TakenOver } from '../../../../src/delivery/outbox/contract.js';
import {
  PostgresOutbox,
  type PostgresOptions,
} from '../../../../src/delivery/outbox/postgres/postgres-outbox.js';
import { describe as describeOverview } from '../../../../src/cli/pkb-outbox.js';
import { overviewOf } from '../../../../src/delivery/outbox/postgres/overview.js';
import { stamped } from '../../../support/messages.js';
import { newMessage } from '../../../support/outbox-messages.js';
import { freePort } from '../../../support/node-red.js';
import {
  poolerPath,
  type Postgres,
  postgresFolder,
  startPooler,
  startPostgres,
} from '../../../support/postgres.js';
import { until } from '../../../support/wait.js';

const TIMES = { leaseMs: 1500, renewMs: 300, marginMs: 500 };
const ATTEMPT: Attempt = { at: 1000, outcome: 'accepted', reason: '', counts: false };

const message = (controlId: string, orderKey = 'one'): NewMessage =>
  newMessage(controlId, { orderKey, storedAt: 1000 });

/** Signals a process that may have ended. */
function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

const accepted = (taken: StoredMessage | undefined): SettledMessage => {
  assert.ok(taken);
  const { controlId } = taken;
  const outcome = { outcome: 'accepted', code: 'AA', controlId, text: '', ack: '' } as const;
  return { message: { ...taken, attempts: taken.attempts + 1 }, state: 'accepted', outcome, expired: false };
};

describe('the outbox in PostgreSQL', function () {
  this.timeout(60_000);

  it('says what to install where the package pg is missing', () => {
    const file = join(__dirname, '../../../../src/delivery/outbox/postgres/database.ts');
    const script = `
      const Module = require('node:module');
      const load = Module._load;
      Module._load = (name, ...rest) => { if (name === 'pg') throw new Error('no'); return load(name, ...rest); };
      const { Database } = require(${JSON.stringify(file)});
      try { new Database('postgresql://localhost/x'); } catch (error) { console.log(error.code, error.message); }`;
    const said = execFileSync(process.execPath, ['--require', 'tsx/cjs', '-e', script], { encoding: 'utf8' });
    assert.match(said, /^PKB_SETTING .*npm install pg/);
  });

  it('refuses a connection string that is none', async () => {
    for (const connectionString of ['', 'mysql://x', 'localhost:5432'])
      await assert.rejects(PostgresOutbox.open({ connectionString, retentionMs: 1 }), {
        code: 'PKB_SETTING',
      });
    await assert.rejects(
      PostgresOutbox.open({
        connectionString: 'postgresql://localhost/x',
        schema: 'a"; DROP',
        retentionMs: 1,
      }),
      { code: 'PKB_SETTING', message: /schema/ },
    );
  });

  it('says that a server cannot be reached', async () => {
    const connectionString = `postgresql://pkb:SECRET@127.0.0.1:${await freePort()}/x`;
    await assert.rejects(PostgresOutbox.open({ connectionString, retentionMs: 1 }), (error: Error) => {
      assert.match(error.message, /connection refused/);
      assert.ok(!error.message.includes('SECRET'));
      return true;
    });
  });

  if (postgresFolder === undefined) {
    it('is tried further where there is a PostgreSQL (not run)');
    return;
  }

  let postgres: Postgres;
  const open_: PostgresOutbox[] = [];
  let schemas = 0;
  let schema = '';
  const open = async (more: Partial<PostgresOptions> = {}): Promise<PostgresOutbox> => {
    const outbox = await PostgresOutbox.open({
      connectionString: postgres.url,
      schema,
      retentionMs: 1e9,
      times: TIMES,
      ...more,
    });
    open_.push(outbox);
    return outbox;
  };
  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres?.stop());
  beforeEach(() => (schema = `own_${++schemas}`));
  afterEach(() => Promise.all(open_.splice(0).map((outbox) => outbox.close())));
  const take = async (outbox: PostgresOutbox, now = 2000): Promise<StoredMessage | undefined> =>
    (await outbox.take('c', now, 1, []))[0];

  it('names what is wrong with a user or a database, and quotes no password', async () => {
    postgres.sql(`CREATE ROLE strict LOGIN PASSWORD 'right'`);
    postgres.sql('CREATE ROLE weak LOGIN');
    const at = (who: string, database = 'postgres'): string =>
      `postgresql://${who}@127.0.0.1:${postgres.port}/${database}`;
    for (const [connectionString, expected] of [
      [at('strict:WRONG'), /refused the user name or password/],
      [at('pkb', 'nowhere'), /no database/],
      [at('weak'), /docs\/scale\.md lists the grants/],
    ] as const) {
      await assert.rejects(open({ connectionString }), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'PKB_OUTBOX');
        assert.match(error.message, expected);
        assert.ok(!error.message.includes('WRONG'));
        return true;
      });
    }
  });

  it('works for a user with the grants of docs/scale.md, once the schema has been made', async () => {
    await open();
    postgres.sql('CREATE ROLE app LOGIN');
    for (const grant of [
      `GRANT USAGE ON SCHEMA ${schema} TO app`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO app`,
      `GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO app`,
    ])
      postgres.sql(grant);
    const app = await open({ connectionString: postgres.url.replace('pkb@', 'app@') });
    await app.add(message('1'));
    const taken = await take(app);
    await app.settle(accepted(taken), ATTEMPT, false);
    assert.deepEqual(await app.counts('c'), { queued: 0, held: 0 });
  });

  it('leaves a schema of a newer version untouched', async () => {
    await open();
    postgres.sql(`INSERT INTO ${schema}.version (n) VALUES (99)`);
    await assert.rejects(open(), { code: 'PKB_OUTBOX', message: /newer version/ });
  });

  it('is made once by several that come at the same time', async () => {
    const all = await Promise.all([open(), open(), open()]);
    assert.equal(new Set(all.map(({ name }) => name)).size, 1);
  });

  it('refuses another encryption key, and a key where there was none', async () => {
    await open({ encryptionKey: 'right' });
    await assert.rejects(open({ encryptionKey: 'wrong' }), { code: 'PKB_OUTBOX', message: /another key/ });
    await assert.rejects(open(), { code: 'PKB_OUTBOX', message: /another key/ });
    schema = `own_${++schemas}`;
    await open();
    await assert.rejects(open({ encryptionKey: 'late' }), {
      code: 'PKB_SETTING',
      message: /without encryption/,
    });
  });

  it('shows nothing of a message in an encrypted database', async () => {
    const outbox = await open({ encryptionKey: 'right' });
    await outbox.add({ ...message('CONTROL'), body: stamped('CONTROL', { more: 'NTE|1||CANARY\r' }) });
    for (const table of ['message', 'text', 'part', 'queue', 'meta']) {
      const dumped = postgres.sql(`SELECT * FROM ${schema}.${table}`);
      const hex = (text: string): string => Buffer.from(text).toString('hex');
      for (const word of ['CANARY', 'CONTROL', 'trustalias'])
        assert.ok(!dumped.includes(word) && !dumped.includes(hex(word)), `${word} in ${table}`);
    }
  });

  it('refuses what comes while the database is away, and goes on by itself when it is back', async () => {
    const outbox = await open();
    await outbox.add(message('1'));
    await postgres.halt();
    await assert.rejects(outbox.add(message('2')), { code: 'PKB_OUTBOX', message: /PostgreSQL server/ });
    await assert.rejects(take(outbox), { code: 'PKB_OUTBOX' });
    await postgres.start();
    await until('it takes messages again', () =>
      outbox.add(message('3')).then(
        () => true,
        () => false,
      ),
    );
    await until('it sends again', async () => (await take(outbox))?.controlId === '1');
  });

  if (poolerPath === undefined) it('is tried behind PgBouncer where there is one (not run)');
  else {
    it('works behind a pooler that gives each transaction another session', async () => {
      const pooler = await startPooler(postgres);
      try {
        const [a, b] = [
          await open({ connectionString: pooler.url }),
          await open({ connectionString: pooler.url }),
        ];
        await Promise.all(
          Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? a : b).add(message(String(n), `key${n % 7}`))),
        );
        let woken = 0;
        const part = { requestMs: 100, wake: () => woken++, look: () => undefined };
        a.sharing.join('c', part);
        b.sharing.join('c', part);
        for (let n = 0; n < 200; n++) await a.settle(accepted(await take(a)), ATTEMPT, false);
        assert.deepEqual(await a.counts('c'), { queued: 0, held: 0 });
        assert.equal(await take(b), undefined);
        await until('both look by themselves', () => woken >= 2);
        await open_.splice(open_.indexOf(a), 1)[0]?.close();
        await b.add(message('last'));
        assert.equal((await take(b))?.controlId, 'last');
        await open_.splice(open_.indexOf(b), 1)[0]?.close();
      } finally {
        await pooler.stop();
      }
    });
  }

  it('closes in time though the database is away', async () => {
    const outbox = await open();
    outbox.sharing.join('c', { requestMs: 1, wake: () => undefined, look: () => undefined });
    await outbox.add(message('1'));
    await take(outbox);
    // Frozen, it neither answers nor refuses.
    const pids = postgres.sql('SELECT pid FROM pg_stat_activity').split('\n').map(Number).filter(Boolean);
    for (const pid of pids) trySignal(pid, 'SIGSTOP');
    try {
      const began = performance.now();
      await outbox.close();
      assert.ok(performance.now() - began < 5000);
    } finally {
      for (const pid of pids) trySignal(pid, 'SIGCONT');
    }
    open_.splice(open_.indexOf(outbox), 1);
  });

  it('tells on a terminal what waits and why, and nothing of a patient', async () => {
    const outbox = await open();
    const url = postgres.url;
    const status = async (): Promise<string> => {
      const all = await overviewOf(url, schema);
      return all.map((one) => describeOverview(one, new Date(601_000))).join('\n');
    };
    assert.equal(await status(), '');
    await outbox.add(message('CANARY'));
    outbox.sharing.join('c', { requestMs: 1, wake: () => undefined, look: () => undefined });
    const taken = await take(outbox);
    await outbox.postpone(taken?.id ?? 0, 0, {
      ...ATTEMPT,
      outcome: 'busy',
      reason: 'PKB is busy (HTTP 503).',
    });
    await until('it is seen', async () => (await status()).includes('one of 1 running'));
    assert.equal(
      await status(),
      'c: 1 pending, the oldest for 10 min; 0 on hold; 0 not accepted\n' +
        '  sent by one of 1 running Node-RED\n' +
        '  last answer: busy: PKB is busy (HTTP 503).',
    );
  });

  it('tells on a terminal what it was not given, and why it cannot look', () => {
    const run = (env: Record<string, string>, ...args: string[]): { status: number | null; text: string } => {
      const file = join(__dirname, '../../../../src/cli/pkb-outbox.ts');
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ['--require', 'tsx/cjs', file, ...args],
        {
          encoding: 'utf8',
          env: { ...process.env, ...env },
        },
      );
      return { status, text: stdout + stderr };
    };
    assert.equal(run({}, 'status').status, 2);
    const away = run({ PKB_OUTBOX_URL: 'postgresql://pkb:SECRET@127.0.0.1:1/x' }, 'status');
    assert.equal(away.status, 1);
    assert.ok(/connection refused/.test(away.text) && !away.text.includes('SECRET'), away.text);
    const fresh = run({ PKB_OUTBOX_URL: postgres.url, PKB_OUTBOX_SCHEMA: 'nothing_here' }, 'status');
    assert.equal(fresh.status, 1);
    assert.match(fresh.text, /holds no outbox/);
  });

  describe('of several processes', () => {
    it('lets one send at a time, and the next at once when that one has left', async () => {
      const [a, b] = [await open(), await open()];
      await a.add(message('1', 'x'));
      await b.add(message('2', 'y'));
      assert.equal((await take(a))?.controlId, '1');
      assert.equal(await take(b), undefined);
      assert.equal(b.sharing.term('c'), undefined);
      await open_.splice(open_.indexOf(a), 1)[0]?.close();
      // What the first had not settled is sent again.
      assert.deepEqual([(await take(b))?.controlId, (await take(b))?.controlId], ['1', '2']);
    });

    it('ends the requests of a sender that cannot renew its lease, before another takes over', async () => {
      const [a, b] = [await open(), await open()];
      await a.add(message('1'));
      await a.add(message('2'));
      const first = await take(a);
      const term = a.sharing.term('c');
      assert.ok(term);
      // Its renewals fail from now on, as when it is cut off.
      postgres.sql(`UPDATE ${schema}.lease SET holder = 'cut off'`);
      await until('its requests are ended', () => term.signal.aborted);
      assert.equal((await take(b))?.controlId, undefined);
      let again: StoredMessage | undefined;
      await until('the other takes over', async () => (again = await take(b)) !== undefined);
      assert.equal(again?.controlId, '1');
      await assert.rejects(a.settle(accepted(first), ATTEMPT, false), TakenOver);
      await b.settle(accepted(again), ATTEMPT, false);
      assert.equal((await take(b))?.controlId, '2');
    });

    it('writes an end once, though it is told twice, and does not touch what was taken since', async () => {
      const outbox = await open();
      await outbox.add(message('1'));
      const taken = await take(outbox);
      await outbox.postpone(taken?.id ?? 0, 0, { ...ATTEMPT, outcome: 'busy' });
      const again = await take(outbox);
      assert.equal(again?.attempts, 1);
      await outbox.settle(accepted(again), ATTEMPT, false);
      await assert.rejects(outbox.settle(accepted(again), ATTEMPT, false), TakenOver);
      assert.deepEqual(await outbox.counts('c'), { queued: 0, held: 0 });
    });

    it('tells where a message was accepted while that process lives, else where it is sent', async () => {
      const [a, b] = [await open(), await open()];
      await a.add(message('1'));
      await b.add(message('2', 'two'));
      const [one, two] = await b.take('c', 2000, 2, []);
      assert.deepEqual([one?.toldElsewhere, two?.toldElsewhere], [true, undefined]);
      await b.settle(accepted(one), ATTEMPT, false);
      await b.settle(accepted(two), ATTEMPT, false);
      const untold = async (outbox: PostgresOutbox): Promise<string[]> =>
        (await outbox.untold('c', 's')).map((settled) => settled.message.controlId);
      assert.deepEqual([await untold(a), await untold(b)], [['1'], ['2']]);
      await open_.splice(open_.indexOf(a), 1)[0]?.close();
      assert.deepEqual(await untold(b), ['1', '2']);
    });

    it('keeps the order of a patient across processes', async () => {
      const all = [await open(), await open(), await open()];
      for (let n = 0; n < 60; n++) await all[n % 3]?.add(message(String(n)));
      const [sender] = all;
      assert.ok(sender);
      for (let n = 0; n < 60; n++) {
        const taken = await take(sender);
        assert.equal(taken?.controlId, String(n));
        await sender.settle(accepted(taken), ATTEMPT, false);
      }
    });

    it('stores an item once that several processes are given at the same time', async () => {
      const [first, second, third] = [await open(), await open(), await open()];
      const all = [first, second, third] as const;
      const given = Array.from({ length: 90 }, (_, n) => {
        const reference = String(Math.floor(n / 3));
        const item = {
          run: `run of ${n % 3}`,
          key: reference,
          referenceKey: reference,
          position: n,
          content: 'c',
          reference,
        };
        return (all[n % 3] ?? first).addItem(message(String(n)), item);
      });
      const placed = await Promise.all(given);
      assert.equal(placed.filter((one) => 'id' in one).length, 30);
      const states = await Promise.all([0, 1, 2].map((n) => first.runs.one(`run of ${n}`)));
      const sum = (state: 'waiting' | 'duplicate'): number =>
        states.reduce((so, run) => so + (run?.states[state] ?? 0), 0);
      assert.deepEqual([sum('waiting'), sum('duplicate')], [30, 60]);
    });

    it('spreads connections over those that would send for them', async () => {
      const part = { requestMs: 100, wake: () => undefined, look: () => undefined };
      const [a, b] = [await open(), await open()];
      const connections = ['c1', 'c2', 'c3', 'c4'];
      for (const connection of connections) {
        a.sharing.join(connection, part);
        await a.take(connection, 2000, 1, []);
      }
      assert.ok(connections.every((connection) => a.sharing.term(connection)));
      for (const connection of connections) b.sharing.join(connection, part);
      await until('they have two each', async () => {
        for (const connection of connections) {
          await a.take(connection, 2000, 1, []);
          await b.take(connection, 2000, 1, []);
        }
        const held = [a, b].map((one) => connections.filter((c) => one.sharing.term(c)).length);
        return held.join() === '2,2';
      });
    });

    it('waits no longer for clocks that differ by an hour', async () => {
      const [a, b] = [await open(), await open()];
      const hour = 3_600_000;
      await a.add(message('1'));
      const taken = await take(a, hour);
      await a.postpone(taken?.id ?? 0, hour + 30_000, { ...ATTEMPT, outcome: 'busy' });
      await open_.splice(open_.indexOf(a), 1)[0]?.close();
      // By the other's clock that is more than an hour away, which is longer than anything waits.
      assert.equal((await take(b, 0))?.controlId, '1');
    });
  });
});
