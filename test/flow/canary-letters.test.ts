/** What PKB's FHIR operations answer, and what they are asked with, is in no log, status, error, metric and view of letters. */
import assert from 'node:assert/strict';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CANARIES, mustNotHold, recordPrinted } from '../support/canaries.js';
import { NHS_NUMBERS } from '../support/messages.js';
import { acceptAll, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';
import { build, CATCH, collector, connection, customer, outbox, send } from './flows.js';
import { type RunningFlow, server, start, version } from './runtime.js';

const TRUST = '00000000-0000-4000-8000-0000000000aa';
const PATIENT = {
  nhsNumber: NHS_NUMBERS[3],
  name: { family: 'CANARY-SURNAME', given: 'Alex' },
  birthDate: '1970-01-31',
  sex: 'F',
};
const QUOTING = CANARIES.join(' ');
const JSON_TYPE = 'application/fhir+json';
const OUTCOME = {
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'error', code: 'invalid', diagnostics: QUOTING, details: { text: QUOTING } }],
};
const RECEIPT = {
  resourceType: 'Parameters',
  parameter: [{ name: QUOTING, part: [{ name: QUOTING, valueString: QUOTING }] }],
};

/** What the operations answer, each of which has all canaries in it: status, media type and body. */
const ANSWERS: Readonly<Record<string, readonly [number, string, string]>> = {
  'an error in HTML': [500, 'text/html', `<h1>${QUOTING}</h1>`],
  'a refusal that quotes': [422, JSON_TYPE, JSON.stringify(OUTCOME)],
  'no permission': [403, 'text/plain', QUOTING],
  'a token that is not taken': [401, JSON_TYPE, JSON.stringify(OUTCOME)],
  'a success that is no JSON': [200, JSON_TYPE, `{ ${QUOTING}`],
  'an outcome in place of an answer': [200, JSON_TYPE, JSON.stringify(OUTCOME)],
  'an answer of another shape': [200, JSON_TYPE, JSON.stringify(RECEIPT)],
};

describe(`no patient data and no credentials from PKB’s FHIR operations, on Node-RED ${version}`, function () {
  this.timeout(60_000);
  const printed = recordPrinted();
  let pkb: TestServer;
  let api: Server;
  let answerToken: (response: ServerResponse) => void;
  let answer: (response: ServerResponse) => void;
  before(async () => {
    await server.start();
    pkb = await startServer(acceptAll);
    api = createServer((request, response) => {
      request.resume().once('end', () => (request.url === '/token' ? answerToken : answer)(response));
    });
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    api.closeAllConnections();
    api.close();
    await pkb.close();
    await server.stop();
  });
  beforeEach(() => {
    answerToken = (response) =>
      response.end(JSON.stringify({ access_token: 'CANARY-TOKEN', token_type: 'Bearer', expires_in: 600 }));
    printed.start();
  });
  afterEach(async () => {
    printed.stop();
    await server.unload();
  });

  let outboxes = 0;
  const begin = (): Promise<RunningFlow> => {
    const id = `canary-${++outboxes}`;
    const address = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
    const credentials = { clientId: 'CANARY-USER', clientSecret: 'CANARY-PASSWORD' };
    return start(
      [
        outbox({ id }),
        connection(pkb.url, { outbox: id }),
        { ...customer('customer', 'Trust', 'trustalias'), organisationId: TRUST },
        {
          id: 'api',
          type: 'pkb-api',
          environment: 'custom',
          fhirUrl: `${address}/fhir`,
          tokenUrl: `${address}/token`,
        },
        build({ dataPointId: 'keep', wires: [['send']] }),
        send({ wires: [['letters'], ['letters']] }),
        {
          id: 'letters',
          type: 'pkb-letters',
          connection: 'connection',
          api: 'api',
          askMinutes: 0.01,
          graceMinutes: 0,
          unregistered: 'post',
          wires: [['ended'], ['ended'], ['ended']],
        },
        { id: 'patients', type: 'pkb-patients', api: 'api', customer: 'customer', wires: [['answered']] },
        ...['ended', 'answered'].map(collector),
        ...CATCH,
      ],
      {
        api: credentials,
        connection: { username: 'CANARY-USER', password: 'CANARY-PASSWORD' },
      },
    );
  };

  /** Has a letter watched until it has ended, and patients asked about; then looks everywhere. */
  const lookAround = async (what: string): Promise<void> => {
    const flow = await begin();
    const text = 'CANARY-NOTE';
    flow.receive('build', {
      deadline: 'PT0S',
      payload: { kind: 'document', id: 'd1', type: 'CL', patient: PATIENT, text },
    });
    flow.receive('patients', { payload: [PATIENT.nhsNumber] });
    await flow.wait('ended');
    await until(
      'patients were asked about',
      () => flow.seen('answered').length > 0 || flow.seen('caught').length > 0,
    );
    const errors = flow.seen('caught').map(({ error }) => error);
    const ends = flow.seen('ended').map(({ payload }) => payload);
    const statuses = ['letters', 'patients', 'api'].map((id) => flow.statuses(id));
    const metrics = await server.text('/pkb/metrics');
    assert.match(metrics, /^pkb_letters\{/m);
    const { body: view } = await server.admin('/pkb/letters', { connection: 'connection', days: 1 });
    assert.equal((view as { watchers: object[] }).watchers.length, 1);
    const places = { log: flow.log(), print: printed.text(), errors, ends, statuses, metrics, view };
    for (const [where, shown] of Object.entries(places)) mustNotHold(shown, `${where} after ${what}`);
  };

  for (const [what, [status, type, body]] of Object.entries(ANSWERS))
    it(`after ${what}`, async () => {
      answer = (response) => response.writeHead(status, { 'content-type': type }).end(body);
      await lookAround(what);
    });

  it('after a token that is refused', async () => {
    answerToken = (response) =>
      response
        .writeHead(400, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: 'invalid_client', error_description: QUOTING }));
    await lookAround('a refused token');
  });

  it('after a redirect that names them', async () => {
    answer = (response) =>
      response.writeHead(302, { location: `/elsewhere?${QUOTING.replaceAll(' ', '&')}` }).end();
    await lookAround('a redirect');
  });
});
