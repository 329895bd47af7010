/** Who is registered with PKB, and invitation codes for those who are not (PKB pages 3365012080 and 3365077590). */
import { isDeepStrictEqual } from 'node:util';
import type { PkbApi } from './client.js';
import {
  type Parameter,
  parametersOf,
  type Parts,
  partsOf,
  timeIn,
  tokenIn,
  yesOrNoIn,
} from './parameters.js';

/** How many patients one question about their status may name (PKB page 3365012080). */
export const MOST_STATUSES = 5000;

/** How many patients one request for invitation codes may name (PKB page 3365077590). */
export const MOST_TOKENS = 500;

/** The system of NHS numbers (PKB page "identifier-systems"). */
const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';

/**
 * What PKB says of a patient (page 3365012080): `no access` where another organisation has the record, `undetermined` where it
 * cannot be told from the answer.
 */
export interface PatientStatus {
  readonly state: 'registered' | 'not registered' | 'no access' | 'not found' | 'undetermined';
  /** Undefined where PKB does not say it. */
  readonly deceased: boolean | undefined;
  /** As yyyy-mm-dd; blank where PKB does not say it. */
  readonly dateOfBirth: string;
}

/** Codes with which a patient registers. They must not be logged. */
export interface Invitation {
  readonly code: string;
  readonly token: string;
  /** Milliseconds since 1970; undefined where PKB does not say it. */
  readonly expiry: number | undefined;
}

/**
 * Asks who is registered.
 *
 * @param nhsNumbers ten digits each, at most {@link MOST_STATUSES}, each once
 * @returns by NHS number
 * @throws PkbApiError
 */
export async function patientStatuses(
  api: PkbApi,
  organisation: string,
  nhsNumbers: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, PatientStatus>> {
  const answer = await api.operation('Patient/$status-query', organisation, asking(nhsNumbers), signal);
  return byPatient(partsOf(answer, 'patientStatus'), nhsNumbers, statusOf, (before, now) =>
    // Two statuses of one patient that differ say nothing.
    isDeepStrictEqual(before, now) ? now : UNDETERMINED,
  );
}

/** The status of a patient of whom nothing can be told. */
export const UNDETERMINED: PatientStatus = { state: 'undetermined', deceased: undefined, dateOfBirth: '' };

/**
 * Asks for invitation codes. PKB leaves out who is registered, deceased, unknown, under 16 or without a date of birth.
 *
 * @param nhsNumbers ten digits each, at most {@link MOST_TOKENS}, each once
 * @returns by NHS number
 * @throws PkbApiError
 */
export async function invitations(
  api: PkbApi,
  organisation: string,
  nhsNumbers: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Invitation>> {
  const path = 'Organization/$generate-invitation-tokens';
  const answer = await api.operation(path, organisation, asking(nhsNumbers), signal);
  return byPatient(partsOf(answer, 'patientTokens'), nhsNumbers, invitationOf, (_, latest) => latest);
}

function asking(nhsNumbers: readonly string[]): object {
  return parametersOf(
    nhsNumbers.map((value): Parameter => ({
      name: 'patientIdentifier',
      valueIdentifier: { system: NHS_NUMBER, value },
    })),
  );
}

function byPatient<T>(
  all: readonly Parts[],
  nhsNumbers: readonly string[],
  of: (parts: Parts) => T | undefined,
  ofTwo: (before: T, now: T) => T,
): Map<string, T> {
  const asked = new Set(nhsNumbers);
  const found = new Map<string, T>();
  for (const parts of all) {
    // PKB's page has one name, its table another.
    const number = tokenIn(parts, 'patientIdentifier') ?? tokenIn(parts, 'identifier');
    const one = of(parts);
    if (number === undefined || !asked.has(number) || one === undefined) continue;
    const before = found.get(number);
    found.set(number, before === undefined ? one : ofTwo(before, one));
  }
  return found;
}

function statusOf(parts: Parts): PatientStatus {
  const dateOfBirth = parts.get('dateOfBirth');
  return {
    state: stateOf(parts),
    deceased: yesOrNoIn(parts, 'deceased'),
    dateOfBirth: typeof dateOfBirth === 'string' && /^\d{4}-\d\d-\d\d$/.test(dateOfBirth) ? dateOfBirth : '',
  };
}

function stateOf(parts: Parts): PatientStatus['state'] {
  const said = parts.get('diagnostics');
  const diagnostics = typeof said === 'string' ? said.trim().toLowerCase() : '';
  if (diagnostics === 'no access') return 'no access';
  if (diagnostics === 'not found') return 'not found';
  const isRegistered = yesOrNoIn(parts, 'registered');
  if (isRegistered === undefined) return 'undetermined';
  return isRegistered ? 'registered' : 'not registered';
}

function invitationOf(parts: Parts): Invitation | undefined {
  const [code, token] = [tokenIn(parts, 'code'), tokenIn(parts, 'token')];
  if (code === undefined || token === undefined) return undefined;
  return { code, token, expiry: timeIn(parts, 'expiry') };
}
