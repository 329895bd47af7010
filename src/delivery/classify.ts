/**
 * From what was seen on the wire to one named outcome. Pure: an answer or a failure in, an {@link Outcome} out.
 */
import { decodeResponse } from '../pkb/soap/response.js';
import type { Outcome } from './outcome.js';

/** An HTTP answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

/** A request that got no whole answer. */
export interface Failure {
  /** Node.js's or the HTTP client's code, such as `ECONNREFUSED` or `ETIMEDOUT`. */
  readonly code: string;
  /** Whether any byte of the message may have left. */
  readonly written: boolean;
  /** The phase that ran out of time, such as `connect` or `response`. */
  readonly phase?: string | undefined;
  /** The status with which a proxy refused to connect. */
  readonly proxyStatus?: number | undefined;
}

/** Names under which TLS failures of trust are reported by Node.js. */
const UNTRUSTED =
  /^(?:CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|ERR_TLS_CERT_|ERR_SSL_.*ALERT_(?:CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE)|ERR_SSL_.*CERTIFICATE|ERR_OSSL_|EPROTO_TLS_ALERT|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)/;

/**
 * Judges an HTTP answer.
 *
 * @param controlId MSH-10 of the message that was sent
 * @param now to resolve a `Retry-After` date
 */
export function judgeAnswer(answer: Answer, controlId: string, now: Date): Outcome {
  const { status, body } = answer;
  const decoded = decodeResponse(body, controlId);
  switch (decoded.outcome) {
    case 'accepted':
      // An AA in anything but a success answer contradicts itself.
      if (status < 200 || status > 299) break;
      return acknowledged('accepted', decoded);
    case 'rejected':
    case 'errored':
      return acknowledged(decoded.outcome, decoded);
    case 'refused':
      return {
        outcome: 'refused',
        reason: `PKB answered with a SOAP fault (HTTP ${status}).`,
        scope: 'message',
        status,
      };
    case 'unknown':
      break;
  }
  return judgeStatus(answer, retryAfter(answer, now));
}

function acknowledged(
  outcome: 'accepted' | 'rejected' | 'errored',
  {
    code = '',
    controlId = '',
    text = '',
    ack = '',
  }: { code?: string; controlId?: string; text?: string; ack?: string },
): Outcome {
  return { outcome, code, controlId, text, ack };
}

function judgeStatus({ status }: Answer, wait: number | undefined): Outcome {
  const after = wait === undefined ? {} : { retryAfter: wait };
  if (status === 429 || status === 408 || status === 421 || status === 425 || status >= 500) {
    return {
      outcome: 'busy',
      reason: `PKB is busy or out of order (HTTP ${status}).`,
      scope: 'connection',
      status,
      ...after,
    };
  }
  if (status === 401 || status === 403 || status === 407) {
    const who = status === 407 ? 'The proxy' : 'PKB';
    return {
      outcome: 'misconfigured',
      reason: `${who} refused the credentials or this sender (HTTP ${status}).`,
      scope: 'connection',
      status,
    };
  }
  if (status >= 300 && status < 400) {
    return {
      outcome: 'misconfigured',
      reason: `The address answers with a redirect (HTTP ${status}); it is not PKB's HL7 endpoint.`,
      scope: 'connection',
      status,
    };
  }
  if (status >= 400) {
    return {
      outcome: 'refused',
      reason: `PKB refused the request (HTTP ${status}).`,
      scope: 'message',
      status,
    };
  }
  return {
    outcome: 'unknown',
    reason: `The answer (HTTP ${status}) holds no acknowledgement for this message.`,
    scope: 'message',
    status,
  };
}

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110, 10.2.3). */
function retryAfter({ headers }: Answer, now: Date): number | undefined {
  const value = headers['retry-after'];
  if (typeof value !== 'string') return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}

/** Judges a request that failed before its answer was whole. */
export function judgeFailure({ code, written, phase, proxyStatus }: Failure): Outcome {
  if (proxyStatus !== undefined) {
    return proxyStatus === 407 || proxyStatus === 403
      ? misconfigured(`The proxy refused the connection (HTTP ${proxyStatus}).`)
      : notSent(`The proxy could not connect to PKB (HTTP ${proxyStatus}).`);
  }
  if (UNTRUSTED.test(code)) return misconfigured(`TLS trust failed (${code}).`);
  if (code === 'PKB_RESPONSE_TOO_LARGE') {
    return unknown('The answer is larger than any acknowledgement and was not read.', 'message');
  }
  const what = phase === undefined ? code : `${code} while waiting for "${phase}"`;
  return written
    ? unknown(`No whole answer came (${what}).`, 'connection')
    : notSent(`PKB could not be reached (${what}).`);
}

function misconfigured(reason: string): Outcome {
  return { outcome: 'misconfigured', reason, scope: 'connection' };
}

function notSent(reason: string): Outcome {
  return { outcome: 'notSent', reason, scope: 'connection' };
}

function unknown(reason: string, scope: 'connection' | 'message'): Outcome {
  return { outcome: 'unknown', reason, scope };
}
