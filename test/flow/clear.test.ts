import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { checkUrl } from '../../src/pkb/environments.js';
import { NHS_NUMBERS, stamped } from '../support/messages.js';
import { acceptAll, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';
import { CATCH, collector, connection, CREDENTIALS, send, simulator } from './flows.js';
import { server, start, version } from './runtime.js';

/** A TCP server that writes down all it is sent. */
async function recorder(handle: (socket: Socket) => void, host = '127.0.0.1') {
  const sockets = new Set<Socket>();
  const seen: string[] = [];
  const tcp: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => socket.destroy()));
    socket.on('data', (chunk: Buffer) => seen.push(chunk.toString('latin1')));
    handle(socket);
  });
  await new Promise<void>((resolve, reject) => tcp.once('error', reject).listen(0, host, resolve));
  return {
    port: (tcp.address() as AddressInfo).port,
    seen,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => tcp.close(resolve));
    },
  };
}

describe(`plain HTTP, on Node-RED ${version}`, () => {
  let pkb: TestServer;
  let proxy: Awaited<ReturnType<typeof recorder>>;
  before(async () => {
    await server.start();
    pkb = await startServer(acceptAll);
    proxy = await recorder((socket) => socket.once('data', () => socket.end('HTTP/1.1 502 No\r\n\r\n')));
  });
  after(async () => {
    await proxy.close();
    await pkb.close();
    await server.stop();
  });
  afterEach(async () => {
    await server.unload();
    pkb.arrived.length = 0;
    proxy.seen.length = 0;
  });

  const run = (url: string, more: object = {}, credentials: object = {}) =>
    start(
      [
        { id: 'proxy', type: 'http proxy', url: `http://127.0.0.1:${proxy.port}`, noproxy: [] },
        connection(url, { proxy: 'proxy', ...more }),
        send(),
        simulator(),
        collector('received'),
        collector('accepted'),
        collector('rejected'),
        ...CATCH,
      ],
      { ...CREDENTIALS, proxy: { username: 'joe', password: 'secret' }, ...credentials },
      ['network/06-httpproxy'],
    );

  /** What must not be shown to a proxy. */
  const SECRETS = [/partner_mailco|testing/, /cGFydG5lcl9tYWlsY286/, /PID\|/, new RegExp(NHS_NUMBERS[0])];
  const nothingIsShown = (): void => {
    for (const secret of SECRETS) assert.doesNotMatch(proxy.seen.join(''), secret);
  };

  for (const [address, hostname] of [
    ['http://127.0.0.1', '127.0.0.1'],
    ['http://localhost', 'localhost'],
    ['HTTP://LocalHost', 'localhost'],
    ['http://127.1', '127.0.0.1'],
    ['http://2130706433', '127.0.0.1'],
    ['http://0177.0.0.1', '127.0.0.1'],
    ['http://017700000001', '127.0.0.1'],
    ['http://0x7f.1', '127.0.0.1'],
    ['http://0x7F000001', '127.0.0.1'],
    ['http://127.0.0.1.', '127.0.0.1'],
    ['http://①②⑦.0.0.1', '127.0.0.1'],
    ['http://ｌocalhost', 'localhost'],
  ] as const) {
    it(`goes to ${address}, which is ${hostname}, and past the proxy`, async () => {
      const url = `${address}:${pkb.port}/services/hl7`;
      assert.equal(checkUrl(url).hostname, hostname);
      const flow = await run(url);
      flow.receive('send', { payload: stamped('id1') });
      await flow.wait('accepted');
      assert.deepEqual(
        pkb.arrived.map(({ controlId, request }) => [controlId, request.url]),
        [['id1', '/services/hl7']],
      );
      assert.deepEqual(proxy.seen, []);
    });
  }

  for (const host of ['127.0.0.2', '127.255.255.254', '127.0.1.0', '[::1]', '[0:0:0:0:0:0:0:1]', '[::0001]'])
    it(`may go to ${host}`, () => assert.equal(checkUrl(`http://${host}:1/x`).protocol, 'http:'));

  it('goes to [::1], and past the proxy', async () => {
    const six = await recorder((socket) => {
      const on = connect(pkb.port, '127.0.0.1');
      on.on('error', () => socket.destroy());
      socket.pipe(on).pipe(socket);
    }, '::1').catch(() => undefined);
    if (six === undefined) return console.log('      There is no IPv6 here: [::1] is not tried.');
    const flow = await run(`http://[::1]:${six.port}/services/hl7`);
    flow.receive('send', { payload: stamped('id1') });
    await flow.wait('accepted');
    assert.deepEqual(proxy.seen, []);
    await server.unload();
    await six.close();
  });

  for (const address of [
    'http://x.localhost',
    'http://localhost.',
    'http://localhost.localdomain',
    'http://localhost.example.org',
    'http://127.0.0.1.example.org',
    'http://127.0.0.1%2eexample.org',
    'http://0.0.0.0',
    'http://0',
    'http://[::]',
    'http://[::ffff:127.0.0.1]',
    'http://[::FFFF:7f00:0001]',
    'http://[0:0:0:0:0:ffff:127.0.0.1]',
    'http://[::127.0.0.1]',
    'http://[fe80::1]',
    'http://10.0.0.1',
    'http://192.168.0.1',
    'http://169.254.169.254',
    'http://126.255.255.255',
    'http://128.0.0.1',
    'http://2130706432.example.org',
    'http://2147483649',
    'http://1.0.0.127',
    'http://example.org',
    'http://example.org#@localhost',
    'http://lоcalhost',
    'ws://127.0.0.1',
    'ftp://127.0.0.1',
    'file://127.0.0.1',
    'http://127.0.0.1@10.0.0.1',
    'http://a:b@127.0.0.1',
    'http://[::1%25lo]',
    '//127.0.0.1',
    '127.0.0.1',
    '',
  ]) {
    it(`does not go to ${address || 'nowhere'}: refused with PKB_URL, and nothing is shown to anyone`, async () => {
      const flow = await run(address);
      flow.receive('send', { payload: stamped('id1'), marker: 'mine' });
      const caught = await flow.wait('caught');
      assert.deepEqual([caught.error.code, caught.marker], ['PKB_URL', 'mine']);
      assert.deepEqual([pkb.arrived.length, proxy.seen], [0, []]);
    });
  }

  it('goes past the proxy when a connection is tested, too', async () => {
    await run(pkb.url);
    const { body } = await server.admin('/pkb-connection/test', {
      id: 'connection',
      environment: 'custom',
      url: pkb.url,
      username: 'partner_mailco',
      password: 'testing',
      proxy: 'proxy',
    });
    assert.equal(body['ok'], true, String(body['text']));
    assert.deepEqual([pkb.arrived.length, proxy.seen], [1, []]);
  });

  it('goes past a proxy that environment variables name', async () => {
    const names = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy', 'NODE_USE_ENV_PROXY'];
    const before = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) process.env[name] = `http://127.0.0.1:${proxy.port}`;
    process.env['NODE_USE_ENV_PROXY'] = '1';
    try {
      const flow = await run(pkb.url, { proxy: '' });
      flow.receive('send', { payload: stamped('id1') });
      await flow.wait('accepted');
    } finally {
      for (const [name, value] of before)
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
    }
    assert.deepEqual(proxy.seen, []);
  });

  it('over HTTPS the proxy is used, and is shown where to connect, its own credentials and nothing else', async () => {
    const flow = await run(`https://127.0.0.1:${pkb.port}/services/hl7`);
    flow.receive('send', { payload: stamped('id1') });
    await until('the proxy is asked', () => proxy.seen.length > 0);
    assert.match(proxy.seen[0] ?? '', new RegExp(`^CONNECT 127\\.0\\.0\\.1:${pkb.port} HTTP/1\\.1\r\n`));
    assert.match(proxy.seen[0] ?? '', /proxy-authorization: Basic am9lOnNlY3JldA==/i);
    nothingIsShown();
    assert.deepEqual(pkb.arrived, []);
  });

  for (const environment of [
    '',
    ' ',
    undefined,
    null,
    'Simulator',
    'simulator ',
    'Sandbox',
    'production',
    'PRODUCTION-HSCN',
    'test',
    'toString',
    '__proto__',
    '${PKB_ENVIRONMENT}',
    7,
    true,
    ['simulator'],
  ]) {
    it(`the environment ${JSON.stringify(environment)} is refused with PKB_SETTING, and is not the simulator`, async () => {
      const flow = await run(pkb.url, { environment, proxy: '' });
      flow.receive('send', { payload: stamped('id1'), marker: 'mine' });
      const caught = await flow.wait('caught');
      assert.deepEqual([caught.error.code, caught.marker], ['PKB_SETTING', 'mine']);
      assert.match(caught.error.message, /choose an environment: none is chosen, or it is unknown/);
      assert.equal(flow.statuses('send').at(-1)?.fill, 'red');
      assert.deepEqual([pkb.arrived.length, flow.seen('received').length], [0, 0]);
    });
  }

  for (const username of ['partner:mailco', ':mailco', 'mailco:'])
    it(`a user name with a colon (${username}), which Basic cannot carry, is refused with PKB_CREDENTIALS`, async () => {
      const flow = await run(pkb.url, {}, { connection: { username, password: 'testing' } });
      flow.receive('send', { payload: stamped('id1') });
      await until('it has an end', () => flow.seen('caught').length + flow.seen('accepted').length > 0);
      assert.equal(flow.seen('caught')[0]?.error.code, 'PKB_CREDENTIALS');
      assert.deepEqual(pkb.arrived, []);
      assert.ok(!flow.log().includes(username));
    });

  it('a user name with a colon is refused when a connection is tested, too', async () => {
    await run(pkb.url);
    const entered = { environment: 'custom', url: pkb.url, username: 'partner:mailco', password: 'testing' };
    const { body } = await server.admin('/pkb-connection/test', entered);
    assert.equal(body['ok'], false, String(body['text']));
    assert.deepEqual(pkb.arrived, []);
  });

  it('a password with a colon is taken, and sent as it is', async () => {
    const flow = await run(pkb.url, {}, { connection: { username: 'partner_mailco', password: 'a:b:' } });
    flow.receive('send', { payload: stamped('id1') });
    await flow.wait('accepted');
    const [, basic = ''] = pkb.arrived[0]?.request.headers.authorization?.split(' ') ?? [];
    assert.equal(Buffer.from(basic, 'base64').toString(), 'partner_mailco:a:b:');
  });
});
