/** The operators' routes of a whole Node-RED: who may see what, and what may be done about a message. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
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
} from '../support/admin.js';
import { stamped } from '../support/messages.js';
import { type NodeRed, remove, startNodeRed } from '../support/node-red.js';
import { operatedUserDir } from '../support/operating.js';
import { post, readTold, SENDING_SETTINGS } from '../support/sending.js';
import { soapAck, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';

const COMMAND = join(__dirname, '../../dist/src/cli/pkb-outbox.js');
const JSON_TYPE = { 'content-type': 'application/json' };

for (const runtime of ['node-red', 'node-red-4']) {
  describe(`the operators’ routes of ${runtime}`, function () {
    this.timeout(90_000);
    let pkb: TestServer;
    let red: NodeRed;
    /** What PKB answers, by control ID; `AA` where nothing is said. */
    const answers = new Map<string, 'AR' | 'nothing'>();
    const as = {} as Record<Role, Record<string, string>>;
    const agent = new Agent({ keepAlive: true });

    const ask = (path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
      call(`${red.url}/pkb/${path}`, 'POST', { ...JSON_TYPE, ...headers }, JSON.stringify(body));
    const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
      call(`${red.url}/pkb/${path}`, 'GET', headers);
    const hand = async (controlId: string, more = ''): Promise<void> =>
      assert.ok(await post(`${red.url}/in`, stamped(controlId, { more }), agent), `${controlId} is stored`);
    // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of any shape
    const find = async (search: object, headers = as.everything): Promise<any[]> =>
      (await ask('search', { connection: 'connection', ...search }, headers)).body.messages;
    const inState = (controlId: string, state: string): Promise<void> =>
      until(`${controlId} is ${state}`, async () => (await find({ controlId }))[0]?.state === state);

    before(async () => {
      pkb = await startServer(({ controlId }, response) => {
        const answer = answers.get(controlId);
        if (answer === 'nothing') return response.writeHead(503).end();
        response.end(
          answer === 'AR'
            ? soapAck('AR', controlId, PKB_WORDS.replaceAll('<', '&lt;'))
            : soapAck('AA', controlId),
        );
      });
    });
    after(async () => {
      agent.destroy();
      await pkb.close();
    });
    beforeEach(() => answers.clear());

    describe('with adminAuth', () => {
      before(async () => {
        red = await startNodeRed(runtime, operatedUserDir(pkb.url), `${SENDING_SETTINGS}, ${ADMIN_AUTH}`);
        for (const role of Object.keys(PERMISSIONS) as Role[]) as[role] = await signIn(red, role);
      });
      after(async () => {
        await red?.stop();
        if (red) remove(red.userDir);
      });

      it('a reader finds a message by its own reference, and sees no text and no word of PKB', async () => {
        answers.set('r-1', 'AR');
        await hand('r-1');
        await inState('r-1', 'rejected');
        const [found] = await find({ reference: 'letter of r-1' }, as.reader);
        assert.equal(found.controlId, 'r-1');
        for (const role of ['reader', 'operator', 'anonymous'] as const) {
          const { status, text, body } = await ask(
            'message',
            { connection: 'connection', id: found.id },
            as[role],
          );
          assert.equal(status, 200);
          for (const word of ['Example', 'PID', '9990000018', 'known'])
            assert.ok(!text.includes(word), `${role}: ${word}`);
          assert.match(body.hidden, /pkb\.phi/);
          assert.equal(body.history[0].outcome, 'rejected');
        }
        const { body } = await ask('message', { connection: 'connection', id: found.id }, as.clinician);
        assert.ok(body.reason.includes(PKB_WORDS));
        assert.equal(body.hl7, stamped('r-1'));
        assert.match(body.ack, /^MSH\|/);
        await until('the look is in the log', () =>
          red.output().includes(`message ${found.id} of connection shown to clinician`),
        );
      });

      it('an operator finds a rejected message, sends it again, and it leaves the failures', async () => {
        answers.set('o-1', 'AR');
        await hand('o-1');
        await inState('o-1', 'rejected');
        const failures = { states: ['rejected', 'errored', 'undeliverable'], withoutDismissed: true };
        assert.ok((await find(failures)).some(({ controlId }) => controlId === 'o-1'));
        const [{ id }] = await find({ reference: 'letter of o-1' }, as.operator);
        answers.clear();
        assert.equal((await ask('again', { connection: 'connection', id }, as.operator)).status, 200);
        await inState('o-1', 'accepted');
        assert.ok(!(await find(failures)).some(({ controlId }) => controlId === 'o-1'));
        // Somebody else who still sees it in a list is told.
        const second = await ask('again', { connection: 'connection', id }, as.operator);
        assert.equal(second.status, 409);
        assert.match(second.body.error, /no longer among those that failed/);
        assert.equal(pkb.arrived.filter(({ controlId }) => controlId === 'o-1').length, 2);
      });

      it('a corrected text goes through the guard, is about the same patient, and needs pkb.phi', async () => {
        answers.set('e-1', 'AR');
        await hand('e-1');
        await inState('e-1', 'rejected');
        const [{ id }] = await find({ controlId: 'e-1' });
        const again = (hl7: string, who: Record<string, string>, ...confirmed: string[]): Promise<Answer> =>
          ask('again', { connection: 'connection', id, hl7, confirmed }, who);
        const corrected = stamped('e-1').replace('Example', 'Corrected');
        assert.equal((await again(corrected, as.operator)).status, 403);
        const stopped = await again(stamped('e-1', { more: 'DG1|1||X\r' }), as.everything);
        assert.equal(stopped.status, 422);
        assert.match(stopped.body.error, /guard would stop.*DG1/);
        assert.equal((await again('no HL7', as.everything)).status, 422);
        assert.equal((await again('no HL7', as.everything, 'guard')).status, 400);
        assert.equal((await again(corrected, as.everything, 'everything')).status, 400);
        const other = stamped('another').replace('9990000018', '9990000026');
        const refused = await again(other, as.everything);
        assert.equal(refused.status, 409);
        assert.match(refused.body.error, /other identifiers of the patient/);
        assert.deepEqual([stopped.body.confirm, refused.body.confirm], ['guard', 'patient']);
        // Without a data point in common it stays another message, whatever is confirmed.
        const confirmed = await again(other, as.everything, 'patient', 'superseded');
        assert.match(confirmed.body.error, /another patient/);
        answers.clear();
        assert.equal((await again(corrected, as.everything)).status, 200);
        await inState('e-1', 'accepted');
        const sent = pkb.arrived.filter(({ controlId }) => controlId === 'e-1');
        assert.equal(sent.length, 2);
      });

      it('what is searched for by NHS number is for who may see patient data', async () => {
        await hand('n-1');
        await inState('n-1', 'accepted');
        const search = {
          nhsNumber: '999 000 0018',
          facility: 'trustalias{trustalias}',
          states: ['accepted'],
        };
        assert.equal((await ask('search', { connection: 'connection', ...search }, as.reader)).status, 403);
        assert.ok((await find(search, as.clinician)).some(({ controlId }) => controlId === 'n-1'));
        assert.deepEqual(await find({ ...search, nhsNumber: '9990000026' }, as.clinician), []);
        const { status, body } = await ask('search', { nhsNumber: '9990000018' }, as.clinician);
        assert.deepEqual([status, /choose the Customer/.test(body.error)], [400, true]);
        assert.ok(!red.output().includes('9990000018') && !red.output().includes('999 000 0018'));
      });

      it('failures are dismissed, and stay stored', async () => {
        answers.set('d-1', 'AR');
        await hand('d-1');
        await inState('d-1', 'rejected');
        const [{ id }] = await find({ controlId: 'd-1' });
        const { body } = await ask('dismiss', { connection: 'connection', ids: [id] }, as.operator);
        assert.deepEqual(body, { dismissed: 1 });
        assert.deepEqual(await find({ controlId: 'd-1', withoutDismissed: true }), []);
        assert.equal((await find({ controlId: 'd-1' }))[0].dismissed, true);
      });

      it('a pending message is discarded with a reason, and its flow is told', async () => {
        answers.set('w-1', 'nothing');
        await hand('w-1');
        await until('it waits', async () => {
          const { body } = await get('connections', as.reader);
          return body.connections[0].state === 'waiting' && body.connections[0].inFlight === 0;
        });
        const { body } = await get('connections', as.reader);
        const [{ reason, pending, oldest, since, until: next }] = body.connections;
        assert.match(reason, /busy|503/);
        assert.equal(pending, 1);
        assert.ok(oldest <= since && since <= next, JSON.stringify(body));
        const [{ id }] = await find({ states: ['queued'] });
        await until('it is discarded', async () => {
          const done = await ask(
            'discard',
            { connection: 'connection', ids: [id], reason: 'sent by post' },
            as.operator,
          );
          return done.body.discarded === 1;
        });
        await until('its flow is told', () =>
          readTold(red.userDir).some(({ outcome }) => outcome === 'PKB_DISCARDED'),
        );
        const life = await ask('message', { connection: 'connection', id }, as.reader);
        assert.equal(life.body.listed.state, 'discarded');
        assert.match(life.body.reason, /sent by post/);
        assert.deepEqual(
          (await ask('discard', { connection: 'connection', ids: [id], reason: 'x' }, as.operator)).body,
          {
            discarded: 0,
            inFlight: 0,
            gone: 1,
          },
        );
      });

      it('a connection is paused by a person, through a restart, and resumed', async () => {
        const paused = { connection: 'connection', reason: 'PKB is being maintained' };
        assert.equal((await ask('pause', paused, as.reader)).status, 401);
        assert.deepEqual((await ask('pause', paused, as.operator)).body, { paused: true });
        await hand('p-1');
        const state = async () => (await get('connections', as.reader)).body.connections[0];
        const isPaused = async (): Promise<boolean> => {
          const { state: now, reason, pending } = await state();
          return now === 'paused' && /A person has paused it/.test(reason) && pending === 1;
        };
        assert.ok(await isPaused());
        await red.stop();
        red = await startNodeRed(runtime, red.userDir, `${SENDING_SETTINGS}, ${ADMIN_AUTH}`);
        for (const role of Object.keys(PERMISSIONS) as Role[]) as[role] = await signIn(red, role);
        await until('it is paused again', isPaused);
        assert.ok(!pkb.arrived.some(({ controlId }) => controlId === 'p-1'));
        assert.ok(!red.output().includes('PKB_MISCONFIGURED'), 'nothing is wrong');
        const { body } = await ask('resume', { connection: 'connection' }, as.operator);
        assert.deepEqual(body, { released: 0 });
        await inState('p-1', 'accepted');
      });

      it('every act and every look at a text is in a trail that shows when it was changed', async () => {
        // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of any shape
        const trail = async (after = 0): Promise<any> =>
          (await ask('trail', { connection: 'connection', after }, as.operator)).body;
        const { records, firstBroken } = await trail();
        assert.equal(firstBroken, undefined);
        const done = records.map(({ user, event }: { user: string; event: string }) => `${user} ${event}`);
        for (const one of [
          'clinician pkb.shown',
          'operator pkb.again',
          'operator pkb.discard',
          'operator pkb.dismiss',
          'operator pkb.pause',
          'operator pkb.resume',
        ])
          assert.ok(done.includes(one), `${one} in ${done.join()}`);
        assert.ok(!done.some((one: string) => one.startsWith('reader')));
        assert.ok(!JSON.stringify(records).includes('Example'));
        const rest = await trail(2);
        assert.deepEqual([rest.records[0].n, rest.firstBroken], [3, undefined]);
      });

      it('counts what ended by the hour', async () => {
        const { body } = await get('hours', as.reader);
        const counts = body.counts as { state: string; count: number; hour: number }[];
        const sum = (state: string): number =>
          counts.filter((one) => one.state === state).reduce((all, { count }) => all + count, 0);
        assert.ok(sum('accepted') >= 1 && counts.every(({ hour }) => hour > 0), JSON.stringify(body));
        assert.equal(body.hours, 24);
      });

      it('what cannot be asked is said in words, and nothing is given out', async () => {
        for (const [path, body, status] of [
          ['search', { states: ['nothing'] }, 400],
          ['search', { controlId: 5 }, 400],
          ['search', { reference: 'x'.repeat(201) }, 400],
          ['search', { since: 'yesterday' }, 400],
          ['search', { connection: 'send' }, 404],
          ['search', { connection: '__proto__' }, 404],
          ['message', { connection: 'connection' }, 400],
          ['message', { connection: 'connection', id: 4711 }, 404],
          ['message', { connection: 'connection', id: '1 OR 1=1' }, 400],
          ['message', { connection: 'outbox', id: 1 }, 404],
          ['again', { connection: 'connection', id: 4711 }, 404],
          ['again', { connection: 'connection', id: 1, hl7: {} }, 400],
          ['discard', { connection: 'connection', ids: [], reason: 'x' }, 400],
          ['discard', { connection: 'connection', ids: [1] }, 400],
          [
            'discard',
            { connection: 'connection', ids: Array.from({ length: 201 }, (_, n) => n), reason: 'x' },
            400,
          ],
          ['dismiss', { connection: 'connection', ids: ['1'] }, 400],
          ['pause', { connection: 'connection' }, 400],
          ['resume', {}, 400],
          ['resume', { connection: 'nothing' }, 404],
        ] as const) {
          const answer = await ask(path, body, as.everything);
          assert.equal(answer.status, status, `${path} ${JSON.stringify(body).slice(0, 80)}: ${answer.text}`);
          assert.ok(answer.body.error.length > 10, answer.text);
        }
        assert.deepEqual(await find({ reference: 'nothing of this kind' }), []);
      });

      describe('by the command', () => {
        const run = (role: Role, ...args: string[]): { status: number | null; said: string } => {
          const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
            encoding: 'utf8',
            env: {
              ...process.env,
              PKB_NODE_RED_URL: red.url,
              PKB_NODE_RED_USER: role,
              PKB_NODE_RED_PASSWORD: `${role}-password`,
            },
          });
          return { status, said: stdout + stderr };
        };

        it('lists, shows, sends again, discards and dismisses', async () => {
          answers.set('c-1', 'AR');
          await hand('c-1');
          await inState('c-1', 'rejected');
          const listed = run('reader', 'list', '--state', 'failures', '--reference', 'letter of c-1');
          assert.match(
            listed.said,
            /^\d+ {2}\S+Z {2}rejected {2}ADT\^A28 {2}trustalias\{trustalias\} {2}c-1 {2}letter of c-1\n$/,
          );
          const id = listed.said.split(' ', 1)[0] ?? '';
          const hidden = run('reader', 'show', id);
          assert.ok(
            hidden.status === 0 && /pkb\.phi/.test(hidden.said) && !hidden.said.includes('Example'),
            hidden.said,
          );
          assert.match(run('clinician', 'show', id).said, /PID\|\|\|9990000018/);
          const refused = run('reader', 'retry', id);
          assert.match(refused.said, new RegExp(`^${id}: Node-RED asks for a user with the permission`));
          answers.clear();
          assert.equal(
            run('operator', 'retry', '--connection', 'connection', id).said,
            `${id}: pending again\n`,
          );
          await inState('c-1', 'accepted');
          assert.match(run('operator', 'dismiss', id).said, /^0 dismissed/);
          assert.match(run('operator', 'discard', '--reason', 'x', id).said, /1 no longer pending/);
          assert.equal(run('reader', 'list', '--control-id', 'none').said, 'No message fits.\n');
          const exported = run('reader', 'export', '--control-id', 'c-1').said;
          assert.match(exported, /^\uFEFFstored,ended,state,.*\r\n\S+Z,\S+Z,accepted,ADT\^A28,/);
        });

        it('gives the trail as a list for a spreadsheet', () => {
          const { status, said } = run('operator', 'trail');
          assert.equal(status, 0, said);
          assert.match(said, /^\uFEFFn,at,user,event,details,hash\r\n1,/);
          assert.match(run('reader', 'trail').said, /permission/);
        });

        it('says what is wrong with the call, the user or the address', () => {
          for (const args of [
            ['list', 'x'],
            ['list', '--state', 'odd'],
            ['list', '--since', 'soon'],
            ['show'],
            ['show', 'x'],
            ['retry'],
            ['discard', '1'],
            ['list', '--most', '0'],
          ])
            assert.deepEqual(
              [run('reader', ...args).status, run('reader', ...args).said.startsWith('usage:')],
              [2, true],
              args.join(' '),
            );
          const env = { ...process.env, PKB_NODE_RED_URL: red.url };
          const wrong = (more: object): string =>
            spawnSync(process.execPath, [COMMAND, 'list'], { encoding: 'utf8', env: { ...env, ...more } })
              .stderr;
          assert.match(
            wrong({ PKB_NODE_RED_USER: 'reader', PKB_NODE_RED_PASSWORD: 'no' }),
            /refused PKB_NODE_RED_USER/,
          );
          assert.match(wrong({ PKB_NODE_RED_URL: 'http://127.0.0.1:1' }), /cannot be reached/);
          assert.match(wrong({ PKB_NODE_RED_URL: 'here' }), /Set PKB_NODE_RED_URL/);
          assert.match(wrong({ PKB_NODE_RED_URL: `${red.url}/elsewhere` }), /no operators’ view/);
        });
      });

      it('the page, its script and its words hold nothing of anybody', async () => {
        const page = await call(`${red.url}/pkb`, 'GET');
        assert.equal(page.status, 200);
        assert.match(page.text, /Content-Security-Policy/);
        assert.equal(page.headers['x-frame-options'], 'SAMEORIGIN');
        assert.match(String(page.headers['content-security-policy']), /frame-ancestors 'self'/);
        const script = await get('page.js');
        assert.match(String(script.headers['content-type']), /javascript/);
        const words = await get('texts', { 'accept-language': 'de, en;q=0.5' });
        assert.equal(words.body.title, 'PKB messages');
        for (const { text } of [page, script, words]) assert.ok(!/partner_mailco|Example\^/.test(text));
      });
    });

    for (const [what, showTexts] of [
      ['shows no text', false],
      ['shows texts where the outbox says so', true],
    ] as const) {
      it(`without adminAuth ${what}`, async () => {
        red = await startNodeRed(runtime, operatedUserDir(pkb.url, { showTexts }), SENDING_SETTINGS);
        as.everything = {};
        try {
          await hand('x-1');
          await inState('x-1', 'accepted');
          const [{ id }] = await find({ controlId: 'x-1' });
          const { body, text } = await ask('message', { connection: 'connection', id });
          assert.equal(body.hl7 !== undefined, showTexts);
          assert.equal(text.includes('Example'), showTexts);
          if (!showTexts) assert.match(body.hidden, /adminAuth/);
        } finally {
          await red.stop();
          remove(red.userDir);
        }
      });
    }
  });
}
