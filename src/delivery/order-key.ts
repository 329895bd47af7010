/**
 * Which messages must not overtake one another.
 */
import { createHmac, type KeyObject } from 'node:crypto';
import { STANDARD_DELIMITERS } from '../hl7/delimiters.js';
import { readRaw } from '../hl7/read.js';
import type { DataPoint } from '../pkb/data-point.js';
import { identifierOf, meansNhs } from '../pkb/identifiers.js';

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
export function orderKey(
  hl7: string,
  by: OrderBy,
  dataPoint: DataPoint | undefined,
  secret: KeyObject,
): string {
  return createHmac('sha256', secret)
    .update(subject(hl7, by, dataPoint))
    .digest('hex')
    .slice(0, 32);
}

function subject(hl7: string, by: OrderBy, dataPoint: DataPoint | undefined): string {
  const customer = readRaw(hl7, 'MSH-4') ?? '';
  if (by === 'connection') return 'connection';
  if (by === 'datapoint' && dataPoint?.id)
    return JSON.stringify(['datapoint', customer, dataPoint.field, dataPoint.id]);
  const identifiers = ['PID-3', 'PID-2'].map((path) => readRaw(hl7, path) ?? '');
  return JSON.stringify(['patient', customer, ...patient(identifiers.join(STANDARD_DELIMITERS.repetition))]);
}

/** The NHS number (type NH, or authority NHS) without its blanks, or the first identifier with authority and type. */
function patient(identifiers: string): string[] {
  const { repetition, component } = STANDARD_DELIMITERS;
  let first: string[] | undefined;
  for (const identifier of identifiers.split(repetition)) {
    if (identifier === '') continue;
    const parts = identifier.split(component, 5);
    if (parts[0] === '') continue;
    const one = identifierOf(parts);
    if (meansNhs(one)) return ['NHS', one.value.replaceAll(/\s/g, '')];
    first ??= parts;
  }
  return [first?.[0] ?? '', first?.[3] ?? '', first?.[4] ?? ''];
}
