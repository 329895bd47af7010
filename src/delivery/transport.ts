/**
 * One POST to PKB with got. It never repeats the request, follows a redirect, inflates or reads without a limit, and it
 * reports whether any part of the message may have been sent.
 */
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Got } from 'got' with { 'resolution-mode': 'import' };
import {
  basicAuthorization,
  createAgents,
  httpsOptions,
  type ProxyOptions,
  type TlsOptions,
} from '../http/agents.js';
import { MAX_RESPONSE_BYTES } from '../pkb/soap/response.js';
import type { RequestBody } from '../pkb/soap/request.js';
import type { Answer, Failure } from './classify.js';

/** What a transport is made from. */
export interface TransportOptions {
  /** Name and password for HTTP Basic. */
  readonly username: string;
  readonly password: string;
  /** Seconds for connecting, and for waiting until an answer begins. */
  readonly timeout: number;
  /** How many sockets are kept at most. */
  readonly concurrency: number;
  readonly tls?: TlsOptions | undefined;
  readonly proxy?: ProxyOptions | undefined;
  readonly userAgent: string;
}

/** What one request came to: an answer read to its end, or a failure. */
export type Exchange = { readonly answer: Answer } | { readonly failure: Failure };

/** Posts envelopes. */
export interface Transport {
  /**
   * Sends one envelope once. Never rejects.
   *
   * @param signal aborts the request
   * @param limit how large the answer may be, in bytes; 1 MiB where left out
   * @param mayWrite asked right before anything is written: a process that was stopped meanwhile has missed its signal
   */
  post(
    url: URL,
    body: RequestBody,
    signal: AbortSignal,
    limit?: number,
    mayWrite?: () => boolean,
  ): Promise<Exchange>;
  /** Asks the address for itself (GET), with the credentials and without a message. Never rejects. */
  probe(url: URL, signal: AbortSignal): Promise<Exchange>;
  /** Closes idle sockets. */
  close(): void;
}

/** Makes a transport, which keeps its sockets alive until `close`. */
export type TransportFactory = (options: TransportOptions) => Transport;

/**
 * Loads the HTTP client, which is an ES module and so cannot be required, and gives what makes transports with it.
 */
export async function transportFactory(): Promise<TransportFactory> {
  const { default: got } = await import('got');
  return (options) => createTransport(got, options);
}

function createTransport(got: Got, options: TransportOptions): Transport {
  const agents = createAgents(options);
  const milliseconds = options.timeout * 1000;
  const client = got.extend({
    method: 'POST',
    headers: {
      authorization: basicAuthorization(options.username, options.password),
      'content-type': 'text/xml; charset=UTF-8',
      soapaction: '""',
      accept: 'text/xml',
      // Answers are small; what comes compressed all the same is read.
      'accept-encoding': 'identity',
      'user-agent': options.userAgent,
    },
    responseType: 'buffer',
    agent: { http: agents.http, https: agents.https },
    https: httpsOptions(options.tls),
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
    retry: { limit: 0 },
    timeout: {
      lookup: milliseconds,
      connect: milliseconds,
      secureConnect: milliseconds,
      send: milliseconds * 4,
      response: milliseconds,
      read: milliseconds,
      request: milliseconds * 6,
    },
  });
  const exchange = async (
    url: URL,
    signal: AbortSignal,
    what: { method?: 'GET'; body?: Iterable<Buffer>; headers?: { 'content-length': string } },
    mostBytes = MAX_RESPONSE_BYTES,
    mayWrite = (): boolean => true,
  ): Promise<Exchange> => {
    const evidence: Evidence = { written: false, tooLarge: false, overdue: undefined };
    const limit = options.proxy === undefined ? NO_LIMIT : limitConnecting(evidence, signal, milliseconds);
    let sent: ClientRequest | undefined;
    const request = client(url, { ...what, signal: limit.signal ?? signal });
    void request.on('downloadProgress', ({ transferred }: { transferred: number }) => {
      if (transferred <= mostBytes) return;
      evidence.tooLarge = true;
      sent?.destroy();
    });
    void request.once('request', (clientRequest: ClientRequest) => {
      sent = clientRequest;
      watch(clientRequest, evidence, limit, mayWrite);
    });
    try {
      const { statusCode, headers, body } = await request;
      return { answer: { status: statusCode, headers, body } };
    } catch (error) {
      return { failure: failureOf(error, evidence) };
    } finally {
      limit.connected();
    }
  };
  return {
    post: (url, body, signal, mostBytes, mayWrite) =>
      exchange(url, signal, bodyOptions(body, mayWrite), mostBytes, mayWrite),
    probe: (url, signal) => exchange(url, signal, { method: 'GET' }),
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

/**
 * The body as an iterable. For a string or bytes, the client writes the last piece and ends the request a turn later. If
 * the answer comes before that, the client gives up the socket, so every quick answer would cost a connection.
 * The iterable is a function, because the client clones bodies that are objects, for hooks that are not used here. The
 * length is said beforehand, since PKB may not know chunked requests.
 */
function bodyOptions(
  { length, pieces }: RequestBody,
  mayWrite = (): boolean => true,
): {
  body: Iterable<Buffer>;
  headers: { 'content-length': string };
} {
  const checked = function* (): Iterator<Buffer> {
    for (const piece of { [Symbol.iterator]: pieces }) {
      if (!mayWrite()) throw new Error('This process may not send any more.');
      yield piece;
    }
  };
  const body = Object.assign(() => undefined, { [Symbol.iterator]: checked });
  return { body, headers: { 'content-length': String(length) } };
}

/** What is learnt of a request while it is under way. */
interface Evidence {
  /** Whether its socket has been ready to be written to. */
  written: boolean;
  /** Whether its answer was cut off for its size. */
  tooLarge: boolean;
  /** The phase in which it was cut off by {@link limitConnecting}. */
  overdue: string | undefined;
}

/** A limit of our own on connecting. */
interface ConnectLimit {
  readonly signal: AbortSignal | undefined;
  /** To be called when the connection stands, or there is no more to wait for. */
  connected(): void;
}

const NO_LIMIT: ConnectLimit = { signal: undefined, connected: () => undefined };

/** got's own limits do not reach into a proxy's answer to CONNECT, so connecting through one is limited here. */
function limitConnecting(evidence: Evidence, signal: AbortSignal, milliseconds: number): ConnectLimit {
  const guard = new AbortController();
  const timer = setTimeout(() => {
    evidence.overdue = 'connect';
    guard.abort();
  }, milliseconds * 2);
  return { signal: AbortSignal.any([signal, guard.signal]), connected: () => clearTimeout(timer) };
}

/** Notes when the request's socket is ready to be written to; before that nothing of the message can have left. */
function watch(
  request: ClientRequest,
  evidence: Evidence,
  limit: ConnectLimit,
  mayWrite: () => boolean,
): void {
  request.once('socket', (socket: Socket | TLSSocket) => {
    const ready = (): void => {
      if (!mayWrite()) return void request.destroy();
      evidence.written = true;
      limit.connected();
    };
    const secured = 'encrypted' in socket;
    const pending = secured ? (socket as { secureConnecting?: boolean }).secureConnecting : socket.connecting;
    if (request.reusedSocket || !pending) ready();
    // Before what has been written to it meanwhile leaves.
    else socket.prependOnceListener(secured ? 'secureConnect' : 'connect', ready);
  });
}

function failureOf(error: unknown, { tooLarge, overdue, written }: Evidence): Failure {
  if (tooLarge) return { code: 'PKB_RESPONSE_TOO_LARGE', written: true };
  if (overdue !== undefined) return { code: 'ETIMEDOUT', phase: overdue, written };
  const { code, event, message } = error as { code?: unknown; event?: unknown; message?: unknown };
  // How hpagent says that a proxy answered CONNECT with another status than 200.
  const refusal = /^Bad response: (\d{3})$/.exec(String(message))?.[1];
  // OpenSSL's alerts (no client certificate, say) come as a general protocol error with the alert in the text.
  const alert = code === 'EPROTO' && /\balert\b/i.test(String(message));
  return {
    code: alert
      ? 'EPROTO_TLS_ALERT'
      : typeof code === 'string' && /^[A-Z0-9_/]+$/.test(code)
        ? code
        : 'ERROR',
    phase: typeof event === 'string' ? event : undefined,
    proxyStatus: refusal === undefined ? undefined : Number(refusal),
    written,
  };
}
