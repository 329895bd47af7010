/**
 * The records that the simulator keeps: enough of a patient to match by, and per Customer the data points and clinical
 * lists, so that an integrator sees what a message would have done to them.
 */

/** The lists that an A28 or A31 replaces, by the segment that carries them (PKB page 3365078168). */
export const CLINICAL_LISTS = { AL1: 'allergies', DG1: 'diagnoses', ZRX: 'medication' } as const;

/** The name of a clinical list. */
export type ClinicalList = (typeof CLINICAL_LISTS)[keyof typeof CLINICAL_LISTS];

/** What one Customer holds about a patient. */
export interface Holdings {
  readonly lists: Record<ClinicalList, string[]>;
  /** Data point IDs with the message type that last wrote them. */
  readonly dataPoints: Map<string, { messageType: string; held: boolean }>;
}

/** A patient's record. */
export interface PatientRecord {
  /** `value^^^authority^type` without NHS number status. */
  readonly identifiers: Set<string>;
  /** PID-7 as `yyyyMMdd`; blank where never given. */
  birthDate: string;
  /** MSH-7 of the demographics that stand, as milliseconds since 1970. */
  entered: number;
  readonly customers: Map<string, Holdings>;
}

/** All records, found by any of their identifiers. */
export class Patients {
  readonly #byIdentifier = new Map<string, PatientRecord>();

  /** The different records that some identifiers lead to. */
  find(identifiers: readonly string[]): PatientRecord[] {
    const found = identifiers.flatMap((identifier) => this.#byIdentifier.get(identifier) ?? []);
    return [...new Set(found)];
  }

  /** Makes a record. */
  create(identifiers: readonly string[], birthDate: string): PatientRecord {
    const record = { identifiers: new Set<string>(), birthDate, entered: 0, customers: new Map() };
    this.identify(record, identifiers);
    return record;
  }

  /** Adds identifiers to a record. */
  identify(record: PatientRecord, identifiers: readonly string[]): void {
    for (const identifier of identifiers) {
      record.identifiers.add(identifier);
      this.#byIdentifier.set(identifier, record);
    }
  }
}

/**
 * What a Customer holds about a patient. At first sight it has one entry in each clinical list, as if typed in by its
 * professionals: that is what a Partner's message would overwrite.
 */
export function holdingsOf(record: PatientRecord, customer: string): Holdings {
  let holdings = record.customers.get(customer);
  if (holdings === undefined) {
    holdings = {
      lists: {
        allergies: ["Penicillin (the Customer's entry)"],
        diagnoses: ["Asthma (the Customer's entry)"],
        medication: ["Salbutamol inhaler (the Customer's entry)"],
      },
      dataPoints: new Map(),
    };
    record.customers.set(customer, holdings);
  }
  return holdings;
}
