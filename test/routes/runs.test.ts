/** Runs over the operators' routes and by the command, of a whole Node-RED: who may see what, and hostile names and references. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import {
  ADMIN_AUTH,
  type Answer,
  call,
  PERMISSIONS,
  PKB_WORDS,
  type Role,
  signIn,
  startRejecting,
} from '../support/admin.js';
import { stamped } from '../support/messages.js';
import { type NodeRed, remove, startNodeRed } from '../support/node-red.js';
import { type FlowNode, post, SENDING_SETTINGS, sendingUserDir, tellingErrors } from '../support/sending.js';
import type { TestServer } from '../support/server.js';
import { until } from '../support/wait.js';

const COMMAND = join(__dirname, '../../dist/src/cli/pkb-outbox.js');
const JSON_TYPE = { 'content-type': 'application/json' };

/** A name that would be markup, a formula, a second line of a log or of a terminal, or another object. */
const HOSTILE = `=<img src=x onerror=1>,"\u2028pkb: forged by {user}; __proto__ \u202e`;

for (const runtime of ['node-red', 'node-red-4']) {
  describe(`the runs of ${runtime}, as operators see them`, function () {
    this.timeout(90_000);
    let pkb: TestServer;
    let red: NodeRed;
    /** Control IDs that PKB rejects. */
    const rejected = new Set<string>();
    const as = {} as Record<Role, Record<string, string>>;
    const agent = new Agent({ keepAlive: true });

    const ask = (path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
      call(`${red.url}/pkb/${path}`, 'POST', { ...JSON_TYPE, ...headers }, JSON.stringify(body));
    const run = (name: string, more: object = {}, headers = as.everything): Promise<Answer> =>
      ask('run', { connection: 'connection', run: name, ...more }, headers);
    const hand = async (controlId: string, query: Record<string, string>): Promise<void> => {
      const url = `${red.url}/in?${new URLSearchParams(query)}`;
      assert.ok(await post(url, stamped(controlId), agent), `${controlId} is stored`);
    };
    const standing = (name: string, wanted: object): Promise<void> =>
      until(`${name} is as wanted`, async () => {
        const { body } = await run(name);
        return Object.entries(wanted).every(([key, value]) => (body[key] ?? body.states?.[key]) === value);
      });

    /** A flow in which a query names run, reference and size; a connection with the same outbox, and one whose outbox is away. */
    const userDir = (settings: object): string => {
      const folder = sendingUserDir(pkb.url, tellingErrors());
      const flows = join(folder, 'flows.json');
      const nodes = JSON.parse(readFileSync(flows, 'utf8')) as FlowNode[];
      const place = { z: 'tab', x: 1, y: 1 };
      const func =
        'const { run, reference, expected } = msg.req.query; Object.assign(msg, { run, reference, expected }); return msg;';
      const connection = nodes.find(({ id }) => id === 'connection');
      const changed = nodes.map((node) => {
        if (node.id === 'in') return { ...node, wires: [['name']] };
        return node.id === 'outbox' ? { ...node, ...settings } : node;
      });
      const more = [
        { id: 'name', type: 'function', func, outputs: 1, wires: [['run', 'send']], ...place },
        { id: 'run', type: 'pkb-run', connection: 'connection', wires: [[], []], ...place },
        { ...connection, id: 'other' },
        { ...connection, id: 'away', outbox: 'away-outbox' },
        { id: 'away-outbox', type: 'pkb-outbox', store: 'embedded', path: '/dev/null/away.sqlite' },
      ];
      writeFileSync(flows, JSON.stringify([...changed, ...more]));
      const login = { username: 'partner_mailco', password: 'testing' };
      const logins = { connection: login, other: login, away: login };
      writeFileSync(join(folder, 'flows_cred.json'), JSON.stringify(logins));
      return folder;
    };
    const stop = async (): Promise<void> => {
      await red?.stop();
      if (red) remove(red.userDir);
    };

    before(async () => {
      pkb = await startRejecting((controlId) => rejected.has(controlId));
    });
    after(async () => {
      agent.destroy();
      await pkb.close();
    });

    describe('with adminAuth', () => {
      before(async () => {
        red = await startNodeRed(runtime, userDir({}), `${SENDING_SETTINGS}, ${ADMIN_AUTH}`);
        for (const role of Object.keys(PERMISSIONS) as Role[]) as[role] = await signIn(red, role);
        rejected.add('a-3');
        for (const n of [1, 2, 3])
          await hand(`a-${n}`, { run: 'night', reference: `letter ${n}`, expected: '4' });
        await standing('night', { accepted: 2, rejected: 1 });
        await hand('b-1', { run: 'next night', reference: 'letter 1', expected: '1' });
        await standing('next night', { closed: true });
      });
      after(stop);

      it('a reader sees numbers, why a run is open, references, control IDs and codes', async () => {
        const listed = await ask('runs', { connection: 'connection' }, as.reader);
        const [next, night] = listed.body.runs;
        assert.deepEqual([next.run, next.closed, next.states.duplicate], ['next night', true, 1]);
        assert.deepEqual([night.run, night.expected, night.count, night.closed], ['night', 4, 3, false]);
        assert.equal(night.reason, '1 of 4 items did not come.');
        const { body } = await run('night', {}, as.reader);
        assert.deepEqual(
          body.items.map(({ reference, state, code, controlId, customer }: Record<string, string>) => [
            reference,
            state,
            code,
            controlId,
            customer,
          ]),
          [
            ['letter 1', 'accepted', 'AA', 'a-1', 'trustalias{trustalias}'],
            ['letter 2', 'accepted', 'AA', 'a-2', 'trustalias{trustalias}'],
            ['letter 3', 'rejected', 'AR', 'a-3', 'trustalias{trustalias}'],
          ],
        );
        assert.equal(body.next, null);
      });

      it('nobody sees PKB’s words who does not ask for them, or may not', async () => {
        for (const role of ['reader', 'operator', 'anonymous', 'everything'] as const)
          for (const path of ['runs', 'run']) {
            const { status, text } = await ask(path, { connection: 'connection', run: 'night' }, as[role]);
            assert.equal(status, 200);
            for (const word of ['Example', 'PID', 'known', '9990000018', '"words"', 'MSH'])
              assert.ok(!text.includes(word), `${role}: ${path}: ${word}`);
          }
        for (const role of ['reader', 'operator', 'anonymous'] as const) {
          const { status, body } = await run('night', { words: true }, as[role]);
          assert.deepEqual([status, Object.keys(body)], [403, ['error']]);
          assert.match(body.error, /pkb\.phi/);
        }
      });

      it('who has pkb.phi sees PKB’s words, which is in the trail once a request with the name of the run', async () => {
        const shown = async (): Promise<{ user: string; details: string }[]> => {
          const { body } = await ask('trail', { connection: 'connection' }, as.operator);
          return body.records.filter(({ event }: { event: string }) => event === 'pkb.shown');
        };
        const before = (await shown()).length;
        const { body, text } = await run('night', { words: true }, as.clinician);
        assert.equal(body.items[2].words, `AR: ${PKB_WORDS}`);
        assert.deepEqual([body.items[0].words, text.includes('MSH|')], ['', false]);
        const seen = await shown();
        assert.equal(seen.length, before + 1);
        const { user, details } = seen.at(-1) ?? assert.fail();
        assert.deepEqual(
          [user, JSON.parse(details)],
          ['clinician', { connection: 'connection', run: 'night' }],
        );
        // What was not shown is not noted.
        await run('no such run', { words: true }, as.clinician);
        await run('night', { words: false }, as.clinician);
        assert.equal((await shown()).length, before + 1);
        await until('the look is in the log', () =>
          red.output().includes('words about items of a run of connection shown to clinician'),
        );
      });

      it('without a permission there is nothing to see', async () => {
        for (const role of ['tester', 'writer'] as const)
          for (const path of ['runs', 'run']) {
            const { status, text } = await ask(path, { connection: 'connection', run: 'night' }, as[role]);
            assert.equal(status, 401);
            assert.ok(!text.includes('night') && !text.includes('letter'), text);
          }
      });

      it('items come in pages, and by state', async () => {
        const first = await run('night', { most: 2 });
        assert.equal(first.body.items.length, 2);
        const second = await run('night', { most: 2, after: first.body.next });
        assert.deepEqual([second.body.items[0].reference, second.body.next], ['letter 3', null]);
        const some = await run('night', { state: 'rejected' });
        assert.deepEqual(
          some.body.items.map(({ controlId }: { controlId: string }) => controlId),
          ['a-3'],
        );
        assert.deepEqual((await run('night', { state: 'stopped' })).body.items, []);
        const { body } = await run('night', { most: 0 });
        assert.deepEqual([body.items, body.count], [[], 3]);
      });

      it('a duplicate names the message that was first, in whichever run', async () => {
        const { body } = await run('next night');
        const [item] = body.items;
        assert.deepEqual([item.state, item.sameState, item.controlId], ['duplicate', 'accepted', 'a-1']);
        const found = await ask(
          'search',
          { connection: 'connection', controlId: item.controlId },
          as.everything,
        );
        assert.equal(found.body.messages[0].id, item.message);
      });

      it('connections that share an outbox show the same runs', async () => {
        const names = async (connection: string): Promise<string[]> =>
          (await ask('runs', { connection }, as.reader)).body.runs.map(
            ({ run: name }: { run: string }) => name,
          );
        assert.deepEqual(await names('other'), await names('connection'));
        assert.ok((await names('other')).includes('night'));
        assert.equal((await ask('run', { connection: 'other', run: 'night' }, as.reader)).status, 200);
      });

      it('hostile names and references are given as they are, and forge nothing', async () => {
        rejected.add('h-1');
        await hand('h-1', { run: HOSTILE, reference: HOSTILE, expected: '2' });
        await hand('h-2', { run: '__proto__', reference: 'constructor', expected: '1' });
        // A name has no space at its ends.
        await standing(HOSTILE.trim(), { rejected: 1 });
        await standing('__proto__', { closed: true });
        const { body } = await run(HOSTILE.trim(), { words: true }, as.clinician);
        assert.deepEqual([body.run, body.items[0].reference], [HOSTILE.trim(), HOSTILE]);
        const listed = await ask('runs', { connection: 'connection', most: 1000 }, as.reader);
        assert.match(String(listed.headers['content-type']), /^application\/json/);
        const names = listed.body.runs.map(({ run: name }: { run: string }) => name);
        assert.ok(names.includes(HOSTILE.trim()) && names.includes('__proto__'));
        assert.ok(!red.output().includes('forged'), 'no name of a run is in the log');
        assert.equal((await run('constructor')).status, 404);
      });

      it('what cannot be asked is said in words, and nothing is given out', async () => {
        for (const [path, body, status, words] of [
          ['runs', { connection: 'nothing' }, 404, /no such connection/],
          ['runs', {}, 404, /no such connection/],
          ['runs', { connection: 'outbox' }, 404, /no such connection/],
          ['runs', { connection: 'away' }, 503, /outbox/],
          ['runs', { connection: 5 }, 400, /connection must be text/],
          ['runs', { connection: 'connection', most: 'many' }, 400, /most must be a whole number/],
          ['run', { connection: 'connection' }, 400, /Give run/],
          ['run', { connection: 'connection', run: ['night'] }, 400, /run must be text/],
          ['run', { connection: 'connection', run: 'x'.repeat(201) }, 400, /at most 200/],
          ['run', { connection: 'connection', run: 'Night' }, 404, /no run of this name/],
          ['run', { connection: 'away', run: 'night' }, 503, /outbox/],
          ['run', { connection: 'connection', run: 'night', state: 'lost' }, 400, /state must be one of/],
          ['run', { connection: 'connection', run: 'night', state: '__proto__' }, 400, /state must be/],
          ['run', { connection: 'connection', run: 'night', after: '1 OR 1=1' }, 400, /after must be/],
          ['run', { connection: 'connection', run: 'night', most: 0.5 }, 400, /most must be/],
          ['run', { connection: 'connection', run: 'night', words: 'yes' }, 400, /words must be/],
        ] as const) {
          const answer = await ask(path, body, as.everything);
          assert.equal(answer.status, status, `${path} ${JSON.stringify(body).slice(0, 80)}: ${answer.text}`);
          assert.match(answer.body.error, words);
          assert.ok(!answer.text.includes('letter'));
        }
      });

      describe('by the command', () => {
        const command = (role: Role, ...args: string[]) => {
          const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
            encoding: 'utf8',
            env: {
              ...process.env,
              PKB_NODE_RED_URL: red.url,
              PKB_NODE_RED_USER: role,
              PKB_NODE_RED_PASSWORD: `${role}-password`,
            },
          });
          return { status, said: stdout, wrong: stderr };
        };
        const here = ['--connection', 'connection'];

        it('lists runs', () => {
          const { status, said } = command('reader', 'runs', ...here);
          assert.equal(status, 0);
          assert.match(said, /^next night {2}closed \S+Z {2}1 of 1 came, 1 duplicate$/m);
          assert.match(
            said,
            /^night {2}open since \S+Z: 1 of 4 items did not come\. {2}3 of 4 came, 2 accepted, 1 rejected$/m,
          );
          assert.ok(!/^pkb: forged/m.test(said) && !said.includes('\u202e'), said);
          const runs = JSON.parse(command('reader', 'runs', '--json', '--most', '1', ...here).said);
          assert.equal(runs.length, 1);
        });

        it('prints a run, and ends with 0 only where it is closed', () => {
          const open = command('reader', 'run', ...here, 'night');
          assert.equal(open.status, 1, open.wrong);
          assert.match(
            open.said,
            /^night {2}open since \S+Z: 1 of 4.*\n {2}3 of 4 came\n {2}2 accepted\n {2}1 rejected\n$/,
          );
          assert.equal(open.wrong, '');
          const closed = command('reader', 'run', 'next night', ...here);
          assert.equal(closed.status, 0, closed.wrong);
          const none = command('reader', 'run', ...here, 'no such run');
          assert.deepEqual([none.status, none.said], [1, '']);
          assert.match(none.wrong, /no run of this name/);
          const away = command('reader', 'run', '--connection', 'away', 'night');
          assert.equal(away.status, 1);
          assert.match(away.wrong, /outbox/);
        });

        it('prints what became of each item: of a state, as CSV, as JSON', () => {
          const some = command('reader', 'run', 'night', '--state', 'rejected', ...here);
          assert.match(some.said, / {2}letter 3 {2}trustalias\{trustalias\} {2}ADT\^A28 {2}AR {2}a-3\n$/);
          const none = command('reader', 'run', 'night', '--state', 'stopped', ...here);
          assert.match(none.said, /No item is in this state\.\n$/);
          const list = command('reader', 'run', 'night', '--csv', ...here).said;
          assert.match(list, /^\uFEFFReference,Customer,Type,State,Code,Control ID,/);
          assert.match(list, /\r\nletter 3,trustalias\{trustalias\},ADT\^A28,rejected,AR,a-3,/);
          assert.equal(list.split('\r\n').length, 5);
          const report = JSON.parse(command('reader', 'run', 'night', '--json', ...here).said);
          assert.deepEqual([report.run, report.count, report.items.length], ['night', 3, 3]);
          const empty = JSON.parse(
            command('reader', 'run', 'night', '--json', '--state', 'stopped', ...here).said,
          );
          assert.deepEqual(empty.items, []);
        });

        it('has PKB’s words for who may see them only, and no cell is a formula', () => {
          const refused = command('reader', 'run', 'night', '--csv', '--words', ...here);
          assert.deepEqual([refused.status, refused.said], [1, '']);
          assert.match(refused.wrong, /pkb\.phi/);
          const list = command('clinician', 'run', 'night', '--csv', '--words', ...here).said;
          assert.match(list, /,Code,Words,Control ID,/);
          assert.ok(list.includes(`AR,AR: ${PKB_WORDS},a-3`), list);
          const hostile = command('clinician', 'run', '--csv', ...here, '--', HOSTILE.trim());
          assert.ok(
            hostile.said.includes(`\r\n"'${HOSTILE.replaceAll('"', '""')}",`),
            hostile.said + hostile.wrong,
          );
          const lines = command('reader', 'run', '--state', 'rejected', ...here, '--', HOSTILE.trim()).said;
          assert.ok(!/[\r\u2028\u202e]/.test(lines) && !/^pkb: forged/m.test(lines), lines);
        });

        it('says how it is called where it is called wrongly', () => {
          for (const args of [
            ['run'],
            ['run', 'a', 'b'],
            ['run', 'a', '--csv', '--json'],
            ['run', 'a', '--state', 'lost'],
            ['run', 'a', '--words'],
            ['run', 'a', '--most', '5'],
            ['run', 'a', '--nothing'],
            ['runs', 'a'],
            ['runs', '--csv'],
            ['runs', '--most', '0'],
            ['runs', '--most', 'all'],
          ]) {
            const { status, wrong } = command('reader', ...args);
            assert.deepEqual([status, wrong.startsWith('usage:')], [2, true], args.join(' '));
          }
          const several = command('reader', 'run', 'night');
          assert.equal(several.status, 2);
          assert.match(several.wrong, /Choose one with --connection: connection/);
        });
      });
    });

    for (const showTexts of [false, true])
      it(`without adminAuth ${showTexts ? 'shows PKB’s words where the outbox says so' : 'shows no words'}`, async () => {
        red = await startNodeRed(runtime, userDir({ showTexts }), SENDING_SETTINGS);
        as.everything = {};
        rejected.add('x-1');
        try {
          await hand('x-1', { run: 'night', reference: 'letter', expected: '1' });
          await standing('night', { closed: true });
          const { status, text } = await run('night', { words: true });
          assert.deepEqual([status, text.includes('Example')], showTexts ? [200, true] : [403, false]);
          assert.equal((await run('night')).body.items[0].code, 'AR');
        } finally {
          await stop();
        }
      });
  });
}
