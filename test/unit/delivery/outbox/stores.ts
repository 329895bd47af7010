/** The stores on which one suite of tests is run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outbox } from '../../../../src/delivery/outbox/contract.js';
import { MemoryOutbox } from '../../../../src/delivery/outbox/memory.js';
import { PostgresOutbox } from '../../../../src/delivery/outbox/postgres/postgres-outbox.js';
import { SqliteOutbox } from '../../../../src/delivery/outbox/sqlite/sqlite-outbox.js';
import { SqliteStore } from '../../../../src/delivery/outbox/sqlite/store.js';
import { type Postgres, postgresFolder, startPostgres } from '../../../support/postgres.js';

const folder = mkdtempSync(join(tmpdir(), 'pkb-outbox-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

const path = (): string => join(folder, `${++files}.sqlite`);
let postgres: Postgres | undefined;
before(async function () {
  this.timeout(60_000);
  if (postgresFolder !== undefined) postgres = await startPostgres();
});
after(() => postgres?.stop());
let schemas = 0;
const inPostgres = (encryptionKey = ''): Promise<Outbox> =>
  PostgresOutbox.open({
    connectionString: postgres?.url ?? '',
    schema: `conformance_${++schemas}`,
    retentionMs: 1e9,
    encryptionKey,
  });

/** Every kind of store, each new; PostgreSQL's where there is one. */
export const STORES: Record<string, () => Promise<Outbox>> = {
  memory: async () => new MemoryOutbox(),
  embedded: () => SqliteStore.open({ path: path(), retentionMs: 1e9 }),
  'embedded, encrypted': () => SqliteStore.open({ path: path(), retentionMs: 1e9, encryptionKey: 'key' }),
  'embedded, in its thread': () => SqliteOutbox.open({ path: path(), retentionMs: 1e9 }),
  ...(postgresFolder !== undefined && {
    postgres: () => inPostgres(),
    'postgres, encrypted': () => inPostgres('key'),
  }),
};

if (postgresFolder === undefined)
  describe('an outbox: postgres (needs PostgreSQL, not run)', () => it('is run where there is a PostgreSQL'));
