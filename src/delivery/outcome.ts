/**
 * Every way in which sending a message can end, as one table. `docs/outcomes.md` and the help come from it.
 */
import type { RefusalName, RefusedOutcome } from './refusal.js';

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
  readonly outcome: RefusedOutcome;
  /** What kind of refusal it was, which decides what is done about it: a row of `REFUSALS`. */
  readonly refusal: RefusalName;
  /** What was seen, in one sentence without patient data or credentials. */
  readonly reason: string;
  /** What `Retry-After` asked for, in milliseconds. */
  readonly retryAfter?: number;
  /** HTTP status, where there was an answer. */
  readonly status?: number;
}

/** How one attempt to deliver a message ended. */
export type Outcome = Acknowledged | Unacknowledged;

/** The end of a message that no attempt brought about: a person discarded it, or its text cannot be read any more. */
export interface Withdrawn {
  readonly outcome: 'discarded' | 'unreadable';
  /** Why, in one sentence without patient data. */
  readonly reason: string;
}

/** Why a message was not accepted, in words; what PKB says may quote the message. */
export function reasonOf(outcome: Outcome | Withdrawn): string {
  return 'reason' in outcome ? outcome.reason : [outcome.code, outcome.text].filter(Boolean).join(': ');
}

/** One row of the table. */
export interface OutcomeRow {
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
    seen: 'An acknowledgement AA whose MSA-2 is this message’s control ID.',
    means:
      'PKB has taken the message. It may still hold it for the Customer’s review: by soft matching, or demographics for the status of the NHS number.',
    weDo: 'Output 1. Done.',
    youDo: 'Nothing. If it does not show in the record, ask the Customer to look into its HL7 review.',
  },
  rejected: {
    seen: 'An acknowledgement AR for this message.',
    means: 'PKB checked the message and refused it. MSA-3 says why.',
    weDo: 'Output 2. Never sent again automatically, as PKB advises.',
    youDo:
      'A person corrects what MSA-3 names and sends it once; where it names no fault of the message, such as an unknown patient, ask the Customer.',
  },
  errored: {
    seen: 'An acknowledgement AE for this message.',
    means: 'PKB failed on the message in a way it did not expect; often the message is badly malformed.',
    weDo: 'Output 2. Never sent again automatically, as PKB advises.',
    youDo: 'Treat as urgent: look at the message, then ask PKB with the control ID and the time.',
  },
  notSent: {
    seen: 'No address, connection refused, or no TLS session: nothing of the message was written.',
    means: 'PKB provably does not have the message.',
    weDo: 'The connection waits and tries one message at a time, at growing intervals. After an acknowledgement, all are sent.',
    youDo:
      'If it lasts: check network, proxy, firewall (port 7443) and whether your address is on PKB’s list.',
  },
  unknown: {
    seen: 'The line broke or time ran out after sending, or the answer has no acknowledgement for this message.',
    means: 'PKB may or may not have the message.',
    weDo: 'The same bytes with the same control ID and time are sent again, in order; never called accepted. After five unreadable answers in a row the connection pauses with one alert.',
    youDo: 'If it pauses or ends up undeliverable: ask PKB with the control ID before sending anything else.',
  },
  busy: {
    seen: 'HTTP 408, 421, 425, 429 or 5xx without an acknowledgement, whatever the body says.',
    means: 'PKB cannot process messages at the moment.',
    weDo: 'The connection waits, at least as long as Retry-After asks, and tries again. A 500 ends a message only as *refused* says.',
    youDo: 'If it lasts: look at PKB’s status, and at how much you send at once.',
  },
  misconfigured: {
    seen: 'HTTP 401, 403, 407 or a redirect, whatever the body says; a SOAP fault about credentials; a certificate that is not trusted or names another host.',
    means: 'Credentials, certificates or address are wrong. The message is not at fault.',
    weDo: 'The connection is paused with one alert; everything is kept. Where the refusal may be about one Customer (403, a fault about credentials), another Customer’s message is tried; if PKB acknowledges it, only the refused Customer is paused.',
    youDo:
      'Correct the connection, or the Customer’s authorisation at PKB, and deploy: sending goes on by itself.',
  },
  refused: {
    seen: 'A SOAP fault, or another 4xx without an acknowledgement.',
    means: 'PKB’s server did not take the request. The message may be at fault, or the whole connection.',
    weDo: 'The connection waits and tries another message. The first one is undeliverable only if PKB acknowledges another and refuses it again, five times in all: Catch gets it once, and the outbox keeps it.',
    youDo:
      'Look at the reason; ask PKB with the time and the control ID; put the message from Catch into pkb-send again.',
  },
};
