/**
 * Which messages must not overtake one another.
 */
import { createHmac, type KeyObject } from 'node:crypto';
import { meansNhs } from '../pkb/identifiers.js';
import type { SendableMessage } from '../pkb/sendable-message.js';

/** What order is kept by: per patient, per data point, or one queue for the whole connection. */
export const ORDERS = ['patient', 'datapoint', 'connection'] as const;

/** One of {@link ORDERS}. */
export type OrderBy = (typeof ORDERS)[number];

/** Whether a setting names an order. */
export function isOrder(name: unknown): name is OrderBy {
  return ORDERS.some((order) => order === name);
}

/**
 * The order key of a message: a keyed hash, so that no identifier of a patient stands in the outbox's index.
 *
 * Per patient means per Customer (MSH-4) and NHS number where PID-3 or PID-2 has one, else the first identifier there; PKB
 * finds patients by both fields (PKB page 3365077836). A patient sent under two different identifiers therefore has two keys,
 * whose order among each other is not kept.
 *
 * @param secret a key of this installation
 * @returns 32 hexadecimal digits
 */
export function orderKey(message: SendableMessage, by: OrderBy, secret: KeyObject): string {
  return hashed(subject(message, by), secret);
}

/**
 * The order key of the messages of one patient, as {@link orderKey} makes it per patient, to look for them.
 *
 * @param facility MSH-4, as in the messages
 * @param nhsNumber with or without blanks
 */
export function patientOrderKey(facility: string, nhsNumber: string, secret: KeyObject): string {
  return hashed(JSON.stringify(['patient', facility, ...nhsSubject(nhsNumber)]), secret);
}

function hashed(text: string, secret: KeyObject): string {
  return createHmac('sha256', secret).update(text).digest('hex').slice(0, 32);
}

function nhsSubject(nhsNumber: string): string[] {
  return ['NHS', nhsNumber.replaceAll(/\s/g, '')];
}

function subject(message: SendableMessage, by: OrderBy): string {
  if (by === 'connection') return 'connection';
  const { facility, dataPoint } = message;
  if (by === 'datapoint' && dataPoint?.id)
    return JSON.stringify(['datapoint', facility, dataPoint.field, dataPoint.id]);
  return JSON.stringify(['patient', facility, ...patient(message)]);
}

/** The NHS number (type NH, or authority NHS) without its blanks, or the first identifier with authority and type. */
function patient({ identifiers }: SendableMessage): string[] {
  const named = identifiers.filter(({ value }) => value !== '');
  // PID-3 is where identifiers belong, so it goes first.
  const inOrder = [...named.filter(({ field }) => field === 3), ...named.filter(({ field }) => field === 2)];
  const nhs = inOrder.find(meansNhs);
  if (nhs !== undefined) return nhsSubject(nhs.value);
  const [first] = inOrder;
  return [first?.value ?? '', first?.authority ?? '', first?.type ?? ''];
}
