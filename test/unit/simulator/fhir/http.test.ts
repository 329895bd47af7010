import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { encodeRequest } from '../../../../src/pkb/soap/request.js';
import {
  type RunningSimulator,
  startSimulator,
  type StartOptions,
} from '../../../../src/simulator/server.js';
import { until } from '../../../support/wait.js';
import { BASIC, letter, parameters, READ, RECEIPTS, STATUS, TRUST } from './asking.js';

const CREDENTIALS = { username: 'partner_mailco', password: 'testing' };
const ONE = parameters('documentIdentifier', [{ value: 'DOC1' }]);

describe('the FHIR operations of startSimulator', () => {
  let running: RunningSimulator;
  let sockets: Socket[] = [];
  const start = async (options: StartOptions = {}): Promise<void> => {
    const patients = [{ nhsNumber: '9990000018', birthDate: '1970-01-01' }];
    running = await startSimulator({ ...CREDENTIALS, patients, ...options });
  };
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets = [];
    await running.close();
  });

  const askToken = (): Promise<Response> =>
    fetch(`${running.url}/oauth/token`, {
      method: 'POST',
      headers: { authorization: BASIC },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
  const token = async (): Promise<string> =>
    ((await (await askToken()).json()) as { access_token: string }).access_token;
  const post = async (
    path: string,
    resource: unknown,
    more: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(`${running.url}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await token()}`,
        'x-org-public-id': TRUST,
        'content-type': 'application/fhir+json',
        ...more,
      },
      body: JSON.stringify(resource),
    });
  const send = (hl7: string): Promise<Response> =>
    fetch(running.url, {
      method: 'POST',
      headers: { authorization: BASIC, 'content-type': 'text/xml' },
      body: encodeRequest(hl7),
    });

  it('answer a token, and with it what became of a letter', async () => {
    await start();
    await send(letter('DOC1'));
    assert.equal(running.markRead('DOC1', new Date('2026-01-31T09:30:00Z')), true);
    assert.equal(running.markRead('DOC2'), false);
    const answer = await post(RECEIPTS, ONE);
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'application/fhir+json']);
    assert.deepEqual(await answer.json(), {
      resourceType: 'Parameters',
      parameter: [
        {
          name: 'readReceipt',
          part: [
            { name: 'documentIdentifier', valueIdentifier: { value: 'DOC1' } },
            { name: 'read', valueBoolean: true },
            { name: 'readTime', valueDateTime: '2026-01-31T09:30:00.000+00:00' },
          ],
        },
      ],
    });
  });

  it('are found with $ written as %24, and with a query', async () => {
    await start();
    assert.equal((await post(`${RECEIPTS.replace('$', '%24')}?_format=json`, ONE)).status, 200);
  });

  it('answer 404 to what is not there, and to a path that cannot be read', async () => {
    await start();
    for (const path of [
      '/oauth',
      '/oauth/token/',
      '/fhir',
      '/fhir/%',
      '/other',
      'fhir/Patient/$status-query',
    ])
      assert.equal((await post(path, ONE)).status, 404, path);
    const answer = await post('/fhir/Patient', ONE);
    assert.equal(answer.status, 404);
    assert.match(await answer.text(), /OperationOutcome/);
  });

  it('are below the path that is chosen, with a slash at its end or without', async () => {
    for (const path of ['/a/b', '/a/b/', '/']) {
      await start({ path });
      const { origin } = new URL(running.url);
      const base = path === '/' ? '' : '/a/b';
      const answer = await fetch(`${origin}${base}/oauth/token`, {
        method: 'POST',
        headers: { authorization: BASIC },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      });
      assert.equal(answer.status, 200, path);
      if (path !== '/') await running.close();
    }
  });

  it('ask for a token before the body comes, and for no more than they take', async () => {
    await start({ limits: { apiRequest: 100_000 } });
    const { hostname, port, pathname } = new URL(running.url);
    const begin = (authorization: string, length: string) => {
      const socket = connect(Number(port), hostname);
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
      socket.on('error', () => undefined);
      sockets.push(socket);
      socket.write(
        `POST ${pathname}${STATUS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\nX-Org-Public-Id: ${TRUST}\r\n` +
          `Authorization: ${authorization}\r\n${length}\r\n\r\n`,
      );
      return { socket, status: () => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0) };
    };
    const refused = begin('Bearer x', 'Content-Length: 99999');
    await until('it is refused', () => refused.status() === 401);
    const declared = begin(`Bearer ${await token()}`, 'Content-Length: 100001');
    await until('it is too large by its own word', () => declared.status() === 413);
    const streamed = begin(`Bearer ${await token()}`, 'Transfer-Encoding: chunked');
    for (let n = 0; n < 3; n++) streamed.socket.write(`c350\r\n${'x'.repeat(50_000)}\r\n`);
    await until('it turns out to be too large', () => streamed.status() === 413);
    assert.equal((await post(RECEIPTS, ONE)).status, 200);
  });

  it('make the faults of the line that are entered', async () => {
    await start({ apiFaults: { script: ['drop', 'no-answer', '429'], retryAfter: 3 } });
    await assert.rejects(post(RECEIPTS, ONE), /fetch failed/);
    // One of them never gets an answer, whichever comes first.
    const two = [post(RECEIPTS, ONE), post(RECEIPTS, ONE)];
    const answered = await Promise.race(two);
    assert.deepEqual([answered.status, answered.headers.get('retry-after')], [429, '3']);
    await running.close();
    const states = (await Promise.allSettled(two)).map(({ status }) => status);
    assert.deepEqual(states.toSorted(), ['fulfilled', 'rejected']);
  });

  it('have letters be read over HTTP', async () => {
    await start();
    await send(letter('DOC1'));
    const answer = await post(READ, { documentIdentifier: ['DOC1'] }, { 'content-type': 'application/json' });
    assert.deepEqual(await answer.json(), { read: 1, notFound: 0 });
    assert.match(await (await post(RECEIPTS, ONE)).text(), /"valueBoolean":true/);
  });

  it('give a token that another simulator does not know', async () => {
    await start();
    const authorization = `Bearer ${await token()}`;
    await running.close();
    await start();
    assert.equal((await post(RECEIPTS, ONE, { authorization })).status, 401);
  });
});
