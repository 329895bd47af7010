/** The metrics of a whole Node-RED, as Prometheus gets them: who may, what they say, and what outlives a deploy. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import {
  ADMIN_AUTH,
  type Answer,
  call,
  PERMISSIONS,
  type Role,
  signIn,
  startRejecting,
} from '../support/admin.js';
import { NHS_NUMBERS, stamped } from '../support/messages.js';
import { Scraped } from '../support/metrics.js';
import { type NodeRed, remove, startNodeRed } from '../support/node-red.js';
import { type FlowNode, post, SENDING_SETTINGS, sendingUserDir } from '../support/sending.js';
import type { TestServer } from '../support/server.js';
import { until } from '../support/wait.js';

/** The setting that the page for operators gives for a token of Prometheus's own. */
const [, DOCUMENTED = ''] =
  /```js\n\/\/ in settings\.js\n([\s\S]*?)```/.exec(
    readFileSync(join(__dirname, '../../docs/operators.md'), 'utf8'),
  ) ?? [];

for (const runtime of ['node-red', 'node-red-4']) {
  describe(`the metrics of ${runtime}`, function () {
    this.timeout(90_000);
    let pkb: TestServer;
    let red: NodeRed;
    const agent = new Agent({ keepAlive: true });
    const get = (headers: Record<string, string> = {}): Promise<Answer> =>
      call(`${red.url}/pkb/metrics`, 'GET', headers);
    const scrape = async (headers: Record<string, string> = {}): Promise<Scraped> => {
      const { status, text } = await get(headers);
      assert.equal(status, 200, text);
      return new Scraped(text);
    };

    before(async () => {
      pkb = await startRejecting((controlId) => controlId.startsWith('bad'));
    });
    after(async () => {
      agent.destroy();
      await pkb.close();
    });

    describe('with adminAuth, two outboxes, and one of them down', () => {
      const as = {} as Record<Role, Record<string, string>>;
      const flows = (): FlowNode[] =>
        JSON.parse(readFileSync(join(red.userDir, 'flows.json'), 'utf8')) as FlowNode[];

      before(async () => {
        // A folder cannot be an outbox file.
        const down: FlowNode[] = [
          { id: 'outbox-down', type: 'pkb-outbox', store: 'embedded', path: 'node_modules' },
          {
            id: 'down',
            type: 'pkb-connection',
            name: 'Down',
            environment: 'custom',
            url: pkb.url,
            outbox: 'outbox-down',
          },
        ];
        const userDir = sendingUserDir(pkb.url, down);
        const login = { username: 'partner_mailco', password: 'testing' };
        writeFileSync(join(userDir, 'flows_cred.json'), JSON.stringify({ connection: login, down: login }));
        red = await startNodeRed(runtime, userDir, `${SENDING_SETTINGS}, ${ADMIN_AUTH}`);
        for (const role of Object.keys(PERMISSIONS) as Role[]) as[role] = await signIn(red, role);
      });
      after(async () => {
        await red?.stop();
        if (red) remove(red.userDir);
      });

      /** Deploys. @param type as the editor's menu has it */
      const deploy = async (nodes: readonly object[], type: 'full' | 'nodes'): Promise<void> => {
        const { status, text } = await call(
          `${red.url}/flows`,
          'POST',
          { ...as.everything, 'content-type': 'application/json', 'Node-RED-Deployment-Type': type },
          JSON.stringify(nodes),
        );
        assert.equal(status, 204, text);
      };
      const hand = async (controlId: string): Promise<void> =>
        assert.ok(await post(`${red.url}/in`, stamped(controlId), agent), `${controlId} is stored`);
      const ended = async (state: string, more: Record<string, string> = {}): Promise<number | undefined> =>
        (await scrape(as.reader)).value('pkb_messages_ended_total', {
          connection: 'connection',
          state,
          ...more,
        });

      it('are for who may read, and for nobody else', async () => {
        const let_in: string[] = [];
        for (const role of Object.keys(PERMISSIONS) as Role[]) {
          const { status, text } = await get(as[role]);
          if (status === 200) let_in.push(role);
          else assert.deepEqual([status, text], [401, '']);
        }
        assert.deepEqual(let_in, ['everything', 'reader', 'clinician', 'operator', 'anonymous']);
      });

      it('say what became of messages, and hold nothing of them', async () => {
        for (const id of ['good-1', 'good-2', 'bad-1']) await hand(id);
        await until(
          'all have ended',
          async () => [await ended('accepted'), await ended('rejected')].join() === '2,1',
        );
        const { text, headers } = await get(as.reader);
        assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
        const scraped = new Scraped(text);
        const about = { connection: 'connection', environment: 'custom' };
        assert.equal(scraped.value('pkb_attempts_total', { ...about, outcome: 'rejected' }), 1);
        assert.equal(scraped.value('pkb_delivery_duration_seconds_count', about), 3);
        assert.equal(scraped.value('pkb_request_duration_seconds_count', about), 3);
        assert.equal(scraped.value('pkb_connection_state', { ...about, state: 'open' }), 1);
        const words = [
          'good-1',
          'bad-1',
          'Example',
          'PID',
          'trustalias',
          'partner_mailco',
          'testing',
          pkb.url,
        ];
        for (const word of [...words, NHS_NUMBERS[0]]) assert.ok(!text.includes(word), word);
      });

      it('say which outbox is down, and of the other one all there is', async () => {
        await until('that outbox has failed', async () =>
          (await scrape(as.reader)).value('pkb_connection_state', { connection: 'down', state: 'failed' }),
        );
        const scraped = await scrape(as.reader);
        const values = (connection: string) =>
          ['pkb_store_up', 'pkb_messages_pending', 'pkb_messages_on_hold'].map((name) =>
            scraped.value(name, { connection }),
          );
        assert.deepEqual(values('down'), [0, undefined, undefined]);
        const [up, pending, onHold] = values('connection');
        assert.equal(up, 1);
        assert.ok(pending !== undefined && onHold === 0);
        assert.equal(scraped.value('pkb_store_up', { name: 'Down' }), 0);
      });

      for (const type of ['nodes', 'full'] as const) {
        it(`go on counting after a deploy (${type}) that makes the connection anew`, async () => {
          const before = (await ended('accepted')) ?? assert.fail('nothing is counted');
          const timeout = type === 'full' ? 6 : 7;
          const changed = flows().map((node) => (node.id === 'connection' ? { ...node, timeout } : node));
          await deploy(changed, type);
          // What the deploy itself drops before it is stored is never answered.
          await until('the flow takes messages again', () =>
            post(`${red.url}/in`, stamped(`good-${type}`), agent, 1000),
          );
          await until('one more has ended', async () => ((await ended('accepted')) ?? 0) > before);
        });
      }

      it('begin anew for a connection that is renamed, and drop one that is removed', async () => {
        const kept = flows().filter(({ id }) => !['down', 'outbox-down'].includes(id));
        const renamed = kept.map((node) => (node.id === 'connection' ? { ...node, name: 'North' } : node));
        await deploy(renamed, 'nodes');
        await until('it has its new name', async () => (await ended('accepted', { name: 'North' })) === 0);
        const { samples } = await scrape(as.reader);
        const names = new Set(samples.flatMap(({ labels }) => labels['name'] ?? []));
        assert.deepEqual([...names], ['North']);
      });
    });

    it('take the token that the page for operators sets up, which may read nothing else', async () => {
      const token = 'a-token-of-prometheus';
      const userDir = sendingUserDir(pkb.url);
      red = await startNodeRed(runtime, userDir, `${SENDING_SETTINGS}, ${DOCUMENTED}`, {
        PKB_METRICS_TOKEN: token,
      });
      try {
        const bearer = (value: string) => ({ authorization: `Bearer ${value}` });
        await until('the outbox is open', async () =>
          (await scrape(bearer(token))).value('pkb_store_up', { connection: 'connection' }),
        );
        for (const wrong of [{}, bearer('wrong'), bearer(`${token}x`)] as Record<string, string>[])
          assert.equal((await get(wrong)).status, 401);
        for (const [method, path] of [
          ['GET', 'flows'],
          ['GET', 'settings/user'],
          ['POST', 'pkb/resume'],
        ] as const) {
          const headers = { ...bearer(token), 'content-type': 'application/json' };
          const { status } = await call(
            `${red.url}/${path}`,
            method,
            headers,
            method === 'POST' ? '{}' : undefined,
          );
          assert.equal(status, 401, path);
        }
      } finally {
        await red.stop();
        remove(userDir);
      }
    });

    it('are there without a token where nobody signs in, but not for pages of other origins', async () => {
      const userDir = sendingUserDir(pkb.url);
      red = await startNodeRed(runtime, userDir, SENDING_SETTINGS);
      try {
        await until('the outbox is open', async () =>
          (await scrape()).value('pkb_store_up', { connection: 'connection' }),
        );
        assert.equal((await get({ origin: 'https://attacker.example' })).status, 403);
      } finally {
        await red.stop();
        remove(userDir);
      }
    });
  });
}
