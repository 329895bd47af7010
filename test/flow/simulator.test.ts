import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { createClientAsync } from 'soap';
import { encodeRequest } from '../../src/pkb/soap/request.js';
import { decodeResponse } from '../../src/pkb/soap/response.js';
import { DEFAULT_PATIENTS } from '../../src/simulator/known-patients.js';
import { NHS_NUMBERS, stamped } from '../support/messages.js';
import { until } from '../support/wait.js';
import { collector, connection, send, simulator } from './flows.js';
import { type RunningFlow, server, start, version } from './runtime.js';

const CREDENTIALS = { username: 'partner_mailco', password: 'testing' };
const BASIC = `Basic ${Buffer.from('partner_mailco:testing').toString('base64')}`;
const PATH = '/pkb-simulator/services/hl7';
const LETTER = 'TXA|1|CL||20260101||||||||DOC1|||||AU\rOBX|1|ED|||^TEXT^PDF^Base64^eA==\r';
const letter = (nhs?: string): string =>
  stamped('1', { type: 'MDM^T02', more: LETTER, ...(nhs === undefined ? {} : { nhs }) });

/** An address of this computer by which others reach it, if there is one. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === 'IPv4' && !one.internal)?.address;

describe(`pkb-simulator on Node-RED ${version}`, () => {
  before(() => server.start());
  after(() => server.stop());
  afterEach(() => server.unload());

  const run = (more: object = {}, credentials: object = {}): Promise<RunningFlow> =>
    start([simulator(more), collector('received')], { simulator: credentials });
  const address = (): URL => new URL(PATH, server.url());
  const post = (hl7: string, url = address(), headers: Record<string, string> = {}): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { authorization: BASIC, 'content-type': 'text/xml', ...headers },
      body: encodeRequest(hl7),
    });

  it('knows the patients of the examples, and nobody else unless told', async () => {
    const flow = await run();
    assert.equal(decodeResponse(await (await post(letter())).text(), '1').outcome, 'accepted');
    const unknown = decodeResponse(await (await post(letter(NHS_NUMBERS[4]))).text(), '1');
    assert.deepEqual([unknown.outcome, /No patient found/.test(unknown.text ?? '')], ['rejected', true]);
    assert.equal((await flow.wait('received')).topic, 'MDM^T02');
  });

  it('knows the patients it is given instead, and makes records by letters where it may', async () => {
    const patients = [{ nhsNumber: NHS_NUMBERS[4], birthDate: '1970-01-01' }];
    const flow = await run({ patients });
    await post(letter(NHS_NUMBERS[4]));
    await post(letter());
    await flow.wait('received', 2);
    assert.deepEqual(
      flow.seen('received').map((message) => message.simulator.code),
      ['AA', 'AR'],
    );
    await server.unload();
    const creating = await run({ patients: [], autoCreate: true });
    await post(letter().replace('|U\r', '|M\r'));
    assert.equal((await creating.wait('received')).simulator.code, 'AA');
  });

  it('says in its status what is wrong with its patients, and names no value', async () => {
    const flow = await run({ patients: [{ nhsNumber: '9990000019', birthDate: '1970-01-01' }] });
    assert.equal(flow.statuses('simulator').at(-1)?.text?.includes('check-settings'), true);
    assert.ok(flow.log().includes('PKB_SETTING'));
    assert.ok(!flow.log().includes('9990000019'));
  });

  it('asks for its credentials before it reads a body, and for SOAP 1.1', async () => {
    const flow = await run({}, CREDENTIALS);
    const refused = await post(letter(), undefined, { authorization: 'Basic eDp5' });
    assert.deepEqual(
      [refused.status, refused.headers.get('www-authenticate')],
      [401, 'Basic realm="PKB simulator"'],
    );
    assert.equal((await post(letter(), undefined, { 'content-type': 'application/soap+xml' })).status, 415);
    for (const method of ['GET', 'PUT']) {
      const other = await fetch(address(), { method, headers: { authorization: BASIC } });
      assert.deepEqual([other.status, other.headers.get('allow')], [405, 'POST']);
    }
    assert.equal((await post(letter())).status, 200);
    await flow.wait('received');
    assert.equal(flow.seen('received').length, 1);
  });

  it('serves a WSDL, with which a SOAP client sends', async () => {
    const flow = await run({}, CREDENTIALS);
    const client = await createClientAsync(`${address().href}?wsdl`, {
      wsdl_headers: { Authorization: BASIC },
    });
    client.addHttpHeader('Authorization', BASIC);
    const call = client['acceptMessageAsync'] as (args: object) => Promise<[{ return: string }]>;
    const [result] = await call({ arg0: stamped('id1') });
    assert.match(result.return, /MSA\|AA\|id1/);
    assert.equal((await flow.wait('received')).payload, stamped('id1'));
  });

  describe(`from ${outside === undefined ? 'outside: this computer has no address but its own, so it is not tried' : 'outside'}`, () => {
    if (outside === undefined) return;
    const other = createServer((request, response) => server.app()(request, response));
    let url: URL;
    before(async () => {
      await new Promise<void>((resolve) => other.listen(0, '0.0.0.0', resolve));
      url = new URL(PATH, `http://${outside}:${(other.address() as AddressInfo).port}`);
    });
    after(async () => {
      other.closeAllConnections();
      await new Promise((resolve) => other.close(resolve));
    });

    it('is answered only where it has a user name and a password, whatever the headers say', async () => {
      await run();
      const refused = await post(letter(), url, { 'x-forwarded-for': '127.0.0.1' });
      assert.equal(refused.status, 403);
      assert.match(await refused.text(), /Set a user name and a password/);
      assert.equal((await post(letter())).status, 200);
      await server.unload();
      await run({}, CREDENTIALS);
      assert.equal((await post(letter(), url)).status, 200);
    });
  });

  it('takes a message apart for the output, but not a large one', async () => {
    const flow = await run();
    await post(stamped('1'));
    await post(stamped('2', { more: `NTE|1||${'x^'.repeat(30_000)}\r` }));
    await post(stamped('3', { more: 'ZZZ|\r'.repeat(2_000) }));
    await flow.wait('received', 3);
    assert.deepEqual(
      flow.seen('received').map((message) => message.parsed?.MSH[0].data['MSH.10']),
      ['1', undefined, undefined],
    );
  });

  it('says in its status how many it has received', async () => {
    const flow = await run();
    await post(stamped('1'));
    await flow.wait('received');
    assert.match(String(flow.statuses('simulator').at(-1)?.text), /received/);
  });

  it('answers queries in a form that pkb-send takes for an answer', async () => {
    const flow = await start([
      simulator(),
      connection(),
      send(),
      ...['accepted', 'rejected', 'received'].map(collector),
    ]);
    const qrd = `QRD|20260101|R|I|Q1||||${NHS_NUMBERS[0]}^^^^^^^^^^^^NH|DEM\r`;
    flow.receive('send', {
      payload: `MSH|^~\\&|App|trustalias{trustalias}|HL7API|PKB|20260101||QRY^A19|q1|P|2.4\r${qrd}`,
    });
    const { ack, payload } = await flow.wait('accepted');
    assert.equal(payload.code, 'AA');
    const [{ nhsNumber, family, given, birthDate, postcode }] = payload.patients;
    assert.deepEqual(
      [nhsNumber, family, given, birthDate, postcode],
      [NHS_NUMBERS[0], 'Example', 'Alex', '1970-01-31', 'N1 1AA'],
    );
    assert.equal(payload.next, undefined);
    assert.match(ack, /ADR\^A19[^]*PID\|1\|\|9990000018\^\^\^NHS\^NH\|\|Example\^Alex\|\|19700131/);
    await until('it is shown', () => flow.seen('received').length === 1);
  });

  it('names in its help the patients that it knows by itself', () => {
    const root = join(__dirname, '../..');
    const help = readFileSync(join(root, 'nodes/pkb-simulator/locales/en-US/node.html'), 'utf8');
    const page = readFileSync(join(root, 'docs/simulator.md'), 'utf8');
    for (const { nhsNumber, birthDate, family, given } of DEFAULT_PATIENTS) {
      for (const text of [help, page])
        assert.ok(text.includes(`| ${nhsNumber} | ${birthDate} | ${given} ${family} |`), nhsNumber);
    }
  });
});
