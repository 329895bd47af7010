/**
 * Segments found in the text itself, without building a tree.
 *
 * A segment ends at CR (HL7 v2, chapter 2), at LF or at CRLF: PKB receives LF, since XML turns every line end into it.
 */

/** Where something stands in a text: from `start` up to, not including, `end`. */
export interface Span {
  start: number;
  end: number;
}

/**
 * Walks over the segments of a text, each once, in time proportional to the text: the next CR and the next LF are looked
 * for only when the last one found has been passed. Empty lines are not segments.
 */
export class SegmentCursor implements Span {
  start = 0;
  end = 0;
  readonly #text: string;
  #next: number;
  #cr: number;
  #lf: number;

  /** @param from where to begin, at the start of a segment */
  constructor(text: string, from = 0) {
    this.#text = text;
    this.#next = from;
    this.#cr = from - 1;
    this.#lf = from - 1;
    this.#cr = this.#find('\r', this.#cr);
    this.#lf = this.#find('\n', this.#lf);
  }

  /** Moves to the next segment. @returns whether there was one */
  next(): boolean {
    const length = this.#text.length;
    while (this.#next < length) {
      const start = this.#next;
      if (this.#cr < start) this.#cr = this.#find('\r', start - 1);
      if (this.#lf < start) this.#lf = this.#find('\n', start - 1);
      const end = this.#cr < this.#lf ? this.#cr : this.#lf;
      this.#next = end + 1;
      if (end > start) {
        this.start = start;
        this.end = end < length ? end : length;
        return true;
      }
    }
    return false;
  }

  /** Whether the segment has this name: the name, then a field separator or the end. */
  is(name: string, fieldSeparator: string): boolean {
    return isSegment(this.#text, this, name, fieldSeparator);
  }

  /** The next place of a line end after `after`; a place beyond the text where there is none, so it is not looked for again. */
  #find(character: string, after: number): number {
    const found = this.#text.indexOf(character, after + 1);
    return found < 0 ? Number.MAX_SAFE_INTEGER : found;
  }
}

/** Whether the segment at `span` has this name. */
export function isSegment(text: string, span: Span, name: string, fieldSeparator: string): boolean {
  const after = span.start + name.length;
  return (
    text.startsWith(name, span.start) &&
    (after === span.end || (after < span.end && text.startsWith(fieldSeparator, after)))
  );
}

/**
 * Finds a segment by name and occurrence.
 *
 * @param occurrence counts from 1
 * @returns its span without the line end, or undefined
 */
export function findSegment(
  text: string,
  name: string,
  occurrence: number,
  fieldSeparator: string,
): Span | undefined {
  const cursor = new SegmentCursor(text);
  let seen = 0;
  while (cursor.next()) {
    if (cursor.is(name, fieldSeparator) && ++seen === occurrence) {
      return { start: cursor.start, end: cursor.end };
    }
  }
  return undefined;
}

/** The offset behind the line end (CR, LF or CRLF) that follows a segment; the end of the text where there is none. */
export function afterLineEnd(text: string, segmentEnd: number): number {
  if (text.startsWith('\r\n', segmentEnd)) return segmentEnd + 2;
  return segmentEnd < text.length ? segmentEnd + 1 : segmentEnd;
}
