/**
 * What operators ask of an outbox that holds many messages: the first page of each filter, one message, the counts of 24 hours, in
 * the embedded outbox (through its thread) and in PostgreSQL. `PKB_ROWS=1000000` fills them with a million.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Outbox } from '../src/delivery/outbox/contract.js';
import type { MessageFilter } from '../src/delivery/outbox/ledger.js';
import { PostgresOutbox } from '../src/delivery/outbox/postgres/postgres-outbox.js';
import { SqliteOutbox } from '../src/delivery/outbox/sqlite/sqlite-outbox.js';
import { startPostgres } from '../test/support/postgres.js';
import { machine, median, table } from './harness.js';
import { messageOf } from './scale-instance.js';

const ROWS = Number(process.env['PKB_ROWS'] ?? 200_000);
const AT_ONCE = 2000;
const HOUR_MS = 3_600_000;
const NOW = Date.now();
const ROUNDS = 7;

/** One in 200 is queued, one in 200 rejected; the others were accepted in the last 24 hours. */
const SPREAD = `UPDATE {message} SET
  state = CASE WHEN id % 200 = 1 THEN 'rejected' ELSE 'accepted' END, told = 1,
  stored_at = ${NOW} - (${ROWS} - id) * ${Math.floor((24 * HOUR_MS) / ROWS)},
  settled_at = ${NOW} - (${ROWS} - id) * ${Math.floor((24 * HOUR_MS) / ROWS)}
  WHERE id % 200 <> 0`;

const FILTERS: Readonly<Record<string, MessageFilter>> = {
  none: {},
  pending: { states: ['queued'] },
  'not accepted': { states: ['rejected', 'errored', 'undeliverable'], withoutDismissed: true },
  accepted: { states: ['accepted'] },
  'discarded (none)': { states: ['discarded'] },
  'a Customer': { facility: 'trustalias{trustalias}' },
  'a Customer of none': { facility: 'nobody' },
  'a type of none': { messageType: 'MDM^T02' },
  'an hour of yesterday': { since: NOW - 23 * HOUR_MS, until: NOW - 22 * HOUR_MS },
  'a control ID': { controlId: `b-${Math.floor(ROWS / 2)}` },
  'a control ID of none': { controlId: 'nothing' },
  'a reference': { reference: `ref-${Math.floor(ROWS / 3)}` },
  'a patient': { orderKey: 'patient7' },
};

async function fill(outbox: Outbox): Promise<void> {
  for (let from = 0; from < ROWS; from += AT_ONCE)
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, ROWS - from) }, (_, i) => {
        const n = from + i;
        return outbox.add({ ...messageOf(`b-${n}`, n), ...(n % 3 === 0 && { reference: `ref-${n}` }) });
      }),
    );
}

async function timed(work: () => Promise<unknown>): Promise<{ ms: number; found: unknown }> {
  const times: number[] = [];
  let found: unknown;
  for (let i = 0; i < ROUNDS; i++) {
    const begin = performance.now();
    found = await work();
    times.push(performance.now() - begin);
  }
  return { ms: median(times), found };
}

async function asked(outbox: Outbox): Promise<Map<string, { ms: number; found: unknown }>> {
  const all = new Map<string, { ms: number; found: unknown }>();
  for (const [name, filter] of Object.entries(FILTERS))
    all.set(
      name,
      await timed(async () => {
        const { messages, next } = await outbox.list({ connection: 'c', ...filter }, undefined, 50);
        return `${messages.length}${next === undefined ? '' : ' …'}`;
      }),
    );
  const [first] = (await outbox.list({ connection: 'c' }, undefined, 1)).messages;
  all.set('one message', await timed(async () => (await outbox.life(first?.id ?? 0))?.history.length));
  all.set('counts of 24 hours', await timed(async () => (await outbox.ended(NOW - 24 * HOUR_MS)).length));
  return all;
}

async function main(): Promise<void> {
  console.log(`Operators: ${machine()}, ${ROWS} messages\n`);
  const folder = mkdtempSync(join(tmpdir(), 'pkb-bench-'));
  const path = join(folder, 'x.sqlite');
  const retentionMs = 1e12;
  let embedded = await SqliteOutbox.open({ path, retentionMs });
  await fill(embedded);
  await embedded.close();
  const db = new DatabaseSync(path);
  db.exec(`${SPREAD.replace('{message}', 'message')}; UPDATE message SET head = 0`);
  db.close();
  embedded = await SqliteOutbox.open({ path, retentionMs });
  const inFile = await asked(embedded);
  await embedded.close();
  rmSync(folder, { recursive: true, force: true });

  const postgres = await startPostgres();
  const shared = await PostgresOutbox.open({ connectionString: postgres.url, retentionMs });
  await fill(shared);
  postgres.sql(SPREAD.replace('{message}', 'pkb_outbox.message'));
  postgres.sql('ANALYZE');
  const inDatabase = await asked(shared);
  await shared.close();
  await postgres.stop();

  const rows = [...inFile].map(([name, { ms, found }]) => {
    const other = inDatabase.get(name);
    return [name, ms.toFixed(1), String(found), other?.ms.toFixed(1) ?? '', String(other?.found)];
  });
  console.log(table(['first page of', 'embedded, ms', 'found', 'PostgreSQL, ms', 'found'], rows));
}

void main();
