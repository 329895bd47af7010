/**
 * Sending once more what PKB did not accept: from the flow (the message comes back with `msg.pkb.failed`), or by hand in
 * the dialog of pkb-send.
 */
import {
  type FailedReference,
  MOST_CORRECTIONS,
  type Outbox,
  unchangedError,
} from '../../src/delivery/outbox/contract.js';
import type { NewMessage } from '../../src/delivery/outbox/messages.js';
import { PkbDeliveryError } from '../../src/errors.js';
import type { Connection } from '../../src/delivery/connection.js';
import type { Message } from '../common/types.js';

/** What a flow's message says about being a replay. */
export interface ReplayWish {
  /** The message that ended without acceptance, and is to be sent once more. */
  readonly which: FailedReference;
  /** Whether to do so even where a later message about the same data point has gone out. */
  readonly override: boolean;
}

/** A failed message as a flow's message names it; the outbox is named because ids of another one mean nothing. */
interface NamedReference extends FailedReference {
  readonly outbox: string;
}

/**
 * Reads `msg.pkb.failed` and `msg.pkb.override`.
 *
 * @returns undefined for a message that is new, or that failed in another outbox
 */
export function replayWish(message: Message, outbox: Outbox): ReplayWish | undefined {
  const { failed, override } = pkbOf(message);
  const { id, controlId, outbox: name } = (failed ?? {}) as Partial<NamedReference>;
  if (typeof id !== 'number' || typeof controlId !== 'string' || name !== outbox.name) return undefined;
  return { which: { id, controlId }, override: override === true };
}

/** `msg.pkb` of a message that is given out: with the reference where it was not accepted, without where it was. */
export function pkbFor(message: Message, failed: NamedReference | undefined): object {
  const { failed: _failed, override: _override, ...pkb } = pkbOf(message);
  return failed === undefined ? pkb : { ...pkb, failed };
}

/**
 * Sends a message once more.
 *
 * @returns its id; undefined if it is to be sent as a new message: it is about something else than the failed one, or the
 *   failed one is no longer there and `override` is set
 * @throws PkbDeliveryError `PKB_SUPERSEDED`; `PKB_UNCHANGED` where a flow sends again what PKB has refused
 */
export async function replay(
  connection: Connection,
  { which, override }: ReplayWish,
  byPerson: boolean,
  message: Omit<NewMessage, 'connection' | 'address'>,
): Promise<number | undefined> {
  switch (await connection.replay(which, message, { override, byPerson })) {
    case 'queued':
      return which.id;
    case 'other':
      return undefined;
    case 'gone':
      if (override) return undefined;
      throw new PkbDeliveryError(
        'PKB_SUPERSEDED',
        'This message was already sent again. To send it anyway, set msg.pkb.override to true or press “Send anyway”.',
      );
    case 'unchanged':
      throw unchangedError();
    case 'exhausted':
      throw new PkbDeliveryError(
        'PKB_UNCHANGED',
        `This message has been corrected ${MOST_CORRECTIONS} times, and PKB has refused each. A person must check it and send the right text as a new message (without msg.pkb.failed).`,
      );
    case 'superseded':
      throw new PkbDeliveryError(
        'PKB_SUPERSEDED',
        'Send the newest version, or override: a later message about the same data point was already sent, and PKB would restore this one.',
      );
  }
}

/** The text of a message: its payload, or, where output 2 has put the outcome there, `msg.hl7`. */
export function textOf(message: Message): unknown {
  const { payload, hl7 } = message as { payload?: unknown; hl7?: unknown };
  const isOutcome = typeof payload === 'object' && payload !== null && !(payload instanceof Uint8Array);
  return isOutcome && pkbOf(message)['failed'] !== undefined ? hl7 : payload;
}

function pkbOf({ pkb }: Message): Record<string, unknown> {
  return typeof pkb === 'object' && pkb !== null ? (pkb as Record<string, unknown>) : {};
}
