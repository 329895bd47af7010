import assert from 'node:assert/strict';
import sinon from 'sinon';
import type { SettledMessage } from '../../../src/delivery/outbox/contract.js';
import type { NewMessage } from '../../../src/delivery/outbox/messages.js';
import { MemoryOutbox } from '../../../src/delivery/outbox/memory.js';
import { type Recipient, Telling } from '../../../src/delivery/telling.js';
import { stamped } from '../../support/messages.js';

/** The noting time, and a moment more. */
const NOTED_MS = 55;

const BY_PERSON = { override: false, byPerson: true };

function message(controlId: string, sender: string): NewMessage {
  return {
    connection: 'c',
    address: 'simulator',
    sender,
    orderKey: controlId,
    controlId,
    messageType: 'ADT^A28',
    dataPoint: undefined,
    facility: 'trustalias{trustalias}',
    body: stamped(controlId),
    carried: '{}',
    holdOnRejection: false,
    askOnUnknown: false,
    storedAt: 0,
  };
}

/** A store that fails where it is told to. */
class FailingOutbox extends MemoryOutbox {
  readonly failing = new Set<string>();

  override untold(connection: string, sender: string): Promise<SettledMessage[]> {
    if (this.failing.has(sender)) return Promise.reject(new Error('untold'));
    return super.untold(connection, sender);
  }

  override told(id: number): Promise<void> {
    if (this.failing.has('told')) return Promise.reject(new Error('told'));
    return super.told(id);
  }
}

describe('telling the flow', () => {
  let clock: sinon.SinonFakeTimers;
  let outbox: FailingOutbox;
  let recipients: Map<string, Recipient>;
  let failed: string[];
  let telling: Telling;
  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    outbox = new FailingOutbox();
    recipients = new Map();
    failed = [];
    telling = new Telling('c', outbox, recipients, (error) => failed.push((error as Error).message));
  });
  afterEach(() => clock.restore());

  /** Lets the loop turn, as Node-RED needs it, and then time pass. */
  async function pass(milliseconds: number): Promise<void> {
    for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve));
    await clock.tickAsync(milliseconds);
  }

  /** A recipient that writes down what it hears. */
  function recipient(id: string, tell?: (controlId: string) => void) {
    const told: string[] = [];
    const noted: number[] = [];
    const one: Recipient = {
      id,
      tell: ({ message: { controlId }, state }) => {
        tell?.(controlId);
        told.push(`${controlId} ${state}`);
      },
      noted: (noteId) => noted.push(noteId),
    };
    recipients.set(id, one);
    return { told, noted, one };
  }

  /** Stores, takes and settles a message. */
  async function settled(controlId: string, sender = 's', state: 'accepted' | 'rejected' = 'accepted') {
    const id = await outbox.add(message(controlId, sender));
    return again(id, state);
  }

  async function again(id: number, state: 'accepted' | 'rejected'): Promise<SettledMessage> {
    const taken = (await outbox.take('c', 0, 99, [])).find((one) => one.id === id);
    assert.ok(taken);
    const { controlId } = taken;
    const outcome = { outcome: state, code: '', controlId, text: '', ack: '' };
    const fate: SettledMessage = { message: taken, state, outcome, expired: false };
    await outbox.settle(fate, { at: 0, outcome: state, reason: '', counts: false }, false);
    return fate;
  }

  const untold = async (sender = 's'): Promise<string[]> =>
    (await outbox.untold('c', sender)).map(({ message: { controlId } }) => controlId);

  it('tells at once while flows run, and notes it when the flow has had time to take it', async () => {
    const { told, noted } = recipient('s');
    await telling.start();
    const fate = await settled('1');
    assert.equal(telling.settled(fate), true);
    assert.deepEqual(told, ['1 accepted']);
    await pass(45);
    assert.deepEqual([noted, await untold()], [[], ['1']]);
    await pass(10);
    assert.deepEqual([noted, await untold()], [[fate.message.id], []]);
  });

  it('notes nothing while what came of it is being stored, and the rest meanwhile', async () => {
    let since: number | undefined;
    telling = new Telling(
      'c',
      outbox,
      recipients,
      (error) => failed.push(String(error)),
      () => since,
    );
    const { noted } = recipient('s');
    await telling.start();
    const first = await settled('1');
    telling.settled(first);
    await pass(100);
    const second = await settled('2');
    telling.settled(second);
    // An input that came when the second had been given, and takes long.
    since = performance.now() + 5;
    await pass(5000);
    assert.deepEqual([noted, await untold()], [[first.message.id], ['2']]);
    since = undefined;
    await pass(60);
    assert.deepEqual(noted, [first.message.id, second.message.id]);
    assert.deepEqual(failed, []);
  });

  it('says nothing before flows have started, then tells what is known, the oldest first', async () => {
    const { told } = recipient('s');
    for (const id of ['1', '2', '3']) assert.equal(telling.settled(await settled(id)), true);
    assert.deepEqual(told, []);
    await telling.start();
    assert.deepEqual(told, ['1 accepted', '2 accepted', '3 accepted']);
    await pass(NOTED_MS);
    assert.deepEqual(await untold(), []);
  });

  it('tells again what was on its way when flows stopped', async () => {
    const { told, noted } = recipient('s');
    await telling.start();
    telling.settled(await settled('1'));
    await pass(40);
    telling.stop();
    await pass(NOTED_MS);
    assert.deepEqual([noted, await untold()], [[], ['1']]);
    await telling.start();
    assert.deepEqual(told, ['1 accepted', '1 accepted']);
    await pass(NOTED_MS);
    assert.deepEqual([noted.length, await untold()], [1, []]);
  });

  it('does not tell again what had arrived before flows stopped', async () => {
    const { told } = recipient('s');
    await telling.start();
    telling.settled(await settled('1'));
    await pass(NOTED_MS);
    telling.stop();
    await telling.start();
    assert.deepEqual(told, ['1 accepted']);
  });

  it('gives every fate its own time to arrive', async () => {
    recipient('s');
    await telling.start();
    telling.settled(await settled('1'));
    await pass(30);
    telling.settled(await settled('2'));
    await pass(25);
    assert.deepEqual(await untold(), ['2']);
    telling.stop();
    await pass(NOTED_MS);
    assert.deepEqual(await untold(), ['2']);
  });

  it('tells nothing a second time that is on its way already', async () => {
    const { told } = recipient('s');
    await telling.start();
    telling.settled(await settled('1'));
    await telling.start();
    assert.deepEqual(told, ['1 accepted']);
  });

  it('says that a sender has been removed, and keeps the fate', async () => {
    await telling.start();
    assert.equal(telling.settled(await settled('1')), false);
    await pass(NOTED_MS);
    assert.deepEqual(await untold(), ['1']);
  });

  it('tells a sender that joins late when flows start the next time', async () => {
    await telling.start();
    telling.settled(await settled('1'));
    const { told } = recipient('s');
    telling.settled(await settled('2'));
    assert.deepEqual(told, ['2 accepted']);
    telling.stop();
    await telling.start();
    assert.deepEqual(told.toSorted(), ['1 accepted', '2 accepted', '2 accepted']);
  });

  it('tells every sender of its own messages only', async () => {
    const a = recipient('a');
    const b = recipient('b');
    await settled('1', 'a');
    await settled('2', 'b');
    await telling.start();
    telling.settled(await settled('3', 'b'));
    assert.deepEqual([a.told, b.told], [['1 accepted'], ['2 accepted', '3 accepted']]);
  });

  it('notes to the recipient that was told, though another has taken its place', async () => {
    const before = recipient('s');
    await telling.start();
    telling.settled(await settled('1'));
    const after = recipient('s');
    await pass(NOTED_MS);
    assert.deepEqual([before.noted.length, after.noted.length], [1, 0]);
  });

  it('tells the others though a recipient throws, and that fate when flows start again', async () => {
    let throwing = true;
    const { told } = recipient('s', (controlId) => {
      if (throwing && controlId === '1') throw new Error('the flow');
    });
    const fates = [await settled('1'), await settled('2')];
    await telling.start();
    assert.deepEqual([told, failed], [['2 accepted'], ['the flow']]);
    assert.equal(telling.settled(fates[0] as SettledMessage), true);
    await pass(NOTED_MS);
    assert.deepEqual(await untold(), ['1']);
    throwing = false;
    await telling.start();
    assert.deepEqual(told, ['2 accepted', '1 accepted']);
  });

  it('tells the others though the store fails for one sender, and asks it again after a while', async () => {
    const a = recipient('a');
    const b = recipient('b');
    await settled('1', 'a');
    await settled('2', 'b');
    outbox.failing.add('a');
    await telling.start();
    assert.deepEqual([a.told, b.told, failed], [[], ['2 accepted'], ['untold']]);
    outbox.failing.clear();
    await pass(5000);
    assert.deepEqual([a.told, b.told], [['1 accepted'], ['2 accepted']]);
  });

  it('does not ask again a store that failed, once flows have stopped', async () => {
    const { told } = recipient('s');
    await settled('1');
    outbox.failing.add('s');
    await telling.start();
    telling.stop();
    outbox.failing.clear();
    await pass(60_000);
    assert.deepEqual(told, []);
  });

  it('calls nothing noted that the store could not note, and tells it when flows start again', async () => {
    const { told, noted } = recipient('s');
    await telling.start();
    outbox.failing.add('told');
    telling.settled(await settled('1'));
    await pass(NOTED_MS);
    assert.deepEqual([noted, failed], [[], ['told']]);
    outbox.failing.clear();
    await telling.start();
    await pass(NOTED_MS);
    assert.deepEqual([told.length, noted.length, await untold()], [2, 1, []]);
  });

  it('tells nothing that the store says after flows have stopped', async () => {
    const { told } = recipient('s');
    await settled('1');
    const starting = telling.start();
    telling.stop();
    await starting;
    assert.deepEqual(told, []);
  });

  it('notes nothing of an earlier fate when the message is sent once more', async () => {
    const { told, noted } = recipient('s');
    await telling.start();
    const fate = await settled('1', 's', 'rejected');
    telling.settled(fate);
    await telling.during(fate.message.id, () => clock.tickAsync(NOTED_MS));
    await pass(NOTED_MS);
    assert.deepEqual([told, noted], [['1 rejected'], []]);
  });

  it('tells the new fate of a message that was sent once more while the earlier one was on its way', async () => {
    const { told, noted } = recipient('s');
    await telling.start();
    const fate = await settled('1', 's', 'rejected');
    const { id, controlId } = fate.message;
    await telling.during(id, async () => {
      // Called, and not carried out yet, when the earlier fate is told.
      telling.settled(fate);
      const replayed = await outbox.replay({ id, controlId }, message('1', 's'), BY_PERSON);
      assert.equal(replayed, 'queued');
    });
    telling.settled(await again(id, 'accepted'));
    assert.deepEqual(told, ['1 rejected', '1 accepted']);
    await pass(NOTED_MS);
    assert.deepEqual([noted, await untold()], [[id], []]);
  });
});
