/**
 * From a path to a place in the text: fields, repetitions, components and subcomponents are counted, not parsed.
 */
import type { Delimiters } from './delimiters.js';
import type { Path } from './path.js';
import { indexWithin, type Span } from './segments.js';

/** Where a path leads within its segment. */
export interface Place extends Span {
  /** What must be put before a value to make the place exist; blank where it exists. */
  readonly filler: string;
}

/**
 * Finds the n-th part (from 1) of `span`, parts being divided by `separator`.
 *
 * @returns the part; where there are fewer, the end of the span and as many separators as are missing
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

/** Whether a segment's first field is its own separator: the header segments of message, file and batch. */
export function isHeader(segment: string): boolean {
  return segment === 'MSH' || segment === 'FHS' || segment === 'BHS';
}

/**
 * Follows a path within its segment.
 *
 * @param segment the segment's span, without its line end
 * @returns the place; `filler` is not blank where the text ends before it
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

/** A part of a place that itself may not exist yet: then all fillers are needed. */
function within(text: string, place: Place, separator: string, n: number): Place {
  if (place.filler === '') return part(text, place, separator, n);
  return { ...place, filler: place.filler + separator.repeat(n - 1) };
}

/** MSH-1 is the field separator itself, MSH-2 what stands up to the next one (HL7 v2, chapter 2, MSH). */
function headerField(text: string, segment: Span, field: number, delimiters: Delimiters): Place {
  const separatorAt = Math.min(segment.start + 3, segment.end);
  const afterSeparator = Math.min(separatorAt + 1, segment.end);
  if (field === 1) return { start: separatorAt, end: afterSeparator, filler: '' };
  const at = indexWithin(text, delimiters.field, afterSeparator, segment.end);
  return { start: afterSeparator, end: at < 0 ? segment.end : at, filler: '' };
}
