/**
 * Finds segments in the text itself, without building a tree.
 *
 * A segment ends at CR (HL7 v2, chapter 2), at LF or at CRLF. PKB receives LF, because XML turns every line end into LF.
 */

/** A range of a text: from `start` up to, not including, `end`. */
export interface Span {
  start: number;
  end: number;
}

const NOWHERE = Number.MAX_SAFE_INTEGER;

/** Number of characters that are searched for LF at once, so that short segments need few searches. */
const AHEAD = 4096;

/**
 * Visits the segments of a text one after the other, and reads no further than it is asked to. The time is proportional to
 * the text read. Empty lines are not segments.
 */
export class SegmentCursor implements Span {
  start = 0;
  end = 0;
  readonly #text: string;
  #next = 0;
  /** The next CR at or after `#next`; beyond the text if there is none, so that it is not searched for again. */
  #cr = -1;
  /** The next LF, if one has been found; the search has reached `#seen`. */
  #lf = NOWHERE;
  #seen = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Moves to the next segment. @returns whether there was one */
  next(): boolean {
    const text = this.#text;
    while (this.#next < text.length) {
      const start = this.#next;
      if (this.#cr < start) this.#cr = placeOf(text, '\r', start);
      if (this.#lf < start) this.#lf = NOWHERE;
      if (this.#lf === NOWHERE && this.#seen < Math.min(this.#cr, text.length)) this.#lookForLf(start);
      const end = Math.min(this.#cr, this.#lf);
      this.#next = end + 1;
      if (end > start) {
        this.start = start;
        this.end = Math.min(end, text.length);
        return true;
      }
    }
    return false;
  }

  /** Searches for LF up to the next CR, because a later LF does not count yet, but at least {@link AHEAD} characters. */
  #lookForLf(start: number): void {
    const from = Math.max(start, this.#seen);
    const to = this.#cr === NOWHERE ? this.#text.length : Math.max(this.#cr, from + AHEAD);
    const at = this.#text.slice(from, to).indexOf('\n');
    this.#lf = at < 0 ? NOWHERE : from + at;
    this.#seen = at < 0 ? to : from + at + 1;
  }

  /** Whether the segment has this name: the name, then a field separator or the end. */
  is(name: string, fieldSeparator: string): boolean {
    return isSegment(this.#text, this, name, fieldSeparator);
  }
}

function placeOf(text: string, character: string, from: number): number {
  const found = text.indexOf(character, from);
  return found < 0 ? NOWHERE : found;
}

/** Number of characters compared one by one. Beyond them the engine's search is used, which has no end offset. */
const NEAR = 64;

/**
 * Finds a character between two offsets. The time is proportional to their distance, however long the text is.
 *
 * @returns -1 if it is not there
 */
export function indexWithin(text: string, character: string, start: number, end: number): number {
  const wanted = character.charCodeAt(0);
  const near = Math.min(end, start + NEAR);
  for (let i = start; i < near; i++) if (text.charCodeAt(i) === wanted) return i;
  if (near === end) return -1;
  // A slice is not copied, and the search ends at its end.
  const at = text.slice(near, end).indexOf(character);
  return at < 0 ? -1 : near + at;
}

/** The three characters at an offset as one number, so that segment names can be compared without making strings. */
export function codeAt(text: string, at: number): number {
  return (text.charCodeAt(at) << 16) | (text.charCodeAt(at + 1) << 8) | text.charCodeAt(at + 2);
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

/** The offset after the line end (CR, LF or CRLF) of a segment; the end of the text if there is none. */
export function afterLineEnd(text: string, segmentEnd: number): number {
  if (text.startsWith('\r\n', segmentEnd)) return segmentEnd + 2;
  return segmentEnd < text.length ? segmentEnd + 1 : segmentEnd;
}
