/** HL7 data types used by several kinds of message (HL7 chapter 2): XCN, PL, CE. */
import type { Coded, Professional } from './fields.js';
import { components, type Raw, text } from './write.js';

/** A health professional (XCN), without ID and suffix: `^family^given^middle^^prefix`. */
export function professional(person: Professional | undefined): Raw | undefined {
  if (person === undefined) return undefined;
  const { family, given, middle, prefix } = person;
  return components(undefined, text(family), text(given), text(middle), undefined, text(prefix));
}

/** A location in words, as the ninth component of a field of type PL. */
export function inWords(location: string | undefined): Raw | undefined {
  return components(...Array.from({ length: 8 }, () => undefined), text(location));
}

/** A code, a text and a coding system (CE). PKB does not read further components. */
export function coded(value: Coded | undefined, system?: string): Raw | undefined {
  if (value === undefined) return undefined;
  return components(text(value.code), text(value.text), text(system));
}
