/**
 * Finds the place in a text that a path names. Fields, repetitions, components and subcomponents are counted, not parsed.
 */
import type { Delimiters } from './delimiters.js';
import type { Path } from './path.js';
import { indexWithin, type Span } from './segments.js';

/** The place of a path within its segment. */
export interface Place extends Span {
  /** The delimiters to write before a value if the place does not exist yet; blank if it exists. */
  readonly filler: string;
}

/**
 * Finds the n-th part (from 1) of `span`; `separator` divides the parts.
 *
 * @returns the part; if there are fewer parts, the end of the span, and the missing separators as `filler`
 */
function part(text: string, span: Span, separator: string, n: number): Place {
  let start = span.start;
  for (let i = 1; i < n; i++) {
    const at = indexWithin(text, separator, start, span.end);
    if (at < 0) return { start: span.end, end: span.end, filler: separator.repeat(n - i) };
    start = at + 1;
  }
  const at = indexWithin(text, separator, start, span.end);
  return { start, end: at < 0 ? span.end : at, filler: '' };
}

/** Whether the first field of a segment is the field separator: true for the headers of message, file and batch. */
export function isHeader(segment: string): boolean {
  return segment === 'MSH' || segment === 'FHS' || segment === 'BHS';
}

/**
 * Follows a path within its segment.
 *
 * @param segment the segment's span, without its line end
 * @returns the place; `filler` is not blank if the text ends before it
 */
export function locate(text: string, segment: Span, path: Path, delimiters: Delimiters): Place {
  if (path.field === 0) return { ...segment, filler: '' };
  if (isHeader(path.segment) && path.field <= 2) return headerField(text, segment, path.field, delimiters);
  const nth = isHeader(path.segment) ? path.field : path.field + 1;
  let place = part(text, segment, delimiters.field, nth);
  if (path.repetition) place = within(text, place, delimiters.repetition, path.repetition);
  if (path.component) place = within(text, place, delimiters.component, path.component);
  if (path.subcomponent) place = within(text, place, delimiters.subcomponent, path.subcomponent);
  return place;
}

/** A part of a place. If the place itself does not exist yet, all fillers are needed. */
function within(text: string, place: Place, separator: string, n: number): Place {
  if (place.filler === '') return part(text, place, separator, n);
  return { ...place, filler: place.filler + separator.repeat(n - 1) };
}

/** MSH-1 is the field separator itself; MSH-2 ends at the next separator (HL7 v2, chapter 2, MSH). */
function headerField(text: string, segment: Span, field: number, delimiters: Delimiters): Place {
  const separatorAt = Math.min(segment.start + 3, segment.end);
  const afterSeparator = Math.min(separatorAt + 1, segment.end);
  if (field === 1) return { start: separatorAt, end: afterSeparator, filler: '' };
  const at = indexWithin(text, delimiters.field, afterSeparator, segment.end);
  return { start: afterSeparator, end: at < 0 ? segment.end : at, filler: '' };
}
