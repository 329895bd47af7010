/** pkb-letters, pkb-patients and pkb-api in a real flow: example 14, and what they are given besides. */
import assert from 'node:assert/strict';
import { isNhsNumber } from '../../src/pkb/nhs-number.js';
import { until } from '../support/wait.js';
import { type FlowNode, run } from './examples.js';
import { build, connection, customer, outbox, send, simulator } from './flows.js';
import { type RunningFlow, server, start, version } from './runtime.js';

const FILE = '14 - Letters that are read or posted.json';
const TRUST = '00000000-0000-4000-8000-0000000000aa';
const PATIENT = {
  nhsNumber: '9990000018',
  name: { family: 'Example', given: 'Alex' },
  birthDate: '1970-01-31',
  sex: 'F',
};

describe(`letters on Node-RED ${version}`, function () {
  this.timeout(60_000);
  before(() => server.start());
  after(() => server.stop());
  afterEach(() => server.unload());

  const watched = (flow: RunningFlow, count: number, node = 'letters', on = 'connection'): Promise<void> =>
    until('letters are watched', async () => {
      const open = await flow.node(on).delivery().outbox();
      return (await open.letters.counts(node)).watched === count;
    });

  describe('in example 14', () => {
    /** The same in less than seconds. */
    const quick = (node: FlowNode): object => {
      if (node.type === 'pkb-letters') return { ...node, deadlineHours: 3 / 3600, askMinutes: 0.01 };
      return node.type === 'pkb-simulator' ? { ...node, readAfterSeconds: 0 } : node;
    };
    const ends = (flow: RunningFlow, of: string): string[] =>
      flow
        .seen(`pkb14-${of}`)
        .map(({ reference, payload }) => `${reference.split(' ')[0]} ${payload.end} ${payload.reason}`);

    it('is read, or posted at once, or posted at its deadline', async () => {
      const flow = await run(FILE, quick);
      flow.press('send three letters');
      await flow.wait('pkb14-post', 2);
      await flow.wait('pkb14-read');
      assert.deepEqual(ends(flow, 'read'), ['Alex read read']);
      assert.deepEqual(ends(flow, 'post').toSorted(), ['Jo post unregistered', 'Robin post unread']);
      assert.deepEqual(flow.seen('pkb14-attention'), []);
      const { payload, pkb, hl7, ack } = flow.seen('pkb14-read')[0];
      assert.match(payload.readAt, /^2\d{3}-/);
      assert.match(payload.documentId, /^[0-9a-f-]{36}$/);
      assert.deepEqual([pkb, hl7, ack], [undefined, undefined, undefined]);
      assert.deepEqual(flow.seen('pkb14-errors'), []);
    });

    it('is posted at once where the flow asks for it, and not once more', async () => {
      const flow = await run(FILE, (node) =>
        node.type === 'pkb-letters' ? { ...node, deadlineHours: 100, unregistered: 'wait' } : node,
      );
      flow.press('send three letters');
      await watched(flow, 3, 'pkb14-watch', 'pkb14-connection');
      flow.node('pkb14-now').send({ postNow: true });
      const { payload, reference } = await flow.wait('pkb14-post');
      assert.deepEqual([payload.reason, reference.split(' ')[0]], ['requested', 'Robin']);
      flow.node('pkb14-now').send({ postNow: true });
      const { error } = await flow.wait('pkb14-errors');
      assert.match(error.message, /No letter is watched under this msg\.reference/);
      assert.equal(flow.seen('pkb14-post').length, 1);
    });

    it('says who is registered', async () => {
      const flow = await run(FILE);
      flow.press('Who is registered?');
      const { payload } = await flow.wait('pkb14-registered');
      assert.deepEqual(
        payload.map(({ nhsNumber, state }: Record<string, string>) => `${nhsNumber} ${state}`),
        [
          '9990000018 registered',
          '9990000026 registered',
          '9990000034 not registered',
          '9990000042 not found',
        ],
      );
    });
  });

  let outboxes = 0;
  const begin = async (
    {
      letters = {},
      api = {},
      simulated = {},
      patients = {},
      organisationId = TRUST,
    }: Partial<{
      letters: object;
      api: object;
      simulated: object;
      patients: object;
      organisationId: string;
    }> = {},
    credentials: Record<string, object> = {},
  ): Promise<RunningFlow> => {
    const id = `letters-${++outboxes}`;
    return start(
      [
        outbox({ id }),
        connection(undefined, { outbox: id }),
        { ...customer('customer', 'Trust', 'trustalias'), organisationId },
        simulator({ autoCreate: true, ...simulated }),
        { id: 'received', type: 'helper' },
        { id: 'api', type: 'pkb-api', environment: 'simulator', ...api },
        build({ dataPointId: 'keep', wires: [['send']] }),
        send({ wires: [['letters'], ['letters']] }),
        { id: 'catch-send', type: 'catch', scope: ['send'], wires: [['letters']] },
        {
          id: 'letters',
          type: 'pkb-letters',
          connection: 'connection',
          api: 'api',
          deadlineHours: 100,
          askMinutes: 0.01,
          graceMinutes: 0,
          ...letters,
          wires: [['read'], ['post'], ['attention']],
        },
        {
          id: 'patients',
          type: 'pkb-patients',
          api: 'api',
          customer: 'customer',
          ...patients,
          wires: [['answered']],
        },
        ...['read', 'post', 'attention', 'answered', 'caught'].map((name) => ({ id: name, type: 'helper' })),
        { id: 'catch', type: 'catch', scope: ['letters', 'patients', 'api'], wires: [['caught']] },
      ],
      credentials,
    );
  };
  const letter = (id: string, more: object = {}): object => ({
    reference: `of ${id}`,
    payload: { kind: 'document', id, type: 'CL', patient: PATIENT, text: 'Dear Alex' },
    ...more,
  });
  it('takes the deadline from the message, and posts one in the past as soon as it is unread', async () => {
    const flow = await begin();
    flow.receive('build', letter('d1', { deadline: '2020-01-01T00:00:00Z', print: 'A4' }));
    const { payload, reference, print } = await flow.wait('post');
    assert.deepEqual(
      [payload.reason, payload.deadline, reference, print],
      ['unread', '2020-01-01T00:00:00.000Z', 'of d1', 'A4'],
    );
  });

  it('counts as told of an acceptance only when the letter is watched', async () => {
    const flow = await begin();
    const open = await flow.node('connection').delivery().outbox();
    const { letters, told } = open;
    const { watch } = letters;
    const order: string[] = [];
    // A slow store: longer than a flow has to take an outcome.
    letters.watch = async (some: object[]) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      await watch.call(letters, some);
      order.push('watched');
    };
    open.told = (id: number) => {
      order.push('told');
      return told.call(open, id);
    };
    flow.receive('build', letter('d1'));
    await until('it counts as told', () => order.includes('told'));
    assert.deepEqual(order, ['watched', 'told']);
  });

  it('names a deadline that cannot be, and watches the letter with that of the node', async () => {
    const flow = await begin();
    flow.receive('build', letter('d1', { deadline: 'soon' }));
    assert.match(
      (await flow.wait('caught')).error.message,
      /msg\.deadline must be a time such as .*The letter is watched all the same/,
    );
    await watched(flow, 1);
  });

  it('shows in the status what is wrong where it is not PKB', async () => {
    const flow = await begin({ api: { environment: '' } });
    flow.receive('build', letter('d1', { deadline: 'PT1S' }));
    assert.match((await flow.wait('caught')).error.message, /choose the simulator, or other addresses/);
    await flow.wait('post');
    const texts = flow.statuses('letters').map(({ text }) => text ?? '');
    assert.ok(texts.some((text) => text.includes('check-settings')));
    assert.ok(!texts.some((text) => text.includes('unanswered')));
  });

  it('ends quietly what was deleted, and gives what PKB does not know to a person', async () => {
    const flow = await begin();
    flow.receive('build', letter('d1'));
    await watched(flow, 1);
    const { nhsNumber, name, birthDate, sex } = PATIENT;
    flow.receive('build', {
      payload: { kind: 'document-deletion', id: 'd1', patient: { nhsNumber, name, birthDate, sex } },
    });
    await watched(flow, 0);
    // PKB holds a letter whose date of birth differs for review, and so does not know it.
    flow.receive(
      'build',
      letter('d2', {
        deadline: 'PT0S',
        payload: {
          kind: 'document',
          id: 'd2',
          type: 'CL',
          patient: { ...PATIENT, birthDate: '1971-01-31' },
          text: 'x',
        },
      }),
    );
    const { payload } = await flow.wait('attention');
    assert.deepEqual([payload.documentId, payload.reason], ['d2', 'unknown']);
    assert.deepEqual(flow.seen('post'), []);
  });

  it('posts at once what PKB did not accept', async () => {
    const flow = await begin({ simulated: { autoCreate: false, patients: [] } });
    flow.receive('build', letter('d1'));
    const { payload, reference, result } = await flow.wait('post');
    assert.deepEqual([payload.reason, reference, result.outcome], ['refused', 'of d1', 'rejected']);
  });

  it('posts at the deadline where PKB cannot be asked, and says so', async () => {
    const faults = JSON.stringify({ rates: { '503': 1 }, retryAfter: 0 });
    const flow = await begin({ simulated: { apiFaults: faults } });
    flow.receive('build', letter('d1', { deadline: 'PT1S' }));
    assert.match((await flow.wait('caught')).error.message, /cannot answer at the moment \(HTTP 503\)/);
    assert.equal((await flow.wait('post')).payload.reason, 'unanswered');
    assert.ok(flow.statuses('letters').some(({ text }) => text?.includes('unanswered')));
  });

  it('posts where PKB’s answer is not understood', async () => {
    const flow = await begin({ api: { readPart: 'isRead' } });
    flow.receive('build', letter('d1', { deadline: 'PT0S' }));
    assert.equal((await flow.wait('post')).payload.reason, 'unclear');
  });

  it('says once that a Customer has no organisation, and posts its letters at their deadlines', async () => {
    const flow = await begin({ organisationId: '' });
    flow.receive('build', letter('d1', { deadline: 'PT0S' }));
    flow.receive('build', letter('d2', { deadline: 'PT0S' }));
    await flow.wait('post', 2);
    assert.equal(flow.seen('post')[0].payload.reason, 'organisation');
    const texts = flow.seen('caught').map(({ error }) => error.message);
    assert.equal(texts.length, 1);
    assert.match(texts[0], /enter its organisation UUID in pkb customer/);
  });

  it('says that the token was refused, and shows no secret', async () => {
    const flow = await begin(
      {},
      {
        simulator: { username: 'partner', password: 'hl7-secret' },
        connection: { username: 'partner', password: 'hl7-secret' },
        api: { clientId: 'partner', clientSecret: 'api-secret' },
      },
    );
    flow.receive('build', letter('d1', { deadline: 'PT1S' }));
    assert.match(
      (await flow.wait('caught')).error.message,
      /check token address, client ID and client secret/,
    );
    assert.equal((await flow.wait('post')).payload.reason, 'unanswered');
    assert.ok(!flow.log().includes('api-secret'));
  });

  it('refuses what it cannot watch', async () => {
    const flow = await begin();
    for (const [i, message] of [{ payload: 'x' }, { payload: { outcome: 'accepted' } }, {}].entries()) {
      flow.receive('letters', message);
      await flow.wait('caught', i + 1);
      assert.match(flow.seen('caught')[i].error.message, /This message is not watched/);
    }
    flow.receive('letters', { postNow: true });
    await flow.wait('caught', 4);
    assert.match(flow.seen('caught')[3].error.message, /No letter is watched/);
  });

  it('says which setting is wrong', async () => {
    const wrong: [Parameters<typeof begin>[0], RegExp][] = [
      [{ letters: { deadlineHours: 'soon' } }, /number of hours until a letter is posted must be/],
      [{ letters: { ifUnknown: 'burn' } }, /correct Not known or Not registered/],
      [
        { api: { environment: 'other', fhirUrl: 'http://pkb.example/fhir' } },
        /FHIR address of pkb api must be/,
      ],
      [{ api: { environment: '' } }, /choose the simulator, or other addresses/],
      [{ api: { readPart: 'readTime' } }, /three different names/],
      [{ organisationId: 'trust' }, /must be a UUID such as/],
      [
        { api: { environment: 'other', fhirUrl: 'https://a/fhir', tokenUrl: 'https://a/token' } },
        /no client ID or no client secret/,
      ],
    ];
    for (const [settings, text] of wrong) {
      const flow = await begin(settings);
      assert.match(flow.log(), text);
      await server.unload();
    }
  });

  it('asks about patients in words that name what is wrong', async () => {
    const flow = await begin();
    const faults: [unknown, RegExp][] = [
      ['9990000019', /msg\.payload is not a valid NHS number/],
      [['9990000018', 'Alex'], /msg\.payload\[1\] is not a valid NHS number/],
      [[], /must name from 1 to 100000 patients/],
      [{ nhsNumber: '9990000018' }, /is not a valid NHS number/],
    ];
    for (const [i, [payload, text]] of faults.entries()) {
      flow.receive('patients', { payload });
      await flow.wait('caught', i + 1);
      assert.match(flow.seen('caught')[i].error.message, text);
    }
    flow.receive('patients', { payload: '999 000 0018' });
    assert.deepEqual((await flow.wait('answered')).payload[0].nhsNumber, '9990000018');
  });

  it('gives what was answered before a batch failed to the Catch node, with the numbers that are left', async () => {
    const numbers = nhsNumbers(502);
    const flow = await begin({
      simulated: { patients: [], apiFaults: '{"script":["slow","500"],"slowness":1}' },
      patients: { ask: 'invitations' },
    });
    flow.receive('patients', { payload: numbers });
    const { payload, answered, error } = await flow.wait('caught');
    assert.match(error.message, /PKB cannot answer at the moment/);
    assert.deepEqual(payload, numbers.slice(500));
    assert.deepEqual(
      answered.map(({ nhsNumber }: { nhsNumber: string }) => nhsNumber),
      numbers.slice(0, 500),
    );
    flow.receive('patients', { payload });
    assert.equal((await flow.wait('answered')).payload.length, 2);
  });
});

/** Some valid numbers of the 999 range. */
function nhsNumbers(count: number): string[] {
  const all: string[] = [];
  for (let digits = 999_000_000; all.length < count; digits++)
    for (let check = 0; check < 10; check++)
      if (isNhsNumber(`${digits}${check}`)) all.push(`${digits}${check}`);
  return all;
}
