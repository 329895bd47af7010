import assert from 'node:assert/strict';
import {
  ADMIN_AUTH,
  type Answer,
  call,
  PERMISSIONS,
  PKB_WORDS,
  type Role,
  SECRETS,
  signIn,
  startAttacked,
} from '../support/admin.js';
import { NHS_NUMBERS } from '../support/messages.js';
import { type NodeRed, remove } from '../support/node-red.js';
import { soapAck, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const basic = ({ username, password }: { username: string; password: string }): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** The routes of ours that take a POST, each with a body that it would act on. */
const POSTS: Record<string, object> = {
  '/pkb-connection/test': { id: 'connection', environment: 'custom', url: '', password: '__PWRD__' },
  '/pkb-guard/try': { text: 'MSH|' },
  '/pkb-send/send/release': {},
  '/pkb-send/send/replay': { id: 1, controlId: 'id1' },
  '/pkb-send/send/decide': { what: 'send' },
  '/pkb/search': { connection: 'connection' },
  '/pkb/message': { connection: 'connection', id: 1 },
  '/pkb/again': { connection: 'connection', id: 1 },
  '/pkb/discard': { connection: 'connection', ids: [1], reason: 'x' },
  '/pkb/dismiss': { connection: 'connection', ids: [1] },
  '/pkb/pause': { connection: 'connection', reason: 'x' },
  '/pkb/resume': { connection: 'connection' },
  '/pkb/count': { connection: 'connection' },
  '/pkb/all': { connection: 'connection', act: 'again', count: 1, until: 4e12 },
  '/pkb/evidence': { connection: 'connection', ids: [1] },
  '/pkb/trail': { connection: 'connection' },
  '/pkb/runs': { connection: 'connection' },
  '/pkb/letters': { connection: 'connection' },
  '/pkb/run': { connection: 'connection', run: 'night' },
};

/** Whoever reads. Node-RED's own `write` does not include `read`. */
const READERS: readonly Role[] = ['everything', 'reader', 'clinician', 'operator', 'anonymous'];

const EVERYBODY = Object.keys(PERMISSIONS) as Role[];

/** The routes of ours that take a GET, each with who may use it. */
const GETS: Record<string, readonly Role[]> = {
  '/pkb-guard/rules': READERS,
  '/pkb-send/send/failed': READERS,
  '/pkb': EVERYBODY,
  '/pkb/page.js': EVERYBODY,
  '/pkb/texts': EVERYBODY,
  '/pkb/connections': READERS,
  '/pkb/hours': READERS,
  '/pkb/metrics': READERS,
};

for (const runtime of ['node-red', 'node-red-4']) {
  describe(`attacks on the admin routes of ${runtime}`, function () {
    this.timeout(90_000);
    let pkb: TestServer;
    let attacker: TestServer;
    let red: NodeRed;

    before(async () => {
      pkb = await startServer(({ request, controlId }, response) =>
        request.method === 'POST'
          ? response.end(soapAck('AR', controlId, PKB_WORDS.replaceAll('<', '&lt;')))
          : response.writeHead(405).end(),
      );
      attacker = await startServer((_arrived, response) => response.writeHead(405).end());
    });
    after(async () => {
      await pkb.close();
      await attacker.close();
    });
    beforeEach(() => {
      attacker.arrived.length = 0;
      pkb.arrived.length = 0;
    });

    const run = (settings: string): Promise<NodeRed> =>
      startAttacked(runtime, pkb.url, attacker.url, settings, {
        ATTACK_PKB_URL: pkb.url,
        ATTACK_PKB_USER: 'env_user',
        ATTACK_PKB_PASSWORD: 'SECRET-OF-ENV',
        ATTACK_EXCLUDED: 'SECRET-OF-EXCLUDED',
      });
    const stop = async (): Promise<void> => {
      await red?.stop();
      if (red) remove(red.userDir);
    };
    const post = (path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
      call(red.url + path, 'POST', { ...JSON_TYPE, ...headers }, JSON.stringify(body));
    const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
      call(red.url + path, 'GET', headers);
    const rejectedOne = (headers: Record<string, string>): Promise<void> =>
      until('the message is rejected', async () => {
        const { body } = await get('/pkb-send/send/failed', headers);
        return body?.failed?.length > 0;
      });
    /** What is sent from the dialog when nothing was changed in it but the address. */
    const entered = (id: string, more: object = {}): object => ({
      id,
      environment: 'custom',
      url: attacker.url,
      username: SECRETS[id]?.username ?? '',
      password: '__PWRD__',
      tls: '',
      proxy: '',
      ...more,
    });
    const sentSecrets = (): string[] =>
      attacker.arrived.flatMap(({ request: { headers } }) =>
        [headers.authorization, headers['proxy-authorization']].flatMap((value) =>
          value === undefined ? [] : [Buffer.from(value.replace('Basic ', ''), 'base64').toString()],
        ),
      );

    describe('with adminAuth', () => {
      const as = {} as Record<Role, Record<string, string>>;
      before(async () => {
        red = await run(`${ADMIN_AUTH}, envVarExcludes: ['ATTACK_EXCLUDED']`);
        for (const role of Object.keys(PERMISSIONS) as Role[]) as[role] = await signIn(red, role);
        await rejectedOne(as.everything);
      });
      after(stop);

      for (const [path, allowed] of [
        ['/pkb-connection/test', ['everything', 'writer']],
        ['/pkb-guard/try', ['everything', 'writer']],
        ['/pkb-send/send/release', ['everything', 'writer', 'operator']],
        ['/pkb-send/send/decide', ['everything', 'writer', 'operator']],
        ['/pkb-send/nothing/replay', ['everything', 'writer', 'operator']],
        ['/pkb/search', ['everything', 'reader', 'clinician', 'operator', 'anonymous']],
        ['/pkb/message', ['everything', 'reader', 'clinician', 'operator', 'anonymous']],
        ['/pkb/again', ['everything', 'writer', 'operator']],
        ['/pkb/discard', ['everything', 'writer', 'operator']],
        ['/pkb/dismiss', ['everything', 'writer', 'operator']],
        ['/pkb/pause', ['everything', 'writer', 'operator']],
        ['/pkb/resume', ['everything', 'writer', 'operator']],
        ['/pkb/count', ['everything', 'reader', 'clinician', 'operator', 'anonymous']],
        ['/pkb/all', ['everything', 'writer', 'operator']],
        ['/pkb/evidence', ['everything', 'reader', 'clinician', 'operator', 'anonymous']],
        ['/pkb/trail', ['everything', 'writer', 'operator']],
        ['/pkb/runs', ['everything', 'reader', 'clinician', 'operator', 'anonymous']],
        ['/pkb/letters', ['everything', 'reader', 'clinician', 'operator', 'anonymous']],
        ['/pkb/run', ['everything', 'reader', 'clinician', 'operator', 'anonymous']],
      ] as const) {
        it(`POST ${path} is for ${allowed.join(', ')} only`, async () => {
          const let_in: string[] = [];
          for (const role of Object.keys(PERMISSIONS) as Role[]) {
            const { status } = await post(path, { id: 1, controlId: 'x', text: 'MSH|' }, as[role]);
            if (status !== 401) let_in.push(role);
          }
          assert.deepEqual(let_in, allowed);
        });
      }

      for (const [path, allowed] of Object.entries(GETS)) {
        it(`GET ${path} is for ${allowed === EVERYBODY ? 'everybody' : `${allowed.join(', ')} only`}`, async () => {
          for (const role of EVERYBODY) {
            const { status } = await get(path, as[role]);
            assert.equal(status, allowed.includes(role) ? 200 : 401, role);
          }
        });
      }

      it('PKB’s words are given to who has pkb.phi only, and the rest of the row to who reads', async () => {
        for (const role of ['everything', 'clinician'] as const) {
          const { body } = await get('/pkb-send/send/failed', as[role]);
          assert.ok(body.failed[0].reason.includes(PKB_WORDS), role);
          assert.equal(body.failed[0].reasonHidden, undefined);
        }
        for (const role of ['reader', 'operator', 'anonymous'] as const) {
          const { body, text } = await get('/pkb-send/send/failed', as[role]);
          for (const word of ['Example', 'PID-5', NHS_NUMBERS[0]]) assert.ok(!text.includes(word), role);
          const [{ reason, reasonHidden, controlId, state }] = body.failed;
          assert.deepEqual(
            { reason, reasonHidden, controlId, state },
            { reason: null, reasonHidden: true, controlId: 'id1', state: 'rejected' },
          );
        }
      });

      for (const id of Object.keys(SECRETS)) {
        it(`the stored secret of ${id} is sent to nobody who asks for it`, async () => {
          const { body } = await post('/pkb-connection/test', entered(id), as.everything);
          assert.deepEqual(sentSecrets(), []);
          assert.equal(body.ok, false);
          assert.match(body.text, /password/i);
        });
      }

      it('the stored password goes to its own address only, and only by the way that is deployed', async () => {
        for (const changed of [
          { url: `${pkb.url}/other` },
          { url: pkb.url, proxy: 'proxy' },
          { url: pkb.url, tls: 'tls' },
          { url: pkb.url, environment: 'simulator', proxy: 'proxy' },
          { url: pkb.url, environment: 'sandbox' },
        ]) {
          const { body } = await post('/pkb-connection/test', entered('connection', changed), as.everything);
          assert.equal(body.ok, false, JSON.stringify(changed));
        }
        assert.deepEqual([sentSecrets(), pkb.arrived], [[], []]);
        const own = entered('connection', { url: pkb.url });
        const { body } = await post('/pkb-connection/test', own, as.everything);
        assert.equal(body.ok, true, body.text);
        const authorizations = pkb.arrived.map(({ request }) => request.headers.authorization);
        assert.deepEqual(authorizations, [basic(SECRETS['connection'] ?? assert.fail())]);
      });

      it('what is typed is tried at any address, as a deploy would', async () => {
        const typed = entered('connection', { username: 'u', password: 'typed' });
        assert.equal((await post('/pkb-connection/test', typed, as.writer)).body.ok, true);
        assert.deepEqual(sentSecrets(), ['u:typed']);
      });

      it('environment variables are resolved as in a deployed node, stored or entered', async () => {
        const stored = entered('by-env', { url: '${ATTACK_PKB_URL}', username: '${ATTACK_PKB_USER}' });
        assert.equal((await post('/pkb-connection/test', stored, as.writer)).body.ok, true);
        const typed = { ...stored, id: 'new', password: '${ATTACK_PKB_PASSWORD}' };
        assert.equal((await post('/pkb-connection/test', typed, as.writer)).body.ok, true);
        const sent = pkb.arrived.map(({ request }) => request.headers.authorization);
        const wanted = basic({ username: 'env_user', password: 'SECRET-OF-ENV' });
        assert.deepEqual(sent, [wanted, wanted]);
      });

      it('environment variables that are kept from flows are kept from the test', async () => {
        for (const id of ['new', 'connection']) {
          const typed = entered(id, { username: 'u', password: '${ATTACK_EXCLUDED}' });
          await post('/pkb-connection/test', typed, as.everything);
        }
        assert.deepEqual(sentSecrets(), ['u:${ATTACK_EXCLUDED}', 'u:${ATTACK_EXCLUDED}']);
      });

      it('a node of another kind is no proxy and no TLS configuration', async () => {
        for (const changed of [{ proxy: 'connection' }, { tls: 'request' }, { proxy: 'broker' }]) {
          const typed = entered('connection', { username: 'u', password: 'p', ...changed });
          const { body } = await post('/pkb-connection/test', typed, as.everything);
          assert.equal(body.ok, false, JSON.stringify(changed));
        }
        assert.deepEqual(sentSecrets(), []);
      });

      it('settings of a wrong type are refused', async () => {
        for (const wrong of [{ id: 5 }, { url: {} }, { password: ['x'] }, { username: 1 }, { tls: {} }]) {
          const { status } = await post('/pkb-connection/test', entered('connection', wrong), as.everything);
          assert.equal(status, 400, JSON.stringify(wrong));
        }
      });

      it('each use is one line in the log: who, which connection, what came of it', async () => {
        const lines = (): string[] =>
          red
            .output()
            .split('\n')
            .filter((line) => line.includes('Test of '));
        const before = lines().length;
        await post('/pkb-connection/test', entered('connection', { url: pkb.url }), as.writer);
        await post('/pkb-connection/test', entered('connection\n21 Nov - forged'), as.everything);
        await until('both are in the log', () => lines().length === before + 2);
        const [used, refused] = lines().slice(before);
        assert.match(used ?? '', /Test of connection by writer, stored password: reached/);
        assert.match(
          refused ?? '',
          /Test of a connection that is not deployed by everything, .*: not reached/,
        );
        assert.ok(!/SECRET|partner_mailco|127\.0\.0\.1/.test(lines().join()), lines().join());
      });

      it('a read user cannot make Node-RED work for long', async () => {
        // Of 80 kB such as these the guard can take many seconds.
        const text = `MSH|^~\\&|A||||||ADT^A31|||\r${'\\\r'.repeat(40_000)}`;
        for (const role of ['reader', 'anonymous'] as const) {
          const began = performance.now();
          const { status } = await post('/pkb-guard/try', { text }, as[role]);
          assert.ok(performance.now() - began < 1000, `${Math.round(performance.now() - began)} ms`);
          assert.equal(status, 401);
        }
      });

      it('acting is written down with the name of who did it', async () => {
        await post('/pkb-send/send/release', {}, as.operator);
        await until('it is in the log', () => red.output().includes('pkb-send send: resumed by operator'));
        await post('/pkb-send/send/decide', { what: 'send' }, as.operator);
        const decided = 'pkb-send send: messages for another address sent by operator';
        await until('that is in the log, too', () => red.output().includes(decided));
      });
    });

    describe('without adminAuth', () => {
      before(async () => {
        red = await run('');
        await rejectedOne({});
      });
      after(stop);

      const form = (fields: object): string =>
        new URLSearchParams(Object.entries(fields).map(([key, value]) => [key, String(value)])).toString();

      for (const [path, body] of Object.entries(POSTS)) {
        it(`a page cannot reach POST ${path} by a form`, async () => {
          const url = red.url + path;
          const filled = path.includes('test') ? entered('connection') : body;
          const origin = { origin: 'https://attacker.example' };
          for (const [type, text] of [
            ['application/x-www-form-urlencoded', form(filled)],
            ['multipart/form-data; boundary=x', `--x\r\n\r\n${form(filled)}\r\n--x--`],
            ['text/plain', JSON.stringify(filled)],
            ['text/plain; application/json', JSON.stringify(filled)],
            ['application/x-www-form-urlencoded; application/json', form(filled)],
            ['', JSON.stringify(filled)],
          ] as const) {
            const headers: Record<string, string> =
              type === '' ? origin : { ...origin, 'content-type': type };
            const { status } = await call(url, 'POST', headers, text);
            assert.equal(status, 415, type);
          }
          assert.equal((await call(url, 'POST', {})).status, 415);
          assert.deepEqual(sentSecrets(), []);
        });

        it(`a page cannot reach POST ${path} by a script`, async () => {
          // Node-RED 4.1 allows every page to send JSON to its admin API.
          for (const headers of [
            { origin: 'https://attacker.example' },
            { origin: 'null' },
            { origin: red.url, 'sec-fetch-site': 'cross-site' },
            { origin: 'https://attacker.example', 'x-forwarded-host': 'attacker.example' },
            { origin: 'https://attacker.example', authorization: 'Bearer x' },
          ] as Record<string, string>[]) {
            const { status } = await post(path, body, headers);
            assert.equal(status, 403, JSON.stringify(headers));
          }
        });
      }

      for (const [path, allowed] of Object.entries(GETS)) {
        it(`a page can${allowed === EVERYBODY ? '' : 'not'} read GET ${path}`, async () => {
          const { status } = await get(path, { origin: 'https://attacker.example' });
          assert.equal(status, allowed === EVERYBODY ? 200 : 403);
        });
      }

      it('a page cannot read PKB’s words', async () => {
        const { status, text } = await get('/pkb-send/send/failed', { origin: 'https://attacker.example' });
        assert.equal(status, 403);
        assert.ok(!text.includes('Example'));
      });

      it('the editor itself, and programs that are no browser, work as before', async () => {
        const { body } = await get('/pkb-send/send/failed');
        assert.ok(body.failed[0].reason.includes(PKB_WORDS));
        for (const headers of [
          {},
          { origin: red.url },
          { origin: red.url, 'sec-fetch-site': 'same-origin' },
          // Behind a proxy that gives Node-RED another host name, the browser's own word counts.
          { origin: 'https://editor.example', 'sec-fetch-site': 'same-origin' },
        ] as Record<string, string>[]) {
          assert.equal((await post('/pkb-send/send/release', {}, headers)).status, 200);
          assert.equal((await post('/pkb-guard/try', { text: 'MSH|' }, headers)).status, 200);
          const own = entered('connection', { url: pkb.url });
          assert.equal((await post('/pkb-connection/test', own, headers)).body.ok, true);
        }
      });

      it('the stored secret of any node is sent to nobody who asks for it', async () => {
        for (const id of Object.keys(SECRETS)) await post('/pkb-connection/test', entered(id));
        assert.deepEqual(sentSecrets(), []);
      });
    });
  });
}
