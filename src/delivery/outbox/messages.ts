/** A message as outboxes take, keep and give it. */
import type { DataPoint } from '../../pkb/data-point.js';
import type { OutcomeName } from '../outcome.js';

/** A message as it is handed to an outbox. */
export interface NewMessage {
  /** Id of the connection it is to be sent on. */
  readonly connection: string;
  /** Where it is to be sent: environment and origin. It goes nowhere else without a person's word. */
  readonly address: string;
  /** Id of the pkb-send node that is notified of its outcome. */
  readonly sender: string;
  /** Messages with the same key are sent one at a time, in the order in which they were stored. */
  readonly orderKey: string;
  /** MSH-10. */
  readonly controlId: string;
  /** Such as `ADT^A28`. */
  readonly messageType: string;
  readonly dataPoint: DataPoint | undefined;
  /** MSH-4: whose data point it is. */
  readonly facility: string;
  /** The integrator's own reference (`msg.reference`), by which a person finds it. */
  readonly reference?: string;
  /** HL7 text, exactly as it is to be sent. */
  readonly body: string;
  /** What the flow's message carried besides, as JSON. */
  readonly carried: string;
  /** Whether a rejection puts the order key on hold until a person decides. */
  readonly holdOnRejection: boolean;
  /** Whether a person decides about sending it again if it is unknown whether PKB has it. */
  readonly askOnUnknown: boolean;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
}

/** A message in an outbox. */
export interface StoredMessage extends NewMessage {
  /** Grows with the order of storing. */
  readonly id: number;
  /** How often it has been sent. */
  readonly attempts: number;
  /** How often PKB has refused it while the connection was known to work. */
  readonly refusals: number;
  /** Set if another process that is still running accepted it: that process notifies its flow. */
  readonly toldElsewhere?: true;
}

/** One attempt, as it is kept with the message. No patient data. */
export interface Attempt {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly outcome: OutcomeName;
  /** Why, in words; blank for an acceptance. */
  readonly reason: string;
  /** Whether the refusal counts against the message, since the connection was known to work. */
  readonly counts: boolean;
}

/** How a message's life ended; *discarded* by a person only. */
export type FinalState = 'accepted' | 'rejected' | 'errored' | 'undeliverable' | 'discarded';
