/**
 * Writes HL7 text from plain values (HL7 v2 chapter 2). Every value from outside passes through `escape`; the type
 * {@link Raw} ensures this.
 */
import { escape } from '../../hl7/escape.js';

declare const raw: unique symbol;

/** HL7 text that is safe in a field. Only this file makes it. */
export type Raw = string & { readonly [raw]: true };

/** Plain text, escaped; undefined stays undefined (an empty field). */
export function text(plain: string): Raw;
export function text(plain: string | undefined): Raw | undefined;
export function text(plain: string | undefined): Raw | undefined {
  return plain === undefined ? undefined : (escape(plain) as Raw);
}

/** Base64 contains no delimiter of HL7, so it is not searched. */
export function base64(content: string): Raw {
  return content as Raw;
}

/** Components of one field or repetition; empty ones at the end are left out. */
export function components(...parts: (Raw | undefined)[]): Raw | undefined {
  return joined(parts, '^');
}

/** Repetitions of one field; empty ones are left out. */
export function repetitions(...parts: (Raw | undefined)[]): Raw | undefined {
  return joined(
    parts.filter((part) => part !== undefined),
    '~',
  );
}

/**
 * A segment.
 *
 * @param name such as `PID`
 * @param fields raw text by field number; missing fields are empty, and empty ones at the end are left out
 */
export function segment(name: string, fields: Readonly<Record<number, Raw | undefined>>): string {
  const last = Math.max(0, ...Object.keys(fields).flatMap((n) => (fields[Number(n)] ? [Number(n)] : [])));
  let out = name;
  for (let n = 1; n <= last; n++) out += `|${fields[n] ?? ''}`;
  return last === 0 ? `${name}|` : out;
}

/** Joins parts by appending, so that megabytes are not copied. */
function joined(parts: readonly (Raw | undefined)[], separator: '^' | '~'): Raw | undefined {
  const last = parts.findLastIndex((part) => part !== undefined && part !== '');
  if (last < 0) return undefined;
  let out: string = parts[0] ?? '';
  for (let i = 1; i <= last; i++) out += separator + (parts[i] ?? '');
  return out as Raw;
}
