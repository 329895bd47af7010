/**
 * Editing a message by splicing: every byte that is not addressed stays as it was. This includes trailing delimiters, odd
 * line ends, unknown escapes and unknown segments.
 */
import { PkbMessageError } from '../errors.js';
import { type Delimiters, delimitersOf } from './delimiters.js';
import { escape } from './escape.js';
import { isHeader, locate } from './locate.js';
import { type Path, parsePath, shown } from './path.js';
import { afterLineEnd, findSegment, type Span } from './segments.js';

/**
 * Writes plain text at a path. The text is escaped, so no value can add a segment, field, repetition or component.
 *
 * @param path a field or below; delimiters are added for missing fields, repetitions and components before it
 * @param value any text; an empty one clears the place, and adds nothing if the place does not exist
 * @returns the new message
 * @throws PkbMessageError `PKB_HL7_PATH` if the segment is missing or the path is not a field; `PKB_HL7_VALUE` if
 *   the value is not a string
 */
export function set(text: string, path: string, value: string): string {
  const delimiters = delimitersOf(text);
  mustBeString(value, path);
  return put(text, path, escape(value, delimiters), delimiters);
}

/**
 * Writes raw HL7 text at a path, for values that consist of parts (`Smith^John`).
 *
 * @param raw HL7 text without line end; only delimiters of the levels below the path are allowed in it
 * @throws PkbMessageError as {@link set}; `PKB_HL7_VALUE` also if the raw text would open a field or part outside
 *   the place addressed
 */
export function setRaw(text: string, path: string, raw: string): string {
  const delimiters = delimitersOf(text);
  mustBeString(raw, path);
  const parsed = parsePath(path);
  let forbidden = '\r\n' + delimiters.field;
  if (parsed.repetition) forbidden += delimiters.repetition;
  if (parsed.component) forbidden += delimiters.component;
  if (parsed.subcomponent) forbidden += delimiters.subcomponent;
  for (const character of forbidden) {
    if (raw.includes(character)) {
      throw new PkbMessageError(
        'PKB_HL7_VALUE',
        `The raw text for ${shown(path)} holds a delimiter or line end that would reach beyond it; set the level above, or use the escaping setter.`,
      );
    }
  }
  return put(text, path, raw, delimiters);
}

/**
 * Inserts a segment.
 *
 * @param segment raw text of one segment, without line end
 * @param where the existing segment before or after it, such as `{ after: 'PID' }` or `{ before: 'OBX[2]' }`
 * @returns the new message; the new segment gets the same line end as that segment
 * @throws PkbMessageError `PKB_HL7_PATH` if that segment is missing, `PKB_HL7_VALUE` if the text is not one segment
 */
export function insertSegment(
  text: string,
  segment: string,
  where: { before: string } | { after: string },
): string {
  mustBeString(segment, 'segment');
  if (!/^[A-Z][A-Z0-9]{2}(?![A-Za-z0-9])[^\r\n]*$/.test(segment)) {
    throw new PkbMessageError(
      'PKB_HL7_VALUE',
      'The text to insert is not one segment: a three-character name, then fields, no line end.',
    );
  }
  const beside = segmentAt(text, 'before' in where ? where.before : where.after);
  if ('before' in where) {
    return text.slice(0, beside.start) + segment + lineEndOf(text, beside) + text.slice(beside.start);
  }
  const after = afterLineEnd(text, beside.end);
  if (after > beside.end) {
    return text.slice(0, after) + segment + lineEndOf(text, beside) + text.slice(after);
  }
  return text + lineEndOf(text, beside) + segment;
}

/**
 * Removes a segment with its line end.
 *
 * @param path a segment, such as `AL1[2]`
 * @throws PkbMessageError `PKB_HL7_PATH` if it is missing or the path names a field
 */
export function removeSegment(text: string, path: string): string {
  const span = segmentAt(text, path);
  return text.slice(0, span.start) + text.slice(afterLineEnd(text, span.end));
}

function put(text: string, path: string, raw: string, delimiters: Delimiters): string {
  const parsed = parsePath(path);
  if (parsed.field === 0 || (isHeader(parsed.segment) && parsed.field <= 2)) {
    throw new PkbMessageError(
      'PKB_HL7_PATH',
      `${shown(path)} cannot be set; address a field after the delimiters.`,
    );
  }
  const place = locate(text, mustFind(text, parsed, path, delimiters), parsed, delimiters);
  if (place.filler !== '' && raw === '') return text;
  return text.slice(0, place.start) + place.filler + raw + text.slice(place.end);
}

function segmentAt(text: string, path: string): Span {
  const parsed = parsePath(path);
  if (parsed.field !== 0) {
    throw new PkbMessageError('PKB_HL7_PATH', `${shown(path)} names a field where a segment is wanted.`);
  }
  return mustFind(text, parsed, path, delimitersOf(text));
}

function mustFind(text: string, parsed: Path, path: string, delimiters: Delimiters): Span {
  const segment = findSegment(text, parsed.segment, parsed.occurrence, delimiters.field);
  if (segment) return segment;
  throw new PkbMessageError('PKB_HL7_PATH', `The message has no segment for ${shown(path)}.`);
}

/** The line end after a segment; if it has none, the one before it; if there is neither, CR. */
function lineEndOf(text: string, span: Span): string {
  const own = text.slice(span.end, afterLineEnd(text, span.end));
  if (own !== '') return own;
  if (text.slice(span.start - 2, span.start) === '\r\n') return '\r\n';
  return span.start > 0 ? text.charAt(span.start - 1) : '\r';
}

function mustBeString(value: unknown, path: string): void {
  if (typeof value === 'string') return;
  throw new PkbMessageError('PKB_HL7_VALUE', `The value for ${shown(path)} is ${typeof value}, not text.`);
}
