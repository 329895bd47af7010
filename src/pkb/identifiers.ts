/**
 * Patient identifiers as PKB reads them: value, authority and type, components 1, 4 and 5 of PID-2 and PID-3 (PKB page
 * 3365077836). The type of an NHS number may include its status: `NH{status:01}` (3829203015).
 */

/** One identifier as raw text. Its status is separate from its type. */
export interface RawIdentifier {
  readonly value: string;
  readonly authority: string;
  readonly type: string;
  /** Such as `01`; blank if none is given. */
  readonly status: string;
}

/** Reads an identifier from its components. */
export function identifierOf(parts: readonly string[]): RawIdentifier {
  const type = parts[4] ?? '';
  const open = type.indexOf('{');
  const status = open < 0 ? undefined : /^\{status:(\d\d)\}$/.exec(type.slice(open, open + 12))?.[1];
  return {
    value: parts[0] ?? '',
    authority: parts[3] ?? '',
    type: open < 0 ? type : type.slice(0, open),
    status: status ?? '',
  };
}

/** Whether PKB reads an identifier as an NHS number: authority NHS, type NH. */
export function isNhs({ authority, type }: Pick<RawIdentifier, 'authority' | 'type'>): boolean {
  return authority === 'NHS' && type === 'NH';
}

/** Whether an identifier is meant as an NHS number, by its authority or type, even if PKB does not read it as one. */
export function meansNhs({ authority, type }: Pick<RawIdentifier, 'authority' | 'type'>): boolean {
  return ['NHS', 'NHSNBR'].includes(authority.trim()) || ['NH', 'NHSNMBR', 'NHS'].includes(type.trim());
}

/** Whether an identifier is an organisation's own: not meant as an NHS number, and none of PKB's kinds. */
export function isLocal({ authority, type }: Pick<RawIdentifier, 'authority' | 'type'>): boolean {
  const isPkbs = (authority === 'PKB' && type === 'PI') || (authority === 'EMAIL' && type === 'EMAIL');
  return !isPkbs && !meansNhs({ authority, type });
}

/** Whether an identifier is complete. PKB ignores one without value, authority or type. */
export function isWhole({ value, authority, type }: RawIdentifier): boolean {
  return value.trim() !== '' && authority.trim() !== '' && type.trim() !== '';
}

/** An identifier with its place. */
export interface PidIdentifier extends RawIdentifier {
  /** 2 or 3: the field of PID. */
  readonly field: number;
  /** Counts from 1. */
  readonly repetition: number;
}

/** The place of an identifier in PID, such as `-3[1]`. */
export function placeOf({ field, repetition }: PidIdentifier): string {
  return `-${field}[${repetition}]`;
}

/**
 * The identifiers in PID-2 or PID-3 that are not blank.
 *
 * @param raw the raw field
 * @returns the identifiers; white space around values is removed
 */
export function identifiersIn(field: number, raw: string): PidIdentifier[] {
  const found: PidIdentifier[] = [];
  let repetition = 0;
  for (const one of raw.split('~')) {
    repetition++;
    if (one === '') continue;
    const { value, authority, type, status } = identifierOf(one.split('^', 5));
    found.push({ value: value.trim(), authority, type, status, field, repetition });
  }
  return found;
}
