/** What a message that is given to pkb-letters says of a letter. */
import { createHmac, type KeyObject } from 'node:crypto';
import type { NewLetter } from '../../src/delivery/outbox/letters.js';
import { readMessage } from '../../src/hl7/input.js';
import { isNhsNumber } from '../../src/pkb/nhs-number.js';
import { meansNhs } from '../../src/pkb/identifiers.js';
import { SendableMessage } from '../../src/pkb/sendable-message.js';
import { type ErrorCode, PkbMessageError } from '../../src/errors.js';
import { deadlineOf } from '../../src/letters/deadline.js';
import { caughtIn, isErrorOf } from '../common/caught.js';
import type { EndReason } from '../../src/letters/decide.js';
import { referenceOf } from '../common/run-properties.js';
import type { Message } from '../common/types.js';

/** The types of messages about letters. */
const LETTER = 'MDM^T02';
const DELETION = 'MDM^T11';

/** What a message means. */
export type Meaning =
  /** PKB has accepted the letter, under this control ID; it is to be watched. */
  | { readonly kind: 'watch'; readonly letter: SendableMessage; readonly controlId: string }
  /** PKB has accepted its deletion. */
  | { readonly kind: 'cancel'; readonly letter: SendableMessage }
  /** PKB does not have the letter. */
  | { readonly kind: 'end'; readonly end: 'post' | 'attention'; readonly reason: EndReason }
  /** It was watched before; nothing is to be done. */
  | { readonly kind: 'known' }
  /** Nothing that can be watched. */
  | { readonly kind: 'other' };

/** Reads what a message means that comes from pkb-send or a Catch node. */
export function meaningOf(message: Message): Meaning {
  const { payload, hl7 } = message as { payload?: unknown; hl7?: unknown };
  const outcome = outcomeOf(payload);
  const letter = sendableOf(outcome === undefined ? payload : hl7);
  // Errors about anything else come here where one Catch node has all.
  const otherwise =
    caughtIn(message) === undefined ? ({ kind: 'other' } as const) : ({ kind: 'known' } as const);
  if (letter === undefined || (letter.dataPoint?.id ?? '') === '') return otherwise;
  const { messageType } = letter;
  if (outcome === 'accepted' && messageType === LETTER)
    return { kind: 'watch', letter, controlId: letter.controlId };
  if (outcome === 'accepted' && messageType === DELETION) return { kind: 'cancel', letter };
  if (messageType !== LETTER) return otherwise;
  if (outcome === 'duplicate') {
    const of = (payload as { of?: { state?: unknown; controlId?: unknown } }).of;
    // It may have been accepted before this node was there. One that is pending has an outcome of its own.
    return of?.state === 'accepted' && typeof of.controlId === 'string'
      ? { kind: 'watch', letter, controlId: of.controlId }
      : { kind: 'known' };
  }
  if (outcome !== undefined) return { kind: 'end', end: 'post', reason: 'refused' };
  const caught = caughtIn(message);
  if (caught === undefined) return { kind: 'other' };
  // What another node could not do says nothing of what PKB has.
  if (!isErrorOf(message, 'pkb-send')) return { kind: 'known' };
  // Whoever discarded it knew why, and may not have wanted it to be posted.
  if (caught.code === 'PKB_DISCARDED') return { kind: 'end', end: 'attention', reason: 'discarded' };
  return UNDELIVERED.has(caught.code)
    ? { kind: 'end', end: 'post', reason: 'refused' }
    : { kind: 'end', end: 'attention', reason: 'unsent' };
}

/** The codes of messages that were given up. */
const UNDELIVERED: ReadonlySet<unknown> = new Set([
  'PKB_NOT_SENT',
  'PKB_UNKNOWN',
  'PKB_BUSY',
  'PKB_REFUSED',
  'PKB_TOO_OLD',
] satisfies ErrorCode[]);

/** What the flow has set of a letter, as far as it can be used. */
export interface Properties {
  /** In milliseconds since 1970. */
  readonly deadline: number;
  readonly reference: string;
  /** What could not be used, and what is used in its place. */
  readonly fault: PkbMessageError | undefined;
}

/**
 * Reads `msg.deadline` and `msg.reference`. A letter is watched even where one of them is wrong.
 *
 * @param begin from when a duration counts, in milliseconds since 1970
 * @param deadlineMs how long it is watched where the message does not say it
 */
export function propertiesOf(message: Message, begin: number, deadlineMs: number): Properties {
  let fault: PkbMessageError | undefined;
  const orElse = <T>(read: () => T, otherwise: T, how: string): T => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof PkbMessageError)) throw error;
      fault = new PkbMessageError(error.code, `${error.message} The letter is watched all the same, ${how}.`);
      return otherwise;
    }
  };
  const { deadline: given } = message as { deadline?: unknown };
  const ownDeadline = begin + deadlineMs;
  const isGiven = given !== undefined && given !== null && given !== '';
  const reference = orElse(() => referenceOf(message), '', 'without a reference');
  const deadline = orElse(
    () => (isGiven ? deadlineOf(given, begin) : ownDeadline),
    ownDeadline,
    'until the deadline that is entered in pkb letters',
  );
  return { deadline, reference, fault };
}

/** What a letter is watched with that its message does not say. */
export type Terms = Pick<
  NewLetter,
  'watcher' | 'organisation' | 'controlId' | 'deadline' | 'nextAsk' | 'at'
> & {
  readonly reference: string;
  /** Whether it is to be asked whether the patient is registered. */
  readonly asksPatient: boolean;
};

/** A letter to watch. */
export function newLetter(
  letter: SendableMessage,
  carried: string,
  secret: KeyObject,
  { asksPatient, ...terms }: Terms,
): NewLetter {
  const { facility } = letter;
  return {
    ...terms,
    key: keyOf(letter, secret),
    facility,
    documentId: letter.dataPoint?.id ?? '',
    nhsNumber: asksPatient ? nhsNumberOf(letter) : '',
    carried,
  };
}

/** Names the document of a letter within its Customer. */
export function keyOf({ facility, dataPoint }: SendableMessage, secret: KeyObject): string {
  return createHmac('sha256', secret)
    .update(JSON.stringify(['letter', facility, dataPoint?.id ?? '']))
    .digest('hex')
    .slice(0, 32);
}

/** The patient's NHS number; blank where there is none that is valid. */
function nhsNumberOf({ identifiers }: SendableMessage): string {
  const found = identifiers.find(meansNhs)?.value.replaceAll(/\s/g, '') ?? '';
  return isNhsNumber(found) ? found : '';
}

function outcomeOf(payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null || payload instanceof Uint8Array) return undefined;
  const { outcome } = payload as { outcome?: unknown };
  return typeof outcome === 'string' ? outcome : undefined;
}

function sendableOf(text: unknown): SendableMessage | undefined {
  if (typeof text !== 'string' && !(text instanceof Uint8Array)) return undefined;
  try {
    return new SendableMessage(readMessage(text));
  } catch {
    return undefined;
  }
}
