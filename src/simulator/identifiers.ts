/**
 * The identifiers by which PKB finds a patient (PKB pages 3365077836 and 3829203015).
 */
import { identifierOf, isNhs, isWhole, meansNhs } from '../pkb/identifiers.js';
import { type Limits } from './limits.js';
import { own } from '../hl7/own.js';
import type { ReceivedMessage } from './message.js';
import { reject } from './rejection.js';

/** The patient's identity in the PID of a message. */
export interface PatientIdentity {
  /** `value^^^authority^type`, without NHS number status. */
  readonly identifiers: readonly string[];
  /** Status of the NHS number, such as `01`; blank if none is given. */
  readonly nhsStatus: string;
}

/** The end of an identifier that is an NHS number. */
const NHS = '^^^NHS^NH';

/** Whether an identifier is an NHS number. */
export function isNhsIdentifier(identifier: string): boolean {
  return identifier.endsWith(NHS);
}

/** The identifier of an NHS number. */
export function nhsIdentifier(nhsNumber: string): string {
  return `${nhsNumber}${NHS}`;
}

/** Whether an identifier is an organisation's own: not an NHS number, and none of PKB's kinds. */
export function isLocalIdentifier(identifier: string): boolean {
  return (
    !isNhsIdentifier(identifier) &&
    !identifier.endsWith('^^^PKB^PI') &&
    !identifier.endsWith('^^^EMAIL^EMAIL')
  );
}

/**
 * Reads components 1, 4 and 5 of PID-2 and PID-3. An identifier that looks national but is not `NHS^NH` is ignored, because
 * PKB ignores unknown types.
 *
 * @throws Rejection for more or longer identifiers than the limits allow
 */
export function identityOf(message: ReceivedMessage, limits: Limits): PatientIdentity {
  const identifiers = new Set<string>();
  let nhsStatus = '';
  for (const path of ['PID-2', 'PID-3'] as const) {
    for (const raw of (message.raw(path) ?? '').split('~')) {
      const read = identifierOf(raw.split('^', 5));
      if (!isWhole(read) || (meansNhs(read) && !isNhs(read))) continue;
      const { value, authority, type, status } = read;
      const identifier = `${value.trim()}^^^${authority}^${type}`;
      if (identifier.length > limits.id) reject('An identifier is too long (simulator wording)');
      identifiers.add(own(identifier));
      if (identifiers.size > limits.identifiers) reject('Too many identifiers (simulator wording)');
      if (isNhsIdentifier(identifier) && status !== '') nhsStatus = status;
    }
  }
  return { identifiers: [...identifiers], nhsStatus };
}
