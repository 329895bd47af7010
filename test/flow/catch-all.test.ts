/** One Catch node for the whole tab, wired to pkb-run and pkb-letters, as people draw it. */
import assert from 'node:assert/strict';
import { build, connection, customer, outbox, send, simulator } from './flows.js';
import { type RunningFlow, server, start, version } from './runtime.js';
import { until } from '../support/wait.js';

const TRUST = '00000000-0000-4000-8000-0000000000aa';
const PATIENT = {
  nhsNumber: '9990000018',
  name: { family: 'Example', given: 'Alex' },
  birthDate: '1970-01-31',
  sex: 'F',
};

let outboxes = 0;
const begin = (
  more: Partial<{ letters: object; organisationId: string; sent: string[][]; built: string[] }> = {},
) => {
  const id = `catch-all-${++outboxes}`;
  return start([
    outbox({ id }),
    connection(undefined, { outbox: id }),
    { ...customer('customer', 'Trust', 'trustalias'), organisationId: more.organisationId ?? TRUST },
    simulator({ autoCreate: true }),
    { id: 'received', type: 'helper' },
    { id: 'api', type: 'pkb-api', environment: 'simulator' },
    build({ dataPointId: 'keep', wires: [more.built ?? ['send', 'run']] }),
    send({ wires: more.sent ?? [['letters'], ['letters']] }),
    {
      id: 'letters',
      type: 'pkb-letters',
      connection: 'connection',
      api: 'api',
      deadlineHours: 100,
      askMinutes: 0.01,
      graceMinutes: 0,
      ...more.letters,
      wires: [['read'], ['post'], ['attention']],
    },
    {
      id: 'run',
      type: 'pkb-run',
      connection: 'connection',
      progressSeconds: 0,
      quietMinutes: 0,
      wires: [[], ['report']],
    },
    ...['read', 'post', 'attention', 'report', 'caught'].map((name) => ({ id: name, type: 'helper' })),
    { id: 'catch', type: 'catch', scope: null, wires: [['run', 'letters', 'caught']] },
  ]);
};
const letter = (id: string, more: object = {}): object => ({
  reference: `of ${id}`,
  payload: { kind: 'document', id, type: 'CL', patient: PATIENT, text: 'Dear Alex' },
  ...more,
});
/** How many errors there were when the loop had turned often enough for them to come round many times. */
const settled = async (flow: RunningFlow): Promise<number> => {
  for (let turns = 0; turns < 2000; turns++) await new Promise((resolve) => setImmediate(resolve));
  return flow.seen('caught').length;
};

describe(`one Catch node for all on Node-RED ${version}`, function () {
  this.timeout(60_000);
  before(() => server.start());
  after(() => server.stop());
  afterEach(() => server.unload());

  it('does not post a letter that PKB has accepted, because pkb-run found no name of a run', async () => {
    const flow = await begin();
    flow.receive('build', letter('d1'));
    await until('it is watched', async () => {
      const open = await flow.node('connection').delivery().outbox();
      return (await open.letters.counts('letters')).watched === 1;
    });
    await settled(flow);
    assert.deepEqual(
      flow.seen('post').map(({ payload }) => payload.reason),
      [],
    );
  });

  it('counts an item once where a wrong deadline brings it back', async () => {
    const flow = await begin({ built: ['send'] });
    flow.receive('build', letter('d1', { deadline: 'soon', run: 'night' }));
    await flow.wait('caught');
    const caught = await settled(flow);
    const sources = flow
      .seen('caught')
      .slice(0, 30)
      .map(({ error }) => `${error.source.type} ${error.source.count}`);
    assert.ok(caught <= 1, `${caught} errors from one letter: ${sources.join(', ')}`);
  });

  it('watches an accepted letter whose msg.reference is not one', async () => {
    const plain = await begin({ built: ['send'], sent: [[], []] });
    // What reaches pkb-letters: an accepted outcome, whose reference a Change node between has made an object.
    const hl7 =
      'MSH|^~\\&|A|trustalias{trustalias}|PKB|PKB|20260101120000||MDM^T02|c1|P|2.4\rPID|1||9990000018^^^NHS^NH\rTXA|1|CL||||||||||d1\r';
    plain.receive('letters', {
      payload: { outcome: 'accepted', code: 'AA', controlId: 'c1' },
      hl7,
      reference: { no: 1 },
    });
    await plain.wait('caught');
    const open = await plain.node('connection').delivery().outbox();
    assert.equal((await open.letters.counts('letters')).watched, 1);
  });

  it('ends after a message that belongs to neither', async () => {
    const flow = await begin();
    flow.receive('letters', { payload: 'no letter' });
    const caught = await settled(flow);
    assert.ok(caught < 20, `${caught} errors from one message`);
  });
});
