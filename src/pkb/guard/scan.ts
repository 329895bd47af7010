/**
 * One pass over a message for all rules: finds the segments and their names. No tree is built; rules read the text of the
 * segments that they need.
 */
import type { Header } from '../../hl7/header.js';
import { codeAt, indexWithin, SegmentCursor } from '../../hl7/segments.js';
import type { PidIdentifier } from '../identifiers.js';
import { SendableMessage } from '../sendable-message.js';

/** The name of a segment as a number ({@link codeAt}), so that a scan makes no strings. */
export type SegmentCode = number;

const SEPARATOR = 124;

/** The code of a line that is not a segment. */
export const NO_SEGMENT = 0;

/** The code of a three-character segment name. */
export function codeOf(name: string): SegmentCode {
  return codeAt(name, 0);
}

/** A message, as rules read it. */
export class Scan {
  readonly #message: SendableMessage;
  /** MSH-9.1 and MSH-9.2, as PKB reads them. */
  readonly messageType: string;
  /** Offsets of segment starts, and of their ends (the line end). */
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly codes: SegmentCode[] = [];
  /** The first segment of each name, so that most rules know at once that they have nothing to check. */
  readonly #first = new Map<SegmentCode, number>();
  #occurrences: number[] | undefined;
  #pid: string[] | undefined;

  /** @throws PkbMessageError if the header cannot be read */
  constructor(readonly text: string) {
    this.#message = new SendableMessage(text);
    this.messageType = this.#message.messageType.toUpperCase();
    if (text.includes('\n')) this.#walk(text);
    else this.#walkByCr(text);
  }

  /** Any line ends. */
  #walk(text: string): void {
    const cursor = new SegmentCursor(text);
    while (cursor.next()) this.#note(text, cursor.start, cursor.end);
  }

  /** CR only, as after pkb-build, so there is no need to search for LF. */
  #walkByCr(text: string): void {
    for (let start = 0; start < text.length;) {
      const at = text.indexOf('\r', start);
      const end = at < 0 ? text.length : at;
      if (end > start) this.#note(text, start, end);
      start = end + 1;
    }
  }

  #note(text: string, start: number, end: number): void {
    this.starts.push(start);
    this.ends.push(end);
    const code = isNamed(text, start, end) ? codeAt(text, start) : NO_SEGMENT;
    // Segments with the same name are mostly next to each other, so few need a look-up.
    if (code !== this.codes.at(-1) && !this.#first.has(code)) this.#first.set(code, this.codes.length);
    this.codes.push(code);
  }

  /** The index of the first segment with a name; -1 if there is none. */
  first(code: SegmentCode): number {
    return this.#first.get(code) ?? -1;
  }

  /** The name of a segment. */
  name(index: number): string {
    const start = this.starts[index] ?? 0;
    return this.text.slice(start, Math.min(start + 3, this.ends[index] ?? 0));
  }

  /** Raw text of a field (1 or more; for MSH use `msh`); blank if the segment or the field is missing. */
  field(index: number, n: number): string {
    const end = this.ends[index];
    let start = this.starts[index];
    if (start === undefined || end === undefined) return '';
    for (let i = 0; i < n; i++) {
      const separator = indexWithin(this.text, '|', start, end);
      if (separator < 0) return '';
      start = separator + 1;
    }
    const next = indexWithin(this.text, '|', start, end);
    return this.text.slice(start, next < 0 ? end : next);
  }

  /** Raw text of a component of a field's first repetition. */
  component(index: number, n: number, component: number): string {
    const field = this.field(index, n);
    if (field === '') return '';
    const [first = ''] = field.split('~', 1);
    return first.split('^', component)[component - 1] ?? '';
  }

  /** Raw text of MSH-n, n 3 or more. */
  msh(n: number): string {
    return this.#message.msh(n);
  }

  /** Raw text of a field of the first PID, which many rules read; blank if it is missing. */
  pid(n: number): string {
    if (this.#pid === undefined) {
      const index = this.first(PID);
      this.#pid = index < 0 ? [] : this.text.slice(this.starts[index], this.ends[index]).split('|');
    }
    return this.#pid[n] ?? '';
  }

  /** Where the fields of MSH are. */
  get header(): Header {
    return this.#message.header;
  }

  /** The patient's identifiers, from PID-2 and PID-3. */
  get identifiers(): readonly PidIdentifier[] {
    return this.#message.identifiers;
  }

  /** The name of a segment in findings, such as `DG1[2]`. */
  location(index: number): string {
    this.#occurrences ??= countOccurrences(this.codes);
    return `${this.name(index)}[${this.#occurrences[index]}]`;
  }
}

const PID = codeOf('PID');

/** Whether a line begins with a segment name: an upper-case letter, two upper-case letters or digits, a separator or the end. */
function isNamed(text: string, start: number, end: number): boolean {
  if (end < start + 3 || (end > start + 3 && text.charCodeAt(start + 3) !== SEPARATOR)) return false;
  return (
    isUpper(text.charCodeAt(start)) &&
    isNameUnit(text.charCodeAt(start + 1)) &&
    isNameUnit(text.charCodeAt(start + 2))
  );
}

function isUpper(unit: number): boolean {
  return unit >= 65 && unit <= 90;
}

function isNameUnit(unit: number): boolean {
  return isUpper(unit) || (unit >= 48 && unit <= 57);
}

function countOccurrences(codes: readonly SegmentCode[]): number[] {
  const seen = new Map<SegmentCode, number>();
  return codes.map((code) => {
    const occurrence = (seen.get(code) ?? 0) + 1;
    seen.set(code, occurrence);
    return occurrence;
  });
}
