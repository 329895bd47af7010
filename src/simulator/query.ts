/**
 * Answers to QRY^A19 (PKB page 3365012701): ADR^A19 with identifiers, name, date of birth and postcode of each patient.
 */
import { momentOf, readTimestamp } from '../hl7/timestamp.js';
import { isNhsIdentifier, nhsIdentifier } from './identifiers.js';
import type { ReceivedMessage } from './message.js';
import type { PatientRecord, Patients } from './patients.js';
import { reject } from './rejection.js';

/** The result of a query. */
export interface QueryReply {
  /** The segments after MSA. */
  readonly segments: readonly string[];
  /** The result in words. */
  readonly text: string;
}

/** Upper limit of patients in one answer to a status query. The client asks for the next ones with DSC. */
const MOST = 10_000;

/**
 * Answers a query.
 *
 * @throws Rejection for a query that PKB does not document
 */
export function answerQuery(message: ReceivedMessage, patients: Patients): QueryReply {
  const subject = message.text('QRD-9.1');
  if (subject !== 'DEM' && subject !== 'STA') reject('QRD-9 must be DEM or STA (simulator wording)');
  const wanted = [
    bySubject(message),
    byTime(message),
    ...(subject === 'STA' ? [byRegistration(message)] : []),
  ];
  const found = patients.all().filter((record) => wanted.every((fits) => fits(record)));
  // A demographics query cannot be limited (PKB page 4424237132).
  const page = subject === 'STA' ? pageOf(message, found) : found;
  const last = page.at(-1);
  const more = subject === 'STA' && last !== undefined && last !== found.at(-1);
  const [qrd] = message.all('QRD');
  return {
    segments: [
      message.hl7.slice(qrd?.start, qrd?.end),
      ...page.map(pidOf),
      ...(more ? [`DSC|${last.serial}|I`] : []),
    ],
    text: `A query: ${page.length} of ${found.length} patients found are in the answer.`,
  };
}

type Fits = (record: PatientRecord) => boolean;

/** QRD-8: an identifier in the first component, its type in the thirteenth. Any type except MR means the national number. */
function bySubject(message: ReceivedMessage): Fits {
  const id = message.text('QRD-8[1].1').trim();
  if (id === '') return () => true;
  if (message.text('QRD-8[1].13') !== 'MR') {
    const identifier = nhsIdentifier(id);
    return ({ identifiers }) => identifiers.has(identifier);
  }
  return ({ identifiers }) =>
    [...identifiers].some(
      (one) => !isNhsIdentifier(one) && one.startsWith(`${id}^^^`) && one.endsWith('^MR'),
    );
}

/** QRF-2: changed at or after a time. */
function byTime(message: ReceivedMessage): Fits {
  const raw = message.raw('QRF-2') ?? '';
  if (raw === '') return () => true;
  const since = readTimestamp(raw);
  if (since === undefined) reject('QRF-2 is not a valid timestamp (simulator wording)');
  const from = momentOf(since).getTime();
  return ({ changed }) => changed >= from;
}

/** QRD-11: those registered with PKB, or not. */
function byRegistration(message: ReceivedMessage): Fits {
  switch (message.text('QRD-11.1')) {
    case '':
      return () => true;
    case 'REGISTERED':
      return ({ registered }) => registered;
    case 'NOT_REGISTERED':
      return ({ registered }) => !registered;
    default:
      return reject('QRD-11 must be REGISTERED or NOT_REGISTERED (simulator wording)');
  }
}

/** QRD-7 `n^RD` limits an answer. The next one begins at DSC-1 of the previous answer. */
function pageOf(message: ReceivedMessage, found: readonly PatientRecord[]): readonly PatientRecord[] {
  const pointer = message.text('DSC-1');
  if (!/^\d{0,15}$/.test(pointer)) reject('DSC-1 is none that was given (simulator wording)');
  const [size = '', unit = ''] = (message.raw('QRD-7') ?? '').split('^', 2);
  if (size !== '' && (!/^[1-9]\d{0,8}$/.test(size) || unit !== 'RD'))
    reject('QRD-7 must be a number and RD (simulator wording)');
  const most = Math.min(size === '' ? MOST : Number(size), MOST);
  const begin = found.findIndex(({ serial }) => serial > Number(pointer));
  return begin < 0 ? [] : found.slice(begin, begin + most);
}

function pidOf({ identifiers, family, given, birthDate, postcode }: PatientRecord, index: number): string {
  return `PID|${index + 1}||${[...identifiers].join('~')}||${family}^${given}||${birthDate}||||^^^^${postcode}`;
}
