/**
 * Reading a message where it stands.
 */
import { type Delimiters, delimitersOf } from './delimiters.js';
import { unescape } from './escape.js';
import { locate } from './locate.js';
import { parsePath } from './path.js';
import { findSegment } from './segments.js';

/**
 * The raw text at a path, exactly as it stands in the message.
 *
 * @param text an HL7 message, segments ended by CR, LF or CRLF
 * @param path such as `PID-3[2].4.1`; a segment alone gives the whole segment without its line end
 * @returns raw HL7 text; undefined where the segment is missing or the text ends before the place
 * @throws PkbMessageError `PKB_HL7_PATH` for a path that is not one
 */
export function readRaw(
  text: string,
  path: string,
  delimiters: Delimiters = delimitersOf(text),
): string | undefined {
  const parsed = parsePath(path);
  const segment = findSegment(text, parsed.segment, parsed.occurrence, delimiters.field);
  if (!segment) return undefined;
  const place = locate(text, segment, parsed, delimiters);
  return place.filler === '' ? text.slice(place.start, place.end) : undefined;
}

/**
 * The plain text at a path: escape sequences that PKB knows are resolved, others stay.
 *
 * @param path best one that leads to a value without parts; delimiters of a composite place stay in the result
 * @returns plain text, line breaks as LF; `""` (HL7's "delete this") as it is; undefined where there is no such place
 * @throws PkbMessageError `PKB_HL7_PATH` for a path that is not one
 */
export function read(text: string, path: string): string | undefined {
  const delimiters = delimitersOf(text);
  const raw = readRaw(text, path, delimiters);
  return raw === undefined ? undefined : unescape(raw, delimiters);
}
