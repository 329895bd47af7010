import assert from 'node:assert/strict';
import { ReceivedMessage } from '../../../src/simulator/message.js';

describe('a message as the simulator reads it', () => {
  const message = new ReceivedMessage(
    'MSH|^~\\&|A\rPID|1||9990000018\rAIP|1||Example\rOBX|1|ST\rOBR|1\rOBX|2|NM',
    100,
  );

  it('has its segments in their order', () =>
    assert.deepEqual(
      message.all('OBR', 'OBX').map(({ name, start }) => [name, message.hl7.slice(start, start + 5)]),
      [
        ['OBX', 'OBX|1'],
        ['OBR', 'OBR|1'],
        ['OBX', 'OBX|2'],
      ],
    ));

  it('may be asked only for segments that are read: the compiler refuses the others, which would seem empty', () => {
    // @ts-expect-error -- AIP is no segment of READ.
    assert.equal(message.raw('AIP-3'), undefined);
    // @ts-expect-error -- nor is it among the names that `all` takes.
    assert.deepEqual(message.all('AIP'), []);
    assert.equal(message.raw('PID-3'), '9990000018');
  });
});
