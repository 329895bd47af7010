/**
 * Stamping sets the few fields that make a message the Partner's, in place. Every other byte stays.
 */
import { randomUUID } from 'node:crypto';
import { PkbConfigError, PkbMessageError } from '../errors.js';
import { escape } from '../hl7/escape.js';
import { endOfSegment, firstSegment } from '../hl7/head.js';
import { own } from '../hl7/own.js';
import { formatUtc } from '../hl7/timestamp.js';
import { formatLocal } from '../hl7/zone.js';
import { type Customer, sendingFacility, zoneOf } from './alias.js';
import { DATA_POINT_FIELDS, messageTypeRow } from './catalogue.js';
import { hasBareClockTime } from './clock-times.js';
import { type DataPoint, type DataPointId, deriveId, setDataPointId } from './data-point.js';
import { SendableMessage } from './sendable-message.js';

/** Options of {@link stamp}. */
export interface StampOptions {
  readonly customer: Customer;
  /** MSH-10: a new UUID (the default), or the message's own if it has one. */
  readonly controlId?: 'new' | 'keep' | undefined;
  /** MSH-3; if blank, MSH-3 stays as it is. */
  readonly sendingApplication?: string | undefined;
  /** MSH-11; default: the message's own or, if that is empty, `P`, which production demands. */
  readonly processingId?: string | undefined;
  /** Whether `processingId` is always set (the default), or only if MSH-11 is empty. */
  readonly processingIdWhere?: 'always' | 'empty' | undefined;
  /** The data point ID; kept by default. */
  readonly dataPointId?: DataPointId | undefined;
  readonly newId?: (() => string) | undefined;
  readonly now?: (() => Date) | undefined;
}

/** Result of {@link stamp}. */
export interface Stamped<T> {
  /** The message, as a string or a Buffer like the one given. */
  readonly hl7: T;
  readonly controlId: string;
  /** MSH-9.1 and MSH-9.2, such as `ADT^A28`. */
  readonly messageType: string;
  /** Undefined for message types without a data point. */
  readonly dataPoint: DataPoint | undefined;
  /** The former MSH-3, if it was replaced by another one; undefined otherwise. */
  readonly sendingApplicationBefore?: string;
}

/**
 * Stamps a message with its Customer. It always sets MSH-4, and MSH-3, MSH-10 and MSH-11 by the options; MSH-5, MSH-6, MSH-7
 * and MSH-12 if they are empty; the data point ID if the options say so (PKB pages 3365012161 and 3365012972).
 *
 * The cost grows with the header, not with the message, unless a data point ID is set, or MSH-7 is empty: then clock times without
 * an offset are looked for in the whole message.
 *
 * @param hl7 one message that begins with MSH; segments end with CR, LF or CRLF, and line ends are kept. A Buffer is
 *   UTF-8 or another superset of ASCII; only its header and data point segment are read
 * @throws PkbMessageError `PKB_HL7_*` for a text that cannot be sent, `PKB_DATA_POINT`; PkbConfigError `PKB_ALIAS`
 */
export function stamp(hl7: string, options: StampOptions): Stamped<string>;
export function stamp(hl7: Uint8Array, options: StampOptions): Stamped<Buffer>;
export function stamp(hl7: string | Uint8Array, options: StampOptions): Stamped<string | Buffer>;
export function stamp(hl7: string | Uint8Array, options: StampOptions): Stamped<string | Buffer> {
  if (options?.customer === undefined)
    throw new PkbConfigError('PKB_CUSTOMER', 'No Customer was given to stamp for.');
  if (typeof hl7 === 'string')
    return stampText(
      new SendableMessage(hl7),
      options,
      (text) => text,
      () => hasBareClockTime(hl7),
    );
  if (hl7 instanceof Uint8Array) return stampBytes(hl7, options);
  throw new PkbMessageError('PKB_HL7_TYPE', `The message is ${typeof hl7}; give a string or a Buffer.`);
}

/**
 * @param write converts new text to the form of the message: the same text, or its UTF-8 bytes as characters
 * @param isBare whether a clock time of the message has no offset
 */
function stampText(
  message: SendableMessage,
  options: StampOptions,
  write: (plain: string) => string,
  isBare: () => boolean,
): Stamped<string> {
  const { messageType } = message;
  const newId = options.newId ?? randomUUID;
  const kept = options.controlId === 'keep' ? message.controlId : '';
  const controlId = kept || newId();
  const processingId = processingIdFor(message, options);
  const stamped = spliceHeader(message, {
    3: options.sendingApplication ? write(escape(options.sendingApplication)) : undefined,
    4: write(sendingFacility(options.customer)),
    5: message.lacks(5) ? 'HL7API' : undefined,
    6: message.lacks(6) ? 'PKB' : undefined,
    7: message.lacks(7) ? messageTime(options, isBare) : undefined,
    10: kept ? undefined : write(escape(controlId)),
    // A processing mode may follow as a second component, as in T^A.
    11: processingId === undefined ? undefined : write(escapeComponents(processingId)),
    12: message.lacks(12) ? '2.4' : undefined,
  });
  const { hl7, dataPoint } = stampDataPoint(message, stamped, options, newId, write);
  const before = message.msh(3);
  const replaced = options.sendingApplication && before !== '' && before !== options.sendingApplication;
  return {
    hl7,
    controlId,
    messageType,
    dataPoint,
    ...(replaced ? { sendingApplicationBefore: own(before) } : {}),
  };
}

/** Escapes the text between carets, but not the carets: a setting may have components. */
function escapeComponents(text: string): string {
  return text
    .split('^')
    .map((component) => escape(component))
    .join('^');
}

/**
 * MSH-7 for a message that has none: in UTC with its offset, as on the Partner page. If another clock time of the message has
 * no offset, it would get the offset of MSH-7; then MSH-7 is in the Customer's local time, without an offset.
 */
function messageTime({ customer, now }: StampOptions, isBare: () => boolean): string {
  const moment = now?.() ?? new Date();
  return isBare() ? formatLocal(moment, zoneOf(customer)) : formatUtc(moment);
}

/** The new MSH-11; undefined = unchanged. A `T` or `D` becomes production traffic only if the options ask for it. */
function processingIdFor(
  message: SendableMessage,
  { processingId, processingIdWhere }: StampOptions,
): string | undefined {
  if (message.lacks(11)) return processingId || 'P';
  return processingId && processingIdWhere !== 'empty' ? processingId : undefined;
}

/**
 * Stamps bytes. The beginning of the message, up to the last field to stamp, is decoded with one character for each byte, so
 * that bytes of any superset of ASCII stay the same. The rest is copied.
 */
function stampBytes(input: Uint8Array, options: StampOptions): Stamped<Buffer> {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  const msh = firstSegment(bytes);
  const header = new SendableMessage(msh);
  const headEnd = endOfHead(bytes, header, options.dataPointId);
  const head =
    headEnd === msh.length
      ? header
      : new SendableMessage(bytes.toString('latin1', 0, headEnd), header.header);
  const { hl7, controlId, messageType, dataPoint, ...more } = stampText(head, options, bytesAsText, () =>
    // One character for each byte is enough, because times are ASCII in any message.
    hasBareClockTime(bytes.toString('latin1')),
  );
  const out = Buffer.allocUnsafe(hl7.length + bytes.length - headEnd);
  out.write(hl7, 'latin1');
  bytes.copy(out, hl7.length, headEnd);
  return {
    hl7: out,
    controlId:
      options.controlId === 'keep' ? new SendableMessage(textOfBytes(msh)).controlId || controlId : controlId,
    messageType: textOfBytes(messageType),
    dataPoint: dataPoint?.owner === 'kept' ? { ...dataPoint, id: textOfBytes(dataPoint.id) } : dataPoint,
    ...more,
  };
}

/** The end of the bytes with MSH and the data point segments, which stamping reads. */
function endOfHead(
  bytes: Buffer,
  { messageType, text: msh }: SendableMessage,
  dataPointId: DataPointId | undefined,
): number {
  const family = messageTypeRow(messageType)?.family;
  const fields = family === undefined ? [] : DATA_POINT_FIELDS[family];
  // A result message may have several reports, and the ID is set in all of them.
  if (fields.length > 1 && dataPointId !== undefined && dataPointId !== 'keep') return bytes.length;
  let end = msh.length;
  for (const field of fields) end = Math.max(end, endOfSegment(bytes, field.slice(0, 3), '|', msh.length));
  return end;
}

/** The UTF-8 bytes of a text, with one character for each byte; ASCII stays as it is. */
function bytesAsText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return Buffer.from(text, 'utf8').toString('latin1');
}

function textOfBytes(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return Buffer.from(text, 'latin1').toString('utf8');
}

/** The new raw text of MSH fields; undefined leaves a field unchanged. */
type HeaderValues = Readonly<Record<3 | 4 | 5 | 6 | 7 | 10 | 11 | 12, string | undefined>>;
const STAMPED_FIELDS = [3, 4, 5, 6, 7, 10, 11, 12] as const;

function spliceHeader({ text, header }: SendableMessage, values: HeaderValues): string {
  const { separators, end } = header;
  let out = '';
  let from = 0;
  let fields = separators.length;
  for (const n of STAMPED_FIELDS) {
    const value = values[n];
    if (value === undefined) continue;
    const separator = separators[n - 2];
    if (separator !== undefined) {
      out += text.slice(from, separator + 1) + value;
      from = separators[n - 1] ?? end;
    } else {
      out += text.slice(from, end) + '|'.repeat(n - 1 - fields) + value;
      from = end;
      fields = n - 1;
    }
  }
  return out + text.slice(from);
}

function stampDataPoint(
  message: SendableMessage,
  text: string,
  options: StampOptions,
  newId: () => string,
  write: (plain: string) => string,
): { hl7: string; dataPoint: DataPoint | undefined } {
  const wanted = options.dataPointId ?? 'keep';
  // Stamping the header only moves the other segments and does not change them.
  if (wanted === 'keep') return { hl7: text, dataPoint: message.dataPoint };
  if (wanted !== 'new' && typeof wanted !== 'object') {
    throw new PkbMessageError(
      'PKB_DATA_POINT',
      'dataPointId is "keep", "new", { own } or { derive, partner }.',
    );
  }
  const { messageType } = message;
  const family = messageTypeRow(messageType)?.family ?? '';
  let id: string;
  if (wanted === 'new') id = newId();
  else if ('own' in wanted) id = String(wanted.own ?? '');
  else id = derived(options.customer, family, wanted);
  const set = setDataPointId(text, messageType, write(id));
  if (set === undefined) return { hl7: text, dataPoint: undefined };
  const owner = typeof wanted === 'object' && 'own' in wanted ? 'customer' : 'partner';
  return { hl7: set.hl7, dataPoint: { field: set.field, id, owner } };
}

function derived(customer: Customer, family: string, from: { derive: string; partner: string }): string {
  if (!String(from.derive ?? '').trim() || !String(from.partner ?? '').trim()) {
    throw new PkbMessageError(
      'PKB_DATA_POINT',
      'A derived data point ID needs a key that names the record and the name of the Partner; one of them is blank.',
    );
  }
  return deriveId(String(from.partner), customer, family, String(from.derive));
}
