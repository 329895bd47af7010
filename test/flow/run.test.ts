/** pkb-run in a real flow: example 13, and what it is given besides. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/wait.js';
import { run, type RunningExample } from './examples.js';
import { build, connection, customer, guard, outbox, send, simulator } from './flows.js';
import { type RunningFlow, server, start, version } from './runtime.js';

const FILE = "13 - A night's run of letters.json";

describe(`pkb-run on Node-RED ${version}`, function () {
  this.timeout(60_000);
  before(() => server.start());
  after(() => server.stop());
  afterEach(() => server.unload());

  describe('in example 13', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'pkb-night-'));
      process.env['PKB_NIGHT'] = folder;
    });
    afterEach(() => {
      delete process.env['PKB_NIGHT'];
      rmSync(folder, { recursive: true });
    });

    const press = (flow: RunningExample, name: string): void =>
      flow.node('pkb13-start').send({ run: name, filename: join(folder, 'letters.csv') });

    it('accounts for every row, and sends nothing twice', async () => {
      const flow = await run(FILE);
      flow.press('drop a sample');
      await until('there is a list', () => existsSync(join(folder, 'letters.csv')));
      press(flow, 'night 1');
      const { payload } = await flow.wait('pkb13-report');
      const states = Object.fromEntries(
        Object.entries(payload.states as Record<string, number>).filter(([, n]) => n > 0),
      );
      assert.deepEqual(states, { accepted: 2, duplicate: 1, unbuilt: 2, rejected: 1 });
      assert.deepEqual([payload.closed, payload.expected, payload.count], [true, 6, 6]);
      const rows = new Map<string, string>(
        payload.items.map(({ reference, state, code }: Record<string, string>) => [
          `${reference} ${state}`,
          code,
        ]),
      );
      assert.deepEqual([...rows].toSorted(), [
        ['N-1001 accepted', 'AA'],
        ['N-1002 accepted', 'AA'],
        ['N-1002 duplicate', ''],
        ['N-1003 unbuilt', 'ENOENT'],
        ['N-1004 unbuilt', 'PKB_CUSTOMER'],
        ['N-1005 rejected', 'AR'],
      ]);
      const file = join(folder, 'reports', 'night 1.csv');
      await until(
        'there is a report',
        () => existsSync(file) && readFileSync(file, 'utf8').includes('N-1005'),
      );
      assert.match(readFileSync(file, 'utf8'), /^\uFEFFReference,Customer,Type,State,Code,Words,/);
      const sent = flow.seen('pkb13-seen').length;
      press(flow, 'night 2');
      await flow.wait('pkb13-report', 2);
      const again = flow.seen('pkb13-report')[1].payload;
      assert.deepEqual(
        [again.states.accepted, again.states.duplicate, again.states.unbuilt, again.states.rejected],
        [0, 3, 2, 1],
      );
      assert.equal(flow.seen('pkb13-seen').length, sent + 1, 'only what was rejected is tried again');
    });

    it('goes on with a run whose list is processed again, and closes it once', async () => {
      const flow = await run(FILE);
      flow.press('drop a sample');
      await until('there is a list', () => existsSync(join(folder, 'letters.csv')));
      const list = join(folder, 'letters.csv');
      const rows = readFileSync(list, 'utf8').split('\r\n');
      // Only what is accepted, so that nothing is tried again.
      writeFileSync(list, rows.slice(0, 3).join('\r\n'));
      for (let time = 0; time < 3; time++) press(flow, 'night');
      const { payload } = await flow.wait('pkb13-report');
      await until('all are seen to', () => flow.seen('pkb13-rejected').length === 4);
      assert.deepEqual([payload.count, payload.states.accepted], [2, 2]);
      assert.equal(flow.seen('pkb13-seen').length, 2);
      for (const { payload: said } of flow.seen('pkb13-rejected')) {
        assert.equal(said.outcome, 'duplicate');
        assert.ok(said.of.controlId !== said.controlId && ['pending', 'accepted'].includes(said.of.state));
      }
      assert.equal(flow.seen('pkb13-report').length, 1);
    });
  });

  // Runs stay in an outbox in memory when its flow is gone, so each flow has another one.
  let outboxes = 0;
  const parts = (id = `run-outbox-${++outboxes}`): object[] => [
    outbox({ id }),
    connection(undefined, { outbox: id }),
    customer('customer', 'Trust', 'trustalias'),
    simulator(),
    { id: 'received', type: 'helper' },
    { id: 'catch', type: 'catch', scope: null, wires: [['caught', 'run']] },
    { id: 'caught', type: 'helper' },
    { id: 'progress', type: 'helper' },
    { id: 'report', type: 'helper' },
    { id: 'in', type: 'helper', wires: [['run', 'build']] },
    build({ dataPointId: 'new', wires: [['guard']] }),
    guard({ wires: [['send'], ['run']] }),
    send({ wires: [['accepted'], ['rejected']] }),
    { id: 'accepted', type: 'helper' },
    { id: 'rejected', type: 'helper' },
  ];
  const begin = (more: object = {}): Promise<RunningFlow> =>
    start([
      ...parts(),
      { id: 'run', type: 'pkb-run', connection: 'connection', wires: [['progress'], ['report']], ...more },
    ]);
  const patient = (family: string): object => ({
    kind: 'demographics',
    patient: { nhsNumber: '9990000018', name: { family, given: 'Alex' }, birthDate: '1970-01-31', sex: 'F' },
  });

  it('says what is missing, stays open, and counts what nothing names', async () => {
    const flow = await begin();
    flow.node('in').send({ run: 'r', payload: { kind: 'no such kind' }, expected: 3 });
    const { error } = await flow.wait('caught');
    assert.ok(['PKB_REFERENCE', 'PKB_FIELDS'].includes(error.code));
    await flow.wait('caught', 2);
    assert.deepEqual(
      flow
        .seen('caught')
        .map(({ error: { code } }) => code)
        .toSorted(),
      ['PKB_FIELDS', 'PKB_REFERENCE'],
      'what pkb-run itself reports does not come back to it',
    );
    flow.receive('run', { run: 'r', report: true });
    const { payload, csv } = await flow.wait('report');
    assert.deepEqual([payload.closed, payload.count, payload.states.unbuilt], [false, 1, 1]);
    assert.equal(payload.reason, '2 of 3 items did not come.');
    assert.match(csv, /unbuilt,PKB_FIELDS/);
  });

  it('refuses a run, a size and a report that cannot be', async () => {
    const flow = await begin();
    const faults: [object, RegExp][] = [
      [{ payload: 'x' }, /Set msg\.run/],
      [{ run: { name: 'r' } }, /msg\.run must be text/],
      [{ run: 'r'.repeat(201) }, /msg\.run must be text/],
      [{ run: 'r', reference: 'a', expected: 'many' }, /msg\.expected must be a whole number/],
      [{ run: 'no such run', report: true }, /No run has the name in msg\.run/],
      [{ run: 'r', reference: ['a'] }, /msg\.reference must be text/],
    ];
    for (const [i, [message, text]] of faults.entries()) {
      flow.receive('run', message);
      await flow.wait('caught', i + 1);
      assert.match(flow.seen('caught')[i].error.message, text);
    }
  });

  it('reports on a run that has been quiet, once, and gives progress', async () => {
    const flow = await begin({ quietMinutes: 0.01, progressSeconds: 0.1 });
    flow.receive('run', { run: 'quiet', reference: 'a', payload: patient('Example') });
    const { payload } = await flow.wait('report');
    assert.equal(payload.closed, false);
    assert.match(
      payload.reason,
      /It is not known how many items are to come: set msg\.expected\. 1 came\. 1 is waiting\./,
    );
    const progress = await flow.wait('progress');
    assert.deepEqual([progress.topic, progress.payload.states.waiting], ['quiet', 1]);
    assert.equal(flow.seen('report').length, 1);
  });

  it('says which setting or connection is wrong', async () => {
    const flow = await begin({ progressSeconds: 'often', connection: '' });
    assert.match(flow.log(), /number of seconds of pkb run must be/);
    await server.unload();
    const other = await begin({ connection: 'customer' });
    other.receive('run', { run: 'r', reference: 'a' });
    assert.match((await other.wait('caught')).error.message, /No connection is chosen/);
  });
});
