import assert from 'node:assert/strict';
import { Turns } from '../../../nodes/common/turns.js';
import { until } from '../../support/wait.js';

interface Task {
  run(): void;
}

/** Turns of which most tests need one name only. */
class NamedTurns {
  readonly all = new Turns<Task>();
  run(task: () => void, name = 'a'): void {
    this.all.run(name, { run: task });
  }
  flush(name = 'a'): void {
    this.all.flush(name);
  }
}

/** Keeps the process busy. */
function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('bounded work per turn', () => {
  it('runs a task at once where there is time', () => {
    const turns = new NamedTurns();
    const ran: number[] = [];
    for (const n of [1, 2, 3]) turns.run(() => ran.push(n));
    assert.deepEqual(ran, [1, 2, 3]);
  });

  it('runs all tasks, each once, in their order', async () => {
    const turns = new NamedTurns();
    const ran: number[] = [];
    const COUNT = 100_000;
    for (let n = 0; n < COUNT; n++)
      turns.run(() => {
        if (n % 1000 === 0) work(1);
        ran.push(n);
      });
    assert.ok(ran.length < COUNT, 'all ran in one turn');
    await until('all have run', () => ran.length === COUNT);
    assert.ok(ran.every((n, at) => n === at));
    await nextTurn();
    await nextTurn();
    assert.equal(ran.length, COUNT);
  });

  it('lets other work in between, and spends little of a turn', async () => {
    const turns = new NamedTurns();
    let done = 0;
    for (let n = 0; n < 200; n++)
      turns.run(() => {
        work(1);
        done++;
      });
    const per: number[] = [];
    for (let before = done; done < 200; before = done) {
      await nextTurn();
      per.push(done - before);
    }
    assert.ok(per.length >= 200 / 20, `only ${per.length} turns`);
    assert.ok(Math.max(...per) <= 9, `${Math.max(...per)} tasks of 1 ms in one turn`);
  });

  it('runs one task in a turn, however long it takes', async () => {
    const turns = new NamedTurns();
    const ran: number[] = [];
    for (let n = 0; n < 4; n++)
      turns.run(() => {
        work(12);
        ran.push(n);
      });
    const seen = [ran.length];
    while (ran.length < 4) {
      await nextTurn();
      seen.push(ran.length);
    }
    assert.deepEqual(
      seen.filter((count, at) => count !== seen[at - 1]),
      [1, 2, 3, 4],
    );
  });

  it('runs a task behind those that wait, though the turn has time again', async () => {
    const turns = new NamedTurns();
    const ran: string[] = [];
    turns.run(() => work(12));
    turns.run(() => ran.push('waits'));
    turns.run(() => ran.push('waits too'));
    await Promise.resolve();
    turns.run(() => ran.push('comes later'));
    assert.deepEqual(ran, []);
    await until('all have run', () => ran.length === 3);
    assert.deepEqual(ran, ['waits', 'waits too', 'comes later']);
  });

  it('runs a task that a task gives, after those that wait', async () => {
    const turns = new NamedTurns();
    const ran: string[] = [];
    turns.run(() => work(12));
    turns.run(() => {
      ran.push('outer');
      turns.run(() => ran.push('inner'));
    });
    turns.run(() => ran.push('second'));
    await until('all have run', () => ran.length === 3);
    assert.deepEqual(ran, ['outer', 'second', 'inner']);
  });

  it('runs all that waits when it is flushed, those too that come of it, and nothing twice', async () => {
    const turns = new NamedTurns();
    const ran: number[] = [];
    turns.run(() => work(12));
    for (let n = 0; n < 5000; n++)
      turns.run(() => {
        ran.push(n);
        if (n === 4999) turns.run(() => ran.push(5000));
      });
    assert.equal(ran.length, 0);
    turns.flush();
    assert.equal(ran.length, 5001);
    await nextTurn();
    await nextTurn();
    assert.ok(ran.length === 5001 && ran.every((n, at) => n === at));
    turns.flush();
    turns.run(() => ran.push(5001));
    assert.equal(ran.length, 5002);
  });

  it('has time again in the next turn', async () => {
    const turns = new NamedTurns();
    for (let round = 0; round < 3; round++) {
      let ran = 0;
      turns.run(() => work(12));
      turns.run(() => ran++);
      assert.equal(ran, 0);
      await nextTurn();
      await nextTurn();
      assert.equal(ran, 1);
    }
  });

  it('gives names turns, so that a few tasks of one do not wait for all of another', async () => {
    const turns = new NamedTurns();
    const ran: string[] = [];
    turns.run(() => work(12));
    for (let n = 0; n < 1000; n++) turns.run(() => ran.push('many'), 'many');
    turns.run(() => ran.push('one'), 'few');
    turns.run(() => ran.push('two'), 'few');
    await until('all have run', () => ran.length === 1002);
    assert.deepEqual(ran.slice(0, 5), ['many', 'one', 'many', 'two', 'many']);
  });

  it('flushes one name only', () => {
    const turns = new NamedTurns();
    const ran: string[] = [];
    turns.run(() => work(12));
    for (const name of ['a', 'b', 'a']) turns.run(() => ran.push(name), name);
    turns.flush('a');
    assert.deepEqual(ran, ['a', 'a']);
  });

  it('keeps the tasks of a name that is held, those too that come meanwhile, until they are taken', async () => {
    const turns = new NamedTurns();
    const ran: string[] = [];
    turns.run(() => work(12));
    turns.run(() => ran.push('waits'));
    turns.all.hold('a');
    turns.all.hold('a');
    turns.run(() => ran.push('comes'));
    turns.run(() => ran.push('other'), 'b');
    turns.flush('a');
    await until('the other has run', () => ran.length > 0);
    await nextTurn();
    assert.deepEqual(ran, ['other']);
    assert.deepEqual(turns.all.held, ['a']);
    for (const task of turns.all.take('a')) task.run();
    assert.deepEqual(ran, ['other', 'waits', 'comes']);
    assert.deepEqual([turns.all.held, turns.all.take('a')], [[], []]);
    turns.run(() => ran.push('later'));
    assert.equal(ran.at(-1), 'later');
  });
});
