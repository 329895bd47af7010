/**
 * A client of PKB's FHIR operations (STU3) with OAuth 2.0 client credentials (PKB pages 3364947437 and 3364618357).
 *
 * States of its token, and what moves it on:
 *
 * - *none*: the first operation asks for one; others that come meanwhile wait for it.
 * - *good*: used until a while before its end, since PKB counts from when it gave it. Then it is *none*.
 * - *refused*: an operation got 401 with it. It is dropped, and the operation asks once more with a new one.
 *
 * Tokens, the secret and what PKB says are never in an error.
 */
import type { Got } from 'got' with { 'resolution-mode': 'import' };
import { PkbApiError } from '../errors.js';
import {
  basicAuthorization,
  createAgents,
  httpsOptions,
  type ProxyOptions,
  type TlsOptions,
} from '../http/agents.js';
import { retryAfterMs } from '../http/retry-after.js';

/** What a client is made from. */
export interface ApiOptions {
  /** Where tokens are given; may throw a PkbConfigError. */
  readonly tokenUrl: () => URL;
  /** Base of the operations, such as `https://sandbox.patientsknowbest.com/fhir`. */
  readonly fhirUrl: () => URL;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Seconds for connecting, and for waiting until an answer begins. */
  readonly timeout: number;
  readonly tls?: TlsOptions | undefined;
  readonly proxy?: ProxyOptions | undefined;
  readonly userAgent: string;
  /** The steady clock, in milliseconds. */
  readonly now?: () => number;
}

/** Asks PKB's FHIR operations. */
export interface PkbApi {
  /**
   * Asks an operation.
   *
   * @param path such as `DocumentReference/$read-receipt-query`
   * @param organisation UUID of the Customer on whose behalf it is asked
   * @param body a Parameters resource
   * @returns the answer, parsed
   * @throws PkbApiError
   */
  operation(path: string, organisation: string, body: object, signal: AbortSignal): Promise<unknown>;
  /** Closes idle sockets. */
  close(): void;
}

/** Makes clients. */
export type ApiFactory = (options: ApiOptions) => PkbApi;

/** Loads the HTTP client, which is an ES module and so cannot be required. */
export async function apiFactory(): Promise<ApiFactory> {
  const { default: got } = await import('got');
  return (options) => new ApiClient(got, options);
}

/** Largest answer: 5,000 receipts are about 2 MB. */
const MOST_BYTES = 16 * 1024 * 1024;

/** A token is renewed when a fifth of its life is left, or a minute where that is less. */
const EARLY_SHARE = 0.2;
const EARLY_MS = 60_000;

/** The life of a token of which PKB does not say it. */
const LIFE_MS = 600_000;

const MEDIA_TYPE = 'application/fhir+json';

interface Token {
  readonly text: string;
  /** By the steady clock; it was never good where PKB has refused it. */
  until: number;
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
}

class ApiClient implements PkbApi {
  readonly #options: ApiOptions;
  readonly #agents;
  readonly #got: Got;
  readonly #now: () => number;
  #token: Promise<Token> | undefined;

  constructor(got: Got, options: ApiOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#agents = createAgents({ proxy: options.proxy, concurrency: 4 });
    const milliseconds = options.timeout * 1000;
    this.#got = got.extend({
      method: 'POST',
      headers: { 'user-agent': options.userAgent, 'accept-encoding': 'identity' },
      agent: { http: this.#agents.http, https: this.#agents.https },
      https: httpsOptions(options.tls),
      followRedirect: false,
      throwHttpErrors: false,
      decompress: false,
      retry: { limit: 0 },
      timeout: {
        lookup: milliseconds,
        connect: milliseconds,
        secureConnect: milliseconds,
        response: milliseconds,
        read: milliseconds,
        request: milliseconds * 6,
      },
    });
  }

  async operation(path: string, organisation: string, body: object, signal: AbortSignal): Promise<unknown> {
    const text = JSON.stringify(body);
    const ask = (token: Token): Promise<Answer> =>
      this.#post(urlOf(this.#options.fhirUrl(), path), signal, text, {
        accept: MEDIA_TYPE,
        'content-type': MEDIA_TYPE,
        authorization: `Bearer ${token.text}`,
        'x-org-public-id': organisation,
      });
    const token = await this.#goodToken(signal);
    const answer = await ask(token);
    if (answer.status !== 401) return read(answer);
    // Only this one: another operation may have got the next one meanwhile.
    token.until = -Infinity;
    return read(await ask(await this.#goodToken(signal)));
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  async #goodToken(signal: AbortSignal): Promise<Token> {
    const asked = this.#token;
    if (asked !== undefined) {
      const token = await asked.catch(() => undefined);
      if (token !== undefined && token.until > this.#now()) return token;
      // Another one may have asked for the next while this one waited.
      if (this.#token !== asked && this.#token !== undefined) return this.#token;
    }
    const asking = this.#askToken(signal);
    this.#token = asking;
    return asking;
  }

  async #askToken(signal: AbortSignal): Promise<Token> {
    const { clientId, clientSecret, tokenUrl } = this.#options;
    const begun = this.#now();
    const { status, retryAfter, body } = await this.#post(
      tokenUrl(),
      signal,
      'grant_type=client_credentials',
      {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        authorization: basicAuthorization(clientId, clientSecret),
      },
    );
    if (status === 429 || status >= 500) throw unavailable(status, retryAfter);
    const { access_token: text, expires_in: seconds } = (status === 200 ? jsonOf(body) : {}) as {
      access_token?: unknown;
      expires_in?: unknown;
    };
    if (typeof text !== 'string' || !/^[\x21-\x7e]{1,20000}$/.test(text)) {
      throw new PkbApiError(
        'PKB_API_TOKEN',
        `PKB’s token address gave no token (HTTP ${status}): check token address, client ID and client secret in pkb api.`,
      );
    }
    const life = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : LIFE_MS;
    return { text, until: begun + life - Math.min(life * EARLY_SHARE, EARLY_MS) };
  }

  async #post(
    url: URL,
    signal: AbortSignal,
    body: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    const tooLarge = new AbortController();
    try {
      const request = this.#got(url, {
        body,
        headers,
        responseType: 'buffer',
        signal: AbortSignal.any([signal, tooLarge.signal]),
      });
      void request.on('downloadProgress', ({ transferred }: { transferred: number }) => {
        if (transferred > MOST_BYTES) tooLarge.abort();
      });
      const { statusCode, headers: answered, body: bytes } = await request;
      return { status: statusCode, retryAfter: answered['retry-after'], body: Buffer.from(bytes) };
    } catch (error) {
      if (tooLarge.signal.aborted)
        throw new PkbApiError(
          'PKB_API_ANSWER',
          'PKB’s answer is larger than 16 MB, so nothing was concluded from it: check the addresses in pkb api, or ask about fewer patients at a time.',
        );
      const { code } = error as { code?: unknown };
      const known = typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? ` (${code})` : '';
      throw new PkbApiError(
        'PKB_API_UNAVAILABLE',
        `The FHIR address or the token address in pkb api did not answer${known}. If this lasts, check network, proxy and both addresses.`,
      );
    }
  }
}

/** @throws PkbApiError where the answer is none to the operation */
function read({ status, retryAfter, body }: Answer): unknown {
  if (status === 200) return jsonOf(body);
  if (status === 429 || status === 408 || status >= 500) throw unavailable(status, retryAfter);
  if (status === 401) {
    throw new PkbApiError(
      'PKB_API_TOKEN',
      'PKB did not take a new token (HTTP 401): check client ID, client secret and addresses in pkb api.',
    );
  }
  throw new PkbApiError(
    'PKB_API_REFUSED',
    `PKB refused the request (HTTP ${status}${codeIn(body)}): check the organisation UUID of the Customer, and whether PKB lets your client act for it.`,
  );
}

/** The code of an OperationOutcome, where PKB names one of its own. Its words are not shown: they may quote the request. */
function codeIn(body: Buffer): string {
  const found =
    /"(ACC_TOKEN_EXPIRED|BAD_AUTHENTICATION|USER_TYPE_NOT_PERM|API_SESSION_EXPIRED|API_SESSION_INVALID|ACCESS_FROZEN_OUTWARD)"/.exec(
      body.subarray(0, 20_000).toString('latin1'),
    );
  return found === null ? '' : `, ${found[1]}`;
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8').replace(/^\uFEFF/, '')) as unknown;
  } catch {
    throw new PkbApiError(
      'PKB_API_ANSWER',
      'PKB’s answer is not JSON: check the addresses in pkb api. Nothing was concluded from it.',
    );
  }
}

/** Longest wait that an answer may ask for, in milliseconds: an hour. */
const MOST_WAIT_MS = 3_600_000;

function unavailable(status: number, retryAfter: string | undefined): PkbApiError {
  const wait = retryAfterMs(retryAfter, Date.now());
  return new PkbApiError(
    'PKB_API_UNAVAILABLE',
    `PKB cannot answer at the moment (HTTP ${status}). Ask again later.`,
    wait === undefined ? undefined : Math.min(wait, MOST_WAIT_MS),
  );
}

function urlOf(base: URL, path: string): URL {
  return new URL(`${base.pathname.replace(/\/$/, '')}/${path}`, base);
}
