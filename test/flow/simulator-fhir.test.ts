import assert from 'node:assert/strict';
import { encodeRequest } from '../../src/pkb/soap/request.js';
import { stamped } from '../support/messages.js';
import { collector, simulator } from './flows.js';
import { type RunningFlow, server, start, version } from './runtime.js';

const CREDENTIALS = { username: 'partner_mailco', password: 'testing' };
const BASIC = `Basic ${Buffer.from('partner_mailco:testing').toString('base64')}`;
const PATH = '/pkb-simulator/services/hl7';
const TRUST = '00000000-0000-4000-8000-0000000000aa';
const OTHER = '00000000-0000-4000-8000-0000000000bb';
const RECEIPTS = '/fhir/DocumentReference/$read-receipt-query';
const ONE = {
  resourceType: 'Parameters',
  parameter: [{ name: 'documentIdentifier', valueIdentifier: { value: 'DOC1' } }],
};

describe(`the FHIR operations of pkb-simulator on Node-RED ${version}`, () => {
  before(() => server.start());
  after(() => server.stop());
  afterEach(() => server.unload());

  const run = (more: object = {}): Promise<RunningFlow> =>
    start([simulator(more), collector('received')], { simulator: CREDENTIALS });
  const at = (path: string, base = PATH): URL => new URL(`${base}${path}`, server.url());
  const askToken = (authorization = BASIC, base = PATH): Promise<Response> =>
    fetch(at('/oauth/token', base), {
      method: 'POST',
      headers: { authorization },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
  const post = async (
    path: string,
    resource: unknown,
    more: Record<string, string> = {},
  ): Promise<Response> => {
    const { access_token } = (await (await askToken()).json()) as { access_token: string };
    return fetch(at(path), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${access_token}`,
        'x-org-public-id': TRUST,
        'content-type': 'application/fhir+json',
        ...more,
      },
      body: JSON.stringify(resource),
    });
  };
  const sendLetter = async (): Promise<void> => {
    const more = 'TXA|1|CL||20260101||||||||DOC1|||||AU\rOBX|1|ED|||^TEXT^PDF^Base64^eA==\r';
    const answer = await fetch(at(''), {
      method: 'POST',
      headers: { authorization: BASIC, 'content-type': 'text/xml' },
      // The date of birth of the example's patient, so that nothing is held.
      body: encodeRequest(stamped('1', { type: 'MDM^T02', more }).replace('19700101', '19700131')),
    });
    assert.match(await answer.text(), /MSA\|AA/);
  };

  it('answer a token and read receipts in a flow of an earlier version, which has none of their settings', async () => {
    const flow = await run();
    await sendLetter();
    const token = await askToken();
    assert.equal(token.status, 200);
    const { token_type, expires_in } = (await token.json()) as Record<string, unknown>;
    assert.deepEqual([token_type, expires_in], ['bearer', 600]);
    assert.equal((await askToken('Basic eDp5')).status, 401);
    assert.match(await (await post(RECEIPTS, ONE)).text(), /"name":"read","valueBoolean":false/);
    // Node-RED's admin API parses plain JSON before the simulator sees it.
    const read = await post(
      '/fhir/simulator/read',
      { documentIdentifier: ['DOC1', 'DOC2'] },
      { 'content-type': 'application/json' },
    );
    assert.deepEqual(await read.json(), { read: 1, notFound: 1 });
    assert.match(await (await post(RECEIPTS, ONE)).text(), /"name":"read","valueBoolean":true/);
    assert.equal(flow.seen('received').length, 1);
  });

  it('have the settings of the node, also as texts and in a path with signs of patterns', async () => {
    const path = '/pkb.simulator/a+b';
    await run({ path, tokenSeconds: '60' });
    assert.equal(((await (await askToken(BASIC, path)).json()) as { expires_in: number }).expires_in, 60);
    assert.equal((await askToken(BASIC, '/pkbxsimulator/a+b')).status, 404);
    assert.equal((await fetch(at('/other', path))).status, 404);
    await server.unload();
    await run({
      organisations: [{ id: TRUST, facility: 'trustalias{trustalias}' }],
      tokenSeconds: '',
      readEvery: '1',
      readAfterSeconds: '0',
      receipt: '{"read":{"name":"isRead","type":"valueCode"}}',
      apiFaults: '{"script":["503"]}',
    });
    await sendLetter();
    assert.equal((await post(RECEIPTS, ONE)).status, 503);
    assert.match(await (await post(RECEIPTS, ONE)).text(), /"name":"isRead","valueCode":"READ"/);
    assert.equal((await post(RECEIPTS, ONE, { 'x-org-public-id': OTHER })).status, 403);
  });

  it('say in the status which setting is wrong, and name no value', async () => {
    for (const wrong of [
      { tokenSeconds: 'soon' },
      { apiFaults: '{"script":["secret-fault"' },
      { receipt: '{"read":7}' },
      { organisations: [{ id: 'secret-id', facility: 'x' }] },
      { patients: [{ nhsNumber: '9990000018', birthDate: '1970-01-01', registered: 'secret' }] },
    ]) {
      const flow = await run(wrong);
      assert.equal(flow.statuses('simulator').at(-1)?.text?.includes('check-settings'), true);
      assert.ok(flow.log().includes('PKB_SETTING'));
      assert.ok(!flow.log().includes('secret-'));
      await server.unload();
    }
  });

  it('are gone after the node', async () => {
    await run();
    assert.equal((await askToken()).status, 200);
    await server.unload();
    await start([collector('received')]);
    assert.equal((await askToken()).status, 404);
  });
});
