import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { NHS_NUMBERS, stamped } from '../support/messages.js';
import { acceptAll, soapAck, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';
import { CATCH, collector, connection, CREDENTIALS, outbox, send, simulator } from './flows.js';
import { server, start, version } from './runtime.js';

describe(`pkb-send on Node-RED ${version}`, () => {
  let pkb: TestServer;
  before(() => server.start());
  after(() => server.stop());
  afterEach(async () => {
    await server.unload();
    await pkb?.close();
  });

  const ends = [collector('accepted'), collector('rejected'), collector('received'), ...CATCH];

  it('reports an acceptance on output 1, with what the message carried', async () => {
    pkb = await startServer(acceptAll);
    const flow = await start([connection(pkb.url), send(), ...ends], CREDENTIALS);
    const live = { circular: {} as object };
    live.circular = live;
    flow.receive('send', { payload: stamped('id1'), topic: 'mine', pkb: { customer: 'x' }, live });
    const message = await flow.wait('accepted');
    assert.deepEqual(message.payload, {
      outcome: 'accepted',
      code: 'AA',
      controlId: 'id1',
      text: '',
      attempts: 1,
    });
    assert.equal(message.hl7, stamped('id1'));
    assert.match(message.ack, /MSA\|AA\|id1/);
    assert.deepEqual([message.topic, message.pkb.customer, message.live], ['mine', 'x', live]);
    assert.deepEqual(flow.seen('rejected'), []);
  });

  it('reports AR and AE on output 2, with PKB’s words', async () => {
    pkb = await startServer(({ controlId }, response) =>
      response.end(soapAck(controlId, controlId, 'because')),
    );
    const flow = await start([connection(pkb.url), send(), ...ends], CREDENTIALS);
    flow.receive('send', { payload: stamped('AR') });
    flow.receive('send', { payload: stamped('AE') });
    await flow.wait('rejected', 2);
    assert.deepEqual(
      flow.seen('rejected').map(({ payload }) => payload),
      [
        { outcome: 'rejected', code: 'AR', controlId: 'AR', text: 'because', attempts: 1 },
        { outcome: 'errored', code: 'AE', controlId: 'AE', text: 'because', attempts: 1 },
      ],
    );
    assert.deepEqual(flow.seen('accepted'), []);
    assert.deepEqual(flow.seen('caught'), []);
  });

  it('reports what could not be delivered to Catch, once, with the message as it was to be sent', async () => {
    pkb = await startServer((arrived, response) => {
      if (arrived.controlId === 'bad') response.writeHead(404).end();
      else acceptAll(arrived, response);
    });
    const flow = await start([connection(pkb.url), send(), ...ends], CREDENTIALS);
    flow.receive('send', { payload: stamped('bad'), marker: 'mine' });
    await until('it has been refused', () => pkb.arrived.length > 0);
    flow.receive('send', { payload: stamped('good', { nhs: NHS_NUMBERS[1] }) });
    const caught = await flow.wait('caught');
    assert.equal(caught.error.code, 'PKB_REFUSED');
    assert.equal(caught.payload, stamped('bad'));
    assert.equal(caught.marker, 'mine');
    await flow.wait('accepted');
  });

  it('is done when the message is stored, before PKB has answered', async () => {
    pkb = await startServer(() => undefined);
    const complete = { id: 'complete', type: 'complete', scope: ['send'], wires: [['completed']] };
    const flow = await start(
      [connection(pkb.url), send(), complete, collector('completed'), ...ends],
      CREDENTIALS,
    );
    flow.receive('send', { payload: stamped('id1') });
    await flow.wait('completed');
    assert.deepEqual(flow.seen('accepted'), []);
    pkb.server.closeAllConnections();
  });

  it('pauses on refused credentials with one alert, keeps all, and goes on after a deploy', async () => {
    let locked = true;
    pkb = await startServer((arrived, response) => {
      if (locked) response.writeHead(401).end();
      else acceptAll(arrived, response);
    });
    const flowOf = (): Promise<Awaited<ReturnType<typeof start>>> =>
      start([connection(pkb.url), outbox({ id: 'outbox' }), send(), ...ends], CREDENTIALS);
    const flow = await flowOf();
    for (const [n, nhs] of NHS_NUMBERS.entries())
      flow.receive('send', { payload: stamped(`id${n}`, { nhs }) });
    const caught = await flow.wait('caught');
    assert.equal(caught.error.code, 'PKB_MISCONFIGURED');
    await until('the status says paused', () => flow.statuses('send').at(-1)?.text?.endsWith('paused'));
    assert.equal(pkb.arrived.length, 1);
    assert.equal(flow.seen('caught').length, 1);
    await server.unload();
    locked = false;
    const again = await flowOf();
    await again.wait('accepted', NHS_NUMBERS.length);
    assert.equal(
      new Set(again.seen('accepted').map(({ payload }) => payload.controlId)).size,
      NHS_NUMBERS.length,
    );
  });

  it('tells the flow after a deploy what became of a message that was under way at it', async () => {
    let answer: (() => void) | undefined;
    pkb = await startServer(({ controlId }, response) => {
      answer = () => response.end(soapAck('AR', controlId, 'because'));
    });
    const flowOf = (): Promise<Awaited<ReturnType<typeof start>>> =>
      start([connection(pkb.url), outbox(), send(), ...ends], CREDENTIALS);
    const flow = await flowOf();
    flow.receive('send', { payload: stamped('id1'), topic: 'mine' });
    await until('it has arrived', () => answer !== undefined);
    const closing = server.unload();
    answer?.();
    await closing;
    const again = await flowOf();
    const told = await again.wait('rejected');
    assert.deepEqual([told.payload.controlId, told.payload.code, told.topic], ['id1', 'AR', 'mine']);
    assert.equal(pkb.arrived.length, 1);
  });

  it('keeps what it was given in the very moment of a deploy', async () => {
    pkb = await startServer(acceptAll);
    const folder = mkdtempSync(join(tmpdir(), 'pkb-deploy-'));
    const file = { store: 'embedded', path: join(folder, 'outbox.sqlite') };
    const nodes = [connection(pkb.url), outbox(file), send(), ...ends];
    const flow = await start(nodes, CREDENTIALS);
    for (const nhs of NHS_NUMBERS) flow.receive('send', { payload: stamped(`id${nhs}`, { nhs }) });
    await server.unload();
    const again = await start(nodes, CREDENTIALS);
    await until(
      'all have arrived',
      () => new Set(pkb.arrived.map(({ controlId }) => controlId)).size === NHS_NUMBERS.length,
    );
    assert.deepEqual([...flow.seen('caught'), ...again.seen('caught')], []);
    await server.unload();
    rmSync(folder, { recursive: true });
  });

  it('puts a patient’s messages on hold after a rejection where told, says so, and resumes them', async () => {
    pkb = await startServer(({ controlId }, response) =>
      response.end(soapAck(controlId === 'bad' ? 'AR' : 'AA', controlId)),
    );
    const flow = await start([connection(pkb.url), send({ onRejected: 'hold' }), ...ends], CREDENTIALS);
    flow.receive('send', { payload: stamped('bad') });
    flow.receive('send', { payload: stamped('behind') });
    flow.receive('send', { payload: stamped('other', { nhs: NHS_NUMBERS[1] }) });
    assert.equal((await flow.wait('accepted')).payload.controlId, 'other');
    await until('the status says so', () => flow.statuses('send').at(-1)?.text?.endsWith('on-hold'));
    assert.equal(await flow.node('send').release(), 1);
    assert.equal((await flow.wait('accepted', 2)).payload.controlId, 'behind');
    await until('the status counts how they ended', () =>
      isDeepStrictEqual(flow.statuses('send').at(-1), {
        fill: 'green',
        shape: 'dot',
        text: 'pkb-send.status.accepted, pkb-send.status.rejected',
      }),
    );
  });

  for (const onUnknown of ['ask', 'resend'])
    it(`with "${onUnknown}", ${onUnknown === 'ask' ? 'keeps a new appointment for a person' : 'sends a new appointment again'} after a lost answer`, async () => {
      const seen = { new: 0, letter: 0 };
      pkb = await startServer(({ controlId, body }, response) => {
        const kind = body.includes('SIU^S12') ? 'new' : 'letter';
        // The answer to the first of each kind is lost.
        if (++seen[kind] === 1) response.destroy();
        else response.end(soapAck('AA', controlId));
      });
      const flow = await start([connection(pkb.url), send({ onUnknown }), ...ends], CREDENTIALS);
      const more = 'SCH|A1||||||^Check-up||||^^^20260301100000+0000\rPV1|||^^^^^^^^Clinic\r';
      flow.receive('send', { payload: stamped('new', { type: 'SIU^S12', more }) });
      flow.receive('send', {
        payload: stamped('letter', { type: 'ADT^A28', nhs: NHS_NUMBERS[1] }),
      });
      if (onUnknown === 'resend') {
        await flow.wait('accepted', 2);
        assert.deepEqual(seen, { new: 2, letter: 2 });
        return;
      }
      const caught = await flow.wait('caught');
      assert.equal(caught.error.code, 'PKB_UNKNOWN');
      assert.match(caught.error.message, /waits for a person/);
      assert.equal((await flow.wait('accepted')).payload.controlId, 'letter');
      assert.deepEqual(seen, { new: 1, letter: 2 });
      flow.receive('send', { payload: stamped('behind') });
      await until('the status says so', () => flow.statuses('send').at(-1)?.text?.endsWith('on-hold'));
      const [failed] = await flow.node('send').failed();
      assert.ok(failed);
      assert.equal(await flow.node('send').again(failed, false), true);
      await flow.wait('accepted', 2);
      assert.equal(seen.new, 2);
    });

  it('says that a message is on hold though nothing else has said that the connection works, also while it waits', async () => {
    pkb = await startServer((_request, response) => response.destroy());
    const flow = await start([connection(pkb.url), send({ onUnknown: 'ask' }), ...ends], CREDENTIALS);
    const more = 'SCH|A1||||||^Check-up||||^^^20260301100000+0000\rPV1|||^^^^^^^^Clinic\r';
    flow.receive('send', { payload: stamped('new', { type: 'SIU^S12', more }) });
    await flow.wait('caught');
    await until('the status says so', () => flow.statuses('send').at(-1)?.text === 'pkb-send.status.on-hold');
    flow.receive('send', { payload: stamped('behind') });
    flow.receive('send', { payload: stamped('other', { nhs: NHS_NUMBERS[1] }) });
    await until('it says both', () =>
      /status\.waiting.*, pkb-send\.status\.on-hold$/.test(flow.statuses('send').at(-1)?.text ?? ''),
    );
  });

  describe('sending once more', () => {
    /** A letter, one line of it as PKB refuses it until it is corrected. */
    const letter = (controlId: string, text: string, document = 'D1'): string =>
      stamped(controlId, {
        type: 'MDM^T02',
        more: `TXA||CL||||||||||${document}|||||AU\rOBX|1|TX|||${text}\r`,
      });
    /** PKB that refuses what says "bad". */
    const picky = (): Promise<TestServer> =>
      startServer(({ controlId, body }, response) =>
        response.end(soapAck(body.includes('bad') ? 'AR' : 'AA', controlId, 'because')),
      );

    it('refuses what is unchanged since PKB rejected it, and a fourth correction, however often they come', async () => {
      pkb = await picky();
      const flow = await start([connection(pkb.url), send(), ...ends], CREDENTIALS);
      flow.receive('send', { payload: letter('1', 'bad') });
      let rejected = await flow.wait('rejected');
      for (let correction = 1; correction <= 3; correction++) {
        flow.receive('send', { ...rejected });
        const same = await flow.wait('caught', correction);
        assert.equal(same.error.code, 'PKB_UNCHANGED');
        flow.receive('send', { ...rejected, hl7: rejected.hl7.replace(/bad.*/, `bad ${correction}`) });
        rejected = await flow.wait('rejected', correction + 1);
      }
      flow.receive('send', { ...rejected, hl7: rejected.hl7.replace(/bad.*/, 'good') });
      const fourth = await flow.wait('caught', 4);
      assert.equal(fourth.error.code, 'PKB_UNCHANGED');
      assert.equal(pkb.arrived.length, 4);
      const [failed] = await flow.node('send').failed();
      assert.ok(failed);
      // A person may do it all the same.
      assert.equal(await flow.node('send').again(failed, false, letter('1', 'good')), true);
      assert.equal((await flow.wait('accepted')).payload.controlId, '1');
    });

    it('sends a corrected message that comes back from output 2, before what waits behind it', async () => {
      pkb = await picky();
      const flow = await start([connection(pkb.url), send({ onRejected: 'hold' }), ...ends], CREDENTIALS);
      flow.receive('send', { payload: letter('1', 'bad'), topic: 'mine' });
      const rejected = await flow.wait('rejected');
      assert.equal(rejected.pkb.failed.controlId, '1');
      flow.receive('send', { payload: letter('2', 'later', 'D2') });
      // As a change node does that replaces text in msg.hl7; the payload still holds the outcome.
      flow.receive('send', { ...rejected, hl7: rejected.hl7.replace('bad', 'good') });
      await flow.wait('accepted', 2);
      const [first, second] = flow.seen('accepted');
      assert.deepEqual([first.payload.controlId, second.payload.controlId], ['1', '2']);
      assert.equal(first.payload.attempts, 1);
      assert.deepEqual([first.topic, first.pkb.failed], ['mine', undefined]);
    });

    it('refuses to put an old version back, unless told to', async () => {
      pkb = await picky();
      const flow = await start([connection(pkb.url), send(), ...ends], CREDENTIALS);
      flow.receive('send', { payload: letter('1', 'bad') });
      const rejected = await flow.wait('rejected');
      flow.receive('send', { payload: letter('2', 'newer version') });
      await flow.wait('accepted');
      const again = { ...rejected, payload: letter('1b', 'old version') };
      flow.receive('send', again);
      assert.equal((await flow.wait('caught')).error.code, 'PKB_SUPERSEDED');
      assert.equal(pkb.arrived.length, 2);
      flow.receive('send', { ...again, pkb: { ...again.pkb, override: true } });
      assert.equal((await flow.wait('accepted', 2)).payload.controlId, '1b');
    });

    it('sends a message that has been sent once more already not a third time, unless told to', async () => {
      pkb = await picky();
      const flow = await start([connection(pkb.url), send(), ...ends], CREDENTIALS);
      flow.receive('send', { payload: letter('1', 'bad') });
      const rejected = await flow.wait('rejected');
      const corrected = { ...rejected, payload: letter('1', 'good') };
      flow.receive('send', corrected);
      await flow.wait('accepted');
      flow.receive('send', corrected);
      assert.match((await flow.wait('caught')).error.message, /already/);
      assert.equal(pkb.arrived.length, 2);
      flow.receive('send', { ...corrected, pkb: { ...corrected.pkb, override: true } });
      await flow.wait('accepted', 2);
    });

    it('sends a message about something else, made from a rejected one, as a new one', async () => {
      pkb = await picky();
      const flow = await start([connection(pkb.url), send({ onRejected: 'hold' }), ...ends], CREDENTIALS);
      flow.receive('send', { payload: letter('1', 'bad') });
      const rejected = await flow.wait('rejected');
      const other = letter('2', 'x', 'D2').replace('9990000018', '9990000026');
      flow.receive('send', { ...rejected, payload: other });
      assert.equal((await flow.wait('accepted')).payload.controlId, '2');
      const { body } = await server.read('/pkb-send/send/failed');
      assert.deepEqual(
        (body['failed'] as { controlId: string }[]).map(({ controlId }) => controlId),
        ['1'],
      );
    });

    it('takes a message from elsewhere with such a reference for a new one', async () => {
      pkb = await picky();
      const flow = await start([connection(pkb.url), send(), ...ends], CREDENTIALS);
      flow.receive('send', {
        payload: letter('1', 'x'),
        pkb: { failed: { id: 1, controlId: '1', outbox: 'another' } },
      });
      assert.equal((await flow.wait('accepted')).payload.controlId, '1');
    });

    it('shows what failed to who may see it, and sends one again as it was, or corrected', async () => {
      pkb = await picky();
      const flow = await start([connection(pkb.url), send(), ...ends], CREDENTIALS);
      flow.receive('send', { payload: letter('1', 'bad') });
      flow.receive('send', { payload: letter('2', 'bad', 'D2') });
      await flow.wait('rejected', 2);
      const { body } = await server.read('/pkb-send/send/failed');
      const failed = body['failed'] as { id: number; controlId: string; reason: string }[];
      assert.deepEqual(
        failed.map(({ controlId, reason }) => [controlId, reason]),
        [
          ['2', 'AR: because'],
          ['1', 'AR: because'],
        ],
      );
      assert.ok(!JSON.stringify(body).includes('bad'), 'no text of a message');
      const [second, first] = failed;
      const asItWas = await server.admin('/pkb-send/send/replay', { id: first?.id, controlId: '1' });
      assert.deepEqual([asItWas.status, asItWas.body], [200, { queued: true }]);
      assert.equal((await flow.wait('rejected', 3)).payload.controlId, '1');
      assert.equal(pkb.arrived.at(-1)?.body, pkb.arrived[0]?.body);
      const hl7 = letter('2', 'good', 'D2');
      await server.admin('/pkb-send/send/replay', { id: second?.id, controlId: '2', hl7 });
      assert.equal((await flow.wait('accepted')).hl7, hl7);
      const gone = await server.admin('/pkb-send/send/replay', { id: second?.id, controlId: '2' });
      assert.deepEqual(gone.body, { queued: false });
      assert.equal((await server.admin('/pkb-send/send/replay', {})).status, 400);
      assert.equal((await server.admin('/pkb-send/other/replay', { id: 1, controlId: '1' })).status, 404);
    });
  });

  it('stays up when a message cannot even be copied', async () => {
    pkb = await startServer(acceptAll);
    const flow = await start([connection(pkb.url), send(), ...ends], CREDENTIALS);
    const trap = (payload: unknown): object =>
      Object.defineProperty({ payload }, 'bad', {
        enumerable: true,
        get: () => {
          throw new Error('SECRET');
        },
      });
    flow.node('send').emit(
      'input',
      trap('no HL7'),
      () => undefined,
      (error?: Error) => {
        if (error) throw new Error('as Node-RED does when it cannot copy the message');
      },
    );
    flow.node('send').emit(
      'input',
      trap(stamped('id1')),
      () => undefined,
      () => undefined,
    );
    flow.receive('send', { payload: stamped('id2', { nhs: NHS_NUMBERS[1] }) });
    await flow.wait('accepted');
    assert.ok(!flow.log().includes('SECRET'));
  });

  it('keeps messages in a file of the user directory, over a restart of everything', async () => {
    let busy = true;
    pkb = await startServer((arrived, response) => {
      if (busy) response.writeHead(503).end();
      else acceptAll(arrived, response);
    });
    const folder = mkdtempSync(join(tmpdir(), 'pkb-flow-'));
    const file = outbox({ store: 'embedded', path: join(folder, 'outbox.sqlite') });
    const flow = await start([connection(pkb.url), file, send(), ...ends], CREDENTIALS);
    flow.receive('send', { payload: stamped('id1'), topic: 'mine', when: new Date(0) });
    await until('it has been tried', () => pkb.arrived.length > 0);
    await server.unload();
    busy = false;
    const again = await start([connection(pkb.url), file, send(), ...ends], CREDENTIALS);
    const accepted = await again.wait('accepted');
    assert.deepEqual(
      [accepted.payload.controlId, accepted.topic, accepted.when],
      ['id1', 'mine', '1970-01-01T00:00:00.000Z'],
    );
    assert.equal(accepted.hl7, stamped('id1'));
    await server.unload();
    rmSync(folder, { recursive: true });
  });

  it('counts what it is sending and what is pending, and how messages ended when the last has', async () => {
    const answers: (() => void)[] = [];
    pkb = await startServer((arrived, response) => answers.push(() => acceptAll(arrived, response)));
    const flow = await start([connection(pkb.url), send(), ...ends], CREDENTIALS);
    for (const [n, nhs] of NHS_NUMBERS.entries())
      flow.receive('send', { payload: stamped(`id${n}`, { nhs }) });
    const last = (): string => flow.statuses('send').at(-1)?.text ?? '';
    await until('it shows that one is sent and others wait', () => last().endsWith('sending-pending'));
    for (const nhs of NHS_NUMBERS) {
      await until(`the message of ${nhs} has arrived`, () => answers.length > 0);
      answers.shift()?.();
    }
    await flow.wait('accepted', NHS_NUMBERS.length);
    await until('it counts how they ended', () => last() === 'pkb-send.status.accepted');
  });

  it('posts to the simulator of its own Node-RED without any credentials', async () => {
    const flow = await start([connection(), send(), simulator(), ...ends]);
    flow.receive('send', { payload: stamped('id1') });
    const [accepted, received] = await Promise.all([flow.wait('accepted'), flow.wait('received')]);
    assert.equal(accepted.payload.code, 'AA');
    assert.equal(received.payload, stamped('id1'));
    assert.equal(received.simulator.code, 'AA');
    assert.equal(received.parsed.MSH[0].data['MSH.10'], 'id1');
  });

  it('finds the simulator again after a deploy, and only one of it', async () => {
    for (let n = 0; n < 2; n++) {
      const flow = await start([connection(), send(), simulator(), ...ends]);
      flow.receive('send', { payload: stamped(`id${n}`) });
      await flow.wait('accepted');
      assert.equal(flow.seen('received').length, 1);
      await server.unload();
    }
  });

  for (const [what, nodes, credentials, code] of [
    ['no connection', [send({ connection: '' })], {}, 'PKB_CONNECTION'],
    ['a connection that is gone', [send({ connection: 'gone' })], {}, 'PKB_CONNECTION'],
    ['no credentials', [connection('https://127.0.0.1:1/x'), send()], {}, 'PKB_CREDENTIALS'],
    [
      'half the credentials',
      [connection(), send(), simulator()],
      { connection: { username: 'x' } },
      'PKB_CREDENTIALS',
    ],
    ['no simulator', [connection(), send()], {}, 'PKB_SIMULATOR'],
    [
      'two simulators',
      [connection(), send(), simulator(), simulator({ id: 's2', path: '/other' })],
      {},
      'PKB_SIMULATOR',
    ],
    ['an http address elsewhere', [connection('http://example.org/x'), send()], CREDENTIALS, 'PKB_URL'],
    [
      'an address with credentials in it',
      [connection('https://u:p@127.0.0.1/x'), send()],
      CREDENTIALS,
      'PKB_URL',
    ],
    ['no address', [connection(''), send()], CREDENTIALS, 'PKB_URL'],
    [
      'an environment that there is not',
      [connection('', { environment: 'moon' }), send()],
      CREDENTIALS,
      'PKB_SETTING',
    ],
    [
      'a timeout of 0',
      [connection('https://127.0.0.1:1/x', { timeout: 0 }), send()],
      CREDENTIALS,
      'PKB_SETTING',
    ],
    [
      'a timeout that is no number',
      [connection('https://127.0.0.1:1/x', { timeout: 'soon' }), send()],
      CREDENTIALS,
      'PKB_SETTING',
    ],
    [
      'a TLS configuration that is gone',
      [connection('https://127.0.0.1:1/x', { tls: 'gone' }), send()],
      CREDENTIALS,
      'PKB_SETTING',
    ],
    [
      'a proxy that is gone',
      [connection('https://127.0.0.1:1/x', { proxy: 'gone' }), send()],
      CREDENTIALS,
      'PKB_SETTING',
    ],
    ['an order that there is not', [connection(), simulator(), send({ orderBy: 'moon' })], {}, 'PKB_SETTING'],
  ] as [string, object[], Record<string, object>, string][]) {
    it(`reports ${what} to Catch, with the message, and stays up`, async () => {
      const flow = await start([...nodes, ...ends], credentials);
      flow.receive('send', { payload: stamped('id1'), marker: 'mine' });
      const caught = await flow.wait('caught');
      assert.equal(caught.error.code, code);
      assert.equal(caught.marker, 'mine');
      assert.equal(flow.statuses('send').at(-1)?.fill, 'red');
    });
  }

  for (const [what, payload, code] of [
    ['no text', { a: 1 }, 'PKB_HL7_TYPE'],
    ['an empty text', ' ', 'PKB_HL7_EMPTY'],
    ['no HL7', 'hello', 'PKB_HL7_NO_MSH'],
    ['no control ID', stamped(''), 'PKB_CONTROL_ID'],
    ['a character that XML cannot carry', stamped('1', { more: 'NTE|1||a\u0001b\r' }), 'PKB_HL7_CHARACTER'],
    ['two messages', stamped('1') + stamped('2'), 'PKB_HL7_BATCH'],
  ] as const) {
    it(`reports ${what} to Catch and stores nothing`, async () => {
      pkb = await startServer(acceptAll);
      const flow = await start([connection(pkb.url), send(), ...ends], CREDENTIALS);
      flow.receive('send', { payload });
      assert.equal((await flow.wait('caught')).error.code, code);
      assert.equal(pkb.arrived.length, 0);
    });
  }
});
