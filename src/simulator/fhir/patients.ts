/**
 * `POST Patient/$status-query` (PKB page 3365012080) and `POST Organization/$generate-invitation-tokens` (3365077590).
 */
import { randomBytes } from 'node:crypto';
import { nhsIdentifier } from '../identifiers.js';
import type { PatientRecord, Patients } from '../patients.js';
import { refuse } from './answers.js';
import { type Input, type Part, timeText } from './parameters.js';

/** The systems of patient identifiers that PKB takes (dev.patientsknowbest.com, identifier-systems). */
export const SYSTEMS = {
  nhs: 'https://fhir.nhs.uk/Id/nhs-number',
  chi: 'urn:oid:2.16.840.1.113883.2.1.3.2.4.16.53',
  healthAndCare: 'urn:uuid:1479257a-ce8f-482a-89fa-429ac066c158',
} as const;

/** Invitation codes live ten weeks, like those of PKB's REST call (PKB page 3363307592). */
const INVITATION_MS = 70 * 24 * 60 * 60 * 1000;

/** From this age on, patients are invited (PKB page 3365077590). */
const AGE = 16;

/**
 * The status of each patient.
 *
 * @throws ApiRefusal if one identifier has an unsupported system
 */
export function patientStatuses(inputs: readonly Input[], patients: Patients): Part[][] {
  return found(inputs, patients).map(({ input, record }) => {
    const identifier = identifierPart(input);
    if (record === undefined) return [identifier, { name: 'diagnostics', valueString: 'Not found' }];
    const { deceased, registered, noAccess, birthDate } = record;
    return [
      identifier,
      { name: 'deceased', valueBoolean: deceased },
      { name: 'registered', valueBoolean: registered },
      ...(noAccess
        ? [{ name: 'diagnostics', valueString: 'No access' }]
        : birthDate === ''
          ? []
          : [{ name: 'dateOfBirth', valueDate: dayOf(birthDate) }]),
    ];
  });
}

/**
 * Invitation codes for those of the patients who can be invited. The names and the spelling `valueDatetime` are those of PKB's
 * example.
 *
 * @throws ApiRefusal if one identifier has an unsupported system
 */
export function invitations(inputs: readonly Input[], patients: Patients, now: Date): Part[][] {
  return found(inputs, patients).flatMap(({ input, record }) =>
    record === undefined || !mayBeInvited(record, now)
      ? []
      : [
          [
            identifierPart(input),
            { name: 'code', valueString: randomCode() },
            { name: 'token', valueString: randomCode() },
            { name: 'expiry', valueDatetime: timeText(new Date(now.getTime() + INVITATION_MS)) },
          ],
        ],
  );
}

/** The record of each patient. The simulator's records have NHS numbers only, so the other systems find nobody. */
function found(
  inputs: readonly Input[],
  patients: Patients,
): { input: Input; record: PatientRecord | undefined }[] {
  const systems: readonly string[] = Object.values(SYSTEMS);
  if (inputs.some(({ system }) => !systems.includes(system)))
    refuse(
      'A patientIdentifier has a system that is not supported, so the whole request is refused; send NHS, CHI or Health & Care numbers.',
      'not-supported',
    );
  return inputs.map((input) => ({
    input,
    record: input.system === SYSTEMS.nhs ? patients.find([nhsIdentifier(input.value)])[0] : undefined,
  }));
}

function mayBeInvited({ deceased, registered, noAccess, birthDate }: PatientRecord, now: Date): boolean {
  if (deceased || registered || noAccess || birthDate === '') return false;
  const today = now.toISOString().slice(0, 10).replaceAll('-', '');
  return Number(today) - Number(birthDate) >= AGE * 10_000;
}

function identifierPart({ system, value }: Input): Part {
  return { name: 'patientIdentifier', valueIdentifier: { system, value } };
}

/** `yyyy-MM-dd` from `yyyyMMdd`. */
function dayOf(birthDate: string): string {
  return `${birthDate.slice(0, 4)}-${birthDate.slice(4, 6)}-${birthDate.slice(6, 8)}`;
}

/** Letters and digits that nobody takes for one another: 32, so that each byte chooses one evenly. */
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** Ten letters, as long as those of PKB's example. */
function randomCode(): string {
  return Array.from(randomBytes(10), (byte) => LETTERS.charAt(byte % LETTERS.length)).join('');
}
