/**
 * Data point IDs. PKB uses them to replace, update and delete. Partner and Customer share one namespace. So the Partner's
 * own IDs are UUIDs, and the Customer's IDs are used only to amend the Customer's data (PKB page 3365012161).
 */
import { RADIOLOGY } from './code-sets.js';
import { createHash } from 'node:crypto';
import { PkbMessageError } from '../errors.js';
import { STANDARD_DELIMITERS } from '../hl7/delimiters.js';
import { escape } from '../hl7/escape.js';
import { locate, type Place } from '../hl7/locate.js';
import { own } from '../hl7/own.js';
import { parsePath, type Path } from '../hl7/path.js';
import { read, readRaw } from '../hl7/read.js';
import { SegmentCursor } from '../hl7/segments.js';
import type { Customer } from './alias.js';
import { DATA_POINT_FIELDS, messageTypeRow } from './catalogue.js';

/** The owner of the ID: the Partner, the Customer, or unknown because the ID was already in the message (`kept`). */
export type DataPointOwner = 'partner' | 'customer' | 'kept';

/** The data point that a message names. */
export interface DataPoint {
  /** The field that holds the ID, such as `TXA-12.1`. */
  readonly field: string;
  /** The ID as plain text; blank if the message has none. */
  readonly id: string;
  readonly owner: DataPointOwner;
}

/** How `stamp` sets the data point ID. */
export type DataPointId =
  | 'keep'
  | 'new'
  /** The Customer's own ID, for amending the Customer's data point. */
  | { readonly own: string }
  /** A stable ID, derived from the record's key in the Partner's own system. */
  | { readonly derive: string; readonly partner: string };

/** The namespace of this package's name-based UUIDs (RFC 9562, version 5). */
const NAMESPACE = Buffer.from('6f1d9c0e52d94a6f9d3c8a1b7e4f2c05', 'hex');

/**
 * A stable ID for one of the Partner's records. The same Partner, Customer, message family and key always give the same
 * UUID. So create, change and delete use the same ID, and nobody has to store it.
 *
 * @param partner a name of the Partner, which keeps two Partners' keys apart; never change it
 * @param family message family, such as `document`
 * @param key the record's key in the Partner's own system
 * @returns a version 5 UUID
 */
export function deriveId(partner: string, customer: Customer, family: string, key: string): string {
  const controller = customer.controllerAlias || customer.alias;
  const name = JSON.stringify([partner, customer.alias, controller, family, key]);
  const hash = createHash('sha1').update(NAMESPACE).update(name, 'utf8').digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * The data point that a message names.
 *
 * @param messageType such as `MDM^T02`
 * @returns undefined for types without one; a blank `id` if the field is empty
 */
export function dataPointOf(hl7: string, messageType: string): DataPoint | undefined {
  const fields = fieldsOf(messageType);
  if (fields.length === 0) return undefined;
  // If OBR-3 and ORC-3 of a radiology report differ, PKB seems to use OBR-3 (old page oru-r01/radiology).
  const isRadiology = fields.length > 1 && readRaw(hl7, 'MSH-3') === RADIOLOGY;
  for (const field of isRadiology ? fields.toReversed() : fields) {
    const id = read(hl7, field);
    // msg.pkb keeps the ID longer than the message, so it must be a copy.
    if (id) return { field, id: own(id), owner: 'kept' };
  }
  return { field: fields.at(-1) ?? '', id: '', owner: 'kept' };
}

/**
 * Writes an ID to the data point field of a message's family; for results, to every ORC-3.1 and OBR-3.1.
 *
 * @param id plain text; blank is refused
 * @returns the message and the field; undefined for types without a data point, which are not changed
 * @throws PkbMessageError `PKB_DATA_POINT` if the segment is missing, the ID is blank or holds a line end, or the
 *   message holds several reports with IDs of their own
 */
export function setDataPointId(
  hl7: string,
  messageType: string,
  id: string,
): { hl7: string; field: string } | undefined {
  const fields = fieldsOf(messageType).map(parsePath);
  const main = fieldsOf(messageType).at(-1);
  if (main === undefined) return undefined;
  if (id.trim() === '' || /[\r\n]/.test(id)) {
    throw new PkbMessageError(
      'PKB_DATA_POINT',
      `The data point ID for ${main} is blank or holds a line end.`,
    );
  }
  const places = placesOf(hl7, fields);
  if (!places.some(({ path }) => path === fields.at(-1))) {
    throw new PkbMessageError(
      'PKB_DATA_POINT',
      `A ${messageType} carries its data point ID in ${main}, but the message has no ${main.slice(0, 3)} segment.`,
    );
  }
  const present = new Set(places.map(({ start, end }) => hl7.slice(start, end)).filter(Boolean));
  if (places.length > 1 && present.size > 1) {
    throw new PkbMessageError(
      'PKB_DATA_POINT',
      `The message holds ${present.size} reports with IDs of their own; give each its own message before setting an ID.`,
    );
  }
  const raw = escape(id);
  let out = '';
  let from = 0;
  for (const { start, end, filler } of places) {
    out += hl7.slice(from, start) + filler + raw;
    from = end;
  }
  return { hl7: out + hl7.slice(from), field: main };
}

/**
 * A message without its data point ID, to compare its content with that of another.
 *
 * @param messageType such as `MDM^T02`
 * @returns the same text for types without a data point
 */
export function withoutDataPointId(hl7: string, messageType: string): string {
  let out = '';
  let from = 0;
  for (const { start, end } of placesOf(hl7, fieldsOf(messageType).map(parsePath))) {
    out += hl7.slice(from, start);
    from = end;
  }
  return out + hl7.slice(from);
}

/** The places of the fields, in the order of the text: in every ORC and OBR, and in the first of any other segment. */
function placesOf(hl7: string, fields: readonly Path[]): (Place & { readonly path: Path })[] {
  const places: (Place & { readonly path: Path })[] = [];
  if (fields.length === 0) return places;
  const cursor = new SegmentCursor(hl7);
  while (cursor.next()) {
    const path = fields.find(({ segment }) => cursor.is(segment, STANDARD_DELIMITERS.field));
    if (path === undefined) continue;
    places.push({
      ...locate(hl7, { start: cursor.start, end: cursor.end }, path, STANDARD_DELIMITERS),
      path,
    });
    if (fields.length === 1) break;
  }
  return places;
}

function fieldsOf(messageType: string): readonly string[] {
  const row = messageTypeRow(messageType);
  return row ? DATA_POINT_FIELDS[row.family] : [];
}
