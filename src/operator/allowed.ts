/**
 * What of a message may be read where the values of persons are masked: the fields of this table, and of them only values of the
 * shape that it names. Whatever is not here is masked, so that a field that nobody thought of shows nothing.
 */
import { DATA_POINT_FIELDS } from '../pkb/catalogue.js';

/** What a value must look like. */
export type Shape = keyof typeof SHAPES;

const SHAPES = {
  /** A set ID, or a small number. */
  number: /^\d{1,3}$/,
  /** Codes of HL7's own tables, such as `F`, `ED` or `RE`. */
  flag: /^[A-Z]{1,4}$/,
  code: /^[A-Za-z0-9][\w.:/*%-]{0,39}$/,
  time: /^\d{4,14}(?:\.\d{1,4})?(?:[+-]\d{4})?$/,
  /** A time that could be one of the patient's life, such as that of a birth. */
  eventTime: /^\d{4,14}(?:\.\d{1,4})?(?:[+-]\d{4})?$/,
  messageType: /^[A-Z0-9]{3}(?:\^[A-Z0-9]{3}(?:\^[A-Z0-9_]{3,7})?)?$/,
  processingId: /^[A-Z](?:\^[A-Z])?$/,
  /** Systems and Customers of MSH, `alias{alias}` among them. */
  system: /^[\w .{}-]{1,80}$/,
  id: /^[\x21-\x7e]{1,200}$/,
  /** Who gives identifiers and of which kind they are, of those that PKB knows (3365077836). */
  authority: /^(?:NHS|PKB|EMAIL)$/,
  identifierType: /^(?:NH|PI|MR|EMAIL)(?:\{status:\d\d\})?$/,
  /** Kinds of addresses and numbers. */
  use: /^(?:NET|PRN|PRS|WPN)$/,
  /** An embedded document: `TEXT^PDF^Base64`, or `APPLICATION` for Word. */
  content: /^(?:TEXT|APPLICATION|IM|PDF|HTML|MSWORD|DOCX?|A|Base64)$/i,
} as const satisfies Record<string, RegExp>;

/** Shapes whose values could hold an identifier or a name that somebody put there, and are compared with those of the patient. */
export const COMPARED: ReadonlySet<Shape> = new Set(['code', 'id', 'eventTime']);

/** Segments whose first field is a set ID. */
const WITH_SET_ID = 'PID NK1 PV1 AL1 DG1 NTE OBR OBX TXA RGS AIS AIG AIL AIP'.split(' ');

/** The places, and the shapes of their values. Places without a component are whole fields. */
const ALLOWED: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ...WITH_SET_ID.map((segment) => [`${segment}-1`, 'number'] as const),
  ...Object.values(DATA_POINT_FIELDS)
    .flat()
    .map((field) => [field, 'id'] as const),
  ['MSH-3', 'system'],
  ['MSH-4', 'system'],
  ['MSH-5', 'system'],
  ['MSH-6', 'system'],
  ['MSH-7', 'time'],
  ['MSH-9', 'messageType'],
  ['MSH-10', 'id'],
  ['MSH-11', 'processingId'],
  ['MSH-12', 'code'],
  ['MSH-18', 'system'],
  ['MSA-1', 'flag'],
  ['MSA-2', 'id'],
  ['ERR-1.1', 'code'],
  ['ERR-1.2', 'number'],
  ['ERR-1.3', 'number'],
  ['ERR-2.1', 'code'],
  ['ERR-2.2', 'number'],
  ['ERR-2.3', 'number'],
  ['ERR-2.4', 'number'],
  ['ERR-2.5', 'number'],
  ['ERR-3.1', 'number'],
  ['ERR-4', 'flag'],
  ['EVN-1', 'code'],
  ['EVN-2', 'eventTime'],
  ['EVN-3', 'eventTime'],
  ['EVN-4', 'code'],
  ['EVN-6', 'eventTime'],
  ['PID-2.4', 'authority'],
  ['PID-2.5', 'identifierType'],
  ['PID-3.4', 'authority'],
  ['PID-3.5', 'identifierType'],
  ['PID-13.2', 'use'],
  ['PID-14.2', 'use'],
  ['PV1-2.1', 'flag'],
  ['SCH-25.1', 'code'],
  ['RGS-2', 'flag'],
  ['AIS-2', 'flag'],
  ['AIG-2', 'flag'],
  ['AIL-2', 'flag'],
  ['AIP-2', 'flag'],
  ['ORC-1', 'flag'],
  ['OBR-4.1', 'code'],
  ['OBR-4.3', 'code'],
  ['OBR-25', 'flag'],
  ['OBX-2', 'flag'],
  ['OBX-3.1', 'code'],
  ['OBX-3.3', 'code'],
  ['OBX-3.4', 'code'],
  ['OBX-3.6', 'code'],
  ['OBX-4', 'number'],
  ['OBX-5.2', 'content'],
  ['OBX-5.3', 'content'],
  ['OBX-5.4', 'content'],
  ['OBX-6.1', 'code'],
  ['OBX-11', 'flag'],
  ['OBX-13.1', 'number'],
  ['TXA-2.1', 'flag'],
  ['TXA-3', 'flag'],
  ['TXA-17', 'flag'],
  ['TXA-19', 'flag'],
  ['QRD-1', 'time'],
  ['QRD-2', 'flag'],
  ['QRD-3', 'flag'],
  ['QRD-9.1', 'flag'],
  ['DSC-2', 'flag'],
]);

/**
 * The shape that a value must have to be shown.
 *
 * @param place such as `PID-3.4`, or `MSH-10` for a whole field
 * @returns undefined where nothing of it is shown
 */
export function shapeOf(place: string): Shape | undefined {
  return ALLOWED.get(place);
}

/** Whether a value has a shape. */
export function hasShape(value: string, shape: Shape): boolean {
  return SHAPES[shape].test(value);
}
