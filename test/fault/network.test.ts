import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type RunningSimulator, startSimulator } from '../../src/simulator/server.js';
import { authority, certificate, type Pair } from '../support/certificates.js';
import { stamped } from '../support/messages.js';
import { linkedUserDir, type NodeRed, remove, startNodeRed } from '../support/node-red.js';
import { until } from '../support/wait.js';

for (const runtime of ['node-red', 'node-red-4']) {
  describe(`${runtime}'s own tls-config and http proxy nodes`, function () {
    this.timeout(90_000);
    let ca: Pair;
    let pkb: RunningSimulator;
    let red: NodeRed | undefined;
    let userDir: string;
    const connects: string[] = [];
    const sockets = new Set<Socket>();
    const proxy = createServer().on('connect', (request, client: Socket) => {
      connects.push(request.headers['proxy-authorization'] ?? 'none');
      const { hostname, port } = new URL(`http://${request.url}`);
      const upstream = connect(Number(port), hostname, () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(client).pipe(upstream);
      });
      for (const socket of [client, upstream]) sockets.add(socket.on('error', () => socket.destroy()));
    });

    before(async () => {
      ca = await authority();
      pkb = await startSimulator({
        username: 'partner_mailco',
        password: 'testing',
        tls: await certificate(ca, 'localhost'),
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    });
    after(async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await pkb.close();
    });
    afterEach(async () => {
      await red?.stop();
      remove(userDir);
    });

    const run = async (tls: object, noproxy: string[] = []): Promise<NodeRed> => {
      userDir = linkedUserDir();
      writeFileSync(join(userDir, 'ca.pem'), ca.cert);
      const { port } = proxy.address() as AddressInfo;
      const place = { z: 'tab', x: 10, y: 10 };
      const props = [{ p: 'payload', v: stamped('id1'), vt: 'str' }];
      const flow = [
        { id: 'tab', type: 'tab' },
        {
          id: 'tls',
          type: 'tls-config',
          cert: '',
          key: '',
          ca: join(userDir, 'ca.pem'),
          certType: 'files',
          verifyservercert: true,
          ...tls,
        },
        { id: 'proxy', type: 'http proxy', url: `http://127.0.0.1:${port}`, noproxy },
        {
          id: 'c',
          type: 'pkb-connection',
          environment: 'custom',
          url: pkb.url,
          tls: 'tls',
          proxy: 'proxy',
          timeout: 5,
        },
        { id: 'inject', type: 'inject', props, once: true, onceDelay: 0.1, wires: [['send']], ...place },
        { id: 'send', type: 'pkb-send', connection: 'c', wires: [['print'], ['print']], ...place },
        { id: 'catch', type: 'catch', scope: null, wires: [['error']], ...place },
        {
          id: 'print',
          type: 'function',
          func: "node.warn('ENDED ' + msg.payload.outcome);",
          wires: [],
          ...place,
        },
        {
          id: 'error',
          type: 'function',
          func: "node.warn('FAILED ' + msg.error.code);",
          wires: [],
          ...place,
        },
      ];
      writeFileSync(join(userDir, 'flows.json'), JSON.stringify(flow));
      const credentials = {
        c: { username: 'partner_mailco', password: 'testing' },
        proxy: { username: 'joe', password: 'secret' },
      };
      writeFileSync(join(userDir, 'flows_cred.json'), JSON.stringify(credentials));
      red = await startNodeRed(runtime, userDir, 'credentialSecret: false');
      return red;
    };

    it('are used: the authority is trusted, and the way is through the proxy with its credentials', async () => {
      connects.length = 0;
      const { output } = await run({});
      await until('it is accepted', () => output().includes('ENDED accepted'));
      assert.deepEqual(connects, [`Basic ${Buffer.from('joe:secret').toString('base64')}`]);
      assert.equal(pkb.received.at(-1)?.hl7, stamped('id1'));
    });

    it('the proxy is left out for hosts it is not for', async () => {
      connects.length = 0;
      const { output } = await run({}, ['localhost']);
      await until('it is accepted', () => output().includes('ENDED accepted'));
      assert.deepEqual(connects, []);
    });

    it('a certificate file that is missing is said, and nothing is sent', async () => {
      const before = pkb.received.length;
      const { output } = await run({ ca: '/nowhere/ca.pem' });
      await until('it is said', () => output().includes('FAILED PKB_SETTING'));
      assert.equal(pkb.received.length, before);
    });
  });
}
