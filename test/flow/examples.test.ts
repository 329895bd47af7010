import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { EXAMPLES, type FlowNode, read, run } from './examples.js';
import { server, version } from './runtime.js';

/** The patients of the examples: one name and one date of birth for each NHS number, since PKB compares them. */
const PATIENTS: Record<string, [string, string, string]> = {
  '9990000018': ['Example', 'Alex', '1970-01-31'],
  '9990000026': ['Sample', 'Robin', '1985-06-15'],
  '9990000034': ['Specimen', 'Jo', '1990-12-01'],
  '9990000042': ['Correction', 'Kim', '1975-03-09'],
};

/** Settings and texts of a flow, without what makes it up. */
const textsOf = (nodes: FlowNode[]): string =>
  nodes
    // A query names no patient but by number, and so does a list of those who may be registered.
    .filter(({ payload }) => !/"query"|^\["\d{10}",/.test(String(payload)))
    .map(({ payload, func, rules }) => `${payload} ${String(func)} ${JSON.stringify(rules)}`)
    .join('\n');

describe(`the examples on Node-RED ${version}`, () => {
  before(() => server.start());
  after(() => server.stop());
  afterEach(() => server.unload());

  const files = readdirSync(EXAMPLES).toSorted();

  for (const [i, file] of files.entries()) {
    it(`${file} is numbered, says what it does and how to try it, and uses no credentials`, () => {
      assert.ok(file.startsWith(String(i + 1).padStart(2, '0')), file);
      const nodes = read(file);
      const info = nodes.find(({ type }) => type === 'comment')?.info ?? '';
      const headings = ['What it does.', 'To try it (N minutes).', 'What to look at.', 'For real use.'];
      const found = info.replaceAll(/\(\d+ minutes\)/g, '(N minutes)');
      assert.deepEqual(
        headings.filter((heading) => !found.includes(`**${heading}**`)),
        [],
        'bold headings that the text of the first comment node does not have',
      );
      assert.ok(nodes.every((node) => !('credentials' in node)));
      assert.equal(nodes.filter(({ type }) => type === 'pkb-simulator').length, 1, 'one simulator');
    });

    it(`${file} has wires that run from left to right, and no node upon another`, () => {
      const placed = read(file).filter(({ type, x }) => x !== undefined && type !== 'group');
      const at = new Map(placed.map((node) => [node.id, node]));
      for (const { id, x = 0, wires = [] } of placed)
        for (const to of wires.flat())
          assert.ok((at.get(to)?.x ?? 0) > x, `the wire from ${id} to ${to} runs to the left`);
      for (const [n, one] of placed.entries())
        for (const other of placed.slice(n + 1)) {
          const isFar = Math.abs((one.x ?? 0) - (other.x ?? 0)) >= 60;
          assert.ok(isFar || Math.abs((one.y ?? 0) - (other.y ?? 0)) >= 40, `${one.id} is upon ${other.id}`);
        }
    });

    it(`${file} gives one patient one name and one date of birth`, () => {
      const text = textsOf(read(file));
      for (const [nhs, [family, given, birthDate]] of Object.entries(PATIENTS)) {
        for (const [found] of text.matchAll(new RegExp(`${nhs}.{0,160}`, 'g'))) {
          assert.ok(found.includes(family) && found.includes(given), `${nhs}: ${found}`);
          assert.ok(found.includes(birthDate) || found.includes(birthDate.replaceAll('-', '')), found);
        }
      }
    });
  }

  it('01 sends an A28 that is accepted', async () => {
    const flow = await run('01 - Send an A28.json');
    flow.press('an A28');
    assert.equal((await flow.wait('pkb01-accepted')).payload.code, 'AA');
    assert.equal((await flow.wait('pkb01-seen')).simulator.held, false);
  });

  it('02 stops, strips, and shows what would have been overwritten', async () => {
    const flow = await run('02 - Stop an A31 with diagnoses.json');
    for (const name of ['1 to a guard that blocks', '2 to a guard that strips', '3 without a guard'])
      flow.press(name);
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
    const flow = await run('03 - Many Customers through one flow.json');
    for (const name of ['for North Trust', 'for southteam', 'for a Customer not configured'])
      flow.press(name);
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

  it("05 writes about the Customer's appointment by the Customer's ID, and flags a second new one", async () => {
    const flow = await run('05 - Manage appointments that a Customer has booked.json');
    for (const name of [
      '0 the Customer books',
      '1 the link is added',
      '2 the patient moves it',
      '3 the patient cancels it',
      '0 the Customer books',
    ])
      flow.press(name);
    await flow.wait('pkb05-accepted', 5);
    const accepted = flow.seen('pkb05-accepted');
    assert.deepEqual(
      accepted.map(({ pkb }) => [pkb.messageType, pkb.dataPoint.id]),
      ['SIU^S12', 'SIU^S14', 'SIU^S13', 'SIU^S15', 'SIU^S12'].map((type) => [type, 'PAS-2026-4711']),
    );
    assert.ok(accepted[1].hl7.includes('\rZAP|https://appointments.example/manage/4711\r'), accepted[1].hl7);
    assert.deepEqual(
      flow.seen('pkb05-flags').map(({ pkb }) => pkb.findings.map(({ rule }: { rule: string }) => rule)),
      [['datapoint.resent-appointment']],
    );
    const effects = flow.seen('pkb05-seen').map(({ simulator }) => JSON.stringify(simulator.effects));
    for (const [i, word] of ['created', 'updated', 'updated', 'cancelled', 'replaced'].entries())
      assert.ok(effects[i]?.includes(word), effects[i]);
  });

  it('10 asks for patients a page at a time, by number, and not for everybody', async () => {
    const flow = await run('10 - Ask PKB who is registered.json');
    const pages = (n: number): string[][] =>
      flow
        .seen('pkb10-patients')
        .slice(n)
        .map(({ payload }) => payload.patients.map(({ family }: { family: string }) => family));
    flow.press('1 who is registered');
    await flow.wait('pkb10-patients', 2);
    assert.deepEqual(pages(0), [['Example', 'Sample', 'Specimen'], ['Correction']]);
    flow.press('2 one patient by NHS number');
    await flow.wait('pkb10-patients', 3);
    assert.deepEqual(pages(2), [['Example']]);
    flow.press('3 who is not registered');
    await flow.wait('pkb10-patients', 4);
    assert.deepEqual(pages(3), [[]]);
    flow.press('4 a query for everybody');
    assert.equal((await flow.wait('pkb10-errors')).error.code, 'PKB_FIELDS');
  });

  it('06 takes coded results by web request, and answers when they are safe, or why not', async () => {
    const flow = await run('06 - Laboratory results from a web request.json');
    const post = async (body: unknown): Promise<{ status: number; body: { error?: string } }> => {
      const headers = { 'content-type': 'application/json' };
      const url = new URL('/pkb/results', server.url());
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
      return { status: response.status, body: (await response.json()) as { error?: string } };
    };
    assert.equal((await post(flow.held('1 a report'))).status, 202);
    const first = await flow.wait('pkb06-accepted');
    assert.equal(first.payload.code, 'AA');
    assert.match(first.hl7, /\rOBX\|1\|NM\|3016-3\^TSH\|\|4\.90\|mU\/L\|0\.27-4\.20\|H\|/);
    assert.equal((await post(flow.held('2 the report corrected'))).status, 202);
    const second = await flow.wait('pkb06-accepted', 2);
    assert.equal(second.pkb.dataPoint.id, first.pkb.dataPoint.id);
    assert.match(second.hl7, /\|C\rOBX\|1\|NM\|3016-3\^TSH\|\|4\.09\|.*\rNTE\|\|\|Measured again\.\r/);
    const answer = await post(flow.held('3 a faulty one'));
    assert.equal(answer.status, 400);
    assert.match(
      answer.body.error ?? '',
      /patient\.nhsNumber is no NHS number.*time must be a day or a time/s,
    );
    const none = { ...(flow.held('1 a report') as object), report: 'B', tests: [] };
    assert.equal((await post(none)).status, 400);
  });
});
