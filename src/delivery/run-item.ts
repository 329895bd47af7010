/** What tells an item of a run from others, and whether it has changed since it was sent. */
import { createHmac, type KeyObject } from 'node:crypto';
import { PkbMessageError } from '../errors.js';
import { withoutDataPointId } from '../pkb/data-point.js';
import type { SendableMessage } from '../pkb/sendable-message.js';
import type { RunItem } from './outbox/runs.js';

/** The fields of MSH that are new whenever the same content is sent: its time and its control ID. */
const TIME = 7;
const CONTROL_ID = 10;

/**
 * A message as an item of a run. Its key is the reference within the Customer (MSH-4); where there is none, the data point ID. Its
 * content is all of the text but time and control ID, and but the data point ID where a reference names it, since that may be new
 * each time.
 *
 * @param run name of the run
 * @param reference the integrator's own reference; blank for none
 * @param secret a key of this installation
 * @throws PkbMessageError `PKB_REFERENCE` where the message has neither
 */
export function runItem(
  run: string,
  message: SendableMessage,
  reference: string,
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
  return {
    run,
    key: itemKey(facility, reference, dataPointId, secret),
    content: hex(hash.digest()),
    reference,
  };
}

/**
 * The key of an item of which there is no HL7 text: it is announced, or could not be built.
 *
 * @param facility MSH-4 of its Customer
 * @param reference not blank
 * @param secret as in {@link runItem}
 */
export function keyOfReference(facility: string, reference: string, secret: KeyObject): string {
  return itemKey(facility, reference, '', secret);
}

function itemKey(facility: string, reference: string, dataPointId: string, secret: KeyObject): string {
  const named = reference === '' ? ['data point', dataPointId] : ['reference', reference];
  return hex(
    createHmac('sha256', secret)
      .update('item')
      .update(JSON.stringify([facility, ...named]))
      .digest(),
  );
}

function hex(digest: Buffer): string {
  return digest.toString('hex').slice(0, 32);
}
