/** What a situation is, and the small messages that situations are made from by changing a field or two. */
import type { MessageFields } from '../../../../src/pkb/compose/fields.js';
import type { GuardContext } from '../../../../src/pkb/guard/rule.js';
import type { KnownPatient } from '../../../../src/simulator/known-patients.js';
import { NHS_NUMBERS } from '../../../support/messages.js';

/** What is known besides a message, with what pkb-build tells of the message that it was given. */
export type SituationContext = GuardContext & { readonly sendingApplicationBefore?: string };

/** What stands behind a row: PKB documents it, it follows from what PKB documents, or nobody outside PKB knows. */
export type Mark = 'D' | 'I' | 'U';

/** What PKB makes of a message. `held` is AA, and a wait for the Customer's review. */
export type Answer = 'AA' | 'AR' | 'held';

/** What all rows say. */
interface Row {
  /** A sentence. */
  readonly it: string;
  /** Ids of the rules that find something: these and no other. */
  readonly finds: readonly string[];
  /** The rule of which this is the near miss. */
  readonly near?: string;
  /** PKB's answer: as documented where the row is marked D, else as the simulator infers it. */
  readonly pkb?: Answer;
  /** Some words of what the simulator says it did. */
  readonly effect?: RegExp;
  /** Whether PKB has no record of the patient; it has one where left out. */
  readonly stranger?: true;
  /** Whether the organisation has auto-create. */
  readonly autoCreate?: true;
  /** What PKB was sent before. */
  readonly after?: readonly string[];
  readonly mark: Mark;
  /** Ids of PKB's pages, the name of one of its roadmap pages, or the standard that says so. */
  readonly page: string;
}

/** A message that came as HL7, and what becomes of it. */
export interface Situation extends Row {
  readonly message: string;
  readonly context?: SituationContext;
}

/** Fields to compose from, and what becomes of them. */
export interface ComposedSituation extends Row {
  readonly fields: MessageFields;
  /** What stands at a path, as plain text; blank for nothing. */
  readonly says: Readonly<Record<string, string>>;
  /** Which instant stands at a path, in ISO 8601. */
  readonly means?: Readonly<Record<string, string>>;
}

/** Raw text by field number. */
export type Fields = Readonly<Record<number, string>>;

/** A message from which situations are made: its segments by name, in their order. */
export type Base = Readonly<Record<string, Fields>>;

/** A segment from its fields. */
export function segment(name: string, fields: Fields = {}): string {
  // MSH-1 is the separator itself.
  const first = name === 'MSH' ? 2 : 1;
  const last = Math.max(first, ...Object.keys(fields).map(Number));
  let out = name;
  for (let n = first; n <= last; n++) out += `|${fields[n] ?? ''}`;
  return `${out}\r`;
}

/**
 * A message like a base, but for some fields.
 *
 * @param changes fields by segment name, which a base that has no such segment gets as a further one; null takes one away
 * @param more segments for the end
 */
export function like(
  base: Base,
  changes: Readonly<Record<string, Fields | null>> = {},
  ...more: readonly string[]
): string {
  const names = new Set([...Object.keys(base), ...Object.keys(changes)]);
  const segments = [...names].map((name) => {
    const change = changes[name];
    return change === null ? '' : segment(name, { ...base[name], ...change });
  });
  return [...segments, ...more].join('');
}

/** A number that PKB knows, and one of somebody else whom it knows. */
export const [NHS, OTHER_NHS] = NHS_NUMBERS;

/** The patients whom PKB has a record of. */
export const PATIENTS: readonly KnownPatient[] = [
  { nhsNumber: NHS, birthDate: '1970-01-31', family: 'Example', given: 'Alex' },
  { nhsNumber: OTHER_NHS, birthDate: '1985-01-01', family: 'Sample', given: 'Robin' },
];

/** IDs as a Partner makes them. */
export const ID = 'f691896e-977f-4f06-91ee-625155ca71f8';
export const OTHER_ID = '0b8a6e0e-8f0b-4f7e-9d7e-0d6a3f2b1c4d';

/** PID-3 with a verified NHS number. */
export const VERIFIED = `${NHS}^^^NHS^NH{status:01}`;

const msh = (type: string): Fields => ({
  2: '^~\\&',
  3: 'MAILCO',
  4: 'trustalias{trustalias}',
  5: 'HL7API',
  6: 'PKB',
  7: '20260301120000',
  9: type,
  10: 'C1',
  11: 'P',
  12: '2.4',
});

/** A base of a message type, with a patient and further segments. */
export function base(type: string, more: Base = {}): Base {
  return { MSH: msh(type), PID: { 3: VERIFIED, 5: 'Example^Alex', 7: '19700131', 8: 'F' }, ...more };
}

/** A base like another one, of another type. */
export function typed(from: Base, type: string): Base {
  return { ...from, MSH: msh(type) };
}

export const A28 = base('ADT^A28');
export const A31 = base('ADT^A31');
export const LETTER = base('MDM^T02', {
  TXA: { 1: '1', 2: 'CL', 4: '20260228', 12: ID, 17: 'AU' },
  OBX: { 1: '1', 2: 'ED', 3: '^Letter', 5: '^TEXT^PDF^Base64^JVBERi0=' },
});
export const CARE_PLAN = base('MDM^T02', {
  TXA: { 1: '1', 2: 'CP', 4: '20260228', 12: ID, 17: 'AU' },
  OBX: { 1: '1', 2: 'ED', 3: '^Plan', 5: '^TEXT^HTML^A^<p>Plan</p>' },
});
export const DELETION = base('MDM^T11', { TXA: { 12: ID } });
export const APPOINTMENT = base('SIU^S12', {
  SCH: { 1: ID, 7: '^Check-up', 11: '^^^202604011030^202604011100' },
  PV1: { 3: '^^^^^^^^Health centre' },
});
export const REPORT = base('ORU^R01', {
  ORC: { 1: 'RE', 3: ID },
  OBR: { 1: '1', 3: ID, 4: 'TFT^Thyroid function test', 7: '202602280800', 25: 'F' },
  OBX: { 1: '1', 2: 'NM', 3: 'TSH^TSH', 5: '4.2', 6: 'mU/L', 11: 'F' },
});
export const IMAGING: Base = {
  ...REPORT,
  MSH: { ...msh('ORU^R01'), 3: 'RADIOLOGY' },
  OBR: { 1: '1', 3: ID, 4: 'XR^Chest X-ray', 7: '202602280800', 25: 'F' },
  OBX: { 1: '1', 2: 'TX', 3: 'XR^Chest X-ray', 5: 'Clear', 11: 'F' },
};
export const STAY = base('ADT^A01', {
  PV1: { 1: '1', 2: 'I', 3: '^^^^^^^^My Ward', 19: ID, 44: '202602281000' },
});
export const QUERY: Base = {
  MSH: msh('QRY^A19'),
  QRD: { 1: '20260301120000', 2: 'R', 3: 'I', 4: 'Q1', 8: `${NHS}^^^^^^^^^^^^NH`, 9: 'DEM' },
};

/** MSH-7 as pkb-build writes it. */
export const WITH_OFFSET: Fields = { 7: '20260301120000+0000' };
