import assert from 'node:assert/strict';
import { Said } from '../../../nodes/common/said.js';

describe('faults that come at every look', () => {
  it('are said once, also where several take turns, and again after all was right', () => {
    const said = new Said();
    const turns = ['a', 'b', 'a', 'b', 'b'].map((text) => said.isNew(text));
    assert.deepEqual(turns, [true, true, false, false, false]);
    said.clear();
    assert.equal(said.isNew('a'), true);
  });

  it('take no more room than a hundred texts', () => {
    const said = new Said();
    for (let n = 0; n < 100; n++) assert.ok(said.isNew(`fault ${n}`));
    assert.equal(said.isNew('fault 0'), false);
    assert.ok(said.isNew('one more'));
    assert.ok(said.isNew('fault 0'));
  });
});
