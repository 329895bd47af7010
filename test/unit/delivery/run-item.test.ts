/** What tells items of runs from one another. */
import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import type { RunItem } from '../../../src/delivery/outbox/runs.js';
import { namedItem, runItem } from '../../../src/delivery/run-item.js';
import { SendableMessage } from '../../../src/pkb/sendable-message.js';

const SECRET = createSecretKey(Buffer.alloc(32, 1));

const NAME = { reference: 'L1', position: 0 };
const NAMELESS = { reference: '', position: undefined };

const letter = ({
  time = '20260101',
  controlId = 'c1',
  id = 'd1',
  facility = 'p{t}',
  text = 'Dear',
} = {}): string =>
  [
    `MSH|^~\\&|app|${facility}|HL7API|PKB|${time}||MDM^T02|${controlId}|P|2.4`,
    'PID|1||9990000018^^^NHS^NH||Test^Pat',
    `TXA|1|LETTER|TX|20260101||||||||${id}`,
    `OBX|1|TX|||${text}`,
    '',
  ].join('\r');

const item = (more: Parameters<typeof letter>[0] = {}, reference = 'L1'): RunItem =>
  runItem('night', new SendableMessage(letter(more)), { reference, position: undefined }, SECRET);

describe('an item of a run', () => {
  it('is the same though time, control ID and data point ID are new', () => {
    assert.deepEqual(item({ time: '20260202', controlId: 'c2', id: 'd2' }), item());
    assert.deepEqual(item({ time: '', controlId: 'c2', id: '' }), item());
  });

  it('has changed where anything else is different', () => {
    const changed = item({ text: 'Dear all' });
    assert.equal(changed.key, item().key);
    assert.notEqual(changed.content, item().content);
  });

  it('has a key of its own for each Customer and reference', () => {
    const keys = [item(), item({}, 'L2'), item({ facility: 'p{u}' }), item({ facility: 'p{u}' }, 'L2')];
    assert.equal(new Set(keys.map(({ key }) => key)).size, 4);
    assert.equal(item({ facility: 'p{u}' }).referenceKey, item().referenceKey);
    assert.equal(namedItem('night', NAME, '', SECRET).referenceKey, item().referenceKey);
    assert.equal(namedItem('night', NAME, 'p{t}', SECRET).key, item().key);
    assert.notEqual(
      namedItem('night', NAMELESS, '', SECRET).key,
      namedItem('night', NAMELESS, '', SECRET).key,
    );
  });

  it('is named by its data point ID where it has no reference', () => {
    assert.deepEqual(item({ controlId: 'c2', time: '2' }, ''), item({}, ''));
    assert.notEqual(item({ id: 'd2' }, '').key, item({}, '').key);
    assert.notEqual(item({}, 'd1').key, item({}, '').key);
  });

  it('cannot be named by nothing', () => {
    assert.throws(() => item({ id: '' }, ''), { code: 'PKB_REFERENCE', message: /Set msg\.reference/ });
  });

  it('shows nothing of the message in key and content', () => {
    const { key, content } = item();
    for (const hash of [key, content]) assert.match(hash, /^[0-9a-f]{32}$/);
    const other = runItem('night', new SendableMessage(letter()), NAME, createSecretKey(Buffer.alloc(32, 2)));
    assert.notEqual(other.key, key);
    assert.notEqual(other.content, content);
  });
});
