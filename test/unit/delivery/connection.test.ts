import assert from 'node:assert/strict';
import sinon from 'sinon';
import { Connection, type ConnectionOptions } from '../../../src/delivery/connection.js';
import type { ConnectionState } from '../../../src/delivery/dispatcher.js';
import type { NewMessage, StoredMessage } from '../../../src/delivery/outbox/messages.js';
import { MemoryOutbox } from '../../../src/delivery/outbox/memory.js';
import type { OpenOutbox } from '../../../src/delivery/outbox/open.js';
import { DEFAULT_POLICY } from '../../../src/delivery/retry.js';
import type { Recipient } from '../../../src/delivery/telling.js';
import type { Exchange, Transport } from '../../../src/delivery/transport.js';
import { PkbOutboxError } from '../../../src/errors.js';
import { readRaw } from '../../../src/hl7/read.js';
import { stamped } from '../../support/messages.js';
import { soapAck } from '../../support/server.js';

const HERE = 'sandbox https://sandbox.example';
const THERE = 'custom https://other.example';

const BY_PERSON = { override: false, byPerson: true };

type Submitted = Omit<NewMessage, 'connection' | 'address'>;

function message(controlId: string, more: Partial<Submitted> = {}): Submitted {
  return {
    sender: 's',
    orderKey: controlId,
    controlId,
    messageType: 'ADT^A28',
    dataPoint: undefined,
    facility: 'trustalias{trustalias}',
    body: stamped(controlId),
    carried: '{}',
    holdOnRejection: false,
    askOnUnknown: false,
    storedAt: Date.now(),
    ...more,
  };
}

const http = (status: number, body = ''): Exchange => ({
  answer: { status, headers: { 'content-type': 'text/xml' }, body: Buffer.from(body) },
});
const acknowledged = (code: string, controlId: string): Exchange => http(200, soapAck(code, controlId));

/** A way to PKB that answers as a test says; undefined = not until the request is aborted. */
class Answering implements Transport {
  readonly sent: string[] = [];
  closed = 0;
  answer: (controlId: string) => Exchange | undefined = (controlId) => acknowledged('AA', controlId);

  async post(_url: URL, body: { pieces: () => Generator<Buffer> }, signal: AbortSignal): Promise<Exchange> {
    const text = Buffer.concat([...body.pieces()]).toString();
    const controlId = readRaw(text.slice(text.indexOf('MSH|')), 'MSH-10') ?? '';
    this.sent.push(controlId);
    const exchange = this.answer(controlId);
    if (exchange !== undefined) return exchange;
    return new Promise((resolve) =>
      signal.addEventListener('abort', () => resolve({ failure: { code: 'ERR_CANCELED', written: true } })),
    );
  }

  probe(): Promise<Exchange> {
    return Promise.resolve(http(200));
  }

  close(): void {
    this.closed++;
  }
}

/** Lets everything happen that needs no time. */
async function turns(): Promise<void> {
  for (let n = 0; n < 30; n++) await new Promise((resolve) => setImmediate(resolve));
}

const isClosing = { code: 'PKB_OUTBOX', message: /closing/ };

describe('a connection', () => {
  let clock: sinon.SinonFakeTimers;
  let outbox: MemoryOutbox;
  let transport: Answering;
  let released: number;
  let told: string[];
  let noted: number[];
  let failed: unknown[];
  let reports: string[];
  let unclaimed: string[];
  let states: ConnectionState[];
  beforeEach(() => {
    clock = sinon
      .createSandbox()
      .useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
    outbox = new MemoryOutbox();
    transport = new Answering();
    released = 0;
    [told, noted, failed, reports, unclaimed, states] = [[], [], [], [], [], []];
  });
  afterEach(() => clock.restore());

  const open = async (): Promise<OpenOutbox> => ({
    outbox,
    reports: ['A damaged file was set aside.'],
    release: async () => void released++,
  });

  function connect(options: Partial<ConnectionOptions> = {}): Connection {
    return new Connection({
      id: 'c',
      open,
      transport,
      url: () => new URL('https://sandbox.example/services/hl7'),
      address: HERE,
      concurrency: 1,
      requestMs: 30_000,
      policy: DEFAULT_POLICY,
      events: {
        changed: (state) => states.push(state),
        failed: (error) => failed.push(error),
        report: (text) => reports.push(text),
        unclaimed: (state) => unclaimed.push(state),
      },
      ...options,
    });
  }

  const recipient = (id = 's'): Recipient => ({
    id,
    tell: ({ message: { controlId }, state }) => told.push(`${controlId} ${state}`),
    noted: (one) => noted.push(one),
  });

  /** A connection that is open, with its flow. */
  async function running(options: Partial<ConnectionOptions> = {}): Promise<Connection> {
    const connection = connect(options);
    connection.add(recipient());
    connection.flowsStarted();
    await turns();
    return connection;
  }

  /** Time passes, and what it brings about. */
  async function pass(ms: number): Promise<void> {
    await turns();
    await clock.tickAsync(ms);
    await turns();
  }

  describe('while its outbox is being opened', () => {
    it('stores what is handed in as soon as it can, and sends it when flows have started', async () => {
      let opened = (_open: OpenOutbox): void => undefined;
      const connection = connect({ open: () => new Promise((resolve) => (opened = resolve)) });
      const submitted = connection.submit(message('1'));
      await turns();
      assert.deepEqual([connection.state, connection.openOutbox], [undefined, undefined]);
      opened(await open());
      assert.equal(await submitted, 1);
      await turns();
      assert.deepEqual([transport.sent, reports], [[], ['A damaged file was set aside.']]);
      connection.add(recipient());
      connection.flowsStarted();
      await turns();
      assert.deepEqual([transport.sent, told], [['1'], ['1 accepted']]);
    });

    it('tells those that come before it is open, though flows have started', async () => {
      await seed('1');
      const connection = connect();
      connection.flowsStarted();
      connection.add(recipient());
      await turns();
      assert.deepEqual(told, ['1 accepted']);
    });

    it('still takes what was handed in before it closes, and gives the outbox back', async () => {
      let opened = (_open: OpenOutbox): void => undefined;
      const connection = connect({ open: () => new Promise((resolve) => (opened = resolve)) });
      const submitted = connection.submit(message('1'));
      const closing = connection.close();
      opened(await open());
      assert.equal(await submitted, 1);
      await closing;
      assert.deepEqual([transport.sent, transport.closed, released], [[], 1, 1]);
    });
  });

  describe('whose outbox cannot be opened', () => {
    const reason = new PkbOutboxError('PKB_OUTBOX', 'The disk is not there.');

    it('refuses messages with the reason, says it once, and runs when it can be opened', async () => {
      let tries = 0;
      const connection = connect({ open: () => (++tries < 4 ? Promise.reject(reason) : open()) });
      connection.add(recipient());
      connection.flowsStarted();
      await assert.rejects(connection.submit(message('1')), reason);
      await assert.rejects(connection.outbox(), reason);
      for (const [wait, expected] of [
        [999, 1],
        [1, 2],
        [2000, 3],
        [3999, 3],
        [1, 4],
      ] as const) {
        await pass(wait);
        assert.equal(tries, expected);
      }
      assert.deepEqual(failed, [reason]);
      await connection.submit(message('2'));
      await turns();
      assert.deepEqual(told, ['2 accepted']);
    });

    it('says nothing of what was thrown but its kind where it is no error of ours', async () => {
      const connection = connect({ open: () => Promise.reject(new TypeError('NHS 9990000018')) });
      const isOurs = { code: 'PKB_INTERNAL', message: /^Unexpected TypeError(?!.*999)/ };
      await assert.rejects(connection.submit(message('1')), isOurs);
    });

    it('refuses a person’s acts too', async () => {
      const connection = connect({ open: () => Promise.reject(reason) });
      await assert.rejects(connection.resume(), reason);
      await assert.rejects(connection.decide('send'), reason);
      await assert.rejects(connection.replay({ id: 1, controlId: '1' }, message('1'), BY_PERSON), reason);
    });

    it('closes without an error, and is not opened again', async () => {
      let tries = 0;
      const connection = connect({
        open: () => {
          tries++;
          return Promise.reject(reason);
        },
      });
      await turns();
      await connection.close();
      await pass(120_000);
      assert.deepEqual([tries, transport.closed], [1, 1]);
      await assert.rejects(connection.submit(message('1')), isClosing);
    });

    it('counts as not opened where what was stored for another address cannot be asked for', async () => {
      const elsewhere = sinon.stub(outbox, 'elsewhere');
      elsewhere.onFirstCall().rejects(reason);
      elsewhere.callThrough();
      const connection = connect();
      connection.flowsStarted();
      await assert.rejects(connection.submit(message('1')), reason);
      await pass(1000);
      assert.equal(await connection.submit(message('2')), 1);
    });
  });

  describe('that is running', () => {
    it('says how it stands', async () => {
      transport.answer = (controlId) => (controlId === '1' ? undefined : acknowledged('AA', controlId));
      const connection = await running();
      assert.equal(connection.id, 'c');
      await connection.submit(message('1'));
      await turns();
      assert.deepEqual([connection.state, connection.inFlight], [{ state: 'open' }, 1]);
      assert.equal(connection.openOutbox, outbox);
      assert.equal(await connection.outbox(), outbox);
    });

    it('binds what it is given to itself and to its address', async () => {
      const connection = connect();
      await connection.submit(message('1'));
      const [stored] = await outbox.take('c', Date.now(), 1, []);
      assert.deepEqual([stored?.connection, stored?.address], ['c', HERE]);
    });

    it('says that nobody is there to be told, where a sender has been removed', async () => {
      const connection = await running();
      await connection.submit(message('1', { sender: 'removed' }));
      await turns();
      assert.deepEqual([told, unclaimed], [[], ['accepted']]);
    });

    it('tells a recipient that joins late when flows start the next time', async () => {
      const connection = await running();
      await connection.submit(message('1', { sender: 'late' }));
      await turns();
      connection.add(recipient('late'));
      await turns();
      assert.deepEqual(told, []);
      connection.flowsStopping();
      connection.flowsStarted();
      await turns();
      assert.deepEqual(told, ['1 accepted']);
    });

    it('does not lose a recipient to the leaving of an earlier one of the same name', async () => {
      const connection = connect();
      const before = recipient();
      connection.add(before);
      connection.add(recipient());
      connection.delete(before);
      connection.flowsStarted();
      await connection.submit(message('1'));
      await turns();
      assert.deepEqual(told, ['1 accepted']);
    });

    it('goes on though a recipient throws', async () => {
      const connection = await running();
      connection.add({ ...recipient(), tell: () => assert.fail('the flow') });
      await connection.submit(message('1'));
      await connection.submit(message('2'));
      await turns();
      assert.deepEqual([transport.sent, failed.length], [['1', '2'], 2]);
      assert.equal((await outbox.untold('c', 's')).length, 2);
    });

    it('tells again what was on its way when flows stopped, and sends on meanwhile', async () => {
      const connection = await running();
      await connection.submit(message('1'));
      await turns();
      connection.flowsStopping();
      await connection.submit(message('2'));
      await pass(100);
      assert.deepEqual([transport.sent, told, noted], [['1', '2'], ['1 accepted'], []]);
      connection.flowsStarted();
      await pass(100);
      assert.deepEqual(
        [told.slice(1), noted],
        [
          ['1 accepted', '2 accepted'],
          [1, 2],
        ],
      );
    });

    it('lets what is on hold go on when it is resumed, and says how many keys there were', async () => {
      transport.answer = (controlId) => acknowledged(controlId === '1' ? 'AR' : 'AA', controlId);
      const connection = await running();
      await connection.submit(message('1', { orderKey: 'k', holdOnRejection: true }));
      await connection.submit(message('2', { orderKey: 'k' }));
      await turns();
      assert.deepEqual(transport.sent, ['1']);
      assert.equal(await connection.resume(), 1);
      await turns();
      assert.deepEqual(transport.sent, ['1', '2']);
      assert.equal(await connection.resume(), 0);
    });

    it('pauses as a whole when PKB refuses a second Customer, and goes on when resumed', async () => {
      transport.answer = () => http(403);
      const connection = await running();
      await connection.submit(message('1', { facility: 'alias{one}' }));
      await pass(1000);
      const one = connection.state;
      assert.ok(one?.state === 'paused');
      assert.deepEqual(one.customers, ['alias{one}']);
      await connection.submit(message('2', { facility: 'alias{two}' }));
      await pass(1000);
      const both = connection.state;
      assert.ok(both?.state === 'paused');
      assert.equal(both.customers, undefined);
      await connection.submit(message('3', { facility: 'alias{three}' }));
      await pass(60_000);
      assert.deepEqual(transport.sent, ['1', '2']);
      transport.answer = (controlId) => acknowledged('AA', controlId);
      await connection.resume();
      await turns();
      assert.deepEqual([connection.state, told.length], [{ state: 'open' }, 3]);
    });

    it('pauses one Customer only, where another one’s message is acknowledged', async () => {
      transport.answer = (controlId) => (controlId === '1' ? http(403) : acknowledged('AA', controlId));
      const connection = await running();
      await connection.submit(message('1', { facility: 'alias{one}' }));
      await connection.submit(message('2', { facility: 'alias{two}' }));
      await pass(1000);
      await connection.submit(message('3', { facility: 'alias{two}' }));
      await connection.submit(message('4', { facility: 'alias{one}' }));
      await pass(1000);
      const state = connection.state;
      assert.ok(state?.state === 'paused');
      assert.deepEqual(state.customers, ['alias{one}']);
      assert.deepEqual(transport.sent, ['1', '2', '3']);
    });
  });

  describe('whose messages a person discards', () => {
    it('ends several at once, says what became of each, and tells the flow of each once', async () => {
      transport.answer = (controlId) => (controlId === '1' ? undefined : acknowledged('AA', controlId));
      const connection = await running();
      for (const id of ['1', '2', '3']) await connection.submit(message(id, { orderKey: 'one' }));
      await turns();
      const untold = sinon.spy(outbox, 'untold');
      const results = await connection.withdrawSome([3, 2, 1, 4711], 'By post.');
      assert.deepEqual(
        results.map((one) => one.status === 'fulfilled' && one.value),
        ['discarded', 'discarded', 'in flight', 'gone'],
      );
      assert.deepEqual(told.toSorted(), ['2 discarded', '3 discarded']);
      assert.equal(untold.callCount, 1);
    });

    it('says of which it failed, and tells of the others', async () => {
      transport.answer = () => undefined;
      const connection = await running();
      for (const id of ['1', '2', '3']) await connection.submit(message(id, { orderKey: 'one' }));
      await turns();
      const away = new PkbOutboxError('PKB_OUTBOX', 'The store is away.');
      const withdraw = sinon.stub(outbox, 'withdraw');
      withdraw.withArgs(2).rejects(away);
      withdraw.callThrough();
      const [third, second] = await connection.withdrawSome([3, 2], 'By post.');
      assert.deepEqual([third?.status, second?.status], ['fulfilled', 'rejected']);
      assert.deepEqual(told, ['3 discarded']);
      await assert.rejects(connection.withdraw(2, 'By post.'), away);
    });
  });

  describe('whose attempts and ends are counted', () => {
    let counted: string[];
    const counting = (options: Partial<ConnectionOptions> = {}): Promise<Connection> => {
      counted = [];
      return running({
        events: {
          changed: () => undefined,
          failed: (error) => failed.push(error),
          report: () => undefined,
          unclaimed: (state) => unclaimed.push(state),
          attempted: ({ outcome }, ms) => counted.push(`${outcome} in ${ms} ms`),
          ended: (state, ms) => counted.push(`${state} after ${ms} ms`),
          discarded: (count) => counted.push(`${count} discarded`),
        },
        ...options,
      });
    };

    it('tells how long a request took, and how long after its storing a message ended', async () => {
      const answers = ['503', 'AR'];
      transport.answer = (controlId) => {
        clock.tick(200);
        return answers.shift() === '503' ? http(503) : acknowledged('AR', controlId);
      };
      const connection = await counting({ policy: { ...DEFAULT_POLICY, baseMs: 1000, capMs: 1000 } });
      await connection.submit(message('1', { storedAt: Date.now() - 5000 }));
      await pass(1000);
      const [busy, rejected, ended, ...more] = counted;
      assert.deepEqual([busy, rejected, more], ['busy in 200 ms', 'rejected in 200 ms', []]);
      // The wait between the attempts is of half a second at least, by chance.
      const [, after] = /^rejected after (\d+) ms$/.exec(ended ?? '') ?? [];
      assert.ok(Number(after) >= 5900 && Number(after) <= 6400, ended);
    });

    it('counts no request where none was made, nor one that was cut off by the end of the connection', async () => {
      const connection = await counting({
        url: () => {
          throw new Error('There is no simulator.');
        },
      });
      await connection.submit(message('1'));
      await turns();
      assert.deepEqual(counted, ['misconfigured in undefined ms']);
      transport.answer = () => undefined;
      const other = await counting({ id: 'other' });
      await other.submit(message('2'));
      await turns();
      const closed = other.close();
      await pass(10_000);
      await closed;
      assert.deepEqual([transport.sent, counted], [['2'], []]);
    });

    it('takes a message that was stored by a clock that is ahead as stored now', async () => {
      const connection = await counting();
      await connection.submit(message('1', { storedAt: Date.now() + 60_000 }));
      await turns();
      assert.deepEqual(counted, ['accepted in 0 ms', 'accepted after 0 ms']);
    });

    it('counts what a person discards, once', async () => {
      transport.answer = () => http(503);
      const connection = await counting();
      await connection.submit(message('1'));
      await turns();
      assert.equal(await connection.withdraw(1, 'Discarded by a person: x.'), 'discarded');
      assert.equal(await connection.withdraw(1, 'Discarded by a person: x.'), 'gone');
      assert.deepEqual(counted, ['busy in 0 ms', '1 discarded']);
      for (const id of ['2', '3']) await outbox.add({ ...message(id), connection: 'moved', address: THERE });
      const moved = await counting({ id: 'moved' });
      assert.equal(await moved.decide('discard'), 2);
      assert.deepEqual(counted, ['2 discarded']);
    });

    it('counts an end whose flow another process tells, and tells nobody of it here', async () => {
      const take = outbox.take.bind(outbox);
      outbox.take = async (...args) =>
        (await take(...args)).map((taken) => ({ ...taken, toldElsewhere: true as const }));
      const connection = await counting();
      await connection.submit(message('1', { sender: 'there' }));
      await turns();
      assert.deepEqual(counted, ['accepted in 0 ms', 'accepted after 0 ms']);
      assert.deepEqual([told, unclaimed], [[], []]);
    });

    it('delivers and tells though counting throws', async () => {
      const connection = await counting({
        events: {
          changed: () => undefined,
          failed: (error) => failed.push(error),
          report: () => undefined,
          unclaimed: () => undefined,
          attempted: () => assert.fail('counting'),
          ended: () => assert.fail('counting'),
        },
      });
      await connection.submit(message('1'));
      await connection.submit(message('2'));
      await turns();
      assert.deepEqual(
        [transport.sent, told],
        [
          ['1', '2'],
          ['1 accepted', '2 accepted'],
        ],
      );
    });
  });

  describe('that a person pauses', () => {
    const states_ = (): string[] => states.map(({ state }) => state);

    it('sends nothing until a person resumes it, also after a restart, and with another address', async () => {
      const connection = await running();
      await connection.pause('olga');
      await connection.submit(message('1'));
      await turns();
      assert.deepEqual(transport.sent, []);
      const { state } = connection;
      assert.ok(state?.state === 'paused' && state.byPerson && /A person has paused it/.test(state.reason));
      await connection.close();
      const next = await running({ address: THERE });
      await next.decide('send');
      await turns();
      assert.deepEqual(transport.sent, []);
      assert.equal(next.state?.state, 'paused');
      await next.resume();
      await turns();
      assert.deepEqual(transport.sent, ['1']);
      assert.equal(next.state?.state, 'open');
    });

    it('ends what is in flight', async () => {
      let answer: (exchange: Exchange) => void = () => undefined;
      const slow = new Promise<Exchange>((resolve) => (answer = resolve));
      transport.post = async (_url, body) => {
        transport.sent.push(Buffer.concat([...body.pieces()]).toString());
        return slow;
      };
      const connection = await running();
      for (const id of ['1', '2']) await connection.submit(message(id));
      await turns();
      await connection.pause('olga');
      answer(acknowledged('AA', '1'));
      await turns();
      assert.deepEqual(told, ['1 accepted']);
      assert.equal(transport.sent.length, 1);
      assert.equal(states_().at(-1), 'paused');
    });

    it('follows what a person says to another process', async () => {
      let look: () => void = () => undefined;
      const sharing = {
        join: (_connection: string, part: { look(): void }) => {
          look = () => part.look();
          return async () => undefined;
        },
        term: () => ({ signal: new AbortController().signal }),
      };
      const shared = Object.assign(outbox, { sharing });
      const connection = await running({
        open: async () => ({ outbox: shared, reports: [], release: async () => undefined }),
      });
      await outbox.setPause('c', { at: 1, user: 'olga' });
      look();
      await turns();
      await connection.submit(message('1'));
      await turns();
      assert.deepEqual(transport.sent, []);
      const away = sinon.stub(outbox, 'pauseOf').rejects(new PkbOutboxError('PKB_OUTBOX', 'away'));
      look();
      await turns();
      assert.equal(connection.state?.state, 'paused');
      away.restore();
      await outbox.setPause('c', undefined);
      look();
      await turns();
      assert.deepEqual(transport.sent, ['1']);
    });
  });

  describe('that sends once more', () => {
    const failedOnce = async (): Promise<Connection> => {
      transport.answer = (controlId) => acknowledged('AR', controlId);
      const connection = await running();
      await connection.submit(message('1'));
      await turns();
      assert.deepEqual(told, ['1 rejected']);
      transport.answer = (controlId) => acknowledged('AA', controlId);
      return connection;
    };

    it('tells both fates where the second comes while the first is on its way, and notes them once', async () => {
      const connection = await failedOnce();
      assert.equal(await connection.replay({ id: 1, controlId: '1' }, message('1'), BY_PERSON), 'queued');
      await turns();
      assert.deepEqual(told, ['1 rejected', '1 accepted']);
      await pass(100);
      assert.deepEqual([noted, await outbox.untold('c', 's')], [[1], []]);
    });

    it('tells the second fate again where flows stop while it is on its way', async () => {
      const connection = await failedOnce();
      await pass(40);
      await connection.replay({ id: 1, controlId: '1' }, message('1'), BY_PERSON);
      await turns();
      await pass(20);
      connection.flowsStopping();
      await pass(100);
      assert.deepEqual(noted, []);
      connection.flowsStarted();
      await turns();
      assert.deepEqual(told, ['1 rejected', '1 accepted', '1 accepted']);
    });

    it('says what the outbox says of one that is not there, is about something else, or was sent already', async () => {
      const connection = await failedOnce();
      assert.equal(await connection.replay({ id: 7, controlId: '7' }, message('7'), BY_PERSON), 'gone');
      const other = message('9', { orderKey: 'another patient' });
      assert.equal(await connection.replay({ id: 1, controlId: '1' }, other, BY_PERSON), 'other');
      assert.equal(await connection.replay({ id: 1, controlId: '1' }, message('1'), BY_PERSON), 'queued');
      assert.equal(await connection.replay({ id: 1, controlId: '1' }, message('1'), BY_PERSON), 'gone');
    });

    it('sends it to the address that it has now', async () => {
      const before = await failedOnce();
      await before.close();
      const connection = await running({ address: THERE });
      await connection.replay({ id: 1, controlId: '1' }, message('1'), BY_PERSON);
      await turns();
      assert.deepEqual([connection.state, transport.sent], [{ state: 'open' }, ['1', '1']]);
    });
  });

  /** Messages that an earlier life of the connection stored, for an address. */
  async function seed(...controlIds: string[]): Promise<void> {
    for (const one of controlIds) await outbox.add({ ...message(one), connection: 'c', address: HERE });
  }

  describe('that finds messages for another address', () => {
    it('is paused, says so in words that a person understands, and sends none of them', async () => {
      await seed('1', '2');
      const connection = await running({ address: THERE });
      await pass(60_000);
      assert.deepEqual(transport.sent, []);
      assert.deepEqual(connection.elsewhere, [{ address: HERE, count: 2 }]);
      const state = connection.state;
      assert.ok(state?.state === 'paused');
      assert.equal(
        state.reason,
        '2 messages were stored for PKB sandbox, and this connection now goes to https://other.example. ' +
          'Open pkb send and send them there, or discard them.',
      );
      assert.deepEqual(states.at(-1), state);
    });

    it('speaks of one message as one', async () => {
      await seed('1');
      const { state } = await running({ address: THERE });
      assert.match(state?.state === 'paused' ? state.reason : '', /^1 message was stored for/);
    });

    it('sends them when a person decides so, in their order', async () => {
      await seed('1', '2');
      const connection = await running({ address: THERE });
      assert.equal(await connection.decide('send'), 2);
      await turns();
      assert.deepEqual([transport.sent, connection.elsewhere], [['1', '2'], []]);
      assert.deepEqual([connection.state, told], [{ state: 'open' }, ['1 accepted', '2 accepted']]);
    });

    it('discards them when a person decides so, and tells the flow', async () => {
      await seed('1', '2');
      const connection = await running({ address: THERE });
      await connection.submit(message('3'));
      assert.equal(await connection.decide('discard'), 2);
      await pass(100);
      assert.deepEqual(transport.sent, ['3']);
      assert.deepEqual(told.toSorted(), ['1 discarded', '2 discarded', '3 accepted']);
      assert.deepEqual([connection.elsewhere, noted.toSorted()], [[], [1, 2, 3]]);
    });

    it('tells of what was discarded while flows are stopped when they start', async () => {
      await seed('1');
      const connection = await running({ address: THERE });
      connection.flowsStopping();
      await connection.decide('discard');
      await turns();
      assert.deepEqual(told, []);
      connection.flowsStarted();
      await turns();
      assert.deepEqual(told, ['1 discarded']);
    });

    it('sends none of them when it is only resumed, however slow the store is', async () => {
      await seed('1');
      const connection = await running({ address: THERE });
      sinon.stub(outbox, 'elsewhere').callsFake(async (id, address) => {
        await turns();
        return MemoryOutbox.prototype.elsewhere.call(outbox, id, address);
      });
      await connection.resume();
      await pass(1000);
      assert.deepEqual(transport.sent, []);
      assert.equal(connection.state?.state, 'paused');
      assert.equal(await connection.decide('send'), 1);
      await turns();
      assert.deepEqual(transport.sent, ['1']);
    });

    it('finds nothing to decide when it has its old address again', async () => {
      await seed('1');
      await (await running({ address: THERE })).close();
      const connection = await running();
      assert.deepEqual([connection.elsewhere, told], [[], ['1 accepted']]);
    });
  });

  describe('that closes', () => {
    it('takes nothing more, and gives the outbox back once', async () => {
      const connection = await running();
      await connection.submit(message('1'));
      await connection.close();
      await assert.rejects(connection.submit(message('2')), isClosing);
      await assert.rejects(connection.resume(), isClosing);
      await connection.close();
      assert.equal(transport.sent.length, 1);
    });

    it('gives a request up after 7.5 s, and leaves its message as if it had not been taken', async () => {
      transport.answer = () => undefined;
      const connection = await running();
      await connection.submit(message('1'));
      await turns();
      let closed = false;
      void connection.close().then(() => (closed = true));
      await turns();
      await pass(7499);
      assert.equal(closed, false);
      await pass(1);
      assert.deepEqual([closed, released], [true, 1]);
      const [again] = await outbox.take('c', Date.now(), 1, []);
      assert.deepEqual([again?.controlId, again?.attempts], ['1', 0]);
    });

    it('waits for an answer that comes in time, and writes it down', async () => {
      let answer = (_exchange: Exchange): void => undefined;
      sinon.stub(transport, 'post').returns(new Promise((resolve) => (answer = resolve)));
      const connection = await running();
      await connection.submit(message('1'));
      await turns();
      const closing = connection.close();
      await pass(5000);
      answer(acknowledged('AA', '1'));
      await closing;
      assert.deepEqual(
        (await outbox.untold('c', 's')).map(({ state }) => state),
        ['accepted'],
      );
    });

    for (const method of ['settle', 'take', 'nextDue'] as const)
      it(`takes no longer than 10 s though the store never answers "${method}"`, async () => {
        const connection = connect();
        connection.add(recipient());
        sinon.stub(outbox, method).returns(new Promise<never>(() => undefined));
        connection.flowsStarted();
        await turns();
        await connection.submit(message('1'));
        await turns();
        let closed = false;
        void connection.close().then(() => (closed = true));
        await turns();
        await pass(9999);
        assert.equal(closed, false);
        await pass(1);
        assert.deepEqual([closed, released], [true, 1]);
      });

    it('ends though the store fails to write down what has just been answered', async () => {
      sinon.stub(outbox, 'settle').rejects(new PkbOutboxError('PKB_OUTBOX', 'The disk is full.'));
      const connection = await running();
      await connection.submit(message('1'));
      await turns();
      assert.equal(failed.length, 1);
      await connection.close();
      assert.equal(released, 1);
    });

    it('does not reject where the outbox cannot be given back', async () => {
      const connection = await running({
        open: async () => ({ outbox, reports: [], release: () => Promise.reject(new Error('release')) }),
      });
      await connection.close();
      assert.ok(transport.closed > 0);
    });

    it('leaves what it did not send to the next one, in order', async () => {
      const connection = connect();
      const stored: number[] = [];
      for (const one of ['1', '2', '3'])
        stored.push(await connection.submit(message(one, { orderKey: 'k' })));
      await connection.close();
      await running();
      assert.deepEqual(told, ['1 accepted', '2 accepted', '3 accepted']);
      const none: StoredMessage[] = await outbox.take('c', Date.now(), 9, []);
      assert.deepEqual([stored, none], [[1, 2, 3], []]);
    });
  });
});
