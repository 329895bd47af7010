import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GroupCommit } from '../../../../src/delivery/outbox/sqlite/group-commit.js';
import { openFile } from '../../../../src/delivery/outbox/sqlite/file.js';
import { Statements } from '../../../../src/delivery/outbox/sqlite/statements.js';

describe('group commit', () => {
  let folder: string;
  let sql: Statements;
  let commits: number;
  let group: GroupCommit;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pkb-group-'));
    sql = new Statements(openFile(join(folder, 'outbox.sqlite')).db);
    sql.exec('CREATE TABLE written (value INTEGER)');
    commits = 0;
    group = new GroupCommit(sql, {
      ready: () => undefined,
      first: () => undefined,
      committed: () => commits++,
    });
  });

  afterEach(async () => {
    await group.close(undefined);
    sql.close();
    rmSync(folder, { recursive: true });
  });

  const insert = (value: number) => (): void => {
    sql.run('INSERT INTO written (value) VALUES (?)', value);
  };
  const written = (): number => Number(sql.get('SELECT count(*) AS n FROM written')?.['n']);

  it('writes what comes in one turn in one transaction', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, n) => group.write(insert(n))));
    assert.deepEqual([written(), commits], [100, 1]);
  });

  it('writes what comes alone at once', async () => {
    for (let n = 0; n < 20; n++) await group.write(insert(n));
    assert.deepEqual([written(), commits], [20, 20]);
  });

  it('writes what comes while it is being closed, or refuses it', async () => {
    const before = group.write(insert(1));
    const closing = group.close(insert(2));
    await Promise.all([before, closing]);
    assert.equal(written(), 2);
    await assert.rejects(group.write(insert(3)), { code: 'PKB_OUTBOX', message: /closed/ });
  });

  it('fails all that were to be written together, and goes on', async () => {
    const results = await Promise.allSettled([
      group.write(insert(1)),
      group.write(() => {
        throw Object.assign(new Error('secret'), { errcode: 13 });
      }),
    ]);
    for (const result of results) {
      assert.ok(result.status === 'rejected');
      assert.match(String(result.reason), /the disk is full/);
    }
    await group.write(insert(2));
    assert.deepEqual([written(), commits], [1, 1]);
  });
});
