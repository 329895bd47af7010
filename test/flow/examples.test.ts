import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/wait.js';
import { server, start, version } from './runtime.js';

const folder = join(__dirname, '../../examples');

interface FlowNode {
  id: string;
  type: string;
  name?: string;
  payload?: string;
  props?: { p: string; v?: string }[];
  [key: string]: unknown;
}

/** An example with its inject and debug nodes replaced by ones that a test can press and read. */
function runnable(file: string): { nodes: FlowNode[]; injects: FlowNode[] } {
  const all = JSON.parse(readFileSync(join(folder, file), 'utf8')) as FlowNode[];
  const injects = all.filter(({ type }) => type === 'inject');
  const nodes = all
    .filter(({ type }) => !['tab', 'comment'].includes(type))
    .map((node) => {
      if (node.type === 'debug') return { id: node.id, type: 'helper', z: 'tab', wires: [] };
      if (node.type === 'inject') return { id: node.id, type: 'helper', z: 'tab', wires: node['wires'] };
      return node.type.startsWith('pkb-') && node['z'] === undefined ? node : { ...node, z: 'tab' };
    });
  return { nodes, injects };
}

/** Does what pressing an inject node does. */
function press(flow: Awaited<ReturnType<typeof start>>, { id, payload, props = [] }: FlowNode): void {
  const message: Record<string, unknown> = { payload };
  for (const { p, v } of props) if (v !== undefined) message[p] = v;
  flow.node(id).send(message);
}

describe(`the examples on Node-RED ${version}`, () => {
  before(() => server.start());
  after(() => server.stop());
  afterEach(() => server.unload());

  it('are numbered, begin with a note, and use no credentials', () => {
    for (const [i, file] of readdirSync(folder).toSorted().entries()) {
      assert.ok(file.startsWith(String(i + 1).padStart(2, '0')), file);
      const nodes = JSON.parse(readFileSync(join(folder, file), 'utf8')) as FlowNode[];
      assert.ok(
        nodes.some(({ type, info }) => type === 'comment' && String(info).length > 100),
        file,
      );
      assert.ok(
        nodes.every((node) => !('credentials' in node)),
        file,
      );
    }
  });

  /** Nodes of Node-RED's own that the examples use. */
  const CORE = [
    'function/10-function',
    'function/10-switch',
    'function/15-change',
    'network/21-httpin',
    'network/21-httprequest',
    'parsers/70-JSON',
    'storage/10-file',
  ];

  it('01 sends an A28 that is accepted', async () => {
    const { nodes, injects } = runnable('01 - Send an A28.json');
    const flow = await start(nodes);
    for (const inject of injects) press(flow, inject);
    assert.equal((await flow.wait('pkb01-accepted')).payload.code, 'AA');
    assert.equal((await flow.wait('pkb01-seen')).simulator.held, false);
  });

  it('02 stops, strips, and shows what would have been overwritten', async () => {
    const { nodes, injects } = runnable('02 - Stop an A31 with diagnoses.json');
    const flow = await start(nodes);
    for (const inject of injects) press(flow, inject);
    assert.equal((await flow.wait('pkb02-stopped')).pkb.findings[0].location, 'DG1[1]');
    await flow.wait('pkb02-accepted', 2);
    await flow.wait('pkb02-seen', 2);
    const effects = flow.seen('pkb02-seen').map(({ simulator }) => JSON.stringify(simulator.effects));
    assert.equal(effects.filter((text) => text.includes('OVERWRITTEN')).length, 1);
    const summaries = flow.seen('pkb02-seen').map(({ simulator }) => simulator.summary as string);
    assert.ok(
      summaries.some((text) => /Before: Asthma .*Now: Asthma\./.test(text)),
      summaries.join('\n'),
    );
  });

  it('03 sends for the Customers that are configured, and for no other', async () => {
    const { nodes, injects } = runnable('03 - Many Customers through one flow.json');
    const flow = await start(nodes);
    for (const inject of injects) press(flow, inject);
    await flow.wait('pkb03-accepted', 2);
    assert.deepEqual(
      flow
        .seen('pkb03-accepted')
        .map(({ pkb }) => pkb.customer)
        .toSorted(),
      ['northalias', 'southteam'],
    );
    assert.equal((await flow.wait('pkb03-errors')).error.code, 'PKB_CUSTOMER');
  });

  describe('04 sends the letters of a folder', () => {
    /** The simulator makes no record of a patient without sex. */
    const UNKNOWN = {
      nhsNumber: '9990000050',
      name: { family: 'Nobody', given: 'Kim' },
      birthDate: '1980-01-01',
    };
    const folder04 = mkdtempSync(join(tmpdir(), 'pkb-letters-'));
    const here = (...path: string[]): string => join(folder04, ...path);
    after(() => rmSync(folder04, { recursive: true }));

    /** The files of a folder, without the control IDs in their names. */
    const kinds = (of: string): string[] =>
      readdirSync(here(of))
        .map((file) => file.replace(/\.[0-9a-f-]+(?=\.)/, ''))
        .toSorted();
    const reasonOf = (letter: string): string =>
      readdirSync(here('failed'))
        .filter((file) => file.startsWith(`${letter}.`) && file.endsWith('.reason.txt'))
        .map((file) => readFileSync(here('failed', file), 'utf8'))
        .join();

    async function run(): Promise<{ flow: Awaited<ReturnType<typeof start>>; press(name: string): void }> {
      process.env['PKB_LETTERS'] = folder04;
      const { nodes, injects } = runnable('04 - Send PDF letters from a folder.json');
      const placed = nodes.map((node) =>
        JSON.parse(JSON.stringify(node).replaceAll('pkb-letters/', `${folder04}/`)),
      ) as object[];
      const flow = await start(placed, {}, CORE);
      return {
        flow,
        press: (name) => {
          const inject = injects.find((node) => node.name === name);
          assert.ok(inject);
          press(flow, inject);
        },
      };
    }

    it('and moves them to sent once they are safe', async () => {
      const { flow, press: pressed } = await run();
      pressed('drop a sample letter');
      await until('the letter lies there', () => existsSync(here('letter-4711.json')));
      pressed('every 5 seconds');
      await flow.wait('pkb04-put');
      assert.equal((await flow.wait('pkb04-accepted')).payload.code, 'AA');
      assert.deepEqual(kinds('sent'), ['letter-4711.json', 'letter-4711.pdf']);
      assert.ok(!existsSync(here('letter-4711.json')));
      const [first] = flow.seen('pkb04-accepted');
      pressed('drop a sample letter');
      await until('the letter lies there again', () => existsSync(here('letter-4711.json')));
      pressed('every 5 seconds');
      const second = await flow.wait('pkb04-accepted', 2);
      assert.equal(second.pkb.dataPoint.id, first.pkb.dataPoint.id);
      assert.ok(flow.seen('pkb04-seen').at(-1).simulator.summary.includes('replaced'));
    });

    it('and moves what PKB rejects to failed, with its reason', async () => {
      const { flow, press: pressed } = await run();
      const fields = { kind: 'document', id: 'unknown', type: 'CL', patient: UNKNOWN };
      writeFileSync(here('unknown.PDF'), '%PDF-1.4');
      writeFileSync(here('unknown.json'), JSON.stringify(fields));
      pressed('every 5 seconds');
      await flow.wait('pkb04-put', 2);
      assert.match(reasonOf('unknown'), /No patient found/);
      assert.ok(kinds('failed').includes('unknown.PDF') && !kinds('sent').includes('unknown.PDF'));
    });

    it('and takes a letter again that a deploy stopped on its way', async () => {
      const { flow, press: pressed } = await run();
      const stuck = { 'letter-4711.json': Date.now() - 61_000, 'other.json': Date.now() };
      flow.node('pkb04-look').context().flow.set('busy', stuck);
      pressed('drop a sample letter');
      await until('the letter lies there', () => existsSync(here('letter-4711.json')));
      pressed('every 5 seconds');
      assert.equal((await flow.wait('pkb04-put')).letter.file, 'letter-4711.json');
    });

    it('and moves what makes no message to failed, with the reason', async () => {
      const { flow, press: pressed } = await run();
      writeFileSync(here('bad.pdf'), 'not a PDF');
      writeFileSync(here('bad.json'), JSON.stringify({ kind: 'document', type: 'CL' }));
      pressed('every 5 seconds');
      await flow.wait('pkb04-put');
      const reason = reasonOf('bad');
      assert.match(reason, /patient is missing/);
      assert.match(reason, /id cannot be derived/);
      assert.match(reason, /pdf is no PDF/);
      assert.ok(kinds('failed').includes('bad.pdf'));
    });
  });

  it('05 creates, moves and cancels one appointment, and flags a second new one', async () => {
    const { nodes, injects } = runnable('05 - Create, move and cancel an appointment.json');
    const flow = await start(nodes, {}, CORE);
    const [created] = injects;
    assert.ok(created);
    for (const inject of [...injects, created])
      press(flow, { ...inject, payload: JSON.parse(String(inject.payload)) });
    await flow.wait('pkb05-accepted', 4);
    const pkb = flow.seen('pkb05-accepted').map((message) => message.pkb);
    assert.deepEqual(
      pkb.map(({ messageType }) => messageType),
      ['SIU^S12', 'SIU^S13', 'SIU^S15', 'SIU^S12'],
    );
    assert.equal(new Set(pkb.map(({ dataPoint }) => dataPoint.id)).size, 1);
    assert.equal((await flow.wait('pkb05-flags')).pkb.findings[0].rule, 'datapoint.resent-appointment');
    const effects = flow.seen('pkb05-seen').map(({ simulator }) => JSON.stringify(simulator.effects));
    for (const [i, word] of ['created', 'updated', 'cancelled', 'replaced'].entries())
      assert.ok(effects[i]?.includes(word), effects[i]);
  });

  it('06 takes laboratory results by web request, and answers when they are safe, or why not', async () => {
    const { nodes, injects } = runnable('06 - Laboratory results from a web request.json');
    const flow = await start(nodes, {}, CORE);
    const url = new URL('/pkb/results', server.url());
    const post = async (body: string): Promise<{ status: number; body: { error?: string } }> => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(url, { method: 'POST', headers, body });
      return { status: response.status, body: (await response.json()) as { error?: string } };
    };
    const [good, bad] = injects.map(({ payload }) => String(payload));
    assert.equal((await post(good ?? '')).status, 202);
    assert.equal((await flow.wait('pkb06-accepted')).payload.code, 'AA');
    const answer = await post(bad ?? '');
    assert.equal(answer.status, 400);
    assert.match(
      answer.body.error ?? '',
      /patient\.nhsNumber is no NHS number.*time must be a day or a time/s,
    );
    assert.equal(
      (await post(JSON.stringify({ ...JSON.parse(good ?? ''), report: 'B', tests: [] }))).status,
      400,
    );
  });

  it('07 corrects what was rejected, and sends it again in its place', async () => {
    const { nodes, injects } = runnable('07 - Correct what PKB rejected and send it again.json');
    const flow = await start(nodes, {}, CORE);
    const [letter] = injects;
    assert.ok(letter);
    press(flow, { ...letter, payload: JSON.parse(String(letter.payload)) });
    assert.match((await flow.wait('pkb07-why')).payload.text, /No patient found/);
    const accepted = await flow.wait('pkb07-accepted');
    assert.equal(accepted.payload.code, 'AA');
    assert.match(accepted.hl7, /\|19750309\|U\r/);
    assert.deepEqual(flow.seen('pkb07-errors'), []);
  });
});
