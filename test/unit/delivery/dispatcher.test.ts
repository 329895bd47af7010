import assert from 'node:assert/strict';
import sinon from 'sinon';
import { Dispatcher, type DispatcherEvents } from '../../../src/delivery/dispatcher.js';
import type { Outcome, Withdrawn } from '../../../src/delivery/outcome.js';
import { MemoryOutbox } from '../../../src/delivery/outbox/memory.js';
import type { NewMessage } from '../../../src/delivery/outbox/messages.js';
import { DEFAULT_POLICY, type RetryPolicy } from '../../../src/delivery/retry.js';
import { transportFactory, type Transport } from '../../../src/delivery/transport.js';
import { stamped } from '../../support/messages.js';
import { newMessage } from '../../support/outbox-messages.js';
import { acceptAll, type Arrived, soapAck, startServer, type TestServer } from '../../support/server.js';
import { until } from '../../support/wait.js';

const QUICK: RetryPolicy = { ...DEFAULT_POLICY, baseMs: 10, capMs: 20, refusedAttempts: 3 };

interface Settled {
  readonly controlId: string;
  readonly state: string;
  readonly outcome: Outcome | Withdrawn;
  readonly attempts: number;
  readonly expired: boolean;
}

/** A dispatcher with its outbox and a real transport, towards a real server. */
async function run(
  server: TestServer,
  options: {
    concurrency?: number;
    policy?: RetryPolicy;
    url?: () => URL;
    timeout?: number;
    throwing?: boolean;
  } = {},
) {
  const createTransport = await transportFactory();
  const transport: Transport = createTransport({
    username: 'partner_mailco',
    password: 'testing',
    timeout: options.timeout ?? 5,
    concurrency: options.concurrency ?? 1,
    userAgent: 'test',
  });
  const outbox = new MemoryOutbox();
  const settled: Settled[] = [];
  const failed: unknown[] = [];
  const events: DispatcherEvents = {
    settled: ({ message: { controlId, attempts }, state, outcome, expired }) => {
      if (options.throwing) throw new Error('a listener');
      settled.push({ controlId, state, outcome, attempts, expired });
    },
    changed: () => {
      if (options.throwing) throw new Error('a listener');
    },
    failed: (error) => failed.push(error),
  };
  const dispatcher = new Dispatcher({
    address: 'simulator',
    connection: 'c',
    outbox,
    transport,
    url: options.url ?? (() => new URL(server.url)),
    concurrency: options.concurrency ?? 1,
    policy: options.policy ?? QUICK,
    events,
  });
  dispatcher.start();
  const submit = (controlId: string, orderKey = 'one', more: Partial<NewMessage> = {}): Promise<number> =>
    dispatcher.submit(newMessage(controlId, { address: 'simulator', orderKey, ...more }));
  return {
    dispatcher,
    outbox,
    settled,
    failed,
    submit,
    async end() {
      await dispatcher.stop(0);
      transport.close();
      await server.close();
    },
  };
}

const ids = (arrived: readonly Arrived[]): string[] => arrived.map(({ controlId }) => controlId);

/** Sends a request of the test's own: whatever was on its way to the server before has arrived when it is answered. */
async function roundTrip(server: TestServer): Promise<void> {
  const response = await fetch(server.url, { method: 'POST' });
  await response.text();
}

describe('the dispatcher', () => {
  it('sends what PKB expects: SOAP 1.1 as text/xml, HTTP Basic as on the Partner page', async () => {
    const server = await startServer(acceptAll);
    const { submit, settled, end } = await run(server);
    await submit('1');
    await until('it is settled', () => settled.length === 1);
    const [first] = server.arrived;
    assert.equal(first?.request.method, 'POST');
    assert.equal(first?.request.headers.authorization, 'Basic cGFydG5lcl9tYWlsY286dGVzdGluZw==');
    assert.equal(first?.request.headers['content-type'], 'text/xml; charset=UTF-8');
    assert.equal(first?.request.headers['soapaction'], '""');
    assert.equal(first?.hl7, stamped('1'));
    assert.deepEqual([settled[0]?.state, settled[0]?.attempts], ['accepted', 1]);
    await end();
  });

  it('sends the messages of one key in order and one at a time, and those of others beside them', async () => {
    const server: TestServer = await startServer(async (arrived, response) => {
      // As many as may be are there at once before the first is answered.
      await until('eight are there', () => server.load.most >= 8);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
      acceptAll(arrived, response);
    });
    const { submit, settled, end } = await run(server, { concurrency: 8 });
    for (let n = 0; n < 100; n++) await submit(`${n % 10}-${Math.floor(n / 10)}`, `key${n % 10}`);
    await until('all are settled', () => settled.length === 100);
    for (let key = 0; key < 10; key++) {
      const own = ids(server.arrived).filter((id) => id.startsWith(`${key}-`));
      assert.deepEqual(own, own.toSorted());
    }
    assert.equal(server.load.most, 8);
    await end();
  });

  it('sends one at a time where the connection allows one', async () => {
    const server = await startServer(acceptAll);
    const { submit, settled, end } = await run(server);
    for (let n = 0; n < 30; n++) await submit(`${n}`, `key${n}`);
    await until('all are settled', () => settled.length === 30);
    assert.equal(server.load.most, 1);
    await end();
  });

  it('repeats the same bytes after a broken answer, before anything later of that key', async () => {
    let broken = 2;
    const server = await startServer((arrived, response) => {
      if (broken-- > 0) response.destroy();
      else acceptAll(arrived, response);
    });
    const { submit, settled, end } = await run(server);
    await submit('1');
    await submit('2');
    await until('both are settled', () => settled.length === 2);
    assert.deepEqual(ids(server.arrived), ['1', '1', '1', '2']);
    assert.equal(new Set(server.arrived.slice(0, 3).map(({ body }) => body)).size, 1);
    assert.deepEqual(
      settled.map(({ attempts, state }) => [attempts, state]),
      [
        [3, 'accepted'],
        [1, 'accepted'],
      ],
    );
    await end();
  });

  it('lets others flow past a message whose answers are unreadable, and gives it up in the end', async () => {
    const server = await startServer((arrived, response) => {
      if (arrived.controlId === 'bad') response.end('<html><body>Log in</body></html>');
      else acceptAll(arrived, response);
    });
    const { submit, settled, end } = await run(server);
    await submit('bad', 'one');
    await submit('behind', 'one');
    await submit('other', 'two');
    await until('all are settled', () => settled.length === 3);
    assert.deepEqual(
      settled.map(({ controlId, state }) => [controlId, state]),
      [
        ['other', 'accepted'],
        ['bad', 'undeliverable'],
        ['behind', 'accepted'],
      ],
    );
    assert.equal(ids(server.arrived).filter((id) => id === 'bad').length, QUICK.refusedAttempts + 1);
    await end();
  });

  it('never repeats AR or AE', async () => {
    const server = await startServer(({ controlId }, response) =>
      response.end(soapAck(controlId, controlId, 'no')),
    );
    const { submit, settled, end } = await run(server);
    await submit('AR');
    await submit('AE');
    await until('both are settled', () => settled.length === 2);
    assert.deepEqual(
      settled.map(({ state }) => state),
      ['rejected', 'errored'],
    );
    assert.equal(server.arrived.length, 2);
    await end();
  });

  it('waits while PKB is busy, probing with one message at a time, then lets all go on', async () => {
    let busy = true;
    const server = await startServer((arrived, response) => {
      if (busy) response.writeHead(503).end();
      else acceptAll(arrived, response);
    });
    const { dispatcher, submit, settled, end } = await run(server, { concurrency: 4 });
    for (let n = 0; n < 12; n++) await submit(`${n}`, `key${n}`);
    await until(
      'it waits and has probed',
      () => dispatcher.state.state === 'waiting' && server.arrived.length > 8,
    );
    server.load.most = 0;
    await until('it has probed again', () => server.arrived.length > 12);
    assert.equal(server.load.most, 1);
    busy = false;
    await until('all are settled', () => settled.length === 12);
    assert.equal(dispatcher.state.state, 'open');
    assert.ok(settled.every(({ state }) => state === 'accepted'));
    await end();
  });

  it('pauses on 401, keeps everything, and goes on when resumed', async () => {
    let status = 401;
    const server = await startServer((arrived, response) => {
      if (status === 401) response.writeHead(401).end();
      else acceptAll(arrived, response);
    });
    const { dispatcher, outbox, submit, settled, end } = await run(server);
    for (let n = 0; n < 5; n++) await submit(`${n}`, `key${n}`);
    await until('it is paused', () => dispatcher.state.state === 'paused');
    await submit('5', 'key5');
    assert.equal(server.arrived.length, 1);
    assert.deepEqual(await outbox.counts('c'), { queued: 6, held: 0 });
    status = 200;
    dispatcher.resume();
    await until('all are settled', () => settled.length === 6);
    await end();
  });

  it('tells a message that never left from one whose fate is unknown', async () => {
    const server = await startServer(acceptAll);
    let port = 1;
    const { dispatcher, submit, settled, end } = await run(server, {
      url: () => new URL(`http://127.0.0.1:${port}/`),
    });
    await submit('1');
    await until('it waits', () => dispatcher.state.state === 'waiting');
    assert.match(
      dispatcher.state.state === 'waiting' ? dispatcher.state.reason : '',
      /could not be reached \(ECONNREFUSED\)/,
    );
    port = server.port;
    await until('it is settled', () => settled.length === 1);
    assert.equal(settled[0]?.state, 'accepted');
    assert.equal(server.arrived.length, 1);
    await end();
  });

  for (const [what, jump] of [
    ['back by an hour', -3_600_000],
    ['forward by a day', 24 * 3_600_000],
  ] as const) {
    it(`goes on when the clock is set ${what} while it waits`, async () => {
      let busy = true;
      const server = await startServer((arrived, response) => {
        if (busy) response.writeHead(503).end();
        else acceptAll(arrived, response);
      });
      const { dispatcher, submit, settled, end } = await run(server);
      await submit('1');
      await submit('2');
      await until('it waits', () => dispatcher.state.state === 'waiting');
      const { now } = Date;
      const clock = sinon.stub(Date, 'now').callsFake(() => now() + jump);
      try {
        busy = false;
        await until('both are settled', () => settled.length === 2);
      } finally {
        clock.restore();
      }
      assert.deepEqual(
        settled.map(({ controlId, state }) => [controlId, state]),
        [
          ['1', 'accepted'],
          ['2', 'accepted'],
        ],
      );
      await end();
    });
  }

  it('gives up what has become too old, and says so', async () => {
    const server = await startServer((_arrived, response) => response.writeHead(503).end());
    const { submit, settled, end } = await run(server, { policy: { ...QUICK, maxAgeMs: 50 } });
    await submit('1');
    await until('it is settled', () => settled.length === 1);
    assert.deepEqual([settled[0]?.state, settled[0]?.expired], ['undeliverable', true]);
    await end();
  });

  it('holds the messages behind a rejected one where told, and lets them go when released', async () => {
    const server = await startServer(({ controlId }, response) =>
      response.end(soapAck(controlId === 'bad' ? 'AR' : 'AA', controlId)),
    );
    const { dispatcher, outbox, submit, settled, end } = await run(server);
    await submit('bad', 'one', { holdOnRejection: true });
    await submit('behind', 'one', { holdOnRejection: true });
    await submit('other', 'two', { holdOnRejection: true });
    await until('the other is settled', () => settled.length === 2);
    assert.deepEqual(ids(server.arrived), ['bad', 'other']);
    assert.deepEqual(await outbox.counts('c'), { queued: 1, held: 1 });
    assert.equal(await outbox.release('c', 'one'), 1);
    dispatcher.wake();
    await until('the one behind is settled', () => settled.length === 3);
    assert.equal(await outbox.release('c', 'one'), 0);
    await end();
  });

  it('keeps what was in flight when it is stopped, for the next one to send again', async () => {
    let hang = true;
    const server = await startServer((arrived, response) => {
      if (!hang) acceptAll(arrived, response);
    });
    const first = await run(server);
    await first.submit('1');
    await until('it has arrived', () => server.arrived.length === 1);
    await first.dispatcher.stop(0);
    assert.deepEqual(first.settled, []);
    assert.deepEqual(await first.outbox.counts('c'), { queued: 1, held: 0 });
    hang = false;
    assert.equal((await first.outbox.take('c', Date.now(), 1, []))[0]?.controlId, '1');
    await first.end();
  });

  it('lets what is in flight end before it stops', async () => {
    let answer = (): void => undefined;
    const server = await startServer((arrived, response) => {
      answer = () => acceptAll(arrived, response);
    });
    const { dispatcher, submit, settled, end } = await run(server);
    await submit('1');
    await until('it has arrived', () => server.arrived.length === 1);
    const stopped = dispatcher.stop(5000);
    assert.equal(settled.length, 0);
    answer();
    await stopped;
    assert.equal(settled[0]?.state, 'accepted');
    await end();
  });

  it('lets the fate of what has been answered be written before it stops', async () => {
    const server = await startServer(acceptAll);
    const { dispatcher, outbox, submit, settled, end } = await run(server);
    const settle = outbox.settle.bind(outbox);
    let write: () => void = () => undefined;
    const written = new Promise<void>((resolve) => (write = resolve));
    outbox.settle = async (...args) => {
      await written;
      return settle(...args);
    };
    await submit('1');
    await until('it has been answered', () => server.arrived.length === 1 && dispatcher.inFlight === 0);
    const stopped = dispatcher.stop(0);
    write();
    await stopped;
    assert.deepEqual(
      settled.map(({ state }) => state),
      ['accepted'],
    );
    await end();
  });

  it('is not stopped by a listener that throws', async () => {
    const server = await startServer(acceptAll);
    const { submit, settled, end } = await run(server, { throwing: true });
    await submit('1');
    await submit('2');
    await until('both have arrived', () => server.arrived.length === 2);
    assert.equal(settled.length, 0);
    await end();
  });

  it('sends nothing more once it has been told to stop', async () => {
    const server = await startServer(acceptAll);
    const { dispatcher, submit, end } = await run(server);
    await submit('1');
    await dispatcher.stop(5000);
    const arrived = server.arrived.length;
    await submit('2');
    await roundTrip(server);
    assert.equal(server.arrived.length, arrived + 1, 'only what was sent here has arrived');
    await end();
  });

  it('keeps trying to write down what became of a message, without sending it again', async () => {
    const server = await startServer(acceptAll);
    const { outbox, submit, settled, failed, end } = await run(server);
    const settle = outbox.settle.bind(outbox);
    let full = 2;
    outbox.settle = async (...args) => {
      if (full-- > 0) throw new Error('disk full');
      return settle(...args);
    };
    await submit('1');
    await until('it is settled', () => settled.length === 1);
    assert.equal(server.arrived.length, 1);
    assert.equal(failed.length, 2);
    await end();
  });

  it('makes room when PKB has answered, before the fate is written; but only for as many again', async () => {
    const server = await startServer(acceptAll);
    const { dispatcher, outbox, submit, settled, end } = await run(server, { concurrency: 2 });
    const settle = outbox.settle.bind(outbox);
    let write: () => void = () => undefined;
    const written = new Promise<void>((resolve) => (write = resolve));
    outbox.settle = async (...args) => {
      await written;
      return settle(...args);
    };
    for (let n = 0; n < 12; n++) await submit(`${n % 6}-${n}`, `key${n % 6}`);
    await until(
      'two times two have been answered',
      () => server.arrived.length === 4 && !dispatcher.inFlight,
    );
    await roundTrip(server);
    assert.deepEqual(ids(server.arrived).toSorted(), ['', '0-0', '1-1', '2-2', '3-3']);
    assert.equal(settled.length, 0);
    write();
    await until('all are settled', () => settled.length === 12);
    for (const key of ['0', '1', '2', '3', '4', '5'])
      assert.deepEqual(
        ids(server.arrived).filter((id) => id.startsWith(`${key}-`)),
        [`${key}-${key}`, `${key}-${Number(key) + 6}`],
      );
    await end();
  });

  it('gives order keys turns, so that a long queue of one does not keep the others waiting', async () => {
    const server = await startServer(acceptAll);
    const { submit, settled, end } = await run(server);
    await Promise.all(Array.from({ length: 20 }, (_, n) => submit(`a${n}`, 'long')));
    await submit('b', 'short');
    await until('all are settled', () => settled.length === 21);
    assert.ok(ids(server.arrived).indexOf('b') < 15, ids(server.arrived).join(' '));
    await end();
  });
});
