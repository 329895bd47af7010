/** Rules about the person in PID, for soft matching and new records (PKB pages 3364849216, 4213014614, 3850600457). */
import { readTimestamp } from '../../../hl7/timestamp.js';
import { messageTypeRow } from '../../catalogue.js';
import type { Rule } from '../rule.js';
import { isDemographics } from './overwriting.js';
import { atPid } from './pid.js';
import type { Scan } from '../scan.js';

/** Higher than any real age, in years. */
const OLDEST = 150;

/** HL7's "delete this". */
const NULL = '""';

function countEmails(field: string): number {
  return field === '' ? 0 : field.split('~').filter((repetition) => repetition.includes('@')).length;
}

function namePart(message: Scan, n: 1 | 2): string {
  return (message.pid(5).split('~', 1)[0] ?? '').split('^', n)[n - 1] ?? '';
}

/** The rules, in the order in which they are shown. */
export const PERSON: readonly Rule[] = [
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
    mark: 'D',
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
    mark: 'D',
    check: atPid((message, pid, report) => {
      const raw = message.pid(7);
      if (raw === '' || raw === '""') return;
      const born = readTimestamp(raw);
      const year = born?.year;
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
    mark: 'D',
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
    text: 'PKB sends the patient an invitation when it receives a first e-mail address; leave the address out if you do not want that.',
    why: 'Adding the first e-mail address has an effect in the real world, which tests and bulk loads do not mean to have.',
    source: '3364126763',
    mark: 'D',
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
    mark: 'D',
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
    mark: 'D',
    check: atPid((message, pid, report) => {
      for (const n of [1, 2] as const) if (namePart(message, n) === '') report(pid, `-5.${n}`);
    }),
  },
  {
    id: 'identity.birth-date-partial',
    area: 'identity',
    title: 'Date of birth is a year or month only',
    severity: 'warning',
    defaultAction: 'flag',
    appliesTo: 'all with PID',
    text: 'PID-7 (date of birth) gives only a year or a month; write yyyyMMdd. PKB fills in the first day, which is then not the patient’s date of birth.',
    why: 'PKB takes what is missing of a date as 1 January, or the first of the month; soft matching then compares that.',
    source: '3365013095',
    mark: 'D',
    check: atPid((message, pid, report) => {
      const precision = readTimestamp(message.pid(7))?.precision;
      if (precision === 'year' || precision === 'month') report(pid, '-7');
    }),
  },
  {
    id: 'identity.nulls',
    area: 'identity',
    title: 'Name, date of birth or sex is to be deleted',
    severity: 'warning',
    defaultAction: 'flag',
    appliesTo: 'all with PID',
    text: 'This field of PID holds "" (delete this); a patient has a name, a date of birth and a sex. Send the value, or leave the field empty.',
    why: 'What PKB does with "" in these fields is not documented; soft matching has nothing to compare.',
    source: '3364849216',
    mark: 'U',
    check: atPid((message, pid, report) => {
      for (const n of [1, 2] as const) if (namePart(message, n) === NULL) report(pid, `-5.${n}`);
      for (const n of [7, 8]) if (message.pid(n) === NULL) report(pid, `-${n}`);
    }),
  },
  {
    id: 'identity.new-patient',
    area: 'identity',
    title: 'Says too little for a patient whom PKB does not know',
    severity: 'note',
    defaultAction: 'flag',
    appliesTo: 'all with PID but ADT^A28 and ADT^A31',
    text: 'Surname, given name, date of birth or sex is empty: if PKB does not know the patient, it answers "No patient found", also where the Customer has auto-create.',
    why: 'Creating a record from such a message is an option of the Customer, usually off, and needs a verified NHS number and these four.',
    source: '4567400451, 3850600457',
    mark: 'D',
    check: atPid((message, pid, report) => {
      const family = messageTypeRow(message.messageType)?.family;
      if (family === undefined || family === 'demographics' || family === 'query') return;
      const empty: [string, boolean][] = [
        ['-5.1', namePart(message, 1) === ''],
        ['-5.2', namePart(message, 2) === ''],
        ['-7', message.pid(7) === ''],
        ['-8', message.pid(8) === ''],
      ];
      const [first] = empty.find(([, isEmpty]) => isEmpty) ?? [];
      if (first !== undefined) report(pid, first);
    }),
  },
];
