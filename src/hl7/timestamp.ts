/**
 * HL7 time stamps (chapter 2, data type TS/DTM) with precision and offset, by PKB's rules (PKB page 3365013095): at least
 * the year, and whole parts only. PKB cuts off a fourth decimal of a second.
 */
import { PkbMessageError } from '../errors.js';

/** The smallest part that a time stamp gives. */
export type Precision = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'fraction';

/** The parts of a time stamp. */
export interface Timestamp {
  readonly precision: Precision;
  readonly year: number;
  /** 1 to 12; 1 if not given, as at PKB. */
  readonly month: number;
  /** 1 to 31; 1 if not given. */
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Milliseconds; further decimals are cut off, as at PKB. */
  readonly millisecond: number;
  /** Minutes east of UTC; undefined if the time stamp has no offset. */
  readonly offset: number | undefined;
}

const PRECISIONS: readonly Precision[] = ['year', 'month', 'day', 'hour', 'minute', 'second', 'fraction'];

/** Precision by the number of digits before offset and decimals. */
const BY_DIGITS: Readonly<Record<number, Precision>> = {
  4: 'year',
  6: 'month',
  8: 'day',
  10: 'hour',
  12: 'minute',
  14: 'second',
};

/** Digits of a time stamp to the second, before its decimals. */
const TO_SECOND = 14;

/** Length of the longest time stamp, with decimals and offset: `yyyyMMddHHmmss.SSSS+ZZZZ`. */
const LONGEST = 24;

/**
 * Reads a time stamp.
 *
 * @param raw such as `2019`, `20191029`, `20191029150209.123+0100`
 * @returns undefined for wrong characters, half a part, or a date or time that does not exist
 */
export function readTimestamp(raw: string): Timestamp | undefined {
  if (raw.length > LONGEST) return undefined;
  const sign = raw.charAt(raw.length - 5);
  const hasOffset = sign === '+' || sign === '-';
  const end = hasOffset ? raw.length - 5 : raw.length;
  const hasFraction = raw.charAt(TO_SECOND) === '.' && end > TO_SECOND;
  const precision = hasFraction ? 'fraction' : BY_DIGITS[end];
  const decimals = hasFraction ? end - TO_SECOND - 1 : 0;
  if (precision === undefined || (hasFraction && (decimals < 1 || decimals > 4))) return undefined;
  const last = hasFraction ? TO_SECOND : end;
  /** The number in the digits from `from` to `to`; the fallback if they are not given. */
  const number = (from: number, to: number, fallback: number): number =>
    from >= last ? fallback : digits(raw, from, to);
  const [hours, minutes] = hasOffset
    ? [digits(raw, end + 1, end + 3), digits(raw, end + 3, end + 5)]
    : [0, 0];
  const fraction = hasFraction ? digits(raw, TO_SECOND + 1, end) : 0;
  const stamp: Timestamp = {
    precision,
    year: digits(raw, 0, 4),
    month: number(4, 6, 1),
    day: number(6, 8, 1),
    hour: number(8, 10, 0),
    minute: number(10, 12, 0),
    second: number(12, 14, 0),
    millisecond: Math.floor(fraction * 10 ** (3 - decimals)),
    offset: hasOffset ? (hours * 60 + minutes) * (sign === '-' ? -1 : 1) : undefined,
  };
  return Number.isNaN(fraction) || !exists(stamp, minutes) ? undefined : stamp;
}

/** Reads digits as a number; NaN if any character is not a digit. */
function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

/**
 * Reads a time stamp, or throws.
 *
 * @param where the path for the text of the error
 * @throws PkbMessageError `PKB_HL7_TIMESTAMP`, without the value
 */
export function parseTimestamp(raw: string, where: string): Timestamp {
  const stamp = readTimestamp(raw);
  if (stamp) return stamp;
  throw new PkbMessageError(
    'PKB_HL7_TIMESTAMP',
    `${where} is not a time stamp of whole parts (yyyy, yyyyMM, yyyyMMdd, … with an offset such as +0100).`,
  );
}

/**
 * Writes a moment as on PKB's Partner page (3365012161): in UTC, to the second, with offset.
 *
 * @returns such as `20191029150209+0000`
 */
export function formatUtc(moment: Date): string {
  const second = Math.floor(moment.getTime() / 1000);
  if (second !== lastSecond) {
    lastWritten = `${moment.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}+0000`;
    lastSecond = second;
  }
  return lastWritten;
}

/** Many messages arrive in one second, so the last time written is kept. */
let lastSecond = Number.NaN;
let lastWritten = '';

/**
 * Writes a time stamp with its own precision and offset. A time stamp that was read is written unchanged, except for
 * decimals beyond PKB's milliseconds.
 */
export function formatTimestamp(stamp: Timestamp): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const parts = [
    String(stamp.year).padStart(4, '0'),
    two(stamp.month),
    two(stamp.day),
    two(stamp.hour),
    two(stamp.minute),
    two(stamp.second),
    `.${String(stamp.millisecond).padStart(3, '0')}`,
  ];
  const written = parts.slice(0, PRECISIONS.indexOf(stamp.precision) + 1).join('');
  if (stamp.offset === undefined) return written;
  const minutes = Math.abs(stamp.offset);
  return `${written}${stamp.offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
}

/**
 * The moment that a time stamp means.
 *
 * @param offset minutes east of UTC, used if the time stamp has no offset
 */
export function momentOf(stamp: Timestamp, offset = 0): Date {
  const utc = new Date(0);
  utc.setUTCFullYear(stamp.year, stamp.month - 1, stamp.day);
  utc.setUTCHours(stamp.hour, stamp.minute - (stamp.offset ?? offset), stamp.second, stamp.millisecond);
  return utc;
}

/** Whether all parts are numbers within their limits, and the month has this day. */
function exists(stamp: Timestamp, offsetMinutes: number): boolean {
  const { year, month, day, hour, minute, second, offset = 0 } = stamp;
  if (!(year > 0 && hour <= 23 && minute <= 59 && second <= 59)) return false;
  if (!(offsetMinutes <= 59 && Math.abs(offset) <= 14 * 60)) return false;
  return day >= 1 && day <= daysOf(year, month);
}

/** The number of days in a month; 0 if there is no such month. */
function daysOf(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (month === 2 && isLeap) return 29;
  return [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
}
