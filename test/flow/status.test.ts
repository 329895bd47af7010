import assert from 'node:assert/strict';
import { NHS_NUMBERS, stamped } from '../support/messages.js';
import { acceptAll, soapAck, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';
import { CATCH, collector, connection, CREDENTIALS, outbox, send } from './flows.js';
import { type RunningFlow, server, start, version } from './runtime.js';

describe(`what pkb-send shows and logs of its connection, on Node-RED ${version}`, () => {
  let pkb: TestServer;
  let busy = false;
  before(() => server.start());
  after(() => server.stop());
  beforeEach(async () => {
    busy = true;
    pkb = await startServer((arrived, response) => {
      if (busy) response.writeHead(503).end();
      else if (arrived.controlId === 'bad') response.end(soapAck('AR', 'bad'));
      else acceptAll(arrived, response);
    });
  });
  afterEach(async () => {
    await server.unload();
    await pkb.close();
  });

  const ends = [collector('accepted'), collector('rejected'), ...CATCH];
  const last = (flow: RunningFlow, id = 'send'): string => flow.statuses(id).at(-1)?.text ?? '';
  const lines = (flow: RunningFlow, key: string): string[] =>
    flow
      .log()
      .split('\n')
      .filter((line) => line.startsWith(`pkb-send.log.${key} `));

  it('logs once that a connection waits, and once that it sends again, however many nodes and tries', async () => {
    const nodes = [connection(pkb.url), send(), send({ id: 'second' }), ...ends];
    const flow = await start(nodes, CREDENTIALS);
    flow.receive('send', { payload: stamped('id1') });
    flow.receive('second', { payload: stamped('id2', { nhs: NHS_NUMBERS[1] }) });
    await until('it has been tried three times', () => pkb.arrived.length >= 3);
    for (const id of ['send', 'second'])
      await until(`${id} says since when it waits`, () => last(flow, id) === 'pkb-send.status.waiting-since');
    assert.equal(lines(flow, 'waiting').length, 1);
    assert.deepEqual(lines(flow, 'open'), []);
    busy = false;
    await flow.wait('accepted', 2);
    assert.equal(lines(flow, 'waiting').length, 1);
    assert.equal(lines(flow, 'open').length, 1);
  });

  it('counts each node’s own messages, by how they ended, once nothing is to be sent', async () => {
    busy = false;
    const nodes = [connection(pkb.url), send(), send({ id: 'second' }), ...ends];
    const flow = await start(nodes, CREDENTIALS);
    flow.receive('send', { payload: stamped('id1') });
    flow.receive('second', { payload: stamped('bad', { nhs: NHS_NUMBERS[1] }) });
    await until('one says so', () => last(flow) === 'pkb-send.status.accepted');
    await until('the other says so', () => last(flow, 'second') === 'pkb-send.status.rejected');
    assert.deepEqual(
      [flow.statuses('send').at(-1)?.fill, flow.statuses('send').at(-1)?.shape],
      ['green', 'dot'],
    );
  });

  it('shows nothing where nothing has been sent since the deploy', async () => {
    const flow = await start([connection(pkb.url), send(), ...ends], CREDENTIALS);
    await until('the outbox is open', () => flow.node('connection').delivery().openOutbox !== undefined);
    assert.deepEqual(flow.statuses('send'), []);
  });

  it('says that its connection is paused where that was so before the node was there', async () => {
    const store = outbox({ id: 'status-store' });
    const to = (url: string): Promise<RunningFlow> =>
      start([connection(url, { outbox: 'status-store' }), store, send(), ...ends], CREDENTIALS);
    const first = await to(pkb.url);
    first.receive('send', { payload: stamped('id1') });
    await until('it has been tried', () => pkb.arrived.length > 0);
    await server.unload();
    const other = await startServer(acceptAll);
    const flow = await to(other.url);
    await until('the status says so', () => last(flow) === 'pkb-send.status.paused');
    assert.equal(other.arrived.length, 0);
    await other.close();
  });
});
