/**
 * The patients with a record from the start, so that letters, appointments and results find one.
 */
import { PkbConfigError } from '../errors.js';
import { escape } from '../hl7/escape.js';
import { isNhsNumber } from '../pkb/nhs-number.js';
import { nhsIdentifier } from './identifiers.js';
import type { Patients, Standing } from './patients.js';

/** A patient as entered in the node. */
export interface KnownPatient {
  /** Ten digits. */
  readonly nhsNumber: string;
  /** `yyyy-MM-dd`. */
  readonly birthDate: string;
  readonly family?: string;
  readonly given?: string;
  readonly postcode?: string;
  /** Whether the patient has their own PKB account; default true. */
  readonly registered?: boolean;
  /** Whether the patient has died; default false. */
  readonly deceased?: boolean;
  /** Whether the record is outside every organisation that asks: `$status-query` says "No access"; default false. */
  readonly noAccess?: boolean;
}

/** The fields of {@link KnownPatient} that are true or false, and what they are if left out. */
export const STANDING = { registered: true, deceased: false, noAccess: false } as const;

/** The patients of the examples. Their NHS numbers are from the 999 range, which is never issued. */
export const DEFAULT_PATIENTS: readonly KnownPatient[] = [
  known('9990000018', '1970-01-31', 'Example', 'Alex', 'N1 1AA'),
  known('9990000026', '1985-06-15', 'Sample', 'Robin', 'N1 1AB'),
  known('9990000034', '1990-12-01', 'Specimen', 'Jo', 'N1 1AC'),
  known('9990000042', '1975-03-09', 'Correction', 'Kim', 'N1 1AD'),
];

/** Upper limit of patients in the setting, which is meant for a few. */
const MOST = 1_000;

/**
 * Makes a record for each of these patients. They count as registered with PKB unless they say otherwise.
 *
 * @throws PkbConfigError `PKB_SETTING` if the setting is not a list of patients; the text has the place, not the value
 */
export function addKnown(patients: Patients, list: readonly KnownPatient[]): void {
  if (!Array.isArray(list) || list.length > MOST) throw wrong(`are a list of at most ${MOST}`);
  for (const [i, one] of (list as readonly unknown[]).entries()) {
    const { nhsNumber, birthDate, family, given, postcode } = textsOf(one);
    if (!isNhsNumber(nhsNumber)) throw wrong(`need a valid NHS number; number ${i + 1} has none`);
    if (!isDay(birthDate)) throw wrong(`need a date of birth as yyyy-mm-dd; number ${i + 1} has none`);
    const person = {
      birthDate: birthDate.replaceAll('-', ''),
      family: escape(family),
      given: escape(given),
      postcode: escape(postcode),
    };
    const identifiers = [nhsIdentifier(nhsNumber.replaceAll(' ', ''))];
    if (patients.find(identifiers).length > 0)
      throw wrong(`are each entered once; number ${i + 1} is entered twice`);
    patients.create(identifiers, person, standingOf(one, i + 1));
  }
}

/** @param place counts from 1 */
function standingOf(one: unknown, place: number): Required<Standing> {
  const fields = (one ?? {}) as Record<string, unknown>;
  const flag = (name: keyof typeof STANDING): boolean => {
    const value = fields[name] ?? STANDING[name];
    if (typeof value === 'boolean') return value;
    throw wrong(`have ${name} as true or false; number ${place} has not`);
  };
  return { registered: flag('registered'), deceased: flag('deceased'), noAccess: flag('noAccess') };
}

function known(nhsNumber: string, birthDate: string, family: string, given: string, postcode: string): Texts {
  return { nhsNumber, birthDate, family, given, postcode };
}

/** The fields of {@link KnownPatient} that are texts. */
type Texts = Required<Omit<KnownPatient, keyof typeof STANDING>>;

function textsOf(one: unknown): Texts {
  const fields = (one ?? {}) as Record<string, unknown>;
  const text = (name: keyof Texts): string => {
    const value = fields[name];
    return typeof value === 'string' ? value.trim() : '';
  };
  return known(text('nhsNumber'), text('birthDate'), text('family'), text('given'), text('postcode'));
}

function isDay(text: string): boolean {
  if (!/^\d{4}-?\d\d-?\d\d$/.test(text)) return false;
  const day = text.replaceAll('-', '').replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3');
  const moment = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(day);
}

function wrong(what: string): PkbConfigError {
  return new PkbConfigError('PKB_SETTING', `The patients that the simulator knows ${what}.`);
}
