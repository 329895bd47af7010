/**
 * Answers to QRY^A19: the patients in an ADR^A19, and the pointer to the next page (PKB page 3365012701; HL7 v2, chapter 2,
 * DSC). PKB documents that an answer holds identifiers, name, date of birth and postcode, but not in which fields. They are
 * read from their usual fields in HL7.
 */
import { delimitersOf, type Delimiters } from '../hl7/delimiters.js';
import { unescape } from '../hl7/escape.js';
import { own } from '../hl7/own.js';
import { SegmentCursor } from '../hl7/segments.js';
import { identifierOf, isNhs, isWhole } from './identifiers.js';

/** The message type that asks for patients. */
export const QUERY = 'QRY^A19';

/** An identifier of a patient, as plain text. */
export interface FoundIdentifier {
  readonly value: string;
  /** The authority that issued it, such as `NHS`. */
  readonly authority: string;
  /** Such as `NH` or `MR`. */
  readonly type: string;
  /** Status of an NHS number, such as `01`, if PKB gives one. */
  readonly status?: string;
}

/** A patient that PKB knows. Values that PKB does not give are blank. */
export interface FoundPatient {
  /** The first NHS number among the identifiers. */
  readonly nhsNumber: string;
  readonly identifiers: readonly FoundIdentifier[];
  readonly family: string;
  readonly given: string;
  /** Such as `1970-01-31`; if it is not a whole day, as PKB writes it. */
  readonly birthDate: string;
  readonly postcode: string;
}

/** The content of an answer. */
export interface QueryAnswer {
  readonly patients: readonly FoundPatient[];
  /** DSC-1, if PKB has more patients: the pointer to give in the next query. */
  readonly next?: string;
}

/**
 * Reads an answer, in time proportional to its length.
 *
 * @param hl7 an ADR^A19 whose segments end with CR, LF or CRLF
 * @returns a patient for each PID, in order; values are copies, so that a patient that is kept does not keep the whole
 *   text in memory
 */
export function readQueryAnswer(hl7: string): QueryAnswer {
  const delimiters = delimitersOf(hl7);
  const patients: FoundPatient[] = [];
  let next = '';
  const cursor = new SegmentCursor(hl7);
  const segment = (): string => own(hl7.slice(cursor.start, cursor.end));
  while (cursor.next()) {
    if (cursor.is('PID', delimiters.field)) patients.push(patientOf(segment(), delimiters));
    else if (cursor.is('DSC', delimiters.field))
      next = plain(segment().split(delimiters.field, 2)[1], delimiters);
  }
  return next === '' ? { patients } : { patients, next };
}

/** PID-2 and PID-3, PID-5, PID-7 and PID-11. */
function patientOf(pid: string, delimiters: Delimiters): FoundPatient {
  const fields = pid.split(delimiters.field, 12);
  const identifiers = [2, 3]
    .flatMap((n) => (fields[n] ?? '').split(delimiters.repetition))
    .map((raw) => identifierOf(raw.split(delimiters.component, 5)))
    .filter(isWhole)
    .map(({ value, authority, type, status }) => ({
      value: plain(value, delimiters),
      authority: plain(authority, delimiters),
      type: plain(type, delimiters),
      ...(status === '' ? {} : { status }),
    }));
  const first = (n: number, component: number): string => {
    const [repetition = ''] = (fields[n] ?? '').split(delimiters.repetition, 1);
    const [subcomponent] = (repetition.split(delimiters.component, component)[component - 1] ?? '').split(
      delimiters.subcomponent,
      1,
    );
    return plain(subcomponent, delimiters);
  };
  return {
    nhsNumber: identifiers.find(isNhs)?.value ?? '',
    identifiers,
    family: first(5, 1),
    given: first(5, 2),
    birthDate: dayOf(first(7, 1)),
    postcode: first(11, 5),
  };
}

/** The day of a time stamp, as written, because PKB reads PID-7 literally (3365013095). */
function dayOf(written: string): string {
  const day = /^(\d{4})(\d\d)(\d\d)/.exec(written);
  return day ? `${day[1]}-${day[2]}-${day[3]}` : written;
}

function plain(raw: string | undefined, delimiters: Delimiters): string {
  return unescape(raw ?? '', delimiters).trim();
}
