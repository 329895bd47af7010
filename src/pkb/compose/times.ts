/**
 * Converts dates and times from ISO 8601 (as people and JSON write them), or from HL7's form, to HL7's form (chapter 2, TS).
 * A time without an offset stays without one here. `clock.ts` adds the offset of the Customer's zone before.
 */
import { readTimestamp, type Timestamp } from '../../hl7/timestamp.js';
import { type Raw, text } from './write.js';

const ISO =
  /^(\d{4})-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,3})\d*)?)?(?: ?(Z|[+-]\d{2}(?::?\d{2})?))?)?)?$/i;

/**
 * Reads a date or time.
 *
 * @param written such as `2026-01-31`, `2026-01-31T09:30`, `2026-01-31T09:30:00.5+01:00`, `20260131093000+0100`
 * @returns undefined if it is not a date or time, or does not exist
 */
export function readTime(written: string): Timestamp | undefined {
  const stamp = readTimestamp(hl7Time(written) ?? written);
  // HL7 allows a year with an offset, so 2026-1231 would be one. Nobody means that.
  if (stamp?.offset !== undefined && ['year', 'month', 'day'].includes(stamp.precision)) return undefined;
  return stamp;
}

/** Whether a date or time is a day, without a time of day or with midnight, as databases add it. */
export function isDay(written: string): boolean {
  const stamp = readTime(written);
  if (stamp === undefined || ['year', 'month'].includes(stamp.precision)) return false;
  return stamp.hour === 0 && stamp.minute === 0 && stamp.second === 0 && stamp.millisecond === 0;
}

/**
 * A `Date` of JavaScript as text. Midnight in UTC or in the zone of this process becomes a day of that zone. Databases return
 * days as local midnight, and in UTC this can be the day before.
 */
export function writeDate(moment: Date): string {
  const iso = moment.toISOString();
  if (iso.endsWith('T00:00:00.000Z')) return iso;
  const minutes = -moment.getTimezoneOffset();
  const local = new Date(moment.getTime() + minutes * 60_000).toISOString().slice(0, -1);
  const two = (n: number): string => String(n).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${local}${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** A date or time as HL7 text. It must have passed {@link readTime}. */
export function time(written: string): Raw;
export function time(written: string | undefined): Raw | undefined;
export function time(written: string | undefined): Raw | undefined {
  return written === undefined ? undefined : text(hl7Time(written) ?? written);
}

/** A date without its time of day, which a date of birth does not need. */
export function date(written: string): Raw;
export function date(written: string | undefined): Raw | undefined;
export function date(written: string | undefined): Raw | undefined {
  return written === undefined ? undefined : text((hl7Time(written) ?? written).slice(0, 8));
}

function hl7Time(written: string): string | undefined {
  const match = ISO.exec(written);
  if (!match) return undefined;
  const [, year, month, day = '', hour = '', minute = '', second = '', fraction, zone = ''] = match;
  const offset = /^z$/i.test(zone) ? '+0000' : zone.replace(':', '').padEnd(zone === '' ? 0 : 5, '0');
  return `${year}${month}${day}${hour}${minute}${second}${fraction ? `.${fraction}` : ''}${offset}`;
}
