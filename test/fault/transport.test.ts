import assert from 'node:assert/strict';
import {
  createServer as createHttp,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttps, type ServerOptions } from 'node:https';
import { type AddressInfo, connect, createServer as createTcp, type Server, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Dispatcher } from '../../src/delivery/dispatcher.js';
import type { OutcomeName } from '../../src/delivery/outcome.js';
import { MemoryOutbox } from '../../src/delivery/outbox/memory.js';
import type { SettledMessage } from '../../src/delivery/outbox/contract.js';
import type { Attempt } from '../../src/delivery/outbox/messages.js';
import { DEFAULT_POLICY } from '../../src/delivery/retry.js';
import { type TransportOptions, transportFactory } from '../../src/delivery/transport.js';
import { authority, certificate, type Pair } from '../support/certificates.js';
import { stamped } from '../support/messages.js';
import { soapAck } from '../support/server.js';
import { until } from '../support/wait.js';

const ID = 'id1';
const POLICY = { ...DEFAULT_POLICY, baseMs: 20, capMs: 40, refusedAttempts: 3, unreadableInARow: 3 };
const FAULT = '<E><Fault><faultcode>x</faultcode><faultstring>no</faultstring></Fault></E>';

/** What a row comes to. */
interface Ran {
  /** The outcome of every attempt. */
  readonly attempts: OutcomeName[];
  /** How the message ended; undefined while it is still kept. */
  readonly settled: SettledMessage | undefined;
  readonly paused: boolean;
}

/** A server that was started for a row. */
interface Started {
  readonly url: string;
  /** How many requests arrived whole. */
  readonly requests: () => number;
  close(): void;
}

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

type Answer = (response: ServerResponse, request: IncomingMessage) => void;
const accept: Answer = (response) => response.end(soapAck('AA', ID));

/** An HTTP(S) server that gives one answer after the other, then AA. */
async function http(answers: readonly Answer[], tls?: ServerOptions, host = '127.0.0.1'): Promise<Started> {
  let count = 0;
  const listener: RequestListener = (request, response) => {
    request.resume();
    request.on('end', () => (answers[count++] ?? accept)(response, request));
  };
  const server = tls === undefined ? createHttp(listener) : createHttps(tls, listener);
  const port = await listen(server);
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}:${port}/services/hl7`,
    requests: () => count,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A TCP server that does with each connection what it is told. */
async function tcp(scheme: string, handle: (socket: Socket) => void): Promise<Started> {
  const sockets = new Set<Socket>();
  const server = createTcp((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    handle(socket);
  });
  const port = await listen(server);
  return {
    url: `${scheme}://localhost:${port}/services/hl7`,
    requests: () => 0,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** A forward proxy: CONNECT is answered as told; where it is let through, bytes are passed on. */
async function proxy(status: number, seen: string[] = []): Promise<Started> {
  const server = createHttp();
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    seen.push(request.headers['proxy-authorization'] ?? '');
    if (status === 0) return;
    if (status !== 200) return client.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const { hostname, port } = new URL(`http://${request.url}`);
    const upstream = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
    sockets.add(upstream);
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => seen.length,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Sends one message until its fate is known, the connection is paused, or so many attempts have been made. */
async function send(url: string, options: Partial<TransportOptions> = {}, most = 4): Promise<Ran> {
  const transport = (await transportFactory())({
    username: 'partner_mailco',
    password: 'testing',
    timeout: 0.4,
    concurrency: 1,
    userAgent: 'test',
    ...options,
  });
  const outbox = new MemoryOutbox();
  const attempts: OutcomeName[] = [];
  const note = (attempt: Attempt): number => attempts.push(attempt.outcome);
  const { settle, postpone } = { settle: outbox.settle.bind(outbox), postpone: outbox.postpone.bind(outbox) };
  outbox.settle = (settled, attempt, hold) => {
    note(attempt);
    return settle(settled, attempt, hold);
  };
  outbox.postpone = (id, at, attempt) => {
    note(attempt);
    return postpone(id, at, attempt);
  };
  let settled: SettledMessage | undefined;
  const dispatcher: Dispatcher = new Dispatcher({
    address: 'custom x',
    connection: 'c',
    outbox,
    transport,
    url: () => new URL(url),
    concurrency: 1,
    policy: POLICY,
    events: {
      settled: (one) => (settled = one),
      changed: () => undefined,
      failed: (error) => assert.fail(String(error)),
    },
  });
  dispatcher.start();
  await dispatcher.submit({
    connection: 'c',
    address: 'custom x',
    sender: 's',
    orderKey: 'k',
    controlId: ID,
    messageType: 'ADT^A28',
    dataPoint: undefined,
    facility: 'trustalias{trustalias}',
    body: stamped(ID),
    carried: '{}',
    holdOnRejection: false,
    askOnUnknown: false,
    storedAt: Date.now(),
  });
  await until(
    'its fate is clear',
    () => settled ?? (dispatcher.state.state === 'paused' || attempts.length >= most),
  );
  const paused = dispatcher.state.state === 'paused';
  await dispatcher.stop(0);
  transport.close();
  return { attempts: attempts.slice(0, most), settled, paused };
}

/** How a row ends. */
type End = 'accepted' | 'rejected' | 'errored' | 'undeliverable' | 'discarded' | 'paused' | 'kept';

function endOf({ settled, paused }: Ran): End {
  return settled?.state ?? (paused ? 'paused' : 'kept');
}

describe('the fault matrix, over real sockets', () => {
  const started: Started[] = [];
  afterEach(() => {
    for (const server of started.splice(0)) server.close();
  });
  const begin = async (server: Promise<Started>): Promise<Started> => {
    const one = await server;
    started.push(one);
    return one;
  };

  const status =
    (code: number, body = '', headers = {}): Answer =>
    (response) =>
      response.writeHead(code, headers).end(body);
  const ok =
    (body: string | Buffer, headers = {}): Answer =>
    (response) =>
      response.writeHead(200, headers).end(body);
  const never: Answer = () => undefined;

  const HTTP: [string, Answer[], OutcomeName[], End][] = [
    ['AA', [], ['accepted'], 'accepted'],
    ['AR', [ok(soapAck('AR', ID, 'why'))], ['rejected'], 'rejected'],
    ['AE', [ok(soapAck('AE', ID, 'why'))], ['errored'], 'errored'],
    [
      'AA for another message',
      Array<Answer>(3).fill(ok(soapAck('AA', 'other'))),
      ['unknown', 'unknown', 'unknown'],
      'paused',
    ],
    ['AA for another message, once', [ok(soapAck('AA', 'other'))], ['unknown', 'accepted'], 'accepted'],
    [
      'an answer without MSA',
      [ok(soapAck('AA', ID).replace(/MSA.*?&#xD;/, ''))],
      ['unknown', 'accepted'],
      'accepted',
    ],
    [
      'two answers that contradict each other',
      [
        ok(
          soapAck('AA', ID).replace(
            '</return>',
            `</return><x>${/<return>(.*?)<\/return>/.exec(soapAck('AR', ID))?.[1]}</x>`,
          ),
        ),
      ],
      ['unknown', 'accepted'],
      'accepted',
    ],
    ['a login page', [ok('<html><body>Log in</body></html>')], ['unknown', 'accepted'], 'accepted'],
    ['an empty 200', [ok('')], ['unknown', 'accepted'], 'accepted'],
    ['204', [status(204)], ['unknown', 'accepted'], 'accepted'],
    ['XML that is cut off', [ok(soapAck('AA', ID).slice(0, -30))], ['unknown', 'accepted'], 'accepted'],
    [
      'a DTD with entities',
      [ok(`<!DOCTYPE x [<!ENTITY a "b">]>${soapAck('AA', ID)}`)],
      ['unknown', 'accepted'],
      'accepted',
    ],
    [
      'a compressed answer',
      [ok(gzipSync(soapAck('AA', ID)), { 'content-encoding': 'gzip' })],
      ['accepted'],
      'accepted',
    ],
    ['400', [status(400)], ['refused', 'accepted'], 'accepted'],
    ['401', [status(401)], ['misconfigured'], 'paused'],
    ['403', [status(403)], ['misconfigured'], 'paused'],
    ['404', [status(404)], ['refused', 'accepted'], 'accepted'],
    ['407', [status(407)], ['misconfigured'], 'paused'],
    ['408', [status(408)], ['busy', 'accepted'], 'accepted'],
    ['413', [status(413)], ['refused', 'accepted'], 'accepted'],
    ['429', [status(429)], ['busy', 'accepted'], 'accepted'],
    ['500', [status(500, 'oops')], ['busy', 'accepted'], 'accepted'],
    ['500 with a SOAP fault', [status(500, FAULT)], ['refused', 'accepted'], 'accepted'],
    [
      'a SOAP fault to all that is sent',
      Array<Answer>(9).fill(status(500, FAULT)),
      ['refused', 'refused', 'refused', 'refused'],
      'kept',
    ],
    ['500 with AR', [status(500, soapAck('AR', ID))], ['rejected'], 'rejected'],
    [
      '500 with AA, which contradicts itself',
      [status(500, soapAck('AA', ID))],
      ['unknown', 'accepted'],
      'accepted',
    ],
    ['502', [status(502)], ['busy', 'accepted'], 'accepted'],
    ['503', [status(503)], ['busy', 'accepted'], 'accepted'],
    ['504, again and again', Array<Answer>(9).fill(status(504)), ['busy', 'busy', 'busy', 'busy'], 'kept'],
    ['a reset before the answer', [(response) => response.destroy()], ['unknown', 'accepted'], 'accepted'],
    [
      'half an answer',
      [
        (response) => {
          response.writeHead(200, { 'content-length': '5000' });
          response.write(soapAck('AA', ID), () => response.destroy());
        },
      ],
      ['unknown', 'accepted'],
      'accepted',
    ],
    [
      'a header that is cut off',
      [(response) => response.socket?.end('HTTP/1.1 200 OK\r\ncontent-')],
      ['unknown', 'accepted'],
      'accepted',
    ],
    [
      'no HTTP at all',
      [(response) => response.socket?.end('220 mail ready\r\n')],
      ['unknown', 'accepted'],
      'accepted',
    ],
    ['no answer', [never], ['unknown', 'accepted'], 'accepted'],
    [
      'an answer that drips',
      [
        (response) => {
          response.writeHead(200);
          const drip = setInterval(() => response.write(' '), 50);
          response.once('close', () => clearInterval(drip));
        },
      ],
      ['unknown', 'accepted'],
      'accepted',
    ],
  ];

  for (const [what, answers, attempts, end] of HTTP) {
    it(`${what}: ${attempts.join(', ')}; ${end}`, async () => {
      const server = await begin(http(answers));
      const ran = await send(server.url);
      assert.deepEqual([ran.attempts, endOf(ran)], [attempts, end]);
      assert.equal(ran.settled?.state === 'accepted', attempts.includes('accepted'));
    });
  }

  for (const code of [301, 302, 303, 307, 308]) {
    it(`a redirect (${code}) takes neither the message nor the credentials elsewhere`, async () => {
      const elsewhere = await begin(http([]));
      const server = await begin(http([status(code, '', { location: elsewhere.url })]));
      const ran = await send(server.url);
      assert.deepEqual([ran.attempts, endOf(ran)], [['misconfigured'], 'paused']);
      assert.equal(elsewhere.requests(), 0);
    });
  }

  it('Retry-After is waited for', async () => {
    const server = await begin(http([status(503, '', { 'retry-after': '1' })]));
    const start = Date.now();
    const ran = await send(server.url);
    assert.deepEqual(ran.attempts, ['busy', 'accepted']);
    assert.ok(Date.now() - start >= 1000);
  });

  it('an answer without end is cut off, and memory stays bounded', async () => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    let written = 0;
    const server = await begin(
      http([
        (response) => {
          const more = (): void => {
            while (!response.destroyed && response.write(chunk)) written += chunk.length;
          };
          response.on('drain', more);
          more();
        },
      ]),
    );
    const ran = await send(server.url, { timeout: 5 });
    assert.deepEqual(ran.attempts, ['unknown', 'accepted']);
    assert.ok(written < 50 * 2 ** 20, `${written} bytes were taken`);
  });

  it('a port where nobody listens: never left', async () => {
    const server = await http([]);
    server.close();
    const ran = await send(server.url, {}, 2);
    assert.deepEqual([ran.attempts, endOf(ran)], [['notSent', 'notSent'], 'kept']);
  });

  it('a name that there is not: never left', async () => {
    const ran = await send('https://no-such-host.invalid/x', {}, 1);
    assert.deepEqual(ran.attempts, ['notSent']);
  });

  it('a server that accepts and says nothing when TLS is to begin: never left', async () => {
    const server = await begin(tcp('https', () => undefined));
    assert.deepEqual((await send(server.url, {}, 1)).attempts, ['notSent']);
  });

  it('a server that hangs up when TLS is to begin: never left', async () => {
    const server = await begin(tcp('https', (socket) => socket.destroy()));
    assert.deepEqual((await send(server.url, {}, 1)).attempts, ['notSent']);
  });

  it('a server that does not speak TLS: never left', async () => {
    const server = await begin(http([]));
    assert.deepEqual((await send(server.url.replace('http:', 'https:'), {}, 1)).attempts, ['notSent']);
    assert.equal(server.requests(), 0);
  });

  describe('over TLS', () => {
    let ca: Pair;
    let good: Pair;
    before(async () => {
      ca = await authority();
      good = await certificate(ca, 'localhost');
    });
    const serve = (pair: Pair, more: ServerOptions = {}): Promise<Started> =>
      begin(http([], { ...pair, ...more }, 'localhost'));

    it('a certificate of an authority that is trusted: accepted', async () => {
      const server = await serve(good);
      assert.equal(endOf(await send(server.url, { tls: { ca: ca.cert } })), 'accepted');
    });

    for (const [what, pair, tls] of [
      ['an unknown authority', async () => good, {}],
      ['a certificate that has expired', async () => certificate(ca, 'localhost', 5), { ca: true }],
      ['a certificate for another host', async () => certificate(ca, 'other.example'), { ca: true }],
      ['a certificate signed by itself', async () => authority('localhost'), { ca: true }],
    ] as const) {
      it(`${what}: nothing leaves, paused`, async () => {
        const server = await serve(await pair());
        const ran = await send(server.url, 'ca' in tls ? { tls: { ca: ca.cert } } : {});
        assert.deepEqual([ran.attempts, endOf(ran)], [['misconfigured'], 'paused']);
        assert.equal(server.requests(), 0);
      });
    }

    it('another host name where the TLS configuration names it: accepted', async () => {
      const server = await serve(await certificate(ca, 'other.example'));
      assert.equal(
        endOf(await send(server.url, { tls: { ca: ca.cert, servername: 'other.example' } })),
        'accepted',
      );
    });

    it('TLS older than 1.2: never left', async () => {
      const server = await serve(good, {
        maxVersion: 'TLSv1.1',
        minVersion: 'TLSv1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      });
      const ran = await send(server.url, { tls: { ca: ca.cert } }, 1);
      assert.ok(['notSent', 'misconfigured'].includes(ran.attempts[0] ?? ''), String(ran.attempts));
      assert.equal(server.requests(), 0);
    });

    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      it(`a client certificate that is wanted and missing (${version}): paused`, async () => {
        const server = await serve(good, {
          requestCert: true,
          rejectUnauthorized: true,
          ca: ca.cert,
          minVersion: version,
          maxVersion: version,
        });
        const ran = await send(server.url, { tls: { ca: ca.cert } });
        assert.deepEqual([ran.attempts, endOf(ran)], [['misconfigured'], 'paused']);
        assert.equal(server.requests(), 0);
      });

      it(`a client certificate that is wanted and given (${version}): accepted`, async () => {
        const server = await serve(good, {
          requestCert: true,
          rejectUnauthorized: true,
          ca: ca.cert,
          minVersion: version,
          maxVersion: version,
        });
        const client = await certificate(ca, 'client');
        assert.equal(
          endOf(await send(server.url, { tls: { ca: ca.cert, cert: client.cert, key: client.key } })),
          'accepted',
        );
      });
    }

    it('a client certificate that is none: paused', async () => {
      const server = await serve(good);
      const ran = await send(server.url, { tls: { ca: ca.cert, cert: 'no certificate', key: 'no key' } });
      assert.deepEqual([ran.attempts, endOf(ran)], [['misconfigured'], 'paused']);
    });

    it('a proxy that lets through, with its own credentials: accepted, and PKB’s credentials are not shown to it', async () => {
      const server = await serve(good);
      const seen: string[] = [];
      const through = await begin(proxy(200, seen));
      const options = {
        tls: { ca: ca.cert },
        proxy: { url: through.url, username: 'joe', password: 'p:w/d' },
      };
      assert.equal(endOf(await send(server.url, options)), 'accepted');
      assert.deepEqual(seen, [`Basic ${Buffer.from('joe:p:w/d').toString('base64')}`]);
    });

    for (const [code, outcome] of [
      [407, 'misconfigured'],
      [403, 'misconfigured'],
      [502, 'notSent'],
      [503, 'notSent'],
      [0, 'notSent'],
    ] as const) {
      it(`a proxy that answers ${code === 0 ? 'nothing' : code}: ${outcome}`, async () => {
        const server = await serve(good);
        const through = await begin(proxy(code));
        const ran = await send(server.url, { tls: { ca: ca.cert }, proxy: { url: through.url } }, 1);
        assert.deepEqual(ran.attempts, [outcome]);
        assert.equal(server.requests(), 0);
      });
    }

    it('a proxy that hangs up, or is not there: never left', async () => {
      const server = await serve(good);
      const hangsUp = await begin(tcp('http', (socket) => socket.destroy()));
      const gone = await proxy(200);
      gone.close();
      for (const { url } of [hangsUp, gone]) {
        const ran = await send(server.url, { tls: { ca: ca.cert }, proxy: { url } }, 1);
        assert.deepEqual(ran.attempts, ['notSent']);
      }
    });
  });
});
