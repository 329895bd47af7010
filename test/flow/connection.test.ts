import assert from 'node:assert/strict';
import { stamped } from '../support/messages.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';
import { collector, connection, CREDENTIALS, send, simulator } from './flows.js';
import { server, start, version } from './runtime.js';

describe(`the connection test on Node-RED ${version}`, () => {
  let pkb: TestServer;
  let status = 405;
  before(async () => {
    await server.start();
    pkb = await startServer((_arrived, response) => response.writeHead(status).end());
  });
  after(async () => {
    await pkb.close();
    await server.stop();
  });
  afterEach(() => server.unload());

  const entered = (more: object = {}): object => ({
    id: 'connection',
    environment: 'custom',
    url: pkb.url,
    username: 'u',
    password: 'p',
    ...more,
  });
  const verdict = async (tried: object): Promise<{ ok: boolean; text: string }> => {
    const { body } = await server.admin('/pkb-connection/test', tried);
    return body as { ok: boolean; text: string };
  };

  it('says how many messages stay pending where it is removed', async () => {
    status = 503;
    const flow = await start(
      [connection(pkb.url), send(), collector('accepted'), collector('rejected')],
      CREDENTIALS,
    );
    flow.receive('send', { payload: stamped('left') });
    await until('it is pending', async () => {
      const outbox = await flow.node('connection').delivery().outbox();
      return (await outbox.counts('connection')).queued === 1;
    });
    await flow.node('connection').close(true);
    assert.match(flow.log(), /pkb-connection\.warning\.removed/);
  });

  it('says that it was reached and not refused, with what is entered, and sends no message', async () => {
    await start([connection(pkb.url), send(), collector('accepted'), collector('rejected')], CREDENTIALS);
    status = 405;
    const tried = await verdict(entered());
    assert.ok(tried.ok && tried.text.includes('No message was sent'), tried.text);
    const last = pkb.arrived.at(-1);
    assert.deepEqual([last?.request.method, last?.body], ['GET', '']);
    assert.equal(last?.request.headers.authorization, `Basic ${Buffer.from('u:p').toString('base64')}`);
  });

  it('uses the stored password where it was not changed', async () => {
    await start([connection(pkb.url), send(), collector('accepted'), collector('rejected')], CREDENTIALS);
    await verdict(entered({ username: 'partner_mailco', password: '__PWRD__' }));
    assert.equal(pkb.arrived.at(-1)?.request.headers.authorization, 'Basic cGFydG5lcl9tYWlsY286dGVzdGluZw==');
  });

  for (const [code, text] of [
    [401, 'refused'],
    [403, 'refused'],
    [404, 'nothing at this path'],
    [302, 'redirect'],
    [503, 'out of order'],
  ] as const) {
    it(`says what a ${code} means`, async () => {
      await start([connection(pkb.url)], CREDENTIALS);
      status = code;
      const tried = await verdict(entered());
      assert.ok(!tried.ok && tried.text.includes(text), tried.text);
    });
  }

  it('says what is wrong with what is entered, and what cannot be reached', async () => {
    await start([connection(pkb.url)], CREDENTIALS);
    assert.match(
      (await verdict(entered({ url: 'http://127.0.0.1:1/x' }))).text,
      /could not be reached \(ECONNREFUSED\)/,
    );
    assert.match((await verdict(entered({ url: 'http://example.org/' }))).text, /https/);
    assert.match((await verdict(entered({ id: 'new', password: '' }))).text, /user name and password/);
    assert.match((await verdict({ environment: 'simulator' })).text, /no pkb-simulator/);
    assert.match((await verdict({})).text, /choose an environment/);
  });

  it('reaches the simulator of its own Node-RED', async () => {
    await start([connection(), simulator(), collector('received')]);
    assert.ok((await verdict({ environment: 'simulator' })).ok);
  });
});
