/**
 * Clock times in messages: where they are, and whether they have an offset. In HL7, a clock time without an offset has the
 * offset of MSH-7 (HL7 2.4, chapter 2, MSH-7; PKB page 3365012972). So if MSH-7 ends in `+0000`, `20260715100000` may be
 * read as 11:00 in a British summer.
 */
import { codeAt, indexWithin, SegmentCursor, type Span } from '../hl7/segments.js';
import { readTimestamp, type Timestamp } from '../hl7/timestamp.js';

/** Fields of PKB's messages that may hold a clock time: segment, field, component. */
export const CLOCK_FIELDS = [
  ['EVN', 2, 1],
  ['EVN', 3, 1],
  ['EVN', 6, 1],
  ['PID', 29, 1],
  ['PV1', 44, 1],
  ['PV1', 45, 1],
  ['SCH', 11, 4],
  ['SCH', 11, 5],
  ['TXA', 4, 1],
  ['TXA', 6, 1],
  ['TXA', 7, 1],
  ['TXA', 8, 1],
  ['OBR', 7, 1],
  ['OBX', 14, 1],
  ['AL1', 6, 1],
  ['DG1', 5, 1],
  ['ZRX', 1, 4],
  ['ZRX', 1, 5],
  ['QRF', 2, 1],
] as const satisfies readonly (readonly [segment: string, field: number, component: number])[];

/** Whether a time stamp has a time of day, and not only a date. */
export function isClockTime({ precision }: Timestamp): boolean {
  return precision === 'hour' || precision === 'minute' || precision === 'second' || precision === 'fraction';
}

/** Whether raw text is a clock time without an offset. */
export function isBareClockTime(raw: string): boolean {
  // Most values are dates alone, with eight characters.
  if (raw.length < 10) return false;
  const stamp = readTimestamp(raw);
  return stamp !== undefined && stamp.offset === undefined && isClockTime(stamp);
}

const BY_SEGMENT: ReadonlyMap<number, readonly (readonly [field: number, component: number])[]> = new Map(
  [...new Set(CLOCK_FIELDS.map(([segment]) => segment))].map((name) => [
    codeAt(name, 0),
    CLOCK_FIELDS.filter(([segment]) => segment === name)
      .map(([, field, component]) => [field, component] as const)
      .toSorted(([a], [b]) => a - b),
  ]),
);

/** Whether any clock time of a message, except MSH-7, has no offset. */
export function hasBareClockTime(hl7: string): boolean {
  const cursor = new SegmentCursor(hl7);
  while (cursor.next()) {
    const places = BY_SEGMENT.get(codeAt(hl7, cursor.start));
    if (places !== undefined && isBareAt(hl7, cursor, places)) return true;
  }
  return false;
}

/** Whether one of some fields of a segment is a clock time without an offset. @param places in ascending order */
function isBareAt(
  hl7: string,
  { start, end }: Span,
  places: readonly (readonly [field: number, component: number])[],
): boolean {
  let [field, at] = [0, start];
  for (const [wanted, component] of places) {
    for (; field < wanted; field++) {
      const separator = indexWithin(hl7, '|', at, end);
      if (separator < 0) return false;
      at = separator + 1;
    }
    const after = indexWithin(hl7, '|', at, end);
    const raw = hl7.slice(at, after < 0 ? end : after);
    if (isBareClockTime(raw.split('^', component)[component - 1] ?? '')) return true;
  }
  return false;
}
