/** Rules about identifiers, by which PKB finds the patient (PKB pages 3365077836, 3829203015, 3925868554). */
import { isLocal, isNhs, isWhole, meansNhs, placeOf } from '../../identifiers.js';
import { isNhsNumber } from '../../nhs-number.js';
import type { Rule } from '../rule.js';
import { isDemographics } from './overwriting.js';
import { atPid, PID } from './pid.js';

/** The rules, in the order in which they are shown. */
export const IDENTIFIERS: readonly Rule[] = [
  {
    id: 'identity.identifier',
    area: 'identity',
    title: 'No usable identifier',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'all but QRY^A19',
    text: 'Neither PID-2 nor PID-3 has an identifier with value, authority and type (components 1, 4 and 5), such as 9990000018^^^NHS^NH.',
    why: 'PKB reads only these three components and ignores identifiers of types it does not know; without one it rejects the message.',
    source: '3365077836, 3850600457',
    mark: 'D',
    check: (message, report) => {
      if (message.messageType === 'QRY^A19') return;
      const pid = message.first(PID);
      if (pid < 0) report(-1, 'PID');
      else if (!message.identifiers.some(isWhole)) report(pid, '-3');
    },
  },
  {
    id: 'identity.nhs-number',
    area: 'identity',
    title: 'NHS number is wrong',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'all with PID',
    text: 'An NHS number in PID-2 or PID-3 does not have ten digits or fails its check digit (modulus 11); correct it at the source.',
    why: 'A mistyped number either finds nobody or, worse, somebody else.',
    source: 'NHS Data Dictionary, NHS NUMBER',
    mark: 'D',
    check: atPid((message, pid, report) => {
      for (const identifier of message.identifiers)
        if (identifier.value !== '' && meansNhs(identifier) && !isNhsNumber(identifier.value))
          report(pid, placeOf(identifier));
    }),
  },
  {
    id: 'identity.two-nhs-numbers',
    area: 'identity',
    title: 'Two different NHS numbers',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'all with PID',
    text: 'PID names two different NHS numbers; send the patient’s own only.',
    why: 'PKB answers "Ambiguous patient IDs provided" where they are of different records, and joins them to one where only one is known.',
    source: '3850600457, 3365077836',
    mark: 'D',
    check: atPid((message, pid, report) => {
      const numbers = message.identifiers.filter((one) => isNhs(one) && one.value !== '');
      const plain = ({ value }: { value: string }): string => value.replaceAll(' ', '');
      const [first, ...others] = numbers;
      const other = first && others.find((one) => plain(one) !== plain(first));
      if (other) report(pid, placeOf(other));
    }),
  },
  {
    id: 'identity.nhs-type',
    area: 'identity',
    title: 'NHS number under a type that PKB ignores',
    severity: 'warning',
    defaultAction: 'flag',
    appliesTo: 'all with PID',
    text: 'This identifier looks like an NHS number, but its authority and type are not NHS and NH: PKB ignores it and finds nobody by it. Write 9990000018^^^NHS^NH.',
    why: 'PKB ignores identifiers of types that it does not know, such as ^^^NHSNBR^NHSNMBR.',
    source: '3365077836',
    mark: 'D',
    check: atPid((message, pid, report) => {
      for (const identifier of message.identifiers)
        if (identifier.value !== '' && meansNhs(identifier) && !isNhs(identifier))
          report(pid, placeOf(identifier));
    }),
  },
  {
    id: 'identity.nhs-blanks',
    area: 'identity',
    title: 'NHS number with blanks',
    severity: 'warning',
    defaultAction: 'flag',
    appliesTo: 'all with PID',
    text: 'Write the NHS number as ten digits without spaces.',
    why: 'PKB’s pages show ten digits only; whether it takes blanks out before it looks a number up is not documented.',
    source: '3365077836',
    mark: 'I',
    check: atPid((message, pid, report) => {
      for (const identifier of message.identifiers)
        if (isNhs(identifier) && identifier.value.includes(' ')) report(pid, placeOf(identifier));
    }),
  },
  {
    id: 'identity.nhs-status-missing',
    area: 'identity',
    title: 'NHS number without its status',
    severity: 'note',
    defaultAction: 'flag',
    appliesTo: 'all with PID',
    text: 'The NHS number does not say whether it is verified; write NH{status:01} in the fifth component, or choose a status in pkb customer.',
    why: 'PKB checks the status of NHS numbers in demographics, and creates records only for verified ones.',
    source: '3829203015, 3925868554',
    mark: 'D',
    check: atPid((message, pid, report) => {
      for (const identifier of message.identifiers)
        if (isNhs(identifier) && identifier.value !== '' && identifier.status === '')
          report(pid, placeOf(identifier));
    }),
  },
  {
    id: 'identity.nhs-status-unverified',
    area: 'identity',
    title: 'NHS number is not verified',
    severity: 'warning',
    defaultAction: 'flag',
    appliesTo: 'ADT^A28, ADT^A31',
    text: 'The NHS number has status 02 or 03; PKB answers AA and holds the demographics for the Customer’s review.',
    why: 'An unverified number puts demographics into the queue of the Customer’s Org Admin, and the sender does not learn of it.',
    source: '3829203015, 3925868554',
    mark: 'D',
    check: atPid((message, pid, report) => {
      if (!isDemographics(message)) return;
      for (const identifier of message.identifiers)
        if (isNhs(identifier) && ['02', '03'].includes(identifier.status)) report(pid, placeOf(identifier));
    }),
  },
  {
    id: 'identity.local-only',
    area: 'identity',
    title: 'Demographics with an organisation’s own identifier only',
    severity: 'warning',
    defaultAction: 'flag',
    appliesTo: 'ADT^A28, ADT^A31',
    text: 'PID names no NHS number; PKB answers AA and holds the demographics for the Customer’s review.',
    why: 'Demographics without a verified national number go into the queue of the Customer’s Org Admin.',
    source: '3829203015, 3925868554',
    mark: 'D',
    check: atPid((message, pid, report) => {
      if (!isDemographics(message)) return;
      const whole = message.identifiers.filter(isWhole);
      if (whole.length > 0 && whole.every(isLocal)) report(pid, '-3');
    }),
  },
];
