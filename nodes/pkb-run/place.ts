/** Where an item of a run is, by the message that pkb-run is given. */
import type { ItemPlace, RunItem } from '../../src/delivery/outbox/runs.js';
import { type ItemName, namedItem, runItem } from '../../src/delivery/run-item.js';
import { PkbMessageError } from '../../src/errors.js';
import { readMessage } from '../../src/hl7/input.js';
import { sendingFacility } from '../../src/pkb/alias.js';
import { SendableMessage } from '../../src/pkb/sendable-message.js';
import { type Caught, caughtIn } from '../common/caught.js';
import { chooseCustomer } from '../common/customers.js';
import { positionOf, referenceOf } from '../common/run-properties.js';
import type { Message, PkbProperty, Runtime } from '../common/types.js';
import type { KeyObject } from 'node:crypto';

/**
 * Reads where an item is: announced; stopped by a guard, whose finding is in `msg.pkb.findings`; or not built or stored, with an
 * error that a Catch node caught.
 *
 * @param run name of the run
 * @param secret of the outbox
 * @returns undefined where there is nothing to note: the outcome of a message is noted with the message
 * @throws PkbMessageError `PKB_REFERENCE` where an item is announced that has neither a reference nor a data point ID
 */
export function placeOf(
  RED: Runtime,
  message: Message,
  run: string,
  secret: KeyObject,
): ItemPlace | undefined {
  const caught = caughtIn(message);
  if (isOutcome(message)) return undefined;
  const rules = caught === undefined ? blockingRules(message) : [];
  const state = caught === undefined ? (rules.length > 0 ? 'stopped' : 'waiting') : 'unbuilt';
  const code = caught === undefined ? rules.join(' ') : codeOf(caught);
  const name = { reference: referenceOf(message), position: positionOf(message) };
  const sendable = sendableOf(message);
  const about = {
    state,
    code,
    facility: sendable?.facility ?? facilityOf(RED, message),
    messageType: sendable?.messageType ?? '',
    at: Date.now(),
  } as const;
  if (state === 'waiting') {
    const item =
      name.reference === ''
        ? anonymous(run, sendable, name, secret)
        : namedItem(run, name, about.facility, secret);
    return { ...item, content: '', ...about };
  }
  return { ...known(run, sendable, name, about.facility, secret), ...about };
}

/** An item that is announced without a reference. */
function anonymous(
  run: string,
  sendable: SendableMessage | undefined,
  name: ItemName,
  secret: KeyObject,
): RunItem {
  if (sendable !== undefined) return runItem(run, sendable, name, secret);
  throw new PkbMessageError(
    'PKB_REFERENCE',
    'Set msg.reference before pkb run: an item is told from others by your own reference, or by the data point ID of its HL7 text.',
  );
}

/** An item that ended before it was stored. Where nothing names it, it is counted all the same. */
function known(
  run: string,
  sendable: SendableMessage | undefined,
  name: ItemName,
  facility: string,
  secret: KeyObject,
): RunItem {
  const isNamed = name.reference !== '' || (sendable?.dataPoint?.id ?? '') !== '';
  return sendable !== undefined && isNamed
    ? runItem(run, sendable, name, secret)
    : namedItem(run, name, facility, secret);
}

/** Codes are short words; anything else may quote the message. */
function codeOf({ code }: Caught): string {
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : 'ERROR';
}

/** The rules by which a guard stopped a message. */
function blockingRules(message: Message): string[] {
  const { findings } = ((message as { pkb?: unknown }).pkb ?? {}) as PkbProperty;
  if (!Array.isArray(findings)) return [];
  const blocking = (findings as { action?: unknown; rule?: unknown }[]).filter(
    ({ action }) => action === 'block',
  );
  return [...new Set(blocking.map(({ rule }) => String(rule)))].slice(0, 5);
}

/** Whether it comes from an output of pkb-send. */
function isOutcome({ payload }: Message): boolean {
  return typeof payload === 'object' && payload !== null && 'outcome' in payload && 'controlId' in payload;
}

/** The HL7 text of a message; undefined where it has none that can be sent. */
function sendableOf({ payload }: Message): SendableMessage | undefined {
  if (typeof payload !== 'string' && !(payload instanceof Uint8Array)) return undefined;
  try {
    return new SendableMessage(readMessage(payload));
  } catch {
    return undefined;
  }
}

/** MSH-4 of the Customer that the message names; blank where it names none that is configured. */
function facilityOf(RED: Runtime, message: Message): string {
  try {
    return sendingFacility(chooseCustomer(RED, '', message['customer']).customer);
  } catch {
    return '';
  }
}
