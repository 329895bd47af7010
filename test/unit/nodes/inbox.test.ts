import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { Inbox } from '../../../nodes/common/inbox.js';
import type { Node, NodeMessage, Runtime, Send } from '../../../nodes/common/types.js';
import { until } from '../../support/wait.js';

/** As much of Node-RED's runtime as an inbox sees. */
function runtime() {
  const events = new EventEmitter();
  const warnings: string[] = [];
  const RED = { events, log: { warn: (text: string) => warnings.push(text) } } as unknown as Runtime;
  return { RED, warnings, start: () => events.emit('flows:started') };
}

/** A node that notes what it is given, and its inbox. */
function nodeOf(RED: Runtime, id: string) {
  const got: string[] = [];
  const sent: string[] = [];
  const node = new EventEmitter() as EventEmitter & Node;
  const payloadOf = (message: NodeMessage): string => String(message.payload);
  Object.assign(node, {
    id,
    type: 'pkb-build',
    send: (message: NodeMessage) => sent.push(payloadOf(message)),
    receive: (message: NodeMessage) => node.emit('input', message),
  });
  const inbox = new Inbox(RED, node);
  const give = (payload: string): void => inbox.give({ payload }, () => got.push(payload));
  node.on('input', (message: NodeMessage) => give(payloadOf(message)));
  // As Node-RED does, which takes the listener off when the node has closed.
  const close = (now = false): void => {
    inbox.close(now);
    node.removeAllListeners('input');
  };
  return { node, inbox, give, got, sent, close };
}

let ids = 0;
const newId = (): string => `inbox-test-${ids++}`;

/** Uses up the time of this turn, so that what comes waits. */
const busy = (RED: Runtime): void => {
  const { inbox } = nodeOf(RED, newId());
  inbox.give({}, () => {
    for (const end = performance.now() + 20; performance.now() < end;);
  });
};

describe('what nodes were given and have not seen to', () => {
  it('goes to the successor of a node, in order, before what comes later', async () => {
    const { RED, start, warnings } = runtime();
    const id = newId();
    const old = nodeOf(RED, id);
    busy(RED);
    for (const payload of ['1', '2', '3']) old.give(payload);
    old.close();
    const successor = nodeOf(RED, id);
    successor.give('4');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([old.got, successor.got], [[], []]);
    start();
    successor.give('5');
    await until('all are seen to', () => successor.got.length === 5);
    assert.deepEqual(successor.got, ['1', '2', '3', '4', '5']);
    assert.deepEqual([old.got, warnings], [[], []]);
  });

  it('is counted in the log where there is no successor, without a word of a message', () => {
    const { RED, start, warnings } = runtime();
    const id = newId();
    const old = nodeOf(RED, id);
    busy(RED);
    for (const payload of ['Example', 'Example']) old.give(payload);
    old.close();
    start();
    assert.deepEqual(warnings, [
      `[pkb-build:${id}] 2 messages were waiting when flows stopped and were not processed. Send them again.`,
    ]);
    start();
    assert.equal(warnings.length, 1);
  });

  it('includes what was on its way to a node when that closed', async () => {
    const { RED, start } = runtime();
    const id = newId();
    const old = nodeOf(RED, id);
    old.close();
    await Promise.resolve();
    (old.node as Node).receive({ payload: 'late' } as NodeMessage);
    const successor = nodeOf(RED, id);
    start();
    await until('it is seen to', () => successor.got.length === 1);
    (old.node as Node).receive({ payload: 'later still' } as NodeMessage);
    await until('that, too', () => successor.got.length === 2);
    assert.deepEqual([old.got, successor.got], [[], ['late', 'later still']]);
  });

  it('includes what a node makes when it is closed already, which its successor sends', async () => {
    const { RED, start, warnings } = runtime();
    const id = newId();
    const old = nodeOf(RED, id);
    const lost: unknown[] = [];
    const send: Send = old.inbox.sender((message) => lost.push(message));
    old.close();
    send({ payload: 'evaluated late' });
    const successor = nodeOf(RED, id);
    start();
    await until('it is sent', () => successor.sent.length === 1);
    send({ payload: 'later still' });
    await until('that, too', () => successor.sent.length === 2);
    assert.deepEqual([lost, successor.sent, warnings], [[], ['evaluated late', 'later still'], []]);
  });

  it('is counted where it comes after the node has been removed', async () => {
    const { RED, start, warnings } = runtime();
    const old = nodeOf(RED, newId());
    old.close();
    start();
    old.inbox.sender(() => undefined)({ payload: 'x' });
    await until('the log says so', () => warnings.length === 1);
    assert.match(warnings[0] ?? '', / 1 message was waiting when flows stopped/);
  });

  it('is seen to at once where the node can', () => {
    const { RED, start, warnings } = runtime();
    const old = nodeOf(RED, newId());
    busy(RED);
    for (const payload of ['1', '2']) old.give(payload);
    old.close(true);
    assert.deepEqual(old.got, ['1', '2']);
    start();
    assert.deepEqual(warnings, []);
  });
});
