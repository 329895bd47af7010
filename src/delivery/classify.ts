/**
 * Turns an HTTP answer, or a failed request, into one named {@link Outcome}. Pure functions.
 */
import { retryAfterMs } from '../http/retry-after.js';
import { QUERY } from '../pkb/query-answer.js';
import { answerLimit, type Answered, readAnswer } from '../pkb/soap/response.js';
import type { Outcome, Unacknowledged } from './outcome.js';
import { type RefusalName, REFUSALS } from './refusal.js';

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
 * Judges an HTTP answer. A rejection that names the message counts with any status, an acceptance only with a 2xx status. If
 * no acknowledgement counts, a status about the connection (busy, credentials, redirects) counts first, whatever the body
 * says; then a SOAP fault; then any other status.
 *
 * @param controlId MSH-10 of the message that was sent
 * @param now to resolve a `Retry-After` date
 * @param messageType of the message that was sent: the answer to a query may be larger than an acknowledgement
 */
export function judgeAnswer(answer: Answer, controlId: string, now: Date, messageType = ''): Outcome {
  const { status, headers, body } = answer;
  const media = {
    contentType: headerOf(headers, 'content-type'),
    contentEncoding: headerOf(headers, 'content-encoding'),
  };
  const decoded = readAnswer(body, controlId, media, answerLimit(messageType));
  const rejected = decoded.outcome === 'rejected' || decoded.outcome === 'errored';
  // A rejection that names no message counts only where nothing else explains the answer.
  if (rejected && (decoded.controlId !== '' || status < 300 || status === 500))
    return acknowledged(decoded.outcome, decoded);
  if (decoded.outcome === 'accepted' && status >= 200 && status <= 299)
    return acknowledged('accepted', decoded);
  return (
    judgeStatus(answer, retryAfterMs(answer.headers['retry-after'], now.getTime())) ??
    judgeBody(decoded, status)
  );
}

function headerOf(headers: Answer['headers'], name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
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

/** Statuses that say that a server, or a proxy before it, cannot work just now. */
const BUSY: ReadonlySet<number> = new Set([408, 421, 425, 429, 502, 503, 504]);

/**
 * What a status says by itself.
 *
 * @param wait what `Retry-After` asks for, in milliseconds
 * @returns undefined where the body, or nothing, says more
 */
export function judgeStatus(
  { status }: Pick<Answer, 'status'>,
  wait: number | undefined,
): Unacknowledged | undefined {
  if (BUSY.has(status)) {
    const after = wait === undefined ? {} : { retryAfter: wait };
    return { ...refusal('busy', `PKB is busy or out of order (HTTP ${status}).`), status, ...after };
  }
  if (status === 401 || status === 407) {
    const who = status === 407 ? 'The proxy' : 'PKB';
    return { ...refusal('sender', `${who} refused the credentials (HTTP ${status}).`), status };
  }
  if (status === 403)
    return { ...refusal('customer', `PKB refused this sender or Customer (HTTP ${status}).`), status };
  if (status >= 300 && status < 400) {
    const reason = `The address answers with a redirect (HTTP ${status}); it is not PKB's HL7 endpoint.`;
    return { ...refusal('sender', reason), status };
  }
  return undefined;
}

/** What an answer without an acknowledgement says, where its status leaves it open. */
function judgeBody({ outcome, fault, ack, isAnswer, isBroken }: Answered, status: number): Outcome {
  if (outcome === 'refused' && fault === 'credentials')
    return {
      ...refusal(
        'customer',
        `PKB refused the credentials or this Customer in a SOAP fault (HTTP ${status}).`,
      ),
      status,
    };
  if (outcome === 'refused')
    return { ...refusal('fault', `PKB answered with a SOAP fault (HTTP ${status}).`), status };
  // An acknowledgement that contradicts its status, or is another message's: PKB may have this one.
  const named = ack !== undefined;
  if (status >= 500 && !named)
    return { ...refusal('failing', `PKB's server failed (HTTP ${status}).`), status };
  if (status >= 400 && !named)
    return { ...refusal('request', `PKB refused the request (HTTP ${status}).`), status };
  const reason = isBroken
    ? `The answer (HTTP ${status}) is XML that breaks off or cannot be read.`
    : `The answer (HTTP ${status}) holds no acknowledgement for this message.`;
  return { ...refusal(isAnswer ? 'unreadable' : 'foreign', reason), status };
}

/**
 * Judges a request that failed before its answer was whole.
 *
 * @param messageType of the message that was sent
 */
export function judgeFailure({ code, written, phase, proxyStatus }: Failure, messageType = ''): Outcome {
  if (proxyStatus !== undefined) {
    return proxyStatus === 407 || proxyStatus === 403
      ? refusal('sender', `The proxy refused the connection (HTTP ${proxyStatus}).`)
      : refusal('unreached', `The proxy could not connect to PKB (HTTP ${proxyStatus}).`);
  }
  if (UNTRUSTED.test(code)) return refusal('sender', `TLS trust failed (${code}).`);
  if (code === 'PKB_RESPONSE_TOO_LARGE' && messageType === QUERY)
    return refusal(
      'oversized',
      'The answer to the query is larger than 16 MiB and was not read; ask for fewer patients.',
    );
  if (code === 'PKB_RESPONSE_TOO_LARGE')
    return refusal('foreign', 'The answer is larger than any acknowledgement and was not read.');
  const what = phase === undefined ? code : `${code} while waiting for "${phase}"`;
  return written
    ? refusal('unanswered', `No whole answer came (${what}).`)
    : refusal('unreached', `PKB could not be reached (${what}).`);
}

/** An attempt that ended in a refusal, with its outcome from the table. */
export function refusal(name: RefusalName, reason: string): Unacknowledged {
  return { outcome: REFUSALS[name].outcome, refusal: name, reason };
}
