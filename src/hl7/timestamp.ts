/**
 * HL7 time stamps (chapter 2, data type TS/DTM), with their precision and offset, under PKB's rules (PKB page
 * 3365013095): the year at least, whole parts only, a fourth decimal of a second is cut off by PKB.
 */
import { PkbMessageError } from '../errors.js';

/** How much of a time stamp was given. */
export type Precision = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'fraction';

/** A time stamp as it was written. */
export interface Timestamp {
  readonly precision: Precision;
  readonly year: number;
  /** 1 to 12; 1 where not given, as PKB fills it. */
  readonly month: number;
  /** 1 to 31; 1 where not given. */
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Milliseconds; further decimals are cut off as PKB does. */
  readonly millisecond: number;
  /** Minutes east of UTC; undefined where the time stamp names no offset. */
  readonly offset: number | undefined;
}

const SYNTAX =
  /^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,4}))?)?)?)?)?)?(?:([+-])(\d{2})(\d{2}))?$/;
const PRECISIONS: readonly Precision[] = ['year', 'month', 'day', 'hour', 'minute', 'second', 'fraction'];

/**
 * Reads a time stamp.
 *
 * @param raw such as `2019`, `20191029`, `20191029150209.123+0100`
 * @returns undefined where it is none: wrong characters, half a part, or a date or time that does not exist
 */
export function readTimestamp(raw: string): Timestamp | undefined {
  const match = SYNTAX.exec(raw);
  if (!match) return undefined;
  const given = PRECISIONS.filter((_, i) => match[i + 1] !== undefined);
  const number = (group: number, fallback: number): number => Number(match[group] ?? fallback);
  const offset = match[8] === undefined ? undefined : number(9, 0) * 60 + number(10, 0);
  const stamp: Timestamp = {
    precision: given.at(-1) ?? 'year',
    year: number(1, 0),
    month: number(2, 1),
    day: number(3, 1),
    hour: number(4, 0),
    minute: number(5, 0),
    second: number(6, 0),
    millisecond: Number((match[7] ?? '').padEnd(3, '0').slice(0, 3)),
    offset: offset === undefined ? undefined : match[8] === '-' ? -offset : offset,
  };
  return exists(stamp, number(10, 0)) ? stamp : undefined;
}

/**
 * Reads a time stamp that must be one.
 *
 * @param where the path to name in the error
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
 * Writes a moment as PKB's Partner page does (3365012161): UTC, to the second, with its offset.
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

/** Messages come many to the second, so the last one written is kept. */
let lastSecond = Number.NaN;
let lastWritten = '';

/**
 * Writes a time stamp with the precision and offset it has, so that what was read is written as it was, up to PKB's
 * milliseconds.
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
 * The moment a time stamp means.
 *
 * @param offset minutes east of UTC where the time stamp names none
 */
export function momentOf(stamp: Timestamp, offset = 0): Date {
  const utc = new Date(0);
  utc.setUTCFullYear(stamp.year, stamp.month - 1, stamp.day);
  utc.setUTCHours(stamp.hour, stamp.minute - (stamp.offset ?? offset), stamp.second, stamp.millisecond);
  return utc;
}

function exists(stamp: Timestamp, offsetMinutes: number): boolean {
  if (stamp.year === 0 || stamp.hour > 23 || stamp.minute > 59 || stamp.second > 59) return false;
  if (offsetMinutes > 59 || Math.abs(stamp.offset ?? 0) > 14 * 60) return false;
  if (stamp.month < 1 || stamp.month > 12 || stamp.day < 1) return false;
  const lastDay = new Date(0);
  lastDay.setUTCFullYear(stamp.year, stamp.month, 0);
  return stamp.day <= lastDay.getUTCDate();
}
