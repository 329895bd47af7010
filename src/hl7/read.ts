/**
 * Reading values from a message without parsing all of it.
 */
import { type Delimiters, delimitersOf } from './delimiters.js';
import { unescape } from './escape.js';
import { endOfSegment, firstSegment } from './head.js';
import { locate } from './locate.js';
import { type Path, parsePath } from './path.js';
import { findSegment } from './segments.js';

/**
 * The raw text at a path, exactly as in the message.
 *
 * @param hl7 an HL7 message whose segments end with CR, LF or CRLF; bytes are UTF-8
 * @param path such as `PID-3[2].4.1`; for a segment name alone, the result is the whole segment without its line end
 * @returns raw HL7 text; undefined if the segment is missing or the text ends before the place
 * @throws PkbMessageError `PKB_HL7_PATH` for a path that is not one
 */
export function readRaw(hl7: string | Uint8Array, path: string): string | undefined {
  const parsed = parsePath(path);
  if (typeof hl7 === 'string') return rawAt(hl7, parsed, delimitersOf(hl7));
  const { text, delimiters } = upTo(parsed, hl7);
  return rawAt(text, parsed, delimiters);
}

/**
 * The plain text at a path. Escape sequences that PKB knows are resolved, others stay.
 *
 * @param path preferably of a value without parts; if the value has parts, their delimiters stay in the result
 * @returns plain text, with LF for line breaks; `""` (HL7's "delete this") as it is; undefined if there is no such place
 * @throws PkbMessageError `PKB_HL7_PATH` for a path that is not one
 */
export function read(hl7: string | Uint8Array, path: string): string | undefined {
  const parsed = parsePath(path);
  const { text, delimiters } =
    typeof hl7 === 'string' ? { text: hl7, delimiters: delimitersOf(hl7) } : upTo(parsed, hl7);
  const raw = rawAt(text, parsed, delimiters);
  return raw === undefined ? undefined : unescape(raw, delimiters);
}

function rawAt(text: string, path: Path, delimiters: Delimiters): string | undefined {
  const segment = findSegment(text, path.segment, path.occurrence, delimiters.field);
  if (!segment) return undefined;
  const place = locate(text, segment, path, delimiters);
  return place.filler === '' ? text.slice(place.start, place.end) : undefined;
}

/** The message up to the end of the segment that a path names, so that the rest is not decoded. */
function upTo(path: Path, input: Uint8Array): { text: string; delimiters: Delimiters } {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  const first = firstSegment(bytes);
  const delimiters = delimitersOf(first);
  if (path.occurrence > 1) return { text: bytes.toString('utf8'), delimiters };
  const end = first.startsWith(path.segment)
    ? -1
    : endOfSegment(bytes, path.segment, delimiters.field, first.length);
  return { text: bytes.toString('utf8', 0, Math.max(end, first.length)), delimiters };
}
