/** PID, as PKB reads it (PKB pages 3365077836 and 3364849216). */
import type { Identifier, Patient } from './fields.js';
import { identifierOf, meansNhs } from '../identifiers.js';
import { date, time } from './times.js';
import { components, type Raw, repetitions, segment, text } from './write.js';

/** The PID segment of a patient. */
export function pid(patient: Patient): string {
  const { name, address = {} } = patient;
  return segment('PID', {
    3: repetitions(nhsIdentifier(patient), ...(patient.identifiers ?? []).map(identifier)),
    5: components(
      text(name.family),
      text(name.given),
      text(name.middle),
      text(name.suffix),
      text(name.prefix),
    ),
    7: date(patient.birthDate),
    8: text(patient.sex),
    11: components(
      text(address.street),
      text(address.other),
      text(address.city),
      text(address.county),
      text(address.postcode),
      text(address.country),
    ),
    13: repetitions(email(patient.email), telecom(patient.phone, 'PRN'), telecom(patient.mobile, 'PRS')),
    14: repetitions(email(patient.workEmail), telecom(patient.workPhone, 'WPN')),
    15: text(patient.language),
    29: time(patient.diedAt),
    30: patient.died === undefined ? undefined : text(patient.died ? 'Y' : 'N'),
  });
}

/** `9990000018^^^NHS^NH`, with its status in braces if given. */
function nhsIdentifier({ nhsNumber, nhsNumberStatus }: Patient): Raw | undefined {
  if (nhsNumber === undefined) return undefined;
  const type = nhsNumberStatus === undefined ? 'NH' : `NH{status:${nhsNumberStatus}}`;
  return components(digits(nhsNumber), undefined, undefined, text('NHS'), text(type));
}

function identifier({ value, authority, type }: Identifier): Raw | undefined {
  const isNhs = meansNhs(identifierOf(['', '', '', authority, type]));
  return components(isNhs ? digits(value) : text(value), undefined, undefined, text(authority), text(type));
}

/** The ten digits of an NHS number, which is often written in groups. */
export function digits(nhsNumber: string): Raw {
  return text(nhsNumber.replaceAll(' ', ''));
}

function telecom(value: string | undefined, use: string): Raw | undefined {
  return value === undefined ? undefined : components(text(value), text(use));
}

/** `^NET^^address`: in the fourth component, as in HL7 chapter 2 (XTN) and in the examples on PKB's current pages. */
function email(address: string | undefined): Raw | undefined {
  return address === undefined ? undefined : components(undefined, text('NET'), undefined, text(address));
}
