/** What pkb-run is given in one turn, and in which outbox it is written. */
import assert from 'node:assert/strict';
import { Gathered } from '../../../nodes/pkb-run/gathered.js';
import { MemoryOutbox } from '../../../src/delivery/outbox/memory.js';
import type { ItemPlace } from '../../../src/delivery/outbox/runs.js';

const PLACE: ItemPlace = {
  run: 'n',
  key: 'k',
  referenceKey: 'k',
  content: '',
  reference: 'a',
  position: undefined,
  state: 'waiting',
  code: '',
  facility: '',
  messageType: '',
  at: 1,
};

describe('what a pkb-run node gathers', () => {
  it('has the exact size of a run, also where msg.parts says another in the same turn or later', async () => {
    const outbox = new MemoryOutbox();
    const gathered = new Gathered(async () => outbox.runs, 'r');
    void gathered.add('n', { expected: 2, isExact: true }, undefined);
    await gathered.add('n', { expected: 3, isExact: false }, undefined);
    assert.equal((await outbox.runs.one('n'))?.expected, 2);
    await gathered.add('n', { expected: 4, isExact: false }, undefined);
    assert.equal((await outbox.runs.one('n'))?.expected, 2);
    await gathered.add('n', { expected: 1, isExact: true }, undefined);
    assert.equal((await outbox.runs.one('n'))?.expected, 1);
  });

  it('has the largest of the sizes that msg.parts says in one turn', async () => {
    const outbox = new MemoryOutbox();
    const gathered = new Gathered(async () => outbox.runs, 'r');
    for (const expected of [3, 5, 4, undefined])
      void gathered.add('n', { expected, isExact: false }, undefined);
    await gathered.add('n', { expected: undefined, isExact: false }, PLACE);
    const run = await outbox.runs.one('n');
    assert.deepEqual([run?.expected, run?.states.waiting], [5, 1]);
  });

  it('begins a run anew in an outbox that was removed or chosen anew', async () => {
    let outbox = new MemoryOutbox();
    const gathered = new Gathered(async () => outbox.runs, 'r');
    await gathered.add('n', { expected: 2, isExact: true }, undefined);
    outbox = new MemoryOutbox();
    await gathered.add('n', { expected: 2, isExact: true }, PLACE);
    await gathered.add('n', { expected: 2, isExact: true }, PLACE);
    const run = await outbox.runs.one('n');
    assert.deepEqual([run?.expected, run?.reporter, run?.items], [2, 'r', 1]);
  });
});
