/**
 * One pass over a message for all rules: where its segments begin and end, and nothing more.
 */
import { fieldOf, type Header, messageTypeOf, readHeader } from '../../hl7/header.js';
import { SegmentCursor } from '../../hl7/segments.js';

/** A message as the rules see it. */
export interface Scan {
  readonly text: string;
  readonly header: Header;
  /** MSH-9.1 and MSH-9.2. */
  readonly messageType: string;
  /** Offsets of segment starts, and of their ends (the line end). */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Segment names, in order. */
  readonly names: readonly string[];
}

/**
 * Scans a message.
 *
 * @throws PkbMessageError where the header cannot be read
 */
export function scan(text: string): Scan {
  const header = readHeader(text);
  const starts: number[] = [];
  const ends: number[] = [];
  const names: string[] = [];
  const cursor = new SegmentCursor(text);
  while (cursor.next()) {
    starts.push(cursor.start);
    ends.push(cursor.end);
    names.push(text.slice(cursor.start, cursor.start + 3));
  }
  return { text, header, messageType: messageTypeOf(fieldOf(text, header, 9)), starts, ends, names };
}
