import assert from 'node:assert/strict';
import { FAULT_KINDS, type FaultKind } from '../../src/simulator/faults.js';
import { startSimulator } from '../../src/simulator/server.js';
import { NHS_NUMBERS } from '../support/messages.js';
import { soapAck, startServer } from '../support/server.js';
import { until } from '../support/wait.js';
import { build, CATCH, collector, connection, customer, guard, send, simulator } from './flows.js';
import { type RunningFlow, server, start, version } from './runtime.js';

/** Texts that must never be seen outside messages: of the patient, and of the credentials. */
const CANARIES = [
  'CANARY-SURNAME',
  'CANARY-STREET',
  'CANARY-NOTE',
  NHS_NUMBERS[3],
  'CANARY-USER',
  'CANARY-PASSWORD',
  'CANARY-REASON',
];
const BASIC = Buffer.from('CANARY-USER:CANARY-PASSWORD').toString('base64');
const CREDENTIALS = { connection: { username: 'CANARY-USER', password: 'CANARY-PASSWORD' } };

const message = (more = ''): string =>
  `MSH|^~\\&|A||||||ADT^A31|||\rPID|||${NHS_NUMBERS[3]}^^^NHS^NH||CANARY-SURNAME^Alex||19700101|U|||CANARY-STREET\rNTE|1||CANARY-NOTE\r${more}`;

describe(`no patient data and no credentials in logs, statuses and errors, on Node-RED ${version}`, () => {
  before(() => server.start());
  after(() => server.stop());
  afterEach(() => server.unload());

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

  const look = (flow: RunningFlow, what: string): void => {
    const errors = flow.seen('caught').map(({ error }) => error);
    const findings = flow.seen('stopped').map(({ pkb }) => pkb.findings);
    const statuses = ['build', 'guard', 'send'].map((id) => flow.statuses(id));
    for (const [where, text] of Object.entries({ log: flow.log(), errors, findings, statuses })) {
      const shown = JSON.stringify(text);
      for (const canary of [...CANARIES, BASIC])
        assert.ok(!shown.includes(canary), `${canary} is in ${where} after ${what}`);
    }
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
      look(flow, kind);
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
    look(flow, 'AR');
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
    look(flow, 'faulty messages');
    await pkb.close();
  });

  it('with an address that cannot be reached, and in the answers of the admin endpoints', async () => {
    const flow = await flowTo('https://127.0.0.1:1/x');
    flow.receive('build', { payload: message() });
    await until('it waits', () => /waiting/.test(JSON.stringify(flow.statuses('send'))));
    look(flow, 'no connection');
    const answers = [
      await server.admin('/pkb-connection/test', {
        id: 'connection',
        environment: 'custom',
        url: 'https://127.0.0.1:1/x',
        username: 'CANARY-USER',
        password: '__PWRD__',
      }),
      await server.admin('/pkb-guard/try', { text: message('DG1|1||CANARY-NOTE\r') }),
      await server.admin('/pkb-send/send/release', {}),
    ];
    for (const { body } of answers)
      for (const canary of CANARIES) assert.ok(!JSON.stringify(body).includes(canary));
  });

  it('in the simulator', async () => {
    const flow = await start([simulator(), collector('received')], {
      simulator: { username: 'CANARY-USER', password: 'CANARY-PASSWORD' },
    });
    await fetch(`${server.url()}/pkb-simulator/services/hl7`, { method: 'POST', body: message() });
    const shown = flow.log() + JSON.stringify(flow.statuses('simulator'));
    for (const canary of CANARIES) assert.ok(!shown.includes(canary), canary);
  });
});
