/** The client of PKB's FHIR operations, against the simulator and against servers that misbehave. */
import assert from 'node:assert/strict';
import { PkbApiError } from '../../../src/errors.js';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ApiFactory, apiFactory, type ApiOptions, type PkbApi } from '../../../src/api/client.js';
import { invitations, patientStatuses } from '../../../src/api/patients.js';
import { readReceipts } from '../../../src/api/read-receipts.js';
import { RECEIPT_PARTS } from '../../../src/api/receipt-parts.js';
import { encodeRequest } from '../../../src/pkb/soap/request.js';
import { basicAuthorization } from '../../../src/http/agents.js';
import { until } from '../../support/wait.js';
import { type RunningSimulator, startSimulator, type StartOptions } from '../../../src/simulator/server.js';

const TRUST = '00000000-0000-4000-8000-0000000000aa';
const CREDENTIALS = { username: 'client', password: 'secret' };
const PATH = 'DocumentReference/$read-receipt-query';
const { signal } = new AbortController();

const letter = (id: string): string =>
  [
    'MSH|^~\\&|app|p{t}|HL7API|PKB|20260101||MDM^T02|c1|P|2.4',
    'PID|||9990000018^^^NHS^NH||Example^Alex||19700131|F',
    `TXA|1|CL|FT|20260101||||||||${id}|||||AU`,
    'OBX|1|TX|||Dear',
    '',
  ].join('\r');

describe('the client of FHIR operations', () => {
  let create: ApiFactory;
  let simulator: RunningSimulator | undefined;
  let server: Server | undefined;
  const apis: PkbApi[] = [];
  before(async () => (create = await apiFactory()));
  afterEach(async () => {
    for (const api of apis.splice(0)) api.close();
    await simulator?.close();
    simulator = undefined;
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });

  const client = (base: string, more: Partial<ApiOptions> = {}): PkbApi => {
    const api = create({
      tokenUrl: () => new URL(`${base}/oauth/token`),
      fhirUrl: () => new URL(`${base}/fhir`),
      clientId: 'client',
      clientSecret: 'secret',
      timeout: 2,
      userAgent: 'test',
      ...more,
    });
    apis.push(api);
    return api;
  };
  const simulated = async (options: StartOptions = {}, more: Partial<ApiOptions> = {}): Promise<PkbApi> => {
    simulator = await startSimulator({ ...CREDENTIALS, ...options });
    return client(simulator.url, more);
  };
  /** A server that gives tokens, and answers operations as it is told. */
  const serving = async (
    answer: (request: IncomingMessage, response: ServerResponse) => void,
    token: object = { access_token: 'good', token_type: 'bearer', expires_in: 600 },
  ): Promise<{ api: PkbApi; asked: string[]; base: string }> => {
    const asked: string[] = [];
    server = createServer((request, response) => {
      asked.push(`${request.url} ${request.headers.authorization}`);
      request.resume();
      if (request.url === '/oauth/token') response.end(JSON.stringify(token));
      else answer(request, response);
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const base = `http://127.0.0.1:${port}`;
    return { api: client(base), asked, base };
  };
  const asks = (api: PkbApi): Promise<unknown> => api.operation(PATH, TRUST, {}, signal);
  const receipts = (api: PkbApi, ids: readonly string[]) =>
    readReceipts(api, TRUST, ids, RECEIPT_PARTS, signal);

  it('asks which letters were read, and says nothing of those that PKB leaves out', async () => {
    const api = await simulated();
    for (const id of ['d1', 'd2'])
      await fetch(simulator?.url ?? '', {
        method: 'POST',
        headers: { authorization: basicAuthorization('client', 'secret'), 'content-type': 'text/xml' },
        body: encodeRequest(letter(id)),
      });
    const at = new Date('2026-01-31T12:00:00Z');
    assert.equal(simulator?.markRead('d1', at), true);
    const found = await receipts(api, ['d1', 'd2', 'd3']);
    assert.deepEqual(Object.fromEntries(found), {
      d1: { state: 'read', at: at.getTime() },
      d2: { state: 'unread' },
    });
  });

  it('asks who is registered, and for codes for those who are not', async () => {
    const patients = [
      { nhsNumber: '9990000018', birthDate: '1970-01-31' },
      { nhsNumber: '9990000026', birthDate: '1985-06-15', registered: false },
      { nhsNumber: '9990000034', birthDate: '1990-12-01', noAccess: true },
    ];
    const api = await simulated({ patients });
    const numbers = [...patients.map(({ nhsNumber }) => nhsNumber), '9990000042'];
    const statuses = await patientStatuses(api, TRUST, numbers, signal);
    assert.deepEqual(
      numbers.map((number) => statuses.get(number)?.state),
      ['registered', 'not registered', 'no access', 'not found'],
    );
    assert.equal(statuses.get('9990000026')?.dateOfBirth, '1985-06-15');
    const codes = await invitations(api, TRUST, numbers, signal);
    assert.deepEqual([...codes.keys()], ['9990000026']);
    const code = codes.get('9990000026');
    assert.ok(code && code.code !== '' && code.token !== '' && (code.expiry ?? 0) > Date.now());
  });

  it('asks for one token for all, and for the next before it ends', async () => {
    let now = 0;
    const { api, asked, base } = await serving((_, response) =>
      response.end('{"resourceType":"Parameters"}'),
    );
    const timed = client(base, { now: () => now });
    await Promise.all([asks(timed), asks(timed), asks(timed)]);
    const tokens = (): number => asked.filter((one) => one.startsWith('/oauth')).length;
    assert.equal(tokens(), 1);
    now = 539_999;
    await asks(timed);
    assert.equal(tokens(), 1);
    now = 540_000;
    await Promise.all([asks(timed), asks(timed)]);
    assert.equal(tokens(), 2);
    await asks(api);
    assert.equal(tokens(), 3, 'another client has a token of its own');
  });

  it('asks once more with a new token where PKB does not take the one it has', async () => {
    let refuse = 1;
    const { api, asked } = await serving((_, response) => {
      if (refuse-- > 0) response.writeHead(401).end();
      else response.end('{"resourceType":"Parameters"}');
    });
    await asks(api);
    assert.equal(asked.length, 4);
    refuse = 2;
    await assert.rejects(asks(api), { code: 'PKB_API_TOKEN' });
  });

  it('keeps a new token where another operation finds out later that the one before is not taken', async () => {
    let given = 0;
    let late: ServerResponse | undefined;
    server = createServer((request, response) => {
      request.resume();
      const { authorization } = request.headers;
      if (request.url === '/oauth/token')
        return response.end(JSON.stringify({ access_token: `t${++given}`, expires_in: 600 }));
      if (authorization === 'Bearer t1' && late === undefined) return (late = response);
      if (authorization === 'Bearer t1') return response.writeHead(401).end();
      response.end('{"resourceType":"Parameters"}');
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const api = client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const first = asks(api);
    await until('the first operation waits', () => late !== undefined);
    await asks(api);
    late?.writeHead(401).end();
    await first;
    assert.equal(given, 2);
  });

  it('says that it cannot be told where PKB says two things of a patient', async () => {
    const patient = (registered: boolean): object => ({
      name: 'patientStatus',
      part: [
        { name: 'patientIdentifier', valueIdentifier: { value: '9990000018' } },
        { name: 'registered', valueBoolean: registered },
      ],
    });
    for (const order of [
      [true, false],
      [false, true],
    ]) {
      const parameter = order.map(patient);
      const { api } = await serving((_, response) =>
        response.end(JSON.stringify({ resourceType: 'Parameters', parameter })),
      );
      const statuses = await patientStatuses(api, TRUST, ['9990000018'], signal);
      assert.equal(statuses.get('9990000018')?.state, 'undetermined');
      server?.close();
    }
  });

  it('says that the client was refused, and shows no secret', async () => {
    const api = await simulated({ password: 'other' });
    await assert.rejects(asks(api), (error: Error & { code: string }) => {
      assert.equal(error.code, 'PKB_API_TOKEN');
      assert.match(error.message, /check token address, client ID and client secret/);
      assert.ok(!error.message.includes('secret’') && !/other|good/.test(error.message));
      return true;
    });
  });

  const TOKENS: object[] = [
    {},
    { access_token: 5 },
    { access_token: '' },
    { access_token: 'a b' },
    { access_token: 'a\r\nx: y' },
    { access_token: 'a'.repeat(20_001) },
  ];
  for (const token of TOKENS)
    it(`takes no token from ${JSON.stringify(token).slice(0, 40)}`, async () => {
      const { api, asked } = await serving((_, response) => response.end('{}'), token);
      await assert.rejects(asks(api), { code: 'PKB_API_TOKEN' });
      assert.equal(asked.length, 1);
    });

  const ANSWERS: [string, number, string, string, RegExp][] = [
    ['another status', 403, '{}', 'PKB_API_REFUSED', /HTTP 403/],
    ['a code of PKB', 400, '{"code":"USER_TYPE_NOT_PERM"}', 'PKB_API_REFUSED', /USER_TYPE_NOT_PERM/],
    ['a failure', 500, 'Dear Alex', 'PKB_API_UNAVAILABLE', /HTTP 500/],
    ['a redirect', 302, '', 'PKB_API_REFUSED', /HTTP 302/],
    ['HTML', 200, '<html>Dear Alex</html>', 'PKB_API_ANSWER', /is not JSON/],
    ['nothing', 200, '', 'PKB_API_ANSWER', /is not JSON/],
  ];
  for (const [what, status, body, code, text] of ANSWERS)
    it(`concludes nothing from ${what}, and repeats none of it`, async () => {
      const { api } = await serving((_, response) => response.writeHead(status).end(body));
      await assert.rejects(asks(api), (error: Error & { code: string }) => {
        assert.equal(error.code, code);
        assert.match(error.message, text);
        assert.ok(!error.message.includes('Alex'));
        return true;
      });
    });

  const NO_RECEIPTS: unknown[] = [
    null,
    5,
    [],
    {},
    { resourceType: 'Bundle' },
    { resourceType: 'Parameters', parameter: {} },
  ];
  for (const answer of NO_RECEIPTS)
    it(`concludes nothing from ${JSON.stringify(answer)}`, async () => {
      const { api } = await serving((_, response) => response.end(JSON.stringify(answer)));
      await assert.rejects(receipts(api, ['d1']), { code: 'PKB_API_ANSWER' });
    });

  it('takes the time that PKB asks to wait from Retry-After, up to an hour', async () => {
    let asked = '';
    const { api } = await serving((_, response) => response.writeHead(429, { 'retry-after': asked }).end());
    const wait = async (value: string): Promise<number | undefined> => {
      asked = value;
      const error: unknown = await asks(api).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof PkbApiError && error.code === 'PKB_API_UNAVAILABLE');
      return error.retryAfterMs;
    };
    const inHalfAnHour = (await wait(new Date(Date.now() + 1_800_000).toUTCString())) ?? 0;
    assert.ok(inHalfAnHour > 1_790_000 && inHalfAnHour <= 1_800_000, String(inHalfAnHour));
    assert.deepEqual(
      [await wait('7'), await wait('90000'), await wait('soon')],
      [7000, 3_600_000, undefined],
    );
  });

  it('says that nobody answers, and does not wait for good', async () => {
    const { api } = await serving(() => undefined);
    await assert.rejects(asks(api), { code: 'PKB_API_UNAVAILABLE' });
    const away = client('http://127.0.0.1:1');
    await assert.rejects(asks(away), { code: 'PKB_API_UNAVAILABLE', message: /ECONNREFUSED/ });
  });

  it('ends when it is told to', async () => {
    const { api } = await serving(() => undefined);
    const stop = new AbortController();
    const asking = api.operation(PATH, TRUST, {}, stop.signal);
    stop.abort();
    await assert.rejects(asking, { code: 'PKB_API_UNAVAILABLE' });
  });

  it('refuses an answer without an end', async () => {
    const { api } = await serving((_, response) => {
      const chunk = Buffer.alloc(1024 * 1024, ' ');
      const write = (): void => void (response.destroyed || response.write(chunk, write));
      write();
    });
    await assert.rejects(asks(api), { code: 'PKB_API_ANSWER', message: /larger than 16 MB/ });
  });

  describe('reading receipts', () => {
    const receipt = (...part: object[]): object => ({ name: 'readReceipt', part });
    const document = (value: unknown): object => ({ name: 'documentIdentifier', valueIdentifier: { value } });
    const table: [string, object[], string][] = [
      ['a yes', [receipt(document('d1'), { name: 'read', valueBoolean: true })], 'read'],
      ['a no', [receipt(document('d1'), { name: 'read', valueBoolean: false })], 'unread'],
      ['PKB’s word', [receipt(document('d1'), { name: 'read', valueCode: 'READ' })], 'read'],
      ['PKB’s other word', [receipt(document('d1'), { name: 'read', valueString: 'UNREAD' })], 'unread'],
      ['another word', [receipt(document('d1'), { name: 'read', valueString: 'perhaps' })], 'undetermined'],
      ['a number', [receipt(document('d1'), { name: 'read', valueInteger: 1 })], 'undetermined'],
      [
        'only a time',
        [receipt(document('d1'), { name: 'readTime', valueDateTime: '2026-01-01T00:00:00Z' })],
        'undetermined',
      ],
      ['another name', [receipt(document('d1'), { name: 'isRead', valueBoolean: true })], 'undetermined'],
      ['nothing else', [receipt(document('d1'))], 'undetermined'],
      [
        'a text as document',
        [receipt({ name: 'documentIdentifier', valueString: 'd1' }, { name: 'read', valueBoolean: true })],
        'read',
      ],
      ['another document', [receipt(document('d2'), { name: 'read', valueBoolean: true })], 'left out'],
      ['no receipt', [], 'left out'],
      [
        'a document that is none',
        [receipt(document(5), { name: 'read', valueBoolean: true })],
        'undetermined',
      ],
      [
        'a document that is none beside another one',
        [receipt(document(5)), receipt(document('d2'), { name: 'read', valueBoolean: false })],
        'left out',
      ],
      ['no parts', [{ name: 'readReceipt' }, { name: 'readReceipt', part: [null, 5, []] }], 'undetermined'],
      [
        'a document under another name',
        [receipt({ name: 'document', valueString: 'd1' }, { name: 'read', valueBoolean: true })],
        'undetermined',
      ],
      ['no receipt, and something else', [{ name: 'total', valueInteger: 0 }], 'left out'],
      [
        'two that differ',
        [
          receipt(document('d1'), { name: 'read', valueBoolean: true }),
          receipt(document('d1'), { name: 'read', valueBoolean: false }),
        ],
        'undetermined',
      ],
      [
        'names of the language',
        [receipt(document('d1'), { name: '__proto__', valueBoolean: true }, { name: 'constructor' })],
        'undetermined',
      ],
    ];
    for (const [what, parameter, state] of table)
      it(`comes to “${state}” from ${what}`, async () => {
        const { api } = await serving((_, response) =>
          response.end(JSON.stringify({ resourceType: 'Parameters', parameter })),
        );
        const found = await receipts(api, ['d1']);
        assert.equal(found.get('d1')?.state ?? 'left out', state);
      });

    it('takes a time only with an offset', async () => {
      const times = ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00', 'yesterday', '2026-01-31'];
      const parameter = times.map((time, i) =>
        receipt(
          document(`d${i}`),
          { name: 'read', valueBoolean: true },
          { name: 'readTime', valueDateTime: time },
        ),
      );
      const { api } = await serving((_, response) =>
        response.end(JSON.stringify({ resourceType: 'Parameters', parameter })),
      );
      const found = await receipts(
        api,
        times.map((_, i) => `d${i}`),
      );
      assert.deepEqual(
        [...found.values()].map((one) => one.state === 'read' && one.at),
        [Date.UTC(2026, 0, 31, 12), undefined, undefined, undefined],
      );
    });
  });
});
