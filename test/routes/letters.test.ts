/** Letters over the operators' route, by the command and in the metrics, of a whole Node-RED: who may see what, and what it says. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ADMIN_AUTH, type Answer, call, PERMISSIONS, type Role, signIn } from '../support/admin.js';
import { handLetter, lettersUserDir } from '../support/letters.js';
import { Scraped } from '../support/metrics.js';
import { type NodeRed, remove, startNodeRed } from '../support/node-red.js';
import { runOutboxCommand } from '../support/operating.js';
import { type FlowNode, SENDING_SETTINGS } from '../support/sending.js';
import { until } from '../support/wait.js';

const JSON_TYPE = { 'content-type': 'application/json' };

for (const runtime of ['node-red', 'node-red-4']) {
  describe(`the letters of ${runtime}, as operators see them`, function () {
    this.timeout(90_000);
    let red: NodeRed;
    const as = {} as Record<Role, Record<string, string>>;
    const ask = (body: object, headers = as.reader): Promise<Answer> =>
      call(`${red.url}/pkb/letters`, 'POST', { ...JSON_TYPE, ...headers }, JSON.stringify(body));
    // oxlint-disable-next-line typescript/no-explicit-any -- JSON, looked into by each test
    const report = async (days = 1): Promise<any> => {
      const { status, body, text } = await ask({ connection: 'connection', days });
      assert.equal(status, 200, text);
      return body;
    };

    /** How many are watched, and how many have ended. */
    const numbers = async (): Promise<number[]> => {
      const { watchers, counts } = await report();
      return [
        watchers[0]?.states.watched ?? 0,
        counts.reduce((sum: number, { count }: { count: number }) => sum + count, 0),
      ];
    };

    before(async () => {
      const away: FlowNode[] = [
        { id: 'away', type: 'pkb-connection', environment: 'simulator', outbox: 'away-outbox' },
        { id: 'away-outbox', type: 'pkb-outbox', store: 'embedded', path: '/dev/null/away.sqlite' },
      ];
      red = await startNodeRed(runtime, lettersUserDir(away), `${SENDING_SETTINGS}, ${ADMIN_AUTH}`);
      for (const role of Object.keys(PERMISSIONS) as Role[]) as[role] = await signIn(red, role);
      // Every second one is read at once: those of another Customer would be sent at the same time.
      for (const n of [1, 2, 3, 4]) await handLetter(red.url, `due-${n}`, 'PT1S');
      await until('they have ended', async () => (await numbers()).join() === '0,4');
      await handLetter(red.url, 'no-organisation', 'PT0S', 'Other');
      await handLetter(red.url, 'watched', 'P30D', 'Other');
      await until('all but one have ended', async () => (await numbers()).join() === '1,5');
    });
    after(async () => {
      await red?.stop();
      if (red) remove(red.userDir);
    });

    it('a reader sees how many are watched and how they ended, when and why', async () => {
      const { since, hours, isShared, watchers, counts } = await report();
      assert.deepEqual([hours, isShared, since % 3_600_000], [24, false, 0]);
      assert.ok(since > Date.now() - 24 * 3_600_000 && since < Date.now());
      assert.deepEqual(watchers, [
        {
          id: 'letters',
          name: 'Letters of the Trust',
          isHere: true,
          states: { watched: 1, read: 2, post: 3, attention: 0, cancelled: 0 },
        },
      ]);
      const reasons = new Map<string, number>();
      for (const { hour, watcher, end, reason, count } of counts) {
        assert.ok(hour >= since && hour <= Date.now());
        const key = `${watcher} ${end} ${reason}`;
        reasons.set(key, (reasons.get(key) ?? 0) + count);
      }
      assert.deepEqual(Object.fromEntries(reasons), {
        'letters read read': 2,
        'letters post unread': 2,
        'letters post organisation': 1,
      });
      assert.equal((await report(30)).hours, 720);
    });

    it('names no patient, no document and no Customer', async () => {
      const { text } = await ask({ connection: 'connection', days: 30 }, as.everything);
      for (const word of ['Example', '9990000018', 'trustalias', 'due-1', 'letter due'])
        assert.ok(!text.includes(word), word);
    });

    it('without a permission there is nothing to see', async () => {
      for (const role of Object.keys(PERMISSIONS) as Role[]) {
        const { status } = await ask({ connection: 'connection' }, as[role]);
        assert.equal(status, role === 'tester' || role === 'writer' ? 401 : 200, role);
      }
    });

    it('what cannot be asked is said in words', async () => {
      for (const [body, status, words] of [
        [{ connection: 'nothing' }, 404, /no such connection/],
        [{ connection: 'letters' }, 404, /no such connection/],
        [{}, 404, /no such connection/],
        [{ connection: 'away' }, 503, /outbox/],
        [{ connection: 'connection', days: 2 }, 400, /days must be one of 1, 7, 30/],
        [{ connection: 'connection', days: '1 OR 1=1' }, 400, /days must be/],
        [{ connection: 'connection', days: [1] }, 400, /days must be/],
      ] as const) {
        const answer = await ask(body);
        assert.equal(answer.status, status, answer.text);
        assert.match(answer.body.error, words);
      }
    });

    it('the command says it in lines', async () => {
      const command = (...args: string[]) => runOutboxCommand(red, 'reader', args);
      const here = ['--connection', 'connection'];
      const { status, said } = await command('letters', ...here);
      assert.equal(status, 0, said);
      assert.equal(
        said,
        [
          '1 watched; ended in the last 24 hours: 2 read, 3 posted, 0 attention',
          'printing avoided: 2 of 5 letters (40 %)',
          '  2 read  PKB says that it was read.',
          '  2 posted  It was not read by its deadline.',
          '  1 posted  PKB cannot be asked: its Customer has no organisation UUID.',
          'Letters of the Trust  1 watched',
          '',
        ].join('\n'),
      );
      const json = await command('letters', '--json', '--days', '7', ...here);
      assert.equal((JSON.parse(json.said) as { hours: number }).hours, 168);
      for (const args of [
        ['letters', 'x'],
        ['letters', '--days', '2'],
        ['letters', '--csv'],
      ]) {
        const wrong = await command(...args);
        assert.deepEqual([wrong.status, wrong.said.startsWith('usage:')], [2, true], args.join(' '));
      }
      const away = await command('letters', '--connection', 'away');
      assert.equal(away.status, 1);
      assert.match(away.said, /outbox/);
    });

    it('metrics have the letters of each node by state', async () => {
      const { text } = await call(`${red.url}/pkb/metrics`, 'GET', as.reader);
      const scraped = new Scraped(text);
      const value = (state: string) =>
        scraped.value('pkb_letters', { node: 'letters', name: 'Letters of the Trust', state });
      assert.deepEqual(['watched', 'read', 'post', 'attention'].map(value), [1, 2, 3, 0]);
    });

    it('letters of a node that was removed are shown, and that nobody sees to them', async () => {
      const flows = JSON.parse(readFileSync(join(red.userDir, 'flows.json'), 'utf8')) as FlowNode[];
      const { status, text } = await call(
        `${red.url}/flows`,
        'POST',
        { ...as.everything, ...JSON_TYPE, 'Node-RED-Deployment-Type': 'nodes' },
        JSON.stringify(flows.filter(({ id }) => id !== 'letters')),
      );
      assert.equal(status, 204, text);
      await until(
        'they are of nobody',
        async () => (await report()).watchers[0]?.id === 'removed connection',
      );
      const [first] = (await report()).watchers;
      assert.deepEqual([first.id, first.name, first.states.watched], ['removed connection', '', 1]);
      const { said } = await runOutboxCommand(red, 'reader', ['letters', '--connection', 'connection']);
      assert.match(said, /^removed connection {2}1 watched {2}not in the flows$/m);
    });
  });
}
