/** The examples that send letters from folders, run on a temporary folder. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/wait.js';
import { type FlowNode, run, type RunningExample } from './examples.js';
import { server, version } from './runtime.js';

const FIELDS = {
  kind: 'document',
  type: 'CL',
  patient: {
    nhsNumber: '9990000018',
    name: { family: 'Example', given: 'Alex' },
    birthDate: '1970-01-31',
    sex: 'F',
  },
};

/** The simulator makes no record of a patient without sex. */
const UNKNOWN = {
  nhsNumber: '9990000123',
  name: { family: 'Unknown', given: 'Pat' },
  birthDate: '1988-08-08',
};

/** A simulator that is out of order for so many requests. */
const outOfOrder = (node: FlowNode): object =>
  node.type === 'pkb-simulator'
    ? { ...node, faults: JSON.stringify({ rates: { '503': 1 }, retryAfter: 1 }) }
    : node;

/** Each test has a folder of its own, which the environment variable names. */
function ownFolder(variable: string): (...path: string[]) => string {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pkb-example-'));
    process.env[variable] = folder;
  });
  afterEach(async () => {
    await server.unload();
    delete process.env[variable];
    rmSync(folder, { recursive: true });
  });
  return (...path) => join(folder, ...path);
}

/** An outbox in a file, for flows that are restarted. */
const kept = (path: string): object => ({ id: 'kept', type: 'pkb-outbox', store: 'embedded', path });
const withKept =
  (change: (node: FlowNode) => object = (node) => node) =>
  (node: FlowNode): object =>
    node.type === 'pkb-connection' ? { ...node, outbox: 'kept' } : change(node);

describe(`the examples with folders on Node-RED ${version}`, () => {
  before(() => server.start());
  after(() => server.stop());

  describe('04 sends the letters of a folder', () => {
    const FILE = '04 - Send PDF letters from a folder.json';
    const here = ownFolder('PKB_LETTERS');

    /** The files of a folder, without the control IDs in their names. */
    const kinds = (of: string): string[] =>
      existsSync(here(of))
        ? readdirSync(here(of))
            .map((file) => file.replace(/\.[0-9a-f-]{16,}(?=\.)/, ''))
            .toSorted()
        : [];
    const reasonOf = (letter: string): string =>
      readdirSync(here('failed'))
        .filter((file) => file.startsWith(`${letter}.`) && file.endsWith('.reason.txt'))
        .map((file) => readFileSync(here('failed', file), 'utf8'))
        .join();
    const drop = (name: string, fields: object, pdf = '%PDF-1.4'): void => {
      writeFileSync(here(`${name}.pdf`), pdf);
      writeFileSync(here(`${name}.json`), JSON.stringify(fields));
    };
    const SAMPLE = ['letter-4711.json', 'letter-4711.pdf'];
    const sample = async (flow: RunningExample): Promise<void> => {
      flow.press('drop a sample letter');
      await until('the letter lies there', () => existsSync(here('letter-4711.json')));
      flow.press('every 5 seconds');
    };

    it('and moves them to accepted when PKB has accepted them', async () => {
      const flow = await run(FILE);
      await sample(flow);
      await until('it is accepted', () => kinds('accepted').length === 2);
      assert.deepEqual(kinds('accepted'), SAMPLE);
      await flow.wait('pkb04-put', 2);
      assert.deepEqual(kinds('sending'), []);
      await sample(flow);
      await until('the second is accepted', () => kinds('accepted').length === 4);
      await flow.wait('pkb04-seen', 2);
      assert.match(flow.seen('pkb04-seen')[1].simulator.summary, /replaced/);
    });

    it('and keeps them in sending while PKB has not answered, also over a restart', async () => {
      const flow = await run(FILE, withKept(outOfOrder), [kept(here('outbox.sqlite'))]);
      await sample(flow);
      await until('it is stored', () => kinds('sending').length === 2);
      await until('it has been tried', () =>
        flow.statuses('pkb04-send').some(({ text }) => /wait/.test(text ?? '')),
      );
      assert.deepEqual([kinds('sending'), kinds('accepted')], [SAMPLE, []]);
      await server.unload();
      await run(FILE, withKept(), [kept(here('outbox.sqlite'))]);
      await until('it is accepted', () => kinds('accepted').length === 2);
      assert.deepEqual(kinds('sending'), []);
    });

    it('and moves what PKB rejects to failed, with its reason', async () => {
      const flow = await run(FILE);
      drop('unknown', { ...FIELDS, id: 'unknown', patient: UNKNOWN });
      flow.press('every 5 seconds');
      await until('it has failed', () => kinds('failed').length === 3);
      assert.match(reasonOf('unknown'), /No patient found/);
      await flow.wait('pkb04-put', 2);
      assert.deepEqual([kinds('sending'), kinds('accepted')], [[], []]);
    });

    it('and takes a letter again that a deploy stopped on its way', async () => {
      const flow = await run(FILE);
      const stuck = { 'letter-4711.json': Date.now() - 61_000, 'other.json': Date.now() };
      flow.node('pkb04-look').context().flow.set('busy', stuck);
      await sample(flow);
      assert.equal((await flow.wait('pkb04-put')).letter.file, 'letter-4711.json');
    });

    it('and moves what makes no message to failed, with the reason', async () => {
      const flow = await run(FILE);
      drop('bad', { kind: 'document', type: 'CL' }, 'not a PDF');
      flow.press('every 5 seconds');
      await flow.wait('pkb04-put');
      const reason = reasonOf('bad');
      assert.match(reason, /patient is missing/);
      assert.match(reason, /id cannot be derived/);
      assert.match(reason, /pdf is no PDF/);
      assert.ok(kinds('failed').includes('bad.pdf'));
    });
  });

  describe('08 sends a list and a folder of PDFs', () => {
    const FILE = '08 - A CSV and a folder of PDFs for two Trusts.json';
    const here = ownFolder('PKB_MAILING');
    const HEAD = 'reference,customer,nhsNumber,family,given,birthDate,sex,type,file';
    const row = (reference: string, file = `${reference}.pdf`, customer = 'North Trust'): string =>
      `${reference},${customer},9990000018,Example,Alex,1970-01-31,F,CL,${file}`;
    const files = (of: string): string[] => (existsSync(here(of)) ? readdirSync(here(of)).toSorted() : []);
    const put = (...names: string[]): void => {
      mkdirSync(here('waiting'), { recursive: true });
      for (const name of names) writeFileSync(here('waiting', name), '%PDF-1.4');
    };
    const list = (...rows: string[]): void =>
      writeFileSync(here('letters.csv'), [HEAD, ...rows, ''].join('\r\n'));
    const reasonOf = (name: string): string => readFileSync(here('rejected', `${name}.txt`), 'utf8');
    const wrong = (flow: RunningExample): string[] =>
      flow.seen('pkb08-wrong').map(({ payload }) => payload as string);

    /** The list is taken when it has not changed since the last look. */
    async function take(flow: RunningExample): Promise<void> {
      const before = files('lists').length;
      await until('the list has been taken', () => {
        flow.press('every 5 seconds');
        return files('lists').length > before;
      });
    }
    async function morning(flow: RunningExample): Promise<string[]> {
      const before = flow.seen('pkb08-written').length;
      flow.press('morning list');
      await flow.wait('pkb08-written', before + 1);
      const [report = ''] = files('reports');
      return readFileSync(here('reports', report), 'utf8').trimEnd().split('\r\n');
    }

    it('to the Trust that each row names, and tells of each what became of it', async () => {
      const flow = await run(FILE);
      flow.press('drop a sample');
      await take(flow);
      await flow.wait('pkb08-done', 5);
      assert.deepEqual(files('accepted'), ['MH-1001.pdf', 'MH-1002.pdf']);
      assert.deepEqual(files('rejected'), [
        'MH-1004.pdf',
        'MH-1004.txt',
        'MH-1005.pdf',
        'MH-1005.txt',
        'MH-1006.pdf',
        'MH-1006.txt',
      ]);
      assert.deepEqual(files('waiting'), ['MH-1007.pdf']);
      assert.match(reasonOf('MH-1004'), /^PKB_CUSTOMER\n/);
      assert.match(reasonOf('MH-1005'), /^PKB_FIELDS\n.*patient\.nhsNumber/);
      assert.match(reasonOf('MH-1006'), /^AR\n.*No patient found.*\nreference MH-1006\n/);
      assert.deepEqual(wrong(flow), [
        'row 4: reference MH-1002 is in the list already; it is sent once',
        'row 5: MH-1003.pdf is not in the folder waiting',
        'MH-1007.pdf is in the folder waiting, and in no row',
      ]);
      const facilities = flow.seen('pkb08-seen').map(({ payload }) => (payload as string).split('|')[3]);
      assert.deepEqual(facilities.toSorted(), [
        'northalias{northalias}',
        'northalias{northalias}',
        'southalias{southalias}',
      ]);
      const [head, ...told] = await morning(flow);
      assert.equal(head, 'reference,customer,file,outcome,code,time');
      assert.deepEqual(told.map((line) => line.split(',').slice(0, 5).join(',')).toSorted(), [
        ',,MH-1007.pdf,not sent,NO_ROW',
        'MH-1001,North Trust,MH-1001.pdf,accepted,AA',
        'MH-1002,South Trust,MH-1002.pdf,accepted,AA',
        'MH-1002,South Trust,MH-1002.pdf,not sent,TWICE',
        'MH-1003,North Trust,MH-1003.pdf,not sent,NO_PDF',
        'MH-1004,East Trust,MH-1004.pdf,not built,PKB_CUSTOMER',
        'MH-1005,North Trust,MH-1005.pdf,not built,PKB_FIELDS',
        'MH-1006,North Trust,MH-1006.pdf,rejected,AR',
      ]);
      const journal = readFileSync(here('journal.jsonl'), 'utf8');
      assert.ok(journal.includes('9990000018'), 'what waits needs its details');
      await server.unload();
      await run(FILE);
      assert.ok(
        !readFileSync(here('journal.jsonl'), 'utf8').includes('9990000018'),
        'what is settled does not',
      );
    });

    it('and leaves a PDF in waiting until its fate is known, which comes after a restart, too', async () => {
      const flow = await run(FILE, withKept(outOfOrder), [kept(here('outbox.sqlite'))]);
      put('A.pdf');
      list(row('A'));
      await take(flow);
      await until('it has been tried', () =>
        flow.statuses('pkb08-send').some(({ text }) => /wait/.test(text ?? '')),
      );
      assert.deepEqual(files('waiting'), ['A.pdf']);
      assert.match((await morning(flow))[1] ?? '', /^A,North Trust,A\.pdf,sent,,/);
      await server.unload();
      const again = await run(FILE, withKept(), [kept(here('outbox.sqlite'))]);
      const told = await again.wait('pkb08-done');
      assert.deepEqual(
        { ...told.payload },
        {
          reference: 'A',
          customer: 'North Trust',
          file: 'A.pdf',
          outcome: 'accepted',
          code: 'AA',
        },
      );
      assert.deepEqual([files('waiting'), files('accepted')], [[], ['A.pdf']]);
      assert.equal(again.seen('pkb08-seen').length, 1);
    });

    it('once, whatever later lists say; what was rejected may come again', async () => {
      const flow = await run(FILE);
      put('A.pdf', 'B.pdf');
      list(row('A'), row('B').replace('1970-01-31', 'no date'));
      await take(flow);
      await flow.wait('pkb08-done', 2);
      put('A.pdf', 'B.pdf');
      list(row('A'), row('B'));
      await take(flow);
      await flow.wait('pkb08-done', 3);
      assert.ok(
        wrong(flow).includes('row 2: reference A was in an earlier list (accepted)'),
        wrong(flow).join(),
      );
      assert.deepEqual(files('accepted'), ['A.pdf', 'B.pdf']);
      assert.equal(flow.seen('pkb08-seen').length, 2);
    });

    it('and sends the rest of a list that a crash cut off, nothing of it twice', async () => {
      put('A.pdf', 'B.pdf', 'C.pdf');
      const entry = (reference: string, outcome: string): object => ({
        key: `letter ${reference}`,
        reference,
        customer: 'North Trust',
        file: `${reference}.pdf`,
        outcome,
        time: new Date().toISOString(),
      });
      const fields = { ...FIELDS, id: 'B', fileName: 'B.pdf' };
      const lines = [
        { ...entry('A', 'accepted'), code: 'AA', putAway: false },
        { ...entry('B', 'waiting'), fields },
      ];
      writeFileSync(
        here('journal.jsonl'),
        `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"key":"lett`,
      );
      const flow = await run(FILE);
      await until('both are put away', () => {
        flow.node('pkb08-again').send({});
        return files('accepted').length === 2;
      });
      assert.deepEqual(files('accepted'), ['A.pdf', 'B.pdf']);
      assert.equal(flow.seen('pkb08-seen').length, 1);
    });

    it('and takes a list that it reads again after a crash for the same one', async () => {
      const flow = await run(FILE);
      put('A.pdf');
      list(row('A'), row('B'));
      await take(flow);
      await flow.wait('pkb08-done');
      await server.unload();
      const [read = ''] = files('lists');
      renameSync(here('lists', read), here('letters.csv'));
      const again = await run(FILE);
      await until('the list has been taken again', () => {
        again.press('every 5 seconds');
        return !existsSync(here('letters.csv'));
      });
      again.press('morning list');
      await again.wait('pkb08-written');
      assert.deepEqual(wrong(again), ['row 3: B.pdf is not in the folder waiting']);
      assert.deepEqual([again.seen('pkb08-seen').length, files('accepted')], [0, ['A.pdf']]);
    });

    it('but no PDF that two rows name, none outside the folder, and none without a reference', async () => {
      const flow = await run(FILE);
      put('A.pdf', 'D.pdf');
      writeFileSync(here('outside.pdf'), '%PDF-1.4');
      list(
        row('A'),
        row('B', 'A.pdf'),
        '',
        row('C', '../outside.pdf'),
        row('', 'E.pdf'),
        `"D",North Trust,9990000018,"Example",Alex,1970-01-31,F,CL,"D.pdf"`,
      );
      await take(flow);
      assert.equal((await flow.wait('pkb08-done')).payload.reference, 'D');
      assert.deepEqual(wrong(flow), [
        'row 2: A.pdf is named by another row, too; it is sent to nobody by this one',
        'row 3: A.pdf is named by another row, too; it is sent to nobody by this one',
        'row 5: names no PDF in the folder waiting',
        'row 6: has no reference',
      ]);
      assert.deepEqual([files('accepted'), files('waiting')], [['D.pdf'], ['A.pdf']]);
    });

    it('and says what a list lacks that is none', async () => {
      const flow = await run(FILE);
      writeFileSync(here('letters.csv'), 'reference;customer;file\nA;North Trust;A.pdf\n');
      await take(flow);
      assert.match(
        (await flow.wait('pkb08-wrong')).payload,
        /does not begin with the row reference,customer,/,
      );
    });

    it('and puts what the guard stops, and what could not be delivered, to rejected with the code', async () => {
      const old = (node: FlowNode): object =>
        node.type === 'pkb-simulator' ? { ...node, faults: '{"rates":{"413":1}}' } : node;
      // Given up by its age: the only way for a message to end while PKB acknowledges none.
      const tooOld = { id: 'pkb08-outbox', type: 'pkb-outbox', store: 'memory', maxAgeHours: 0 };
      const flow = await run(
        FILE,
        (node) => (node.type === 'pkb-connection' ? { ...node, outbox: tooOld.id } : old(node)),
        [tooOld],
      );
      put('A.pdf');
      list(row('A'));
      await take(flow);
      await flow.wait('pkb08-done');
      assert.match(reasonOf('A'), /^PKB_TOO_OLD\n/);
      await server.unload();
      const stop = (node: FlowNode): object => {
        if (node.type === 'pkb-build') return { ...node, processingId: 'T' };
        return node.type === 'pkb-guard' ? { ...node, rules: { 'header.processing-id': 'block' } } : node;
      };
      const strict = await run(FILE, stop);
      put('B.pdf');
      list(row('B'));
      await take(strict);
      await strict.wait('pkb08-done');
      assert.match(reasonOf('B'), /^header\.processing-id\n/);
    });

    it('and lets no cell of the morning list run as a formula', async () => {
      const flow = await run(FILE);
      put('+A.pdf');
      list(row('=1+1', '+A.pdf', '"@SUM(1,2)"'), row('"=HYPERLINK(""x"")"', 'none.pdf'));
      await take(flow);
      await flow.wait('pkb08-done');
      const told = (await morning(flow)).slice(1).toSorted();
      assert.match(told[0] ?? '', /^"'=HYPERLINK\(""x""\)",North Trust,none\.pdf,not sent,NO_PDF,/);
      assert.match(told[1] ?? '', /^'=1\+1,"'@SUM\(1,2\)",'\+A\.pdf,not built,PKB_CUSTOMER,/);
    });

    it('and keeps letters waiting while none can be stored', async () => {
      const flow = await run(FILE, undefined, [
        { id: 'second', type: 'pkb-simulator', z: 'tab', path: '/b', aliases: [], wires: [] },
      ]);
      put('A.pdf');
      list(row('A'));
      await take(flow);
      await until('it is said', () => wrong(flow).some((text) => text.startsWith('A waits: PKB_SIMULATOR')));
      assert.deepEqual(files('waiting'), ['A.pdf']);
      assert.match((await morning(flow))[1] ?? '', /^A,North Trust,A\.pdf,waiting,,/);
    });
  });
});
