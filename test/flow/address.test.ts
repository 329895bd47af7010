/**
 * What was stored for one address goes to no other one without a person's word.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Outbox } from '../../src/delivery/outbox/contract.js';
import { NHS_NUMBERS, stamped } from '../support/messages.js';
import { remove, startNodeRed } from '../support/node-red.js';
import {
  post,
  readTold,
  sendingFlow,
  sendingUserDir,
  SENDING_SETTINGS,
  tellingErrors,
} from '../support/sending.js';
import { acceptAll, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';
import { CATCH, collector, connection, CREDENTIALS, outbox, send } from './flows.js';
import { type RunningFlow, server, start, version } from './runtime.js';

const runtime = process.env['NODE_RED'] ?? 'node-red';

/** Four messages of one patient, one of another. */
const WAITING = [
  ...['w1', 'w2', 'w3', 'w4'].map((id) => stamped(id)),
  stamped('other', { nhs: NHS_NUMBERS[1] }),
];

describe(`a connection whose address was changed while messages waited, on Node-RED ${version}`, () => {
  const agent = new Agent({ keepAlive: true });
  let earlier: TestServer;
  let newer: TestServer;
  let busy: boolean;

  before(() => server.start());
  after(() => {
    agent.destroy();
    return server.stop();
  });
  beforeEach(async () => {
    busy = false;
    stores++;
    earlier = await startServer((arrived, response) => {
      if (busy) response.writeHead(503).end();
      else acceptAll(arrived, response);
    });
    newer = await startServer(acceptAll);
  });
  afterEach(async () => {
    await server.unload();
    await earlier.close();
    await newer.close();
  });

  /** Stores in memory outlive a deploy, so each test has one of its own. */
  let stores = 0;
  const flowTo = ({ url }: TestServer): Promise<RunningFlow> => {
    const store = `address-${stores}`;
    const nodes = [connection(url, { outbox: store }), outbox({ id: store }), send()];
    return start([...nodes, collector('accepted'), collector('rejected'), ...CATCH], CREDENTIALS);
  };
  const ids = ({ arrived }: TestServer): string[] => arrived.map(({ controlId }) => controlId);
  const ofOnePatient = (found: string[]): string[] => found.filter((id) => id.startsWith('w'));
  const decide = (what: string): ReturnType<typeof server.admin> =>
    server.admin('/pkb-send/send/decide', { what });
  const isPaused = (flow: RunningFlow): boolean =>
    flow.statuses('send').at(-1)?.text?.endsWith('paused') ?? false;

  /** One message is accepted at the first address, five wait for it; then the connection goes to the second one. */
  const moved = async (): Promise<RunningFlow> => {
    const first = await flowTo(earlier);
    first.receive('send', { payload: stamped('early') });
    await first.wait('accepted');
    const store = first.node('connection').delivery().openOutbox as Outbox;
    await until('it is noted as told', async () => (await store.untold('connection', 'send')).length === 0);
    busy = true;
    for (const payload of WAITING) first.receive('send', { payload, topic: 'mine' });
    await until('one has been refused', () => earlier.arrived.length > 1);
    await server.unload();
    const flow = await flowTo(newer);
    await until('the connection is paused', () => isPaused(flow));
    return flow;
  };

  it('pauses with one alert that names both addresses, and says how many wait for which', async () => {
    const flow = await moved();
    const { error } = await flow.wait('caught');
    const alerts = [String(error.message)];
    assert.equal(flow.seen('caught').length, 1);
    assert.match(
      alerts[0] ?? '',
      /5 messages were stored for http:.*, and this connection now goes to http:/,
    );
    assert.ok(alerts[0]?.includes(new URL(earlier.url).origin));
    assert.ok(alerts[0]?.includes(new URL(newer.url).origin));
    const { body } = await server.read('/pkb-send/send/failed');
    assert.deepEqual(body, { failed: [], elsewhere: [{ address: new URL(earlier.url).origin, count: 5 }] });
  });

  it('sends nothing to the new address before the decision, and what comes now waits, too', async () => {
    const flow = await moved();
    flow.receive('send', { payload: stamped('late', { nhs: NHS_NUMBERS[2] }) });
    const store = flow.node('connection').delivery().openOutbox as Outbox;
    await until('it is stored', async () => (await store.queued('connection', 10)) === 6);
    assert.deepEqual(ids(newer), []);
    assert.deepEqual((await decide('maybe')).status, 400);
    assert.deepEqual(ids(newer), []);
  });

  it('sends them there in order, by a person’s word', async () => {
    const flow = await moved();
    const { status, body } = await decide('send');
    assert.deepEqual([status, body], [200, { count: 5 }]);
    await flow.wait('accepted', 5);
    assert.deepEqual(ofOnePatient(ids(newer)), ['w1', 'w2', 'w3', 'w4']);
    assert.deepEqual(ids(newer).toSorted(), ['other', 'w1', 'w2', 'w3', 'w4']);
    assert.ok(flow.seen('accepted').every(({ topic }) => topic === 'mine'));
    assert.deepEqual(
      flow
        .seen('accepted')
        .map(({ hl7 }) => hl7)
        .toSorted(),
      WAITING.toSorted(),
    );
    assert.ok(flow.seen('caught').every(({ error }) => error.code === 'PKB_MISCONFIGURED'));
    assert.deepEqual((await server.read('/pkb-send/send/failed')).body['elsewhere'], []);
    flow.receive('send', { payload: stamped('late') });
    await flow.wait('accepted', 6);
    assert.equal(ids(earlier).filter((id) => id === 'early').length, 1);
  });

  it('gives each to Catch once with PKB_DISCARDED, by a person’s word, and sends none', async () => {
    const flow = await moved();
    const { status, body } = await decide('discard');
    assert.deepEqual([status, body], [200, { count: 5 }]);
    const discarded = (): { payload: string; topic: string }[] =>
      flow.seen('caught').filter(({ error }) => error.code === 'PKB_DISCARDED');
    await until('all are told', () => discarded().length >= 5);
    flow.receive('send', { payload: stamped('late') });
    await flow.wait('accepted');
    assert.deepEqual(
      discarded()
        .map(({ payload }) => payload)
        .toSorted(),
      WAITING.toSorted(),
    );
    assert.ok(discarded().every(({ topic }) => topic === 'mine'));
    assert.deepEqual(ids(newer), ['late']);
    // They are no failures that could be sent again, and over a deploy nothing is told once more.
    assert.deepEqual((await server.read('/pkb-send/send/failed')).body, { failed: [], elsewhere: [] });
    await server.unload();
    const again = await flowTo(newer);
    again.receive('send', { payload: stamped('later') });
    // The outcome of the one before may be told again.
    await until('it is accepted', () =>
      again.seen('accepted').some(({ payload }) => payload.controlId === 'later'),
    );
    assert.deepEqual(again.seen('caught'), []);
    assert.deepEqual(ids(newer), ['late', 'later']);
  });

  it('goes on by itself when the address is changed back', async () => {
    await moved();
    await server.unload();
    busy = false;
    const back = await flowTo(earlier);
    await back.wait('accepted', 5);
    assert.deepEqual(ids(newer), []);
    assert.deepEqual(back.seen('caught'), []);
  });

  for (const what of ['send', 'discard'] as const) {
    it(`keeps to it over a whole restart with the embedded file (${what})`, async function () {
      this.timeout(60_000);
      const userDir = sendingUserDir(earlier.url, tellingErrors());
      const first = await startNodeRed(runtime, userDir, SENDING_SETTINGS);
      assert.ok(await post(`${first.url}/in`, stamped('early'), agent));
      await until('it is accepted', () => readTold(userDir).length === 1);
      busy = true;
      for (const message of WAITING) assert.ok(await post(`${first.url}/in`, message, agent));
      await until('one has been refused', () => earlier.arrived.length > 1);
      await first.stop();
      const flows = [...sendingFlow(newer.url, userDir), ...tellingErrors()];
      writeFileSync(join(userDir, 'flows.json'), JSON.stringify(flows));

      const second = await startNodeRed(runtime, userDir, SENDING_SETTINGS);
      const failed = async (): Promise<unknown> => (await fetch(`${second.url}/pkb-send/send/failed`)).json();
      const elsewhere = [{ address: new URL(earlier.url).origin, count: 5 }];
      await until('it says so', async () => isDeepStrictEqual(await failed(), { failed: [], elsewhere }));
      assert.deepEqual(ids(newer), []);
      const answer = await fetch(`${second.url}/pkb-send/send/decide`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ what }),
      });
      assert.deepEqual(await answer.json(), { count: 5 });
      // The restart may come before "early" is noted as told; then it is told twice, and the pause's alert names none.
      const told = (): string[] =>
        readTold(userDir)
          .filter(({ id }) => id !== 'early' && id !== '-')
          .map(({ id, outcome }) => `${outcome} ${id}`);
      await until('all are told', () => told().length >= 5);
      assert.ok(await post(`${second.url}/in`, stamped('late'), agent));
      await until('what came later is told', () => told().includes('accepted late'));
      await second.stop();
      const word = what === 'send' ? 'accepted' : 'PKB_DISCARDED';
      const each = ['other', 'w1', 'w2', 'w3', 'w4'].map((id) => `${word} ${id}`);
      assert.deepEqual(told().toSorted(), [...each, 'accepted late'].toSorted());
      assert.deepEqual(ofOnePatient(ids(newer)), what === 'send' ? ['w1', 'w2', 'w3', 'w4'] : []);
      assert.equal(newer.arrived.length, what === 'send' ? 6 : 1);
      assert.equal(ids(earlier).filter((id) => id === 'early').length, 1);
      remove(userDir);
    });
  }
});
