/** Health professionals in fields of type XCN (HL7 chapter 2): `^family^given^middle^^prefix`. */
import type { Professional } from './fields.js';
import { components, type Raw, text } from './write.js';

/** A professional's name, with neither ID nor suffix. */
export function professional(person: Professional | undefined): Raw | undefined {
  if (person === undefined) return undefined;
  const { family, given, middle, prefix } = person;
  return components(undefined, text(family), text(given), text(middle), undefined, text(prefix));
}
