/**
 * Every way in which sending a message can end, as one table. `docs/outcomes.md` and the help come from it.
 */

/** The named outcomes of one attempt. */
export type OutcomeName =
  'accepted' | 'rejected' | 'errored' | 'notSent' | 'unknown' | 'busy' | 'misconfigured' | 'refused';

/** An answer of PKB's with an acknowledgement for this message. */
export interface Acknowledged {
  readonly outcome: 'accepted' | 'rejected' | 'errored';
  /** MSA-1. */
  readonly code: string;
  /** MSA-2. */
  readonly controlId: string;
  /** MSA-3; may quote the message, so it goes to the flow and into no log. */
  readonly text: string;
  /** The acknowledgement as it came. */
  readonly ack: string;
}

/** An attempt that ended without an acknowledgement for this message. */
export interface Unacknowledged {
  readonly outcome: 'notSent' | 'unknown' | 'busy' | 'misconfigured' | 'refused';
  /** What was seen, in one sentence without patient data or credentials. */
  readonly reason: string;
  /** Whether the fault lies with the connection (then everything on it waits) or with this one message. */
  readonly scope: 'connection' | 'message';
  /** What `Retry-After` asked for, in milliseconds. */
  readonly retryAfter?: number;
  /** HTTP status, where there was an answer. */
  readonly status?: number;
}

/** How one attempt to deliver a message ended. */
export type Outcome = Acknowledged | Unacknowledged;

/** Why a message was not accepted, in words; what PKB says may quote the message. */
export function reasonOf(outcome: Outcome): string {
  return 'reason' in outcome ? outcome.reason : [outcome.code, outcome.text].filter(Boolean).join(': ');
}

/** One row of the table. */
export interface OutcomeRow {
  readonly name: OutcomeName;
  /** What was seen on the wire. */
  readonly seen: string;
  readonly means: string;
  /** What this package does. */
  readonly weDo: string;
  /** What a person should do. */
  readonly youDo: string;
}

/** The table of outcomes. */
export const OUTCOMES: Readonly<Record<OutcomeName, OutcomeRow>> = {
  accepted: {
    name: 'accepted',
    seen: 'An acknowledgement AA whose MSA-2 is this message’s control ID.',
    means: 'PKB has taken the message. It may still hold it for the Customer’s review (soft matching).',
    weDo: 'Output 1. Done.',
    youDo: 'Nothing. If it does not show in the record, ask the Customer to look into its HL7 review.',
  },
  rejected: {
    name: 'rejected',
    seen: 'An acknowledgement AR for this message.',
    means: 'PKB checked the message and refused it. MSA-3 says why.',
    weDo: 'Output 2. Never sent again by itself, as PKB advises.',
    youDo: 'Correct what MSA-3 names and send the corrected message.',
  },
  errored: {
    name: 'errored',
    seen: 'An acknowledgement AE for this message.',
    means: 'PKB failed on the message in a way it did not expect; often the message is badly malformed.',
    weDo: 'Output 2. Never sent again by itself, as PKB advises.',
    youDo: 'Treat as urgent: look at the message, then ask PKB with the control ID and the time.',
  },
  notSent: {
    name: 'notSent',
    seen: 'No address, connection refused, or no TLS session: nothing of the message was written.',
    means: 'PKB provably does not have the message.',
    weDo: 'The connection waits and tries with one message at a time, later and later, then all go on.',
    youDo:
      'If it lasts: check network, proxy, firewall (port 7443) and whether your address is on PKB’s list.',
  },
  unknown: {
    name: 'unknown',
    seen: 'The line broke or time ran out after sending, or the answer has no acknowledgement for this message.',
    means: 'PKB may or may not have the message.',
    weDo: 'The same bytes with the same control ID and time are sent again, in order; never called accepted.',
    youDo: 'If it ends up undeliverable: ask PKB with the control ID before sending anything else.',
  },
  busy: {
    name: 'busy',
    seen: 'HTTP 408, 421, 425, 429 or 5xx without an acknowledgement.',
    means: 'PKB cannot work just now.',
    weDo: 'The connection waits, at least as long as Retry-After asks, and tries again.',
    youDo: 'If it lasts: look at PKB’s status, and at how much you send at once.',
  },
  misconfigured: {
    name: 'misconfigured',
    seen: 'HTTP 401, 403, 407 or a redirect; a certificate that is not trusted or names another host.',
    means: 'Credentials, certificates or address are wrong. The message is not at fault.',
    weDo: 'The connection is paused with one alert; everything is kept.',
    youDo: 'Correct the connection and deploy: sending goes on by itself.',
  },
  refused: {
    name: 'refused',
    seen: 'A SOAP fault, or another 4xx without an acknowledgement.',
    means: 'PKB’s server did not take the request; it is unlikely to take it later.',
    weDo: 'Undeliverable: given to Catch once, and kept in the outbox as a record.',
    youDo:
      'Look at the reason; ask PKB with the time and the control ID; put the message from Catch into pkb-send again.',
  },
};
