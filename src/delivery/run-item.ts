/** What tells an item of a run from others, and whether it has changed since it was sent. */
import { createHmac, type Hmac, type KeyObject, randomUUID } from 'node:crypto';
import { PkbMessageError } from '../errors.js';
import { withoutDataPointId } from '../pkb/data-point.js';
import type { SendableMessage } from '../pkb/sendable-message.js';
import type { RunItem } from './outbox/runs.js';

/** What the integrator says of an item. */
export type ItemName = Pick<RunItem, 'reference' | 'position'>;

/** The fields of MSH that are new whenever the same content is sent: its time and its control ID. */
const TIME = 7;
const CONTROL_ID = 10;

/**
 * A message as an item of a run. Its key is the reference within the Customer (MSH-4); where there is none, the data point ID. Its
 * content is all of the text but time and control ID, and but the data point ID where a reference names it, since that may be new
 * each time.
 *
 * @param run name of the run
 * @param name what the integrator says of it
 * @param secret a key of this installation
 * @throws PkbMessageError `PKB_REFERENCE` where the message has neither
 */
export function runItem(
  run: string,
  message: SendableMessage,
  { reference, position }: ItemName,
  secret: KeyObject,
): RunItem {
  const dataPointId = reference === '' ? (message.dataPoint?.id ?? '') : '';
  if (reference === '' && dataPointId === '') {
    throw new PkbMessageError(
      'PKB_REFERENCE',
      'Set msg.reference: an item of a run (msg.run) needs your own reference, or a data point ID. The message was not stored.',
    );
  }
  const { header, messageType, facility } = message;
  const text = reference === '' ? message.text : withoutDataPointId(message.text, messageType);
  const hash = createHmac('sha256', secret).update('content');
  let from = 0;
  for (const field of [TIME, CONTROL_ID]) {
    const separator = header.separators[field - 2];
    if (separator === undefined) continue;
    hash.update(text.slice(from, separator));
    from = header.separators[field - 1] ?? header.end;
  }
  hash.update(text.slice(from));
  const named = reference === '' ? ['data point', dataPointId] : ['reference', reference];
  const key = keyed(['item', facility, ...named], secret);
  return {
    run,
    key,
    referenceKey: reference === '' ? key : keyOfReference(reference, secret),
    content: hex(hash),
    reference,
    position,
  };
}

/**
 * An item of which there is no HL7 text: it is announced, or could not be built.
 *
 * @param name with a blank reference, the item is like no other
 * @param facility MSH-4 of its Customer; blank where that is not known
 * @param secret as in {@link runItem}
 */
export function namedItem(
  run: string,
  { reference, position }: ItemName,
  facility: string,
  secret: KeyObject,
): RunItem {
  const named = keyOfReference(reference === '' ? randomUUID() : reference, secret);
  const isKnown = facility !== '' && reference !== '';
  const key = isKnown ? keyed(['item', facility, 'reference', reference], secret) : named;
  return { run, key, referenceKey: named, content: '', reference, position };
}

function keyOfReference(reference: string, secret: KeyObject): string {
  return keyed(['reference', reference], secret);
}

function keyed(named: readonly string[], secret: KeyObject): string {
  return hex(createHmac('sha256', secret).update(JSON.stringify(named)));
}

function hex(hash: Hmac): string {
  return hash.digest('hex').slice(0, 32);
}
