/** Acting on all messages that fit a filter, through the routes and commands of a whole Node-RED. */
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { ADMIN_AUTH, type Answer, call, PERMISSIONS, type Role, signIn } from '../support/admin.js';
import { NHS_NUMBERS, stamped } from '../support/messages.js';
import { type NodeRed, remove, startNodeRed } from '../support/node-red.js';
import { operatedUserDir, runOutboxCommand, type Said } from '../support/operating.js';
import { post, readTold, SENDING_SETTINGS } from '../support/sending.js';
import { soapAck, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';

const JSON_TYPE = { 'content-type': 'application/json' };

for (const runtime of ['node-red', 'node-red-4']) {
  describe(`acting on all that fit on ${runtime}`, function () {
    this.timeout(90_000);
    let pkb: TestServer;
    let red: NodeRed;
    let answers: 'AA' | 'AR' | 'nothing' = 'AA';
    const as = {} as Record<Role, Record<string, string>>;
    const agent = new Agent({ keepAlive: true });

    const ask = (path: string, body: object, headers: Record<string, string>): Promise<Answer> =>
      call(
        `${red.url}/pkb/${path}`,
        'POST',
        { ...JSON_TYPE, ...headers },
        JSON.stringify({ connection: 'connection', ...body }),
      );
    // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of any shape
    const find = async (search: object): Promise<any[]> =>
      (await ask('search', { most: 200, ...search }, as.everything)).body.messages;
    const run = (role: Role, args: readonly string[], typed?: string): Promise<Said> =>
      runOutboxCommand(red, role, args, typed);
    /** Hands in messages about five patients, with one reference. */
    const hand = async (reference: string, count: number): Promise<string[]> => {
      const ids = Array.from({ length: count }, (_, i) => `${reference}-${i}`);
      for (const [i, id] of ids.entries()) {
        const url = `${red.url}/in?reference=${encodeURIComponent(reference)}`;
        assert.ok(await post(url, stamped(id, { nhs: NHS_NUMBERS[i % 5] ?? '' }), agent), id);
      }
      return ids;
    };
    const allAre = (reference: string, state: string): Promise<void> =>
      until(`all of ${reference} are ${state}`, async () =>
        (await find({ reference })).every((one) => one.state === state),
      );
    /** Asks for the count, and acts on what it says. */
    const confirm = async (
      search: object,
      act: string,
      more: object = {},
      who = as.operator,
    ): Promise<Answer> => {
      const { body } = await ask('count', { ...search, act }, who);
      return ask('all', { ...search, act, count: body.count, until: body.until, reason: 'x', ...more }, who);
    };
    const records = async (): Promise<{ user: string; event: string; details: string }[]> =>
      (await ask('trail', {}, as.operator)).body.records;

    before(async () => {
      pkb = await startServer(({ controlId }, response) =>
        answers === 'nothing'
          ? response.writeHead(503).end()
          : response.end(soapAck(answers, controlId, 'no')),
      );
      red = await startNodeRed(runtime, operatedUserDir(pkb.url), `${SENDING_SETTINGS}, ${ADMIN_AUTH}`);
      for (const role of Object.keys(PERMISSIONS) as Role[]) as[role] = await signIn(red, role);
    });
    after(async () => {
      agent.destroy();
      await red?.stop();
      if (red) remove(red.userDir);
      await pkb?.close();
    });
    beforeEach(() => {
      answers = 'AA';
      pkb.arrived.length = 0;
    });

    it('a reader counts and may not act; an operator sends all that fit again, and no others', async () => {
      answers = 'AR';
      const ids = await hand('again', 5);
      await hand('others', 2);
      await allAre('again', 'rejected');
      await allAre('others', 'rejected');
      const counted = await ask('count', { reference: 'again', act: 'again' }, as.reader);
      const { until: time, ...count } = counted.body;
      assert.deepEqual([counted.status, count, time <= Date.now()], [200, { count: 5, isExact: true }, true]);
      const refused = await ask(
        'all',
        { reference: 'again', act: 'again', count: 5, until: time },
        as.reader,
      );
      assert.equal(refused.status, 401);
      answers = 'AA';
      pkb.arrived.length = 0;
      const { status, body } = await confirm({ reference: 'again' }, 'again');
      assert.deepEqual(
        [status, body],
        [200, { done: 5, inFlight: 0, gone: 0, superseded: 0, unclaimed: 0, left: 0 }],
      );
      await allAre('again', 'accepted');
      assert.deepEqual(pkb.arrived.map(({ controlId }) => controlId).toSorted(), ids);
      assert.ok((await find({ reference: 'others' })).every(({ state }) => state === 'rejected'));
    });

    it('the second of two operators is told that nothing is left', async () => {
      answers = 'AR';
      await hand('twice', 3);
      await allAre('twice', 'rejected');
      const { body } = await ask('count', { reference: 'twice', act: 'dismiss' }, as.operator);
      const act = { reference: 'twice', act: 'dismiss', ...body };
      const first = await ask('all', act, as.operator);
      const second = await ask('all', act, as.everything);
      assert.deepEqual([first.body.done, first.body.gone], [3, 0]);
      assert.deepEqual([second.status, second.body.done, second.body.gone], [200, 0, 3]);
      assert.ok((await find({ reference: 'twice' })).every(({ dismissed }) => dismissed));
      // What was dismissed is not sent again with all others.
      assert.equal((await ask('count', { reference: 'twice', act: 'again' }, as.operator)).body.count, 0);
    });

    it('nothing is done about more than was confirmed, nor about what was stored since', async () => {
      answers = 'AR';
      await hand('more', 2);
      await allAre('more', 'rejected');
      const { body } = await ask('count', { reference: 'more', act: 'dismiss' }, as.operator);
      const refused = await ask('all', { reference: 'more', act: 'dismiss', ...body, count: 1 }, as.operator);
      assert.equal(refused.status, 409);
      assert.match(refused.body.error, /^Nothing was done: 2 messages fit now, and 1 were confirmed/);
      assert.ok((await find({ reference: 'more' })).every(({ dismissed }) => !dismissed));
      const url = `${red.url}/in?reference=more`;
      assert.ok(await post(url, stamped('more-later'), agent));
      await allAre('more', 'rejected');
      const done = await ask('all', { reference: 'more', act: 'dismiss', ...body }, as.operator);
      assert.equal(done.body.done, 2);
      const [later] = await find({ controlId: 'more-later' });
      assert.equal(later.dismissed, false);
    });

    it('all that are pending are discarded with a reason, and their flow is told of each', async () => {
      answers = 'nothing';
      const ids = await hand('pending', 5);
      let done = 0;
      await until('all are discarded', async () => {
        const { body } = await confirm({ reference: 'pending' }, 'discard', { reason: 'sent by post' });
        done += body.done;
        assert.equal(body.gone + body.superseded + body.unclaimed, 0, JSON.stringify(body));
        return done === 5;
      });
      await until('the flow is told', () => {
        const told = readTold(red.userDir).filter(({ outcome }) => outcome === 'PKB_DISCARDED');
        return ids.every((id) => told.some((one) => one.id === id));
      });
      const [{ id }] = await find({ controlId: ids[0] });
      const life = await ask('message', { id }, as.reader);
      assert.match(life.body.reason, /sent by post/);
    });

    it('by NHS number it is for who may see patient data, and the trail and the log hold none', async () => {
      answers = 'AR';
      await hand('patient', 2);
      await allAre('patient', 'rejected');
      const search = { nhsNumber: NHS_NUMBERS[1], facility: 'trustalias{trustalias}', reference: 'patient' };
      for (const path of ['count', 'all']) {
        const refused = await ask(
          path,
          { ...search, act: 'dismiss', count: 1, until: Date.now() },
          as.operator,
        );
        assert.deepEqual([refused.status, /pkb\.phi/.test(refused.body.error)], [403, true]);
      }
      const { body } = await confirm(search, 'dismiss', {}, as.everything);
      assert.equal(body.done, 1);
      const [last] = (await find({ reference: 'patient' })).filter(({ dismissed }) => dismissed);
      assert.equal(last.controlId, 'patient-1');
      const [begun, ended] = (await records()).slice(-2);
      assert.deepEqual([begun?.event, ended?.event, begun?.user], ['pkb.all', 'pkb.all.done', 'everything']);
      const details = JSON.parse(begun?.details ?? '');
      assert.deepEqual(
        [details.act, details.count, details.filter.facility],
        ['dismiss', 1, search.facility],
      );
      assert.match(details.filter.patient, /^[0-9a-f]{32}$/);
      assert.match(details.filter.reference, /^[0-9a-f]{16}$/);
      assert.equal(JSON.parse(ended?.details ?? '').done, 1);
      for (const text of [JSON.stringify(await records()), red.output()])
        assert.ok(!text.includes(NHS_NUMBERS[1]) && !/"reference":"patient"/.test(text));
    });

    it('what a later message has superseded is left, and counted apart', async () => {
      answers = 'AR';
      const plan = (controlId: string): string =>
        stamped(controlId, { type: 'SIU^S12', more: 'SCH|A-4711\r' });
      const url = `${red.url}/in?reference=superseded`;
      assert.ok(await post(url, plan('old'), agent));
      await allAre('superseded', 'rejected');
      answers = 'AA';
      assert.ok(await post(`${red.url}/in?reference=newer`, plan('new'), agent));
      await allAre('newer', 'accepted');
      const { body } = await confirm({ reference: 'superseded' }, 'again');
      assert.deepEqual([body.done, body.superseded], [0, 1]);
    });

    it('what cannot be asked is said in words, and nothing is done', async () => {
      answers = 'AR';
      await hand('wrong', 1);
      await allAre('wrong', 'rejected');
      const right = { reference: 'wrong', act: 'dismiss', count: 1, until: Date.now() + 1000 };
      for (const [path, more, status] of [
        ['count', { act: 'delete' }, 400],
        ['count', { act: '__proto__' }, 400],
        ['count', { connection: 'send' }, 404],
        ['count', { states: 'all' }, 400],
        ['all', { act: undefined }, 400],
        ['all', { act: 'delete' }, 400],
        ['all', { count: undefined }, 400],
        ['all', { count: -1 }, 400],
        ['all', { count: '1' }, 400],
        ['all', { until: undefined }, 400],
        ['all', { until: 'now' }, 400],
        ['all', { atLeast: 'yes' }, 400],
        ['all', { after: 'x' }, 400],
        ['all', { act: 'discard' }, 400],
        ['all', { act: 'discard', reason: 'x'.repeat(201) }, 400],
        ['all', { reference: 'x'.repeat(1_000_000) }, 400],
        ['all', { reference: `<script>alert(1)</script>`, count: 0 }, 200],
        ['all', { connection: 'nothing' }, 404],
      ] as const) {
        const answer = await ask(path, { ...right, ...more }, as.everything);
        assert.equal(answer.status, status, `${path} ${JSON.stringify(more).slice(0, 60)}: ${answer.text}`);
        if (status !== 200) assert.ok(answer.body.error.length > 10, answer.text);
      }
      assert.equal((await find({ reference: 'wrong' }))[0].dismissed, false);
    });

    describe('by the command', () => {
      it('asks with the count, and does nothing unless that is typed', async () => {
        answers = 'AR';
        await hand('typed', 3);
        await allAre('typed', 'rejected');
        const args = ['dismiss', '--all', '--reference', 'typed'];
        for (const typed of ['', '\n', 'yes\n', '30\n']) {
          const { status, said } = await run('operator', args, typed);
          assert.match(said, /Dismiss 3 messages\? Type 3 to confirm/);
          assert.match(said, /Nothing was done\.\n/);
          assert.equal(status, 0);
        }
        assert.ok((await find({ reference: 'typed' })).every(({ dismissed }) => !dismissed));
        const { status, said } = await run('operator', args, '3\n');
        assert.deepEqual([status, said.includes('3 dismissed\n')], [0, true], said);
        assert.match((await run('operator', args)).said, /No message fits/);
      });

      it('sends again and discards all that fit, where --yes confirms it', async () => {
        answers = 'AR';
        await hand('yes', 2);
        await allAre('yes', 'rejected');
        answers = 'AA';
        const again = await run('operator', ['retry', '--all', '--yes', '--reference', 'yes']);
        assert.equal(again.said, '2 pending again\n');
        await allAre('yes', 'accepted');
        answers = 'nothing';
        await hand('stuck', 2);
        await until('both are discarded', async () => {
          const args = ['discard', '--all', '--yes', '--reason', 'x', '--reference', 'stuck'];
          return /No message fits/.test((await run('operator', args)).said);
        });
        await allAre('stuck', 'discarded');
      });

      it('is refused without the permission, and says what is wrong with the call', async () => {
        answers = 'AR';
        await hand('denied', 1);
        await allAre('denied', 'rejected');
        const denied = await run('reader', ['dismiss', '--all', '--yes', '--reference', 'denied']);
        assert.deepEqual([denied.status, /permission/.test(denied.said)], [1, true]);
        for (const args of [
          ['dismiss', '--all', '1'],
          ['discard', '--all', '--yes'],
          ['retry', '--all', '--override'],
          ['retry', '--all', '--state', 'odd'],
          ['retry', '--all', '--most', '5'],
        ])
          assert.equal((await run('operator', args)).status, 2, args.join(' '));
      });
    });
  });
}
