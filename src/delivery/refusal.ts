/**
 * What is done about an attempt that PKB did not acknowledge, as one table. The rule behind it:
 *
 * Only PKB's own acknowledgement, or its age, ends a message on the evidence of that message alone. Any other refusal may
 * be the connection's fault: the connection waits and tries another message, or pauses. A refusal counts against the message
 * only while the connection is known to work: PKB has acknowledged another message since this one was first refused, and
 * nothing has cast doubt on the connection since. So an outage never ends pending messages, and a message that PKB's server
 * cannot take ends in seconds while others are accepted. A query changes nothing at PKB, so it ends if its answer is too large
 * to be read.
 *
 * `docs/outcomes.md` is made from it.
 */
/** What an attempt is called that ended in a refusal. */
export type RefusedOutcome = 'notSent' | 'unknown' | 'busy' | 'misconfigured' | 'refused';

/** One kind of refusal. */
export interface RefusalRow {
  readonly outcome: RefusedOutcome;
  /** What was seen on the wire. */
  readonly seen: string;
  /**
   * While nothing says that the connection works: it waits and then tries one message; it pauses until a person acts; or
   * the Customer's messages pause, and those of another Customer are tried.
   */
  readonly does: 'wait' | 'pause' | 'pause-customer';
  /** While the connection is known to work: the message waits alone and the others go on, or the connection waits all the same. */
  readonly blames: 'message' | 'connection';
  /**
   * Whether the message ends as undeliverable when it has been refused often enough while the connection works; `at once`
   * where the answer is about nothing but the message, and sending it again would bring the same.
   */
  readonly ends: boolean | 'at once';
  /** Whether PKB may have the message: after several such answers in a row the connection pauses. */
  readonly maybeTaken: boolean;
}

/** The table of refusals. */
export const REFUSALS = {
  unreached: {
    outcome: 'notSent',
    seen: 'no address, connection refused, no TLS session; a proxy that cannot reach PKB',
    does: 'wait',
    blames: 'connection',
    ends: false,
    maybeTaken: false,
  },
  unanswered: {
    outcome: 'unknown',
    seen: 'the line broke or time ran out after the message was sent',
    does: 'wait',
    blames: 'message',
    ends: false,
    maybeTaken: false,
  },
  unreadable: {
    outcome: 'unknown',
    seen: 'an answer in SOAP or HL7 without a matching acknowledgement',
    does: 'wait',
    blames: 'message',
    ends: true,
    maybeTaken: true,
  },
  foreign: {
    outcome: 'unknown',
    seen: 'an answer that is neither SOAP nor HL7 (a proxy’s page, nothing at all), or too large to be one',
    does: 'wait',
    blames: 'message',
    ends: true,
    maybeTaken: false,
  },
  busy: {
    outcome: 'busy',
    seen: 'HTTP 408, 421, 425, 429, 502, 503, 504, with or without a SOAP fault',
    does: 'wait',
    blames: 'connection',
    ends: false,
    maybeTaken: false,
  },
  failing: {
    outcome: 'busy',
    seen: 'HTTP 500 or another 5xx without a SOAP fault',
    does: 'wait',
    blames: 'message',
    ends: true,
    maybeTaken: false,
  },
  fault: {
    outcome: 'refused',
    seen: 'a SOAP fault that does not speak of credentials',
    does: 'wait',
    blames: 'message',
    ends: true,
    maybeTaken: false,
  },
  request: {
    outcome: 'refused',
    seen: 'HTTP 404 or another 4xx',
    does: 'wait',
    blames: 'message',
    ends: true,
    maybeTaken: false,
  },
  oversized: {
    outcome: 'unknown',
    seen: 'an answer to a query (QRY^A19) of more than 16 MiB',
    does: 'wait',
    blames: 'message',
    ends: 'at once',
    maybeTaken: false,
  },
  sender: {
    outcome: 'misconfigured',
    seen: 'HTTP 401 or 407, a redirect, a certificate that is not trusted',
    does: 'pause',
    blames: 'connection',
    ends: false,
    maybeTaken: false,
  },
  customer: {
    outcome: 'misconfigured',
    seen: 'HTTP 403, or a SOAP fault that speaks of credentials',
    does: 'pause-customer',
    blames: 'connection',
    ends: false,
    maybeTaken: false,
  },
} as const satisfies Readonly<Record<string, RefusalRow>>;

/** The name of a row. */
export type RefusalName = keyof typeof REFUSALS;

/** The row of a refusal. */
export function refusalRow(name: RefusalName): RefusalRow {
  return REFUSALS[name];
}
