import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { createServer as createHttps, type Server as HttpsServer } from 'node:https';
import { Dispatcher } from '../../src/delivery/dispatcher.js';
import { MemoryOutbox } from '../../src/delivery/outbox/memory.js';
import { DEFAULT_POLICY, type RetryPolicy } from '../../src/delivery/retry.js';
import { type TransportOptions, transportFactory } from '../../src/delivery/transport.js';
import { readRaw } from '../../src/hl7/read.js';
import { authority, certificate, type Pair } from '../support/certificates.js';
import { stamped } from '../support/messages.js';
import { acceptAll, type Arrived, soapAck, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';

/** How long each outage lasts: short here, 4 seconds as `PKB_OUTAGE_MS=4000`. */
const OUTAGE_MS = Number(process.env['PKB_OUTAGE_MS'] ?? 1500);
const PATIENTS = 20;
const CONCURRENCY = 4;
/** Requests that may reach a server before a pause: five that cannot be read, and what was in flight with the last. */
const HANDFUL = 5 + CONCURRENCY;
/** Quick, so that a short outage sees many attempts. */
const QUICK: RetryPolicy = { ...DEFAULT_POLICY, baseMs: 20, capMs: 100 };

type Answer = (arrived: Arrived, response: ServerResponse) => unknown;

/** What a server does to every request for a while. */
interface Outage {
  readonly what: string;
  readonly answer: Answer;
  /** Whether a person has to correct something, so that sending goes on only when resumed. */
  readonly pauses?: true;
  /** A certificate that is not trusted, instead of an answer. */
  readonly untrusted?: true;
  /** Seconds until a request is given up, where that matters. */
  readonly timeout?: number;
}

/** A SOAP 1.1 fault. */
function fault(status: number, code: string, text = 'The request was not processed.'): Answer {
  const body =
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/' +
    'oasis-200401-wss-wssecurity-secext-1.0.xsd" xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>' +
    `<faultcode>${code}</faultcode><faultstring>${text}</faultstring></s:Fault></s:Body></s:Envelope>`;
  return (_arrived, response) => response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
}

/** An answer without SOAP. */
function plain(status: number, body = '', headers: Record<string, string> = {}): Answer {
  return (_arrived, response) =>
    response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(body);
}

/** An answer that begins and never ends, byte by byte. */
const drip: Answer = (_arrived, response) => {
  response.writeHead(200, { 'content-type': 'text/xml' });
  const timer = setInterval(() => response.write(' '), 20);
  response.once('close', () => clearInterval(timer));
};

const OUTAGES: readonly Outage[] = [
  { what: '503 with a SOAP fault', answer: fault(503, 'soap:Server') },
  { what: '500 with a SOAP fault of the server', answer: fault(500, 'soap:Server') },
  { what: '502 with a SOAP fault', answer: fault(502, 'soap:Server') },
  { what: '429 with a SOAP fault', answer: fault(429, 'soap:Client') },
  { what: '404', answer: plain(404, 'Not found') },
  { what: '400', answer: plain(400, 'Bad request') },
  { what: '413', answer: plain(413, 'Too large') },
  { what: 'a reset of the socket', answer: ({ request }) => request.socket.resetAndDestroy() },
  { what: 'an answer that drips', answer: drip, timeout: 0.1 },
  { what: '401 with a SOAP fault', answer: fault(401, 'soap:Client'), pauses: true },
  { what: '403 with a SOAP fault', answer: fault(403, 'soap:Client'), pauses: true },
  {
    what: '500 with a SOAP fault wsse:FailedAuthentication',
    answer: fault(500, 'wsse:FailedAuthentication', 'The security token could not be authenticated'),
    pauses: true,
  },
  {
    what: '500 with a SOAP fault that says InvalidSecurity',
    answer: fault(500, 'soap:Server', 'InvalidSecurity : error in processing the security header'),
    pauses: true,
  },
  { what: '407', answer: plain(407), pauses: true },
  { what: 'a redirect', answer: plain(302, '', { location: 'https://localhost/login' }), pauses: true },
  {
    what: 'a page of a proxy, with 200',
    answer: plain(200, '<html><body><p>Blocked by policy<br></body></html>', { 'content-type': 'text/html' }),
  },
  {
    what: 'an acknowledgement of another message',
    answer: (_arrived, response) => response.end(soapAck('AA', 'another')),
    pauses: true,
  },
  { what: 'a certificate that is not trusted', answer: acceptAll, untrusted: true, pauses: true },
];

/** A dispatcher with its outbox and a real transport, towards a real server. */
async function deliver(
  url: string,
  policy: RetryPolicy,
  network: Partial<Pick<TransportOptions, 'timeout' | 'tls'>> = {},
) {
  const transport = (await transportFactory())({
    username: 'partner_mailco',
    password: 'testing',
    timeout: 5,
    concurrency: CONCURRENCY,
    userAgent: 'test',
    ...network,
  });
  const states = new Map<string, string>();
  const attempts = new Map<string, number>();
  const failures: unknown[] = [];
  let alerts = 0;
  let before = 'open';
  const dispatcher: Dispatcher = new Dispatcher({
    address: 'custom x',
    connection: 'c',
    outbox: new MemoryOutbox(),
    transport,
    url: () => new URL(url),
    concurrency: CONCURRENCY,
    policy,
    events: {
      settled: ({ message, state }) => {
        states.set(message.controlId, state);
        attempts.set(message.controlId, message.attempts);
      },
      changed: () => {
        const { state } = dispatcher.state;
        if (state === 'paused' && before !== 'paused') alerts++;
        before = state;
      },
      failed: (error) => failures.push(error),
    },
  });
  dispatcher.start();
  return {
    dispatcher,
    /** By control ID, how each message that has ended did so. */
    states,
    /** By control ID, how often each message that has ended was sent. */
    attempts,
    /** How often the connection has come to a pause. */
    alerts: () => alerts,
    /** How many messages have ended in a state. */
    count: (state: string) => [...states.values()].filter((one) => one === state).length,
    /** Stores a message of a patient of its own. */
    submit: (controlId: string, customer = 'trustalias{trustalias}') =>
      dispatcher.submit({
        connection: 'c',
        address: 'custom x',
        sender: 's',
        orderKey: controlId,
        controlId,
        messageType: 'ADT^A28',
        dataPoint: undefined,
        facility: customer,
        body: stamped(controlId).replace('trustalias{trustalias}', customer),
        carried: '{}',
        holdOnRejection: false,
        askOnUnknown: false,
        storedAt: Date.now(),
      }),
    async stop() {
      await dispatcher.stop(0);
      transport.close();
      assert.deepEqual(failures, [], 'the store failed');
    },
  };
}

type Delivery = Awaited<ReturnType<typeof deliver>>;

const good = Array.from({ length: PATIENTS }, (_, n) => `good${n}`);
const accepted = (delivery: Delivery, ids: readonly string[]): boolean =>
  ids.every((id) => delivery.states.get(id) === 'accepted');

/** What an outage did to messages that were waiting to be sent. */
interface Suffered {
  /** How the connection stood when the outage was over. */
  readonly state: string;
  readonly alerts: number;
  /** How many requests, or connections, the server saw while it lasted. */
  readonly contacts: number;
  /** How many messages ended without acceptance. */
  readonly undeliverable: number;
  readonly accepted: number;
}

/** One message is accepted, then the outage begins; 20 are stored; it ends; what pauses is resumed; all is sent that will be. */
async function suffer(outage: Outage, trusted: Pair, untrusted: Pair): Promise<Suffered> {
  let over = true;
  let connections = 0;
  const pair = await certificate(trusted, 'localhost');
  const server = await startServer(
    (arrived, response) => (over ? acceptAll : outage.answer)(arrived, response),
    ...(outage.untrusted
      ? [(listener: Parameters<typeof createHttps>[1]) => createHttps(pair, listener)]
      : []),
  );
  server.server.on('connection', () => connections++);
  const url = outage.untrusted ? `https://localhost:${server.port}/services/hl7` : server.url;
  const { timeout = 5 } = outage;
  const delivery = await deliver(url, QUICK, {
    timeout,
    tls: outage.untrusted && { ca: trusted.cert },
  });
  try {
    await delivery.submit('before');
    await until('a first message is accepted', () => accepted(delivery, ['before']));
    over = false;
    if (outage.untrusted) {
      (server.server as HttpsServer).setSecureContext(await certificate(untrusted, 'localhost'));
      server.server.closeAllConnections();
    }
    server.arrived.length = connections = 0;
    await Promise.all(good.map((id) => delivery.submit(id)));
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
    const { state } = delivery.dispatcher.state;
    const contacts = Math.max(server.arrived.length, connections);
    over = true;
    if (outage.untrusted) (server.server as HttpsServer).setSecureContext(pair);
    if (outage.pauses) delivery.dispatcher.resume();
    await until('all have ended', () => delivery.states.size === PATIENTS + 1, 10_000).catch(() => undefined);
    const [accepts, undeliverable] = [delivery.count('accepted') - 1, delivery.count('undeliverable')];
    return { state, alerts: delivery.alerts(), contacts, accepted: accepts, undeliverable };
  } finally {
    await delivery.stop();
    await server.close();
  }
}

describe(`an outage of ${OUTAGE_MS} ms, with ${PATIENTS} messages of ${PATIENTS} patients waiting`, function () {
  this.timeout(OUTAGE_MS + 60_000);
  const suffered = new Map<Outage, Promise<Suffered>>();

  before(async () => {
    const [trusted, untrusted] = await Promise.all([authority(), authority('Another authority')]);
    // They run beside one another, since nearly all of their time is waiting.
    for (const outage of OUTAGES) suffered.set(outage, suffer(outage, trusted, untrusted));
    await Promise.allSettled(suffered.values());
  });

  for (const outage of OUTAGES) {
    const { what, pauses } = outage;
    it(`${what}: all are accepted afterwards ${pauses ? 'when resumed' : 'by itself'}`, async () => {
      const seen = await suffered.get(outage);
      assert.deepEqual(
        { accepted: seen?.accepted, undeliverable: seen?.undeliverable },
        { accepted: PATIENTS, undeliverable: 0 },
      );
    });
    if (pauses) {
      it(`${what}: the connection pauses with one alert after a handful of requests`, async () => {
        const seen = await suffered.get(outage);
        assert.deepEqual([seen?.state, seen?.alerts], ['paused', 1]);
        assert.ok(seen !== undefined && seen.contacts <= HANDFUL, `${seen?.contacts} requests`);
      });
    } else {
      it(`${what}: the connection does not pause, and tries again`, async () => {
        const seen = await suffered.get(outage);
        assert.equal(seen?.alerts, 0);
        assert.ok(seen.contacts > CONCURRENCY, `${seen.contacts} requests`);
      });
    }
  }
});

describe('a message that the server always answers with a SOAP fault of the client', function () {
  this.timeout(60_000);
  let server: TestServer;
  let delivery: Delivery;
  const refuse = fault(500, 'soap:Client', 'Unmarshalling error');

  const start = async (policy: RetryPolicy): Promise<void> => {
    server = await startServer((arrived, response) =>
      (arrived.controlId === 'bad' ? refuse : acceptAll)(arrived, response),
    );
    delivery = await deliver(server.url, policy);
  };
  afterEach(async () => {
    await delivery.stop();
    await server.close();
  });

  for (const [where, place] of [
    ['among', PATIENTS / 2],
    ['before', 0],
  ] as const) {
    it(`${where} ${PATIENTS} good ones: it ends undeliverable within seconds, and nobody else is held up`, async () => {
      await start(DEFAULT_POLICY);
      await Promise.all(good.toSpliced(place, 0, 'bad').map((id) => delivery.submit(id)));
      await until('all good ones are accepted', () => accepted(delivery, good), 3000);
      await until('the bad one has ended', () => delivery.states.has('bad'), 10_000);
      assert.equal(delivery.states.get('bad'), 'undeliverable');
      assert.ok(good.every((id) => delivery.attempts.get(id) === 1));
      assert.equal(delivery.alerts(), 0);
    });
  }

  it('alone: it waits, and ends only when another message has been acknowledged', async () => {
    await start(QUICK);
    await delivery.submit('bad');
    await until('it was tried often', () => server.arrived.length >= 8 || delivery.states.size > 0);
    assert.deepEqual([...delivery.states], []);
    await delivery.submit('good');
    await until('both have ended', () => delivery.states.size === 2);
    assert.deepEqual(
      [...delivery.states],
      [
        ['good', 'accepted'],
        ['bad', 'undeliverable'],
      ],
    );
  });
});

describe('a Customer whom the server refuses with 403, beside another one', () => {
  it('pauses alone: its messages are kept until resumed, and those of the other go on', async () => {
    const [allowed, refused] = ['trustalias{trustalias}', 'othertrust{othertrust}'];
    let refusing = true;
    const server = await startServer((arrived, response) => {
      const forbidden = refusing && readRaw(arrived.hl7, 'MSH-4') === refused;
      return (forbidden ? fault(403, 'soap:Client') : acceptAll)(arrived, response);
    });
    const delivery = await deliver(server.url, QUICK);
    const own = good.map((id) => `allowed-${id}`);
    const others = good.map((id) => `refused-${id}`);
    try {
      await delivery.submit('before', allowed);
      await until('a first message is accepted', () => accepted(delivery, ['before']));
      for (const id of good) {
        await delivery.submit(`allowed-${id}`, allowed);
        await delivery.submit(`refused-${id}`, refused);
      }
      await until('those of the other Customer are accepted', () => accepted(delivery, own), 5000);
      await delivery.submit('later', allowed);
      await until('also what is stored later', () => accepted(delivery, ['later']), 5000);
      assert.deepEqual(
        others.filter((id) => delivery.states.has(id)),
        [],
      );
      const asked = server.arrived.filter(({ controlId }) => others.includes(controlId)).length;
      assert.ok(asked >= 1 && asked <= HANDFUL, `${asked} requests for the refused Customer`);
      refusing = false;
      delivery.dispatcher.resume();
      await until('all are accepted', () => accepted(delivery, others), 5000);
      assert.equal(delivery.count('undeliverable'), 0);
    } finally {
      await delivery.stop();
      await server.close();
    }
  });
});
