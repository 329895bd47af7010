import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sinon from 'sinon';
import { GroupCommit, type Waiting } from '../../../../src/delivery/outbox/group-commit.js';
import { openFile } from '../../../../src/delivery/outbox/sqlite-file.js';
import { Statements } from '../../../../src/delivery/outbox/statements.js';

describe('group commit', () => {
  let folder: string;
  let sql: Statements;
  let commits: number;
  let group: GroupCommit;
  let beforeCommit: () => void;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pkb-group-'));
    sql = new Statements(openFile(join(folder, 'outbox.sqlite')).db);
    sql.exec('CREATE TABLE written (value INTEGER)');
    commits = 0;
    beforeCommit = () => undefined;
    group = new GroupCommit(
      sql,
      () => beforeCommit(),
      () => undefined,
      () => commits++,
    );
  });

  afterEach(async () => {
    sinon.restore();
    await group.close(undefined);
    sql.close();
    rmSync(folder, { recursive: true });
  });

  const insert = (value: number) => (): void => {
    sql.run('INSERT INTO written (value) VALUES (?)', value);
  };
  const written = (): number => Number(sql.get('SELECT count(*) AS n FROM written')?.['n']);

  /** So many that each write the next when the last is on disk. */
  const writers = (count: number, each: number, waiting: Waiting): Promise<unknown> =>
    Promise.all(
      Array.from({ length: count }, async (_, writer) => {
        for (let n = 0; n < each; n++) {
          // Not all at the same time.
          if (writer % 2) await new Promise((resolve) => setImmediate(resolve));
          await group.write(insert(n), waiting);
        }
      }),
    );

  it('lets new messages and fates that come in numbers wait for one another', async () => {
    await Promise.all([writers(10, 20, 'caller'), writers(10, 20, 'nobody')]);
    assert.equal(written(), 400);
    assert.ok(commits <= 80, `${commits} commits of 400 writes`);
  });

  it('lets a caller that is alone wait for nobody', async () => {
    sinon.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
    await writers(1, 20, 'caller');
    assert.deepEqual([written(), commits], [20, 20]);
  });

  it('lets many callers wait for nobody while nothing is sent', async () => {
    sinon.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
    await writers(20, 20, 'caller');
    assert.equal(written(), 400);
  });

  it('lets what everything waits for wait for nobody, and takes along what waits', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    await Promise.all([group.write(insert(0)), group.write(insert(1)), group.write(insert(2), 'nobody')]);
    const alone = group.write(insert(3), 'nobody');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([written(), clock.countTimers()], [3, 1]);
    await Promise.all([alone, group.write(insert(4), 'all')]);
    assert.deepEqual([written(), commits], [5, 2]);
  });

  it('writes what nobody waits for a moment later', async () => {
    await Promise.all([group.write(insert(0)), group.write(insert(1)), group.write(insert(2), 'nobody')]);
    await group.write(insert(3), 'nobody');
    assert.deepEqual([written(), commits], [4, 2]);
  });

  for (const [what, took, rest] of [
    ['as long as the last commit took', 30, 30],
    ['but no longer than 50 ms', 1000, 50],
  ] as const)
    it(`gives a slow disk rest ${what}`, async () => {
      const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
      beforeCommit = () => void clock.tick(took);
      await Promise.all([group.write(insert(0)), group.write(insert(1)), group.write(insert(2), 'nobody')]);
      const later = group.write(insert(3), 'nobody');
      clock.tick(rest - 1);
      assert.equal(written(), 3);
      clock.tick(1);
      await later;
      assert.deepEqual([written(), commits], [4, 2]);
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
