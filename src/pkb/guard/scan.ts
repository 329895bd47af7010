/**
 * One pass over a message for all rules: where its segments begin and end, and what they are called. No tree is built;
 * rules look into the text at the segments they are about.
 */
import { fieldOf, type Header, messageTypeOf, readHeader } from '../../hl7/header.js';
import { SegmentCursor } from '../../hl7/segments.js';

/** The name of a segment as a number, so that a scan makes no strings. */
export type SegmentCode = number;

/** The code of a three-character segment name. */
export function codeOf(name: string): SegmentCode {
  return codeAt(name, 0);
}

function codeAt(text: string, at: number): SegmentCode {
  return (text.charCodeAt(at) << 16) | (text.charCodeAt(at + 1) << 8) | text.charCodeAt(at + 2);
}

/** A message as the rules see it. */
export class Scan {
  readonly header: Header;
  /** MSH-9.1 and MSH-9.2, as PKB reads them. */
  readonly messageType: string;
  /** Offsets of segment starts, and of their ends (the line end). */
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly codes: SegmentCode[] = [];
  #occurrences: number[] | undefined;

  /** @throws PkbMessageError where the header cannot be read */
  constructor(readonly text: string) {
    this.header = readHeader(text);
    this.messageType = messageTypeOf(fieldOf(text, this.header, 9)).trim().toUpperCase();
    const cursor = new SegmentCursor(text);
    while (cursor.next()) {
      this.starts.push(cursor.start);
      this.ends.push(cursor.end);
      this.codes.push(codeAt(text, cursor.start));
    }
  }

  /** The index of the first segment of a name; -1 where there is none. */
  first(code: SegmentCode): number {
    return this.codes.indexOf(code);
  }

  /** The name of a segment. */
  name(index: number): string {
    const start = this.starts[index] ?? 0;
    return this.text.slice(start, Math.min(start + 3, this.ends[index] ?? 0));
  }

  /** Raw text of a field (1 or more; for MSH use `msh`); blank where the segment, or the field, is missing. */
  field(index: number, n: number): string {
    const end = this.ends[index];
    let start = this.starts[index];
    if (start === undefined || end === undefined) return '';
    for (let i = 0; i < n; i++) {
      const separator = this.text.indexOf('|', start);
      if (separator < 0 || separator >= end) return '';
      start = separator + 1;
    }
    const next = this.text.indexOf('|', start);
    return this.text.slice(start, next < 0 || next > end ? end : next);
  }

  /** Raw text of a component of a field's first repetition. */
  component(index: number, n: number, component: number): string {
    const [first = ''] = this.field(index, n).split('~', 1);
    return first.split('^')[component - 1] ?? '';
  }

  /** Raw text of MSH-n, n 3 or more. */
  msh(n: number): string {
    return fieldOf(this.text, this.header, n);
  }

  /** How a segment is named in findings, such as `DG1[2]`. */
  location(index: number): string {
    this.#occurrences ??= countOccurrences(this.codes);
    return `${this.name(index)}[${this.#occurrences[index]}]`;
  }
}

function countOccurrences(codes: readonly SegmentCode[]): number[] {
  const seen = new Map<SegmentCode, number>();
  return codes.map((code) => {
    const occurrence = (seen.get(code) ?? 0) + 1;
    seen.set(code, occurrence);
    return occurrence;
  });
}
