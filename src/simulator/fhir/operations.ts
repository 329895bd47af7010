/**
 * The FHIR operations: a table, and the work of each.
 */
import type { Limits } from '../limits.js';
import type { Patients } from '../patients.js';
import { FHIR_JSON } from './answers.js';
import type { Documents } from './documents.js';
import type { Grant } from './organisations.js';
import { type Input, type InputRule, type Part, readInputs } from './parameters.js';
import { invitations, patientStatuses } from './patients.js';
import { readReceipts } from './read-receipts.js';
import type { ReceiptShape } from './receipt-shape.js';

/** What the operations work on. */
export interface Place {
  readonly patients: Patients;
  readonly documents: Documents;
  readonly receipt: ReceiptShape;
  readonly limits: Limits;
  readonly now: () => Date;
}

/** One operation. */
interface Operation {
  readonly input: Omit<InputRule, 'longest'>;
  /** The name of each result. */
  readonly output: string;
  run(inputs: readonly Input[], place: Place, grant: Grant): Part[][];
}

/** The operations by their path, with PKB's limits of a batch (PKB pages 3365012080, 3365077590, and read-receipt-query). */
const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  [
    '/fhir/Patient/$status-query',
    {
      input: { name: 'patientIdentifier', most: 5000, text: false },
      output: 'patientStatus',
      run: (inputs, { patients }) => patientStatuses(inputs, patients),
    },
  ],
  [
    '/fhir/Organization/$generate-invitation-tokens',
    {
      input: { name: 'patientIdentifier', most: 500, text: false },
      output: 'patientTokens',
      run: (inputs, { patients, now }) => invitations(inputs, patients, now()),
    },
  ],
  [
    '/fhir/DocumentReference/$read-receipt-query',
    {
      input: { name: 'documentIdentifier', most: 5000, text: true },
      output: 'readReceipt',
      run: (inputs, { documents, receipt }, grant) => readReceipts(inputs, documents, grant, receipt),
    },
  ],
]);

/** The media types of an operation's request. */
export const OPERATION_TYPES: readonly string[] = [FHIR_JSON];

/** Whether there is an operation at a path. */
export function isOperation(path: string): boolean {
  return OPERATIONS.has(path);
}

/** The results of an operation. */
export interface Results {
  /** The name of each result. */
  readonly name: string;
  readonly list: readonly (readonly Part[])[];
}

/**
 * Runs an operation.
 *
 * @param path one that {@link isOperation} knows
 * @param resource parsed JSON
 * @throws ApiRefusal
 */
export function operate(path: string, resource: unknown, place: Place, grant: Grant): Results {
  const operation = OPERATIONS.get(path);
  if (operation === undefined) return { name: '', list: [] };
  const inputs = readInputs(resource, { ...operation.input, longest: place.limits.id });
  return { name: operation.output, list: operation.run(inputs, place, grant) };
}
