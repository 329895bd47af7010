/**
 * What is wrong with fields: where, and what to do. Neither ever holds a value.
 */
import { PkbMessageError } from '../../errors.js';

/** One fault. */
export interface Fault {
  /** Such as `patient.identifiers[0].value`; blank for the whole. */
  readonly path: string;
  /** What is wrong there, to be read after the path. */
  readonly text: string;
}

/** How many faults the text of an error names; all are in `faults`. */
const SHOWN = 50;

/** Thrown by `compose`: names every fault of the fields at once. */
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
