/**
 * The fields of each kind of message. Made from the JSON Schemas by scripts/fields.mjs; change those.
 */

/**
 * The fields of a message, of any kind.
 */
export type MessageFields =
  | AppointmentFields
  | CarePlanFields
  | DemographicsFields
  | DocumentDeletionFields
  | DocumentFields
  | EncounterFields
  | MeasurementFields
  | QueryFields
  | RadiologyFields
  | ResultDeletionFields
  | ResultFields;
/**
 * Text on one line, of any characters but control characters.
 */
export type Text = string;
/**
 * An NHS number: ten digits, with or without blanks between them.
 */
export type NhsNumber = string;
/**
 * A day, ISO 8601 or HL7, such as 1970-01-31.
 */
export type IsoDate = string;
/**
 * An e-mail address.
 */
export type EmailAddress = string;
/**
 * A day or a time, ISO 8601 or HL7, such as 2026-01-31T09:30+00:00.
 */
export type IsoTime = string;
/**
 * A time to the minute at least, ISO 8601 or HL7.
 */
export type IsoMoment = string;
/**
 * Text on one or more lines.
 */
export type Lines = string;
/**
 * An address that begins with https://.
 */
export type WebAddress = string;
/**
 * A year, month, day or time, ISO 8601 or HL7.
 */
export type IsoPartialTime = string;
/**
 * A number of days.
 */
export type Days = number;
/**
 * Final, preliminary or corrected (HL7 table 0085).
 */
export type ResultStatus = 'F' | 'P' | 'C';

/**
 * An appointment (SIU^S12, S13, S14, S15, S26). Change one with reschedule or change: a second new one replaces it, and links in e-mails already sent break.
 */
export interface AppointmentFields {
  kind: 'appointment';
  /**
   * new (S12), reschedule (S13), change (S14), cancel (S15) or did-not-attend (S26).
   */
  event: 'new' | 'reschedule' | 'change' | 'cancel' | 'did-not-attend';
  id?: Text;
  patient: Patient;
  start?: IsoMoment;
  end?: IsoMoment;
  subject?: Text;
  type?: Text;
  typeText?: Text;
  location?: Text;
  specialty?: Text;
  notes?: Lines;
  /**
   * Who else takes part. Needed for reschedule and change, where the list replaces PKB's: an empty one empties it. An appointment partner may leave it out of a change that only sets manageUrl of the Customer's appointment.
   */
  participants?: Participant[];
  manageUrl?: WebAddress;
}
/**
 * Who the message is about. An NHS number or other identifiers, name and date of birth are always needed: PKB matches by the identifier and compares the date of birth.
 */
export interface Patient {
  nhsNumber?: NhsNumber;
  /**
   * Status of the NHS number; 01 is verified. The Customer's where left out.
   */
  nhsNumberStatus?: '01' | '02' | '03' | '04' | '05' | '06' | '07' | '08';
  /**
   * Other identifiers, each with value, authority and type as agreed with PKB.
   */
  identifiers?: Identifier[];
  name: PatientName;
  birthDate: IsoDate;
  /**
   * M, F, I (indeterminate) or U (unknown). Where PKB does not know the patient yet, it needs it to create the record.
   */
  sex?: 'M' | 'F' | 'I' | 'U';
  address?: Address;
  email?: EmailAddress;
  phone?: Text;
  mobile?: Text;
  workEmail?: EmailAddress;
  workPhone?: Text;
  /**
   * Language, ISO 639, such as en or cy.
   */
  language?: string;
  /**
   * Whether the patient has died.
   */
  died?: boolean;
  diedAt?: IsoTime;
}
/**
 * An identifier as PKB matches by: value, authority and type.
 */
export interface Identifier {
  value: Text;
  authority: Text;
  type: Text;
}
/**
 * The patient's name.
 */
export interface PatientName {
  family: Text;
  given: Text;
  middle?: Text;
  suffix?: Text;
  prefix?: Text;
}
/**
 * A postal address; at least one part.
 */
export interface Address {
  street?: Text;
  other?: Text;
  city?: Text;
  county?: Text;
  postcode?: Text;
  /**
   * Country, ISO 3166 in three letters, such as GBR.
   */
  country?: string;
}
/**
 * Somebody who takes part in an appointment.
 */
export interface Participant {
  family: Text;
  given?: Text;
  middle?: Text;
  prefix?: Text;
  role?: Text;
}
/**
 * A care plan (MDM^T02 with TXA-2 CP). Sent again with the same ID, it becomes a new version; PKB cannot delete it.
 */
export interface CarePlanFields {
  kind: 'care-plan';
  id?: Text;
  patient: Patient;
  title: Text;
  time: IsoTime;
  /**
   * The care plan as PDF: a Buffer, or text in base64.
   */
  pdf?: string | Uint8Array;
  /**
   * The care plan as HTML.
   */
  html?: string;
  fileName?: Text;
  author?: Professional;
  specialty?: Text;
}
/**
 * A health professional. PKB wants at least the family name.
 */
export interface Professional {
  family: Text;
  given?: Text;
  middle?: Text;
  prefix?: Text;
}
/**
 * A person's details (ADT^A28, A31). PKB applies them only if the message is not older than what the record holds.
 */
export interface DemographicsFields {
  kind: 'demographics';
  /**
   * add (A28) or update (A31); PKB treats both alike.
   */
  event: 'add' | 'update';
  patient: Patient;
  clinical?: ClinicalLists;
  teams?: Teams;
}
/**
 * Replaces the Customer's whole list of each kind given, including what its professionals typed in. PKB discourages this; pkb-guard blocks it unless told otherwise.
 */
export interface ClinicalLists {
  /**
   * The patient's whole list of allergies.
   */
  allergies?: Allergy[];
  /**
   * The patient's whole list of diagnoses.
   */
  diagnoses?: Diagnosis[];
  /**
   * The patient's whole list of medication.
   */
  medication?: Medicine[];
}
/**
 * An allergy.
 */
export interface Allergy {
  allergen: Coded;
  severity?: Text;
  reaction?: Text;
  onset?: IsoPartialTime;
  provider?: Text;
}
/**
 * A code, a text, or both.
 */
export interface Coded {
  code?: Text;
  text?: Text;
}
/**
 * A diagnosis.
 */
export interface Diagnosis {
  diagnosis: Coded;
  time?: IsoPartialTime;
}
/**
 * A medicine that the patient takes.
 */
export interface Medicine {
  product: Text;
  code?: Text;
  dose?: Text;
  units?: Text;
  frequency?: Text;
  start?: IsoPartialTime;
  end?: IsoPartialTime;
}
/**
 * Changes which of the Customer's teams see the patient. PKB adds and removes as told; pkb-guard blocks it unless told otherwise.
 */
export interface Teams {
  /**
   * Aliases of teams to add; the Customer's default team must be among them, else PKB answers AR.
   */
  add?: Text[];
  /**
   * Aliases of teams to remove; none may be in add.
   */
  remove?: Text[];
}
/**
 * Deletes a document by its ID (MDM^T11). An ID that PKB does not know has no effect; a care plan cannot be deleted.
 */
export interface DocumentDeletionFields {
  kind: 'document-deletion';
  id?: Text;
  patient: Patient;
}
/**
 * A letter or other document for the patient (MDM^T02). Sent again with the same ID, it replaces the document whole.
 */
export interface DocumentFields {
  kind: 'document';
  id?: Text;
  patient: Patient;
  /**
   * Type of document, from PKB's code set PKBCS05: AL appointment letter, AN alert notification, BR birth report, CL clinic letter, DL discharge letter, DS discharge summary, MDT, RL referral letter, TCI.
   */
  type: 'AL' | 'AN' | 'BR' | 'CL' | 'DL' | 'DS' | 'MDT' | 'RL' | 'TCI';
  /**
   * The document as PDF: a Buffer, or text in base64.
   */
  pdf?: string | Uint8Array;
  /**
   * The document as HTML.
   */
  html?: string;
  /**
   * The document as plain text.
   */
  text?: string;
  fileName?: Text;
  title?: Text;
  time?: IsoTime;
  author?: Professional;
  delayDays?: Days;
  patientClass?: Text;
  specialty?: Text;
}
/**
 * A stay in hospital (ADT^A01, A02, A03, A05, A08, A14) and what takes it back (A11, A12, A13, A38, A27).
 */
export interface EncounterFields {
  kind: 'encounter';
  /**
   * admit (A01), transfer (A02), discharge (A03), pre-admit (A05), update (A08; cannot be taken back), pending-admit (A14), cancel-admit (A11), cancel-transfer (A12, the latest), cancel-discharge (A13), cancel-pre-admit (A38) or cancel-pending-admit (A27). PKB makes an appointment of pre-admit and pending-admit, too.
   */
  event:
    | 'admit'
    | 'transfer'
    | 'discharge'
    | 'pre-admit'
    | 'update'
    | 'pending-admit'
    | 'cancel-admit'
    | 'cancel-transfer'
    | 'cancel-discharge'
    | 'cancel-pre-admit'
    | 'cancel-pending-admit';
  id?: Text;
  patient: Patient;
  patientClass?: Text;
  location?: Text;
  attending?: Professional;
  referring?: Professional;
  consulting?: Professional;
  specialty?: Text;
  admitted?: IsoTime;
  discharged?: IsoTime;
  occurred?: IsoTime;
}
/**
 * Measurements of a device or at home (ORU^R01 with SNOMED CT codes agreed with PKB). They cannot be changed: delete the report and send it anew.
 */
export interface MeasurementFields {
  kind: 'measurement';
  id?: Text;
  patient: Patient;
  time: IsoTime;
  /**
   * The measurements.
   */
  measurements: Measurement[];
  codingSystem?: Text;
  orderedBy?: Professional;
  specialty?: Text;
}
/**
 * One measurement.
 */
export interface Measurement {
  /**
   * SNOMED CT code agreed with PKB.
   */
  code: string;
  text?: Text;
  /**
   * The value.
   */
  value: number;
  units: Text;
  unitsText?: Text;
  time?: IsoTime;
}
/**
 * Asks PKB for patients (QRY^A19): by NHS number, by another identifier, all changed since a time, or all who are or are not registered with PKB, a page at a time.
 */
export interface QueryFields {
  kind: 'query';
  nhsNumber?: NhsNumber;
  identifier?: QueryIdentifier;
  changedSince?: IsoTime;
  /**
   * Only patients who are registered with PKB, or who are not. Asks for their status instead of their demographics.
   */
  registration?: 'registered' | 'not-registered';
  /**
   * How many patients one answer may hold, with registration; 10,000 at most.
   */
  limit?: number;
  after?: Text;
}
/**
 * Another identifier, with its type.
 */
export interface QueryIdentifier {
  value: Text;
  type: Text;
}
/**
 * A radiology report (ORU^R01 with MSH-3 RADIOLOGY, whatever Sender says in the node), which PKB shows under Imaging. Sent again with the same ID, it is replaced.
 */
export interface RadiologyFields {
  kind: 'radiology';
  id?: Text;
  patient: Patient;
  test: Coded;
  time: IsoTime;
  report: Lines;
  status?: ResultStatus;
  delayDays?: Days;
  orderedBy?: Professional;
  specialty?: Text;
}
/**
 * Deletes all results or measurements of a report by its ID (ORU^R01 with OBR-25 R).
 */
export interface ResultDeletionFields {
  kind: 'result-deletion';
  id?: Text;
  patient: Patient;
  test?: Coded;
  time?: IsoTime;
  /**
   * Whether it is a radiology report; it then needs test and time as well.
   */
  radiology?: boolean;
}
/**
 * A laboratory report (ORU^R01): one value per test in one or several panels, or one text. Sent again with the same ID, each test is replaced.
 */
export interface ResultFields {
  kind: 'result';
  id?: Text;
  patient: Patient;
  test?: Coded;
  time: IsoTime;
  /**
   * The single results.
   */
  results?: Observation[];
  report?: Lines;
  /**
   * Several panels (such as a full blood count and liver function) of one order: all under the report's one ID, and no test twice among them.
   */
  panels?: Panel[];
  status?: ResultStatus;
  delayDays?: Days;
  comment?: Lines;
  orderedBy?: Professional;
  laboratory?: Text;
  specialty?: Text;
}
/**
 * One result.
 */
export interface Observation {
  test: Coded;
  /**
   * A number, a text, or { comparator, number } such as less than 5.
   */
  value: number | string | { comparator: '<' | '<=' | '>' | '>='; number: number };
  units?: Text;
  range?: Text;
  /**
   * Abnormal flag, such as H high, L low or N normal (HL7 table 0078).
   */
  flag?: 'N' | 'H' | 'L' | 'HH' | 'LL' | 'A' | 'AA' | '<' | '>' | 'S' | 'R' | 'I';
  status?: ResultStatus;
  time?: IsoTime;
  comment?: Lines;
}
/**
 * One panel of results.
 */
export interface Panel {
  test: Coded;
  time?: IsoTime;
  /**
   * Its results.
   */
  results: Observation[];
  comment?: Lines;
}
