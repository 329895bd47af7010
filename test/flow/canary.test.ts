import assert from 'node:assert/strict';
import { FAULT_KINDS, type FaultKind } from '../../src/simulator/faults.js';
import { encodeRequest } from '../../src/pkb/soap/request.js';
import { startSimulator } from '../../src/simulator/server.js';
import { BASIC, mustNotHold, recordPrinted } from '../support/canaries.js';
import { NHS_NUMBERS } from '../support/messages.js';
import { soapAck, startServer } from '../support/server.js';
import { until } from '../support/wait.js';
import { build, CATCH, collector, connection, customer, guard, send, simulator } from './flows.js';
import { type RunningFlow, server, start, version } from './runtime.js';

const CREDENTIALS = { connection: { username: 'CANARY-USER', password: 'CANARY-PASSWORD' } };

const message = (more = ''): string =>
  `MSH|^~\\&|A||||||ADT^A31|||\rPID|||${NHS_NUMBERS[3]}^^^NHS^NH||CANARY-SURNAME^Alex||19700101|U|||CANARY-STREET\rNTE|1||CANARY-NOTE\r${more}`;

describe(`no patient data and no credentials in logs, statuses and errors, on Node-RED ${version}`, () => {
  const printed = recordPrinted();
  before(() => server.start());
  after(() => server.stop());
  beforeEach(() => printed.start());
  afterEach(async () => {
    printed.stop();
    await server.unload();
  });

  const flowTo = (url: string): Promise<RunningFlow> =>
    start(
      [
        connection(url, { timeout: 0.3 }),
        customer('customer', 'x', 'trustalias'),
        build({ wires: [['guard']] }),
        guard({ wires: [['send'], ['stopped']] }),
        send(),
        ...['accepted', 'rejected', 'stopped'].map(collector),
        ...CATCH,
      ],
      CREDENTIALS,
    );

  /** Looks through everything that people see without asking for messages. */
  const look = async (flow: RunningFlow, what: string, nodes = ['build', 'guard', 'send']): Promise<void> => {
    const errors = flow.seen('caught').map(({ error }) => error);
    const findings = flow.seen('stopped').map(({ pkb }) => pkb.findings);
    const statuses = nodes.map((id) => flow.statuses(id));
    const metrics = await server.text('/pkb/metrics');
    assert.match(metrics, /^# TYPE pkb_attempts_total counter$/m);
    const places = { log: flow.log(), print: printed.text(), errors, findings, statuses, metrics };
    for (const [where, text] of Object.entries(places)) mustNotHold(text, `${where} after ${what}`);
  };

  for (const kind of Object.keys(FAULT_KINDS) as FaultKind[]) {
    it(`with the fault ${kind}`, async () => {
      const pkb = await startSimulator({ faults: { script: Array<FaultKind>(9).fill(kind) } });
      const flow = await flowTo(pkb.url);
      flow.receive('build', { payload: message() });
      await until(
        'something has come of it',
        () =>
          flow.seen('caught').length + flow.seen('rejected').length > 0 ||
          /waiting/.test(JSON.stringify(flow.statuses('send'))),
      );
      await look(flow, kind);
      await pkb.close();
    });
  }

  it('with a reason of PKB’s that quotes the message', async () => {
    const pkb = await startServer(({ controlId }, response) =>
      response.end(soapAck('AR', controlId, 'CANARY-REASON CANARY-SURNAME')),
    );
    const flow = await flowTo(pkb.url);
    flow.receive('build', { payload: message() });
    const rejected = await flow.wait('rejected');
    assert.equal(rejected.payload.text, 'CANARY-REASON CANARY-SURNAME');
    await look(flow, 'AR');
    await pkb.close();
  });

  it('with messages that are faulty in every way', async () => {
    const pkb = await startSimulator();
    const flow = await flowTo(pkb.url);
    const faulty = [
      message('DG1|1||CANARY-NOTE\r'),
      message('NTE|1||CANARY-NOTE\u0001\r'),
      message().replace('MSH', 'XSH'),
      message().replace('19700101', 'CANARY-NOTE'),
      message() + message(),
      { text: 'CANARY-NOTE' },
      Buffer.from(message('NTE|\xff'), 'latin1'),
    ];
    for (const payload of faulty) flow.receive('build', { payload });
    for (const payload of faulty) flow.receive('send', { payload });
    await until(
      'all have come to an end',
      () => flow.seen('caught').length + flow.seen('stopped').length >= 12,
    );
    await look(flow, 'faulty messages');
    await pkb.close();
  });

  it('with an address that cannot be reached, and in the answers of the admin endpoints', async () => {
    const flow = await flowTo('https://127.0.0.1:1/x');
    flow.receive('build', { payload: message() });
    await until('it waits', () => /waiting/.test(JSON.stringify(flow.statuses('send'))));
    await look(flow, 'no connection');
    const answers = {
      tested: await server.admin('/pkb-connection/test', {
        id: 'connection',
        environment: 'custom',
        url: 'https://127.0.0.1:1/x',
        username: 'CANARY-USER',
        password: '__PWRD__',
      }),
      tried: await server.admin('/pkb-guard/try', { text: message('DG1|1||CANARY-NOTE\r') }),
      released: await server.admin('/pkb-send/send/release', {}),
    };
    // Each has done its work, with the canaries in its hands.
    assert.match(String(answers.tested.body['text']), /refused|reach/i);
    assert.equal(answers.tried.body['blocked'], true);
    assert.equal(answers.released.body['released'], 0);
    for (const [name, { body }] of Object.entries(answers)) mustNotHold(body, `the answer: ${name}`);
    await look(flow, 'the admin endpoints');
  });

  /** Posts the message to the simulator of the flow. @returns the HTTP status */
  const post = async (authorization: string): Promise<number> => {
    const url = `${server.url()}/pkb-simulator/services/hl7`;
    const body = encodeRequest(message());
    return (
      await fetch(url, { method: 'POST', headers: { authorization, 'content-type': 'text/xml' }, body })
    ).status;
  };

  it('in the simulator, whether it lets the sender in or not', async () => {
    const flow = await start([simulator(), collector('received')], {
      simulator: { username: 'CANARY-USER', password: 'CANARY-PASSWORD' },
    });
    assert.equal(await post(`Basic ${Buffer.from('CANARY-USER:wrong').toString('base64')}`), 401);
    assert.equal(flow.seen('received').length, 0);
    assert.equal(await post(`Basic ${BASIC}`), 200);
    const received = await flow.wait('received');
    assert.ok(received.payload.includes('CANARY-SURNAME'), 'the simulator has had the message in its hands');
    await look(flow, 'the simulator', ['simulator']);
  });

  describe('the search itself', () => {
    for (const [where, leak] of [
      ['log', 'node.warn(msg.payload);'],
      ['log', 'node.error({ message: msg.payload });'],
      ['print', 'console.log(msg.payload);'],
      ['errors', 'throw new Error(msg.payload);'],
      ['statuses', "node.status({ text: 'received ' + msg.payload });"],
      ['log', `node.log('as ${BASIC}');`],
    ] as const) {
      it(`finds a flow out that does: ${leak}`, async () => {
        const leaky = { id: 'leaky', type: 'function', func: leak, outputs: 1, wires: [['done']] };
        const flow = await start([simulator({ wires: [['leaky']] }), leaky, ...CATCH], {}, [
          'function/10-function',
        ]);
        assert.equal(await post(`Basic ${BASIC}`), 200);
        await until('it is found', async () => {
          try {
            await look(flow, 'a leak', ['simulator', 'leaky']);
            return false;
          } catch (error) {
            return (error as Error).message.includes(` in ${where} after a leak`);
          }
        });
      });
    }
  });
});
