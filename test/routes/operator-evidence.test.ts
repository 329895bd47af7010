/** The pack of evidence, through the route and the command of a whole Node-RED. */
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
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
import { operatedUserDir, runOutboxCommand, type Said } from '../support/operating.js';
import { post, SENDING_SETTINGS } from '../support/sending.js';
import type { TestServer } from '../support/server.js';
import { until } from '../support/wait.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const SCRIPT = '<script>alert(1)</script>';
const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
  version: string;
};

for (const runtime of ['node-red', 'node-red-4']) {
  describe(`evidence of ${runtime}`, function () {
    this.timeout(90_000);
    let pkb: TestServer;
    let red: NodeRed;
    const rejected = new Set<string>();
    const as = {} as Record<Role, Record<string, string>>;
    const agent = new Agent({ keepAlive: true });

    const ask = (path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
      call(
        `${red.url}/pkb/${path}`,
        'POST',
        { ...JSON_TYPE, ...headers },
        JSON.stringify({ connection: 'connection', ...body }),
      );
    /** Hands a message in and waits for its end. @returns its id */
    const hand = async (controlId: string, reference: string, more = ''): Promise<number> => {
      const url = `${red.url}/in?reference=${encodeURIComponent(reference)}`;
      assert.ok(await post(url, stamped(controlId, { more }), agent));
      let id = 0;
      await until(`${controlId} has ended`, async () => {
        const [found] = (await ask('search', { controlId }, as.everything)).body.messages;
        id = found?.id ?? 0;
        return found?.settledAt !== undefined;
      });
      return id;
    };
    const run = (role: Role, ...args: string[]): Promise<Said> => runOutboxCommand(red, role, args);
    // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of any shape
    const records = async (): Promise<any[]> =>
      (await ask('trail', {}, as.operator)).body.records.filter(
        ({ event }: { event: string }) => event === 'pkb.evidence',
      );

    before(async () => {
      pkb = await startRejecting((controlId) => rejected.has(controlId));
    });
    after(async () => {
      agent.destroy();
      await pkb?.close();
    });

    describe('with adminAuth', () => {
      let ids: number[];
      before(async () => {
        red = await startNodeRed(runtime, operatedUserDir(pkb.url), `${SENDING_SETTINGS}, ${ADMIN_AUTH}`);
        for (const role of Object.keys(PERMISSIONS) as Role[]) as[role] = await signIn(red, role);
        rejected.add('ev-2');
        ids = [await hand('ev-1', 'TC-1'), await hand('ev-2', '=TC-2', `NTE|1||${SCRIPT}\r`)];
      });
      after(async () => {
        await red?.stop();
        if (red) remove(red.userDir);
      });

      it('is masked for a reader, and has outcomes, times and versions', async () => {
        const before = (await records()).length;
        for (const role of ['reader', 'operator', 'anonymous'] as const) {
          const { status, body } = await ask('evidence', { ids }, as[role]);
          assert.equal(status, 200);
          assert.match(body.name, /^pkb-evidence-[\dTZ-]+$/);
          for (const text of [body.html, body.csv] as string[]) {
            for (const word of ['Example', '9990000018', '19700101', 'known', SCRIPT])
              assert.ok(!text.includes(word), `${role}: ${word}`);
            for (const word of [
              'TC-1',
              'ev-2',
              'accepted by PKB',
              'rejected by PKB',
              version,
              pkb.url,
              'custom',
            ])
              assert.ok(text.includes(word), `${role}: ${word}`);
          }
          assert.match(
            body.html,
            new RegExp(`Node-RED ${runtime === 'node-red' ? 5 : 4}\\.\\d+\\.\\d+[^,]*, Node\\.js \\d+`),
          );
          assert.ok(body.csv.startsWith('\uFEFFtestCase,') && body.csv.includes("\r\n'=TC-2,"), body.csv);
        }
        assert.equal((await records()).length, before);
      });

      it('is not masked, and has PKB’s words, only for who may see texts, who is noted with the messages', async () => {
        for (const more of [{ masked: false }, { words: true }])
          for (const role of ['reader', 'operator', 'anonymous'] as const) {
            const { status, text } = await ask('evidence', { ids, ...more }, as[role]);
            assert.deepEqual([status, /pkb\.phi/.test(text), text.includes('Example')], [403, true, false]);
          }
        assert.equal((await records()).length, 0);
        const open = (await ask('evidence', { ids, masked: false }, as.clinician)).body;
        for (const text of [open.html, open.csv]) assert.ok(text.includes('Example^Alex'));
        assert.ok(open.html.includes('&lt;script&gt;') && !open.html.includes(SCRIPT));
        const words = (await ask('evidence', { ids, words: true }, as.clinician)).body;
        assert.ok(words.csv.includes(PKB_WORDS) && !words.csv.includes('9990000018'));
        const noted = (await records()).map(({ user, details }) => [user, JSON.parse(details)]);
        assert.deepEqual(noted, [
          ['clinician', { connection: 'connection', messages: ids, masked: false, words: false }],
          ['clinician', { connection: 'connection', messages: ids, masked: true, words: true }],
        ]);
        await until('it is in the log', () =>
          red.output().includes('evidence of 2 messages of connection given to clinician, not masked'),
        );
      });

      it('stays small where a message holds a document or a field of a megabyte', async () => {
        const pdf = Buffer.alloc(2_000_000, '%PDF-1.7 Example ').toString('base64');
        const more = `OBX|1|ED|^Letter||^TEXT^PDF^Base64^${pdf}||||||F\rNTE|1||${'Example '.repeat(130_000)}\r`;
        const id = await hand('ev-large', 'TC-3', more);
        for (const masked of [true, false]) {
          const { text, body } = await ask('evidence', { ids: [id], masked }, as.clinician);
          assert.ok(text.length < 30_000, String(text.length));
          assert.match(body.csv, /\^PDF\^Base64\^\[document: 2000000 bytes, SHA-256 [0-9a-f]{64}\]/);
        }
      });

      it('gives each message once, in the order of storing, and its test case its outcome', async () => {
        const { body } = await ask('evidence', { ids: [...ids.toReversed(), ...ids] }, as.reader);
        assert.equal(body.csv.match(/,ADT\^A28,/g).length, 2);
        assert.ok(body.csv.indexOf('ev-1') < body.csv.indexOf('ev-2'));
        assert.match(body.html, /<td>=TC-2<\/td><td>0 of 1<\/td>/);
      });

      it('what cannot be asked is said in words, and nothing is given out', async () => {
        for (const [more, status] of [
          [{ ids: [] }, 400],
          [{ ids: ['1'] }, 400],
          [{ ids: undefined }, 400],
          [{ ids: Array.from({ length: 201 }, (_, n) => n + 1) }, 400],
          [{ ids: [4711] }, 404],
          [{ ids: [...ids, 4711], masked: false }, 404],
          [{ masked: 'no' }, 400],
          [{ masked: null }, 400],
          [{ words: 1 }, 400],
          [{ connection: 'outbox' }, 404],
          [{ connection: '__proto__' }, 404],
        ] as const) {
          const answer = await ask('evidence', { ids, ...more }, as.everything);
          assert.equal(
            answer.status,
            status,
            `${JSON.stringify(more).slice(0, 60)}: ${answer.text.slice(0, 200)}`,
          );
          assert.ok(answer.body.error.length > 10 && answer.body.html === undefined);
        }
      });

      it('is saved by the command for nobody else, and never in the place of another file', async () => {
        const path = join(red.userDir, 'pack');
        const saved = await run('reader', 'evidence', '--to', path, '--control-id', 'ev-1');
        assert.deepEqual([saved.status, saved.said], [0, `Saved ${path}.html and ${path}.csv.\n`]);
        assert.match(readFileSync(`${path}.html`, 'utf8'), /TC-1/);
        assert.ok(!readFileSync(`${path}.csv`, 'utf8').includes('Example'));
        if (process.platform !== 'win32') assert.equal(statSync(`${path}.csv`).mode & 0o777, 0o600);
        const again = await run('reader', 'evidence', '--to', path, `${ids[0]}`);
        assert.deepEqual([again.status, /is there already.*--to/.test(again.said)], [2, true]);
        writeFileSync(join(red.userDir, 'half.csv'), 'mine');
        assert.equal(
          (await run('reader', 'evidence', '--to', join(red.userDir, 'half'), `${ids[0]}`)).status,
          2,
        );
        assert.equal(readFileSync(join(red.userDir, 'half.csv'), 'utf8'), 'mine');
        const named = await run('clinician', 'evidence', '--unmasked', ...ids.map(String));
        assert.match(named.said, /pkb-evidence-[\dTZ-]+\.csv\. They may hold patient data\.\n$/);
        const denied = await run(
          'reader',
          'evidence',
          '--words',
          '--to',
          join(red.userDir, 'no'),
          `${ids[0]}`,
        );
        assert.deepEqual([denied.status, /pkb\.phi/.test(denied.said)], [1, true]);
        assert.match((await run('reader', 'evidence', '--reference', 'none')).said, /No message fits/);
        assert.equal((await run('reader', 'evidence', '--since', 'soon')).status, 2);
      });
    });

    for (const [what, showTexts] of [
      ['is always masked', false],
      ['is not masked where the outbox shows texts', true],
    ] as const) {
      it(`without adminAuth ${what}`, async () => {
        red = await startNodeRed(runtime, operatedUserDir(pkb.url, { showTexts }), SENDING_SETTINGS);
        as.everything = {};
        try {
          const id = await hand('plain-1', 'TC-9');
          assert.equal((await ask('evidence', { ids: [id] })).status, 200);
          const { status, text } = await ask('evidence', { ids: [id], masked: false });
          assert.equal(status, showTexts ? 200 : 403);
          assert.equal(text.includes('Example'), showTexts);
        } finally {
          await red.stop();
          remove(red.userDir);
        }
      });
    }
  });
}
