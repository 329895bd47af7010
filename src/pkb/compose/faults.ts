/**
 * Faults in fields: the place and the remedy, never with a value.
 */
import { PkbMessageError } from '../../errors.js';

/** One fault. */
export interface Fault {
  /** Such as `patient.identifiers[0].value`; blank for the whole object. */
  readonly path: string;
  /** What is wrong there; a text that continues the path. */
  readonly text: string;
}

/** Number of faults in the text of an error; all are in `faults`. */
const SHOWN = 50;

/** Thrown by `compose` with every fault of the fields at once. */
export class PkbFieldsError extends PkbMessageError {
  readonly faults: readonly Fault[];

  /** @param faults at least one */
  constructor(faults: readonly Fault[]) {
    const shown = faults.slice(0, SHOWN);
    const more = faults.length > SHOWN ? `; and ${faults.length - SHOWN} more` : '';
    const list = shown.map(({ path, text }) => (path ? `${path} ${text}` : text)).join('; ');
    super('PKB_FIELDS', `The fields make no message: ${list}${more}.`);
    this.faults = faults;
  }
}
