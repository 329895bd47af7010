/** Rules about the patient: what matching by ID and soft matching need (PKB pages 3365077836, 3364849216, 4213014614). */
import { isNhsNumber } from '../../nhs-number.js';
import { readTimestamp } from '../../../hl7/timestamp.js';
import type { Report, Rule } from '../rule.js';
import { codeOf, type Scan } from '../scan.js';
import { isDemographics } from './overwriting.js';

const PID = codeOf('PID');
type Check = (message: Scan, pid: number, report: Report) => void;

/** Looks at PID, in every message that has a patient: all but queries. */
function atPid(check: Check): Rule['check'] {
  return (message, report) => {
    const pid = message.first(PID);
    if (pid >= 0) check(message, pid, report);
  };
}

const isNhs = ([, , , authority, type]: readonly string[]): boolean =>
  authority === 'NHS' || type === 'NH' || type?.startsWith('NH{') === true;

/** Longer than anybody lives, in years. */
const OLDEST = 150;

function countEmails(field: string): number {
  return field === '' ? 0 : field.split('~').filter((repetition) => repetition.includes('@')).length;
}

export const IDENTITY: readonly Rule[] = [
  {
    id: 'identity.identifier',
    area: 'identity',
    title: 'No usable identifier',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'all but QRY^A19',
    text: 'PID-3 has no identifier with value, authority and type (components 1, 4 and 5), such as 9990000018^^^NHS^NH.',
    why: 'PKB reads only these three components and ignores identifiers of types it does not know; without one it rejects the message.',
    source: '3365077836, 3850600457',
    check: (message, report) => {
      if (message.messageType === 'QRY^A19') return;
      const pid = message.first(PID);
      if (pid < 0) report(-1, 'PID');
      else if (!message.identifiers().some((parts) => parts[0] && parts[3] && parts[4])) report(pid, '-3');
    },
  },
  {
    id: 'identity.nhs-number',
    area: 'identity',
    title: 'NHS number is wrong',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'all with PID',
    text: 'An NHS number in PID-3 does not have ten digits or fails its check digit (modulus 11); correct it at the source.',
    why: 'A mistyped number either finds nobody or, worse, somebody else.',
    source: 'NHS Data Dictionary, NHS NUMBER',
    check: atPid((message, pid, report) => {
      for (const [i, parts] of message.identifiers().entries()) {
        if (parts[0] && isNhs(parts) && !isNhsNumber(parts[0])) report(pid, `-3[${i + 1}]`);
      }
    }),
  },
  {
    id: 'identity.birth-date-missing',
    area: 'identity',
    title: 'Date of birth is missing',
    severity: 'warning',
    defaultAction: 'flag',
    appliesTo: 'all with PID',
    text: 'PID-7 (date of birth) is empty; where soft matching is on, PKB accepts the message and holds it for review.',
    why: 'Soft matching compares the date of birth. PKB answers AA first, so the sender does not learn that the message is held.',
    source: '4213014614',
    check: atPid((message, pid, report) => {
      if (message.pid(7) === '') report(pid, '-7');
    }),
  },
  {
    id: 'identity.birth-date',
    area: 'identity',
    title: 'Date of birth is impossible',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'all with PID',
    text: 'PID-7 (date of birth) is not a date that exists, is half specified, lies after MSH-7 or more than 150 years before it; write yyyyMMdd.',
    why: 'PKB rejects half-specified time stamps, and holds what does not match the record.',
    source: '3365013095, 4213014614',
    check: atPid((message, pid, report) => {
      const raw = message.pid(7);
      if (raw === '' || raw === '""') return;
      const year = readTimestamp(raw)?.year;
      const sent = Number(message.msh(7).slice(0, 4)) || year;
      if (year === undefined || sent === undefined || year > sent || year < sent - OLDEST) report(pid, '-7');
    }),
  },
  {
    id: 'identity.two-emails',
    area: 'identity',
    title: 'Several e-mail addresses in one field',
    severity: 'warning',
    defaultAction: 'flag',
    appliesTo: 'all with PID',
    text: 'PKB takes at most one e-mail address from PID-13 and one from PID-14; send one in each.',
    why: 'Which of several PKB takes is not defined.',
    source: '3364126763',
    check: atPid((message, pid, report) => {
      for (const n of [13, 14]) if (countEmails(message.pid(n)) > 1) report(pid, `-${n}`);
    }),
  },
  {
    id: 'identity.invitation',
    area: 'identity',
    title: 'E-mail address invites the patient',
    severity: 'warning',
    defaultAction: 'flag',
    appliesTo: 'ADT^A28, ADT^A31',
    text: 'The first e-mail address that PKB learns sends the patient an invitation; leave it out if that is not wanted.',
    why: 'Adding the first e-mail address has an effect in the real world, which tests and bulk loads do not mean to have.',
    source: '3364126763',
    check: atPid((message, pid, report) => {
      if (!isDemographics(message)) return;
      for (const n of [13, 14]) if (countEmails(message.pid(n)) > 0) report(pid, `-${n}`);
    }),
  },
  {
    id: 'identity.sex',
    area: 'identity',
    title: 'Sex is not U, M, F or I',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'all with PID',
    text: 'PID-8 (sex) must be U, M, F or I, or empty.',
    why: 'PKB answers "Invalid gender. Expected U, M, F or I".',
    source: '3850600457',
    check: atPid((message, pid, report) => {
      if (!['', '""', 'U', 'M', 'F', 'I'].includes(message.pid(8))) report(pid, '-8');
    }),
  },
  {
    id: 'identity.name',
    area: 'identity',
    title: 'Surname or given name is missing',
    severity: 'warning',
    defaultAction: 'flag',
    appliesTo: 'all with PID',
    text: 'PID-5.1 (surname) or PID-5.2 (given name) is empty; PKB cannot create a record without both.',
    why: 'PKB answers "Cannot create patient missing these fields" where the patient is new to it.',
    source: '3850600457, 4567400451',
    check: atPid((message, pid, report) => {
      for (const n of [1, 2])
        if (((message.pid(5).split('~', 1)[0] ?? '').split('^')[n - 1] ?? '') === '') report(pid, `-5.${n}`);
    }),
  },
];
