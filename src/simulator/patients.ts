/**
 * The simulator's records. A record has enough data to find the patient and to answer a query. It also has the clinical lists
 * and data points of each Customer, to show what a message would have done to them. Everything is limited; the least recently
 * changed records are forgotten first.
 */
import type { Family } from '../pkb/catalogue.js';
import type { Limits } from './limits.js';

/** The lists that an A28 or A31 replaces: the segment that carries each, and the field of its entry (PKB page 3365078168). */
export const CLINICAL_LISTS = [
  { segment: 'AL1', field: 3, list: 'allergies' },
  { segment: 'DG1', field: 3, list: 'diagnoses' },
  { segment: 'ZRX', field: 2, list: 'medication' },
] as const;

/** The name of a clinical list. */
export type ClinicalList = (typeof CLINICAL_LISTS)[number]['list'];

/** The entries of one Customer's clinical lists about a patient. */
export type HeldLists = Record<ClinicalList, readonly string[]>;

/** The parts of a data point on which later messages depend. */
export interface KeptDataPoint {
  /** Whether it waits for the Customer's review. */
  readonly held: boolean;
  /** A care plan cannot be deleted (PKB page 3364947080). */
  readonly carePlan: boolean;
}

/** The patient's details as raw HL7 text, as received. */
export interface Person {
  /** PID-7 as `yyyyMMdd`; blank if never given. */
  birthDate: string;
  family: string;
  given: string;
  postcode: string;
}

/** A patient's record. */
export interface PatientRecord extends Person {
  /** Running number; later records have higher numbers. */
  readonly serial: number;
  /** `value^^^authority^type` without NHS number status. */
  readonly identifiers: Set<string>;
  /** Whether the patient has their own PKB account. A query can ask for this. */
  readonly registered: boolean;
  /** Whether the patient has died: PID-30, or as entered. */
  deceased: boolean;
  /** Whether the record is outside every organisation, so that `$status-query` says "No access". */
  readonly noAccess: boolean;
  /** MSH-7 of the current demographics, as milliseconds since 1970. */
  entered: number;
  /** When the demographics were last written, as milliseconds since 1970. */
  changed: number;
  /** Clinical lists by Customer (raw MSH-4). */
  readonly customers: Map<string, HeldLists>;
  /** Data points by {@link dataPointKey}. */
  readonly dataPoints: Map<string, KeptDataPoint>;
  /** Estimated size. */
  bytes: number;
}

/** Properties of a record that no message has to name. */
export interface Standing {
  readonly registered?: boolean;
  readonly deceased?: boolean;
  readonly noAccess?: boolean;
}

/** The key of a data point. Each Customer and each kind of message has its own IDs. */
export function dataPointKey(customer: string, family: Family, id: string): string {
  return `${customer}|${family}|${id}`;
}

/** Estimated bytes of a record, and of an entry in one of its maps, without the texts. */
const RECORD_BYTES = 1_500;
const ENTRY_BYTES = 100;

/** All records, found by any of their identifiers. */
export class Patients {
  readonly #limits: Limits;
  readonly #byIdentifier = new Map<string, PatientRecord>();
  /** In the order of their last change. */
  readonly #records = new Set<PatientRecord>();
  #serial = 0;
  #bytes = 0;
  #forgotten = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** How many patients and data points have been forgotten. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** All records, the oldest first. */
  all(): PatientRecord[] {
    return [...this.#records].toSorted((a, b) => a.serial - b.serial);
  }

  /** The different records that have any of these identifiers. */
  find(identifiers: readonly string[]): PatientRecord[] {
    const found = identifiers.flatMap((identifier) => this.#byIdentifier.get(identifier) ?? []);
    return [...new Set(found)];
  }

  /** Makes a record. By default, the patient is not registered, is alive, and can be asked for by every organisation. */
  create(identifiers: readonly string[], person: Person, standing: Standing = {}): PatientRecord {
    const { registered = false, deceased = false, noAccess = false } = standing;
    const record: PatientRecord = {
      ...person,
      serial: ++this.#serial,
      identifiers: new Set(),
      registered,
      deceased,
      noAccess,
      entered: 0,
      changed: 0,
      customers: new Map(),
      dataPoints: new Map(),
      bytes: 0,
    };
    this.#grow(record, RECORD_BYTES);
    this.identify(record, identifiers);
    return record;
  }

  /** Adds identifiers to a record, up to the limit. */
  identify(record: PatientRecord, identifiers: readonly string[]): void {
    for (const identifier of identifiers) {
      if (record.identifiers.has(identifier) || record.identifiers.size >= this.#limits.identifiers) continue;
      record.identifiers.add(identifier);
      this.#byIdentifier.set(identifier, record);
      this.#grow(record, sizeOf(identifier));
    }
  }

  /**
   * The clinical lists of a Customer about a patient. At first, each list has one entry, as if typed in by the Customer's
   * professionals. A Partner's message would overwrite it.
   */
  listsOf(record: PatientRecord, customer: string): HeldLists {
    return record.customers.get(customer) ?? TYPED_IN;
  }

  /** Replaces one clinical list. */
  setList(record: PatientRecord, customer: string, list: ClinicalList, entries: readonly string[]): void {
    const before = this.listsOf(record, customer);
    const known = record.customers.has(customer);
    record.customers.set(customer, { ...before, [list]: entries });
    const added = entries.reduce((sum, entry) => sum + sizeOf(entry), known ? 0 : sizeOf(customer));
    this.#grow(record, added - before[list].reduce((sum, entry) => sum + sizeOf(entry), 0));
  }

  /** Writes a data point; if there are too many, the patient's oldest is forgotten. */
  setDataPoint(record: PatientRecord, key: string, dataPoint: KeptDataPoint): void {
    const known = record.dataPoints.has(key);
    record.dataPoints.set(key, dataPoint);
    this.#grow(record, known ? 0 : sizeOf(key));
    const [oldest] = record.dataPoints.keys();
    if (record.dataPoints.size <= this.#limits.dataPoints || oldest === undefined) return;
    this.deleteDataPoint(record, oldest);
    this.#forgotten++;
  }

  /** Deletes a data point. */
  deleteDataPoint(record: PatientRecord, key: string): void {
    if (record.dataPoints.delete(key)) this.#grow(record, -sizeOf(key));
  }

  /** Counts bytes added to a record, makes it the last one changed, and forgets others beyond the limits. */
  #grow(record: PatientRecord, bytes: number): void {
    record.bytes += bytes;
    this.#bytes += bytes;
    this.#records.delete(record);
    this.#records.add(record);
    for (const oldest of this.#records) {
      if (this.#records.size <= this.#limits.patients && this.#bytes <= this.#limits.memory) return;
      this.#forget(oldest);
    }
  }

  #forget(record: PatientRecord): void {
    this.#records.delete(record);
    this.#bytes -= record.bytes;
    this.#forgotten++;
    for (const identifier of record.identifiers) {
      if (this.#byIdentifier.get(identifier) === record) this.#byIdentifier.delete(identifier);
    }
  }
}

const TYPED_IN: HeldLists = {
  allergies: ["Penicillin (the Customer's entry)"],
  diagnoses: ["Asthma (the Customer's entry)"],
  medication: ["Salbutamol inhaler (the Customer's entry)"],
};

function sizeOf(text: string): number {
  return 2 * text.length + ENTRY_BYTES;
}
