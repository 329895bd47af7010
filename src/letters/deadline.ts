/** Until when a letter is watched. */
import { PkbMessageError } from '../errors.js';
import { findSegment } from '../hl7/segments.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The longest time for which a letter is watched, in milliseconds: a year. */
export const LONGEST_MS = 366 * DAY_MS;

/** Smaller numbers are no milliseconds of a time that is meant: 1973. */
const EARLIEST = 1e11;

/** What a deadline may be, for an error. */
const FORMS =
  'a time such as 2026-12-01T09:00:00Z, a Date, milliseconds since 1970, or a duration such as PT72H or P3D';

/**
 * Until when a letter is watched.
 *
 * @param given a time (text of ISO 8601 with an offset, a Date, milliseconds since 1970), or a duration of ISO 8601 in days, hours,
 *   minutes and seconds
 * @param begin from when a duration counts, in milliseconds since 1970
 * @returns milliseconds since 1970
 * @throws PkbMessageError `PKB_LETTER`
 */
export function deadlineOf(given: unknown, begin: number): number {
  const time = timeOf(given, begin);
  if (time !== undefined && time <= begin + LONGEST_MS) return time;
  throw new PkbMessageError('PKB_LETTER', `msg.deadline must be ${FORMS}, and no more than a year away.`);
}

function timeOf(given: unknown, begin: number): number | undefined {
  if (given instanceof Date) return orUndefined(given.getTime());
  // Stores keep whole milliseconds.
  // Seconds since 1970 would be in January 1970.
  if (typeof given === 'number') return given >= EARLIEST ? orUndefined(Math.round(given)) : undefined;
  if (typeof given !== 'string' || given.length > 50) return undefined;
  const duration = durationOf(given);
  if (duration !== undefined) return begin + duration;
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/.test(given)
    ? orUndefined(Date.parse(given))
    : undefined;
}

function durationOf(text: string): number | undefined {
  const parts = /^P(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$/.exec(text);
  if (parts === null || text.endsWith('P') || text.endsWith('T')) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  return days * DAY_MS + hours * HOUR_MS + minutes * 60_000 + seconds * 1000;
}

/**
 * How long PKB hides the content of a letter (OBX-13, in days), so that nobody can read it before.
 *
 * @param hl7 an MDM^T02
 * @returns milliseconds; 0 for none, or where it is no whole number of days
 */
export function delayOf(hl7: string): number {
  const obx = findSegment(hl7, 'OBX', 1, '|');
  if (obx === undefined) return 0;
  // OBX-5 may be a letter of megabytes, so the fields are counted from its place, not split as a whole.
  const days = hl7.slice(obx.start, obx.end).split('|', 14)[13] ?? '';
  return /^\d{1,4}$/.test(days.trim()) ? Number(days) * DAY_MS : 0;
}

function orUndefined(time: number): number | undefined {
  return Number.isFinite(time) ? time : undefined;
}
