/**
 * Local times in a time zone: the moment that they mean, and how a moment is written there. The zones are those of the IANA
 * database in Node.js.
 */
import type { Timestamp } from './timestamp.js';
import { momentOf } from './timestamp.js';

const FORMATTERS = new Map<string, Intl.DateTimeFormat>();

/** Whether there is a time zone with this name, such as `Europe/London`. */
export function isZone(name: string): boolean {
  // Intl accepts offsets, too, but an offset is no zone: its clocks never change.
  if (!/^[A-Za-z]/.test(name) || name.length > 64) return false;
  try {
    formatterOf(name);
    return true;
  } catch {
    return false;
  }
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = FORMATTERS.get(zone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    FORMATTERS.set(zone, formatter);
  }
  return formatter;
}

/** The offset of a zone at a moment, in minutes east of UTC. */
export function offsetAt(moment: Date, zone: string): number {
  const name = formatterOf(zone)
    .formatToParts(moment)
    .find(({ type }) => type === 'timeZoneName')?.value;
  const match = /^GMT(?:([+-])(\d{2}):(\d{2})(?::\d{2})?)?$/.exec(name ?? '');
  const minutes = Number(match?.[2] ?? 0) * 60 + Number(match?.[3] ?? 0);
  return match?.[1] === '-' ? -minutes : minutes;
}

const HALF_A_DAY_MS = 12 * 3_600_000;

/**
 * The offsets that a local time can have in a zone: usually one; none if the clocks skip this time (in spring); two if they
 * show it twice (in autumn).
 *
 * @param local a time stamp without an offset
 * @returns minutes east of UTC; that of the earlier moment first
 */
export function offsetsOf(local: Timestamp, zone: string): number[] {
  const utc = momentOf(local).getTime();
  const around = [-HALF_A_DAY_MS, HALF_A_DAY_MS].map((away) => offsetAt(new Date(utc + away), zone));
  return [...new Set(around)]
    .filter((offset) => offsetAt(new Date(utc - offset * 60_000), zone) === offset)
    .toSorted((a, b) => b - a);
}

/** A moment in a zone's local time, to the second and without an offset, such as `20260715110000`. */
export function formatLocal(moment: Date, zone: string): string {
  const local = new Date(moment.getTime() + offsetAt(moment, zone) * 60_000);
  return local.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '');
}
