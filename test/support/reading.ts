/** Reading messages back by @medplum/core, so that a mistake of our own reader does not hide one of our writer. */
import { medplum } from './readers.js';

/**
 * Opens a message for reading.
 *
 * @returns what stands at a path such as `OBX[2]-5.1` or `PID-3[2].1`, raw; blank for nothing
 */
export function readingAt(hl7: string): (path: string) => string {
  const reader = medplum(hl7);
  return (path) => {
    const [, segment = '', occurrence = '1', field = '', repetition = '1', component = '1'] =
      /^(\w{3})(?:\[(\d+)\])?-(\d+)(?:\[(\d+)\])?(?:\.(\d+))?$/.exec(path) ?? [];
    return reader(segment, Number(occurrence), Number(field), Number(repetition), Number(component)) ?? '';
  };
}

/** The six escape sequences that PKB reads, resolved. */
export function plain(raw: string): string {
  const meaning: Record<string, string> = { F: '|', S: '^', T: '&', R: '~', E: '\\', '.br': '\n' };
  return raw.replaceAll(/\\(F|S|T|R|E|\.br)\\/g, (_, name: string) => meaning[name] ?? '');
}

/**
 * The instant that an HL7 time stamp with an offset means, in milliseconds (HL7 2.4, 2.9.47).
 *
 * @returns NaN where it has no time of day or no offset
 */
export function instantOf(stamp: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)?(\d\d)?(?:\.(\d{1,4}))?([+-]\d\d)(\d\d)$/.exec(stamp);
  if (!match) return Number.NaN;
  const [, year, month, day, hour, minute = '00', second = '00', fraction = '0', zone, rest] = match;
  return Date.parse(
    `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}${zone}:${rest}`,
  );
}
