/**
 * The messages that PKB answers with AR, and the texts of these answers (PKB pages 3850600457 and 3364848470). If PKB's
 * text is not known, the simulator's text says so.
 */
import { RADIOLOGY } from '../pkb/code-sets.js';
import { readTimestamp } from '../hl7/timestamp.js';
import { readSendingFacility } from '../pkb/alias.js';
import { DATA_POINT_FIELDS, type Family, messageTypeRow } from '../pkb/catalogue.js';
import { CLOCK_FIELDS } from '../pkb/clock-times.js';
import { inspect, type RuleActions } from '../pkb/guard/inspect.js';
import { RULES } from '../pkb/guard/rules/index.js';
import { type PatientIdentity, isNhsIdentifier } from './identifiers.js';
import type { Limits } from './limits.js';
import type { ReadPath, ReceivedMessage } from './message.js';
import { reject } from './rejection.js';

/**
 * Runs the checks that do not need the patient's record.
 *
 * @param aliases authorised `connecting{controller}` pairs; empty = all
 * @throws Rejection
 */
export function checkMessage(
  message: ReceivedMessage,
  messageType: string,
  identity: PatientIdentity,
  aliases: readonly string[],
  limits: Limits,
): void {
  const family = messageTypeRow(messageType)?.family;
  if (family === undefined) reject('Unknown messageType received from HL7');
  mustHave(message, 'MSH-7.1', 'message timestamp');
  mustHave(message, 'MSH-10.1', 'message control ID');
  mustHave(message, 'MSH-11.1', 'processing ID');
  checkFacility(message.raw('MSH-4') ?? '', aliases, limits);
  if (family !== 'query') checkPatient(message, identity);
  checkTimes(message);
  checkType(message, messageType, family);
}

/**
 * Checks a message for a patient without a record (PKB pages 3850600457 and 4567400451). Demographics create one. Other
 * messages do so only if the organisation has auto-create, from a verified NHS number, name, date of birth and sex.
 *
 * @throws Rejection
 */
export function checkNewPatient(
  message: ReceivedMessage,
  family: Family,
  identity: PatientIdentity,
  autoCreate: boolean,
): void {
  const names = [
    ['PID-5.1', 'surname'],
    ['PID-5.2', 'givenName'],
  ] as const;
  const missing = names.flatMap(([path, name]) => (message.text(path) ? [] : [name]));
  if (family === 'demographics') {
    if (missing.length > 0) reject(`Cannot create patient missing these fields: ${missing.join(', ')}`);
    return;
  }
  const enough = missing.length === 0 && message.text('PID-7') && message.text('PID-8');
  const verified = identity.identifiers.some(isNhsIdentifier) && ['', '01'].includes(identity.nhsStatus);
  if (!autoCreate || !enough || !verified) reject('No patient found for PID segment');
}

/**
 * Checks a change of an unknown appointment. It needs the fields of a new one (PKB page 3364849014).
 *
 * @throws Rejection
 */
export function checkNewAppointment(message: ReceivedMessage): void {
  mustHave(message, 'SCH-11.4', 'start time');
  mustHave(message, 'PV1-3', 'location');
}

function mustHave(message: ReceivedMessage, path: ReadPath, name: string): void {
  if (!message.text(path)) reject(`${path} (${name}) must be provided. You provided []`);
}

function checkFacility(facility: string, aliases: readonly string[], limits: Limits): void {
  const named = facility.length > limits.id ? undefined : readSendingFacility(facility);
  if (named === undefined)
    reject('MSH-4 must be connecting-alias{data-controller-alias} (simulator wording)');
  if (aliases.length > 0 && !aliases.includes(facility)) {
    reject('MSH-4 names a Customer that this Partner is not authorised for (simulator wording)');
  }
}

function checkPatient(message: ReceivedMessage, { identifiers }: PatientIdentity): void {
  if (identifiers.length === 0) reject('Lookup single patient must be provided with at least one identifier');
  const sex = message.text('PID-8');
  if (sex && !['U', 'M', 'F', 'I'].includes(sex)) reject('Invalid gender. Expected U, M, F or I');
}

const TIMES: readonly ReadPath[] = [
  'MSH-7.1',
  'PID-7',
  ...CLOCK_FIELDS.map(([segment, field, component]): ReadPath =>
    component === 1 ? `${segment}-${field}` : `${segment}-${field}.${component}`,
  ),
];

/** Half-specified time stamps are an error (PKB page 3365013095). */
function checkTimes(message: ReceivedMessage): void {
  for (const path of TIMES) {
    const raw = message.raw(path);
    if (raw && readTimestamp(raw) === undefined)
      reject(`${path} is not a valid timestamp (simulator wording)`);
  }
}

function checkType(message: ReceivedMessage, messageType: string, family: Family): void {
  switch (family) {
    case 'demographics':
      return checkClinicalSegments(message);
    case 'appointment':
      mustHave(message, 'SCH-1.1', 'placer ID');
      if (messageType === 'SIU^S12') checkNewAppointment(message);
      return;
    case 'document':
      mustHave(message, 'TXA-12.1', 'document ID');
      return messageType === 'MDM^T02' ? checkDocument(message) : undefined;
    case 'result':
      return checkResults(message);
    case 'encounter':
      return mustHave(message, DATA_POINT_FIELDS.encounter[0], 'visit number');
    case 'query':
      return mustHave(message, 'QRD-9', 'what subject filter');
    default:
      return family satisfies never;
  }
}

/** PKB pages 3364848860 (documents) and 3365012559 (care plans). */
function checkDocument(message: ReceivedMessage): void {
  mustHave(message, 'TXA-2.1', 'document type');
  if (message.text('TXA-17') !== 'AU') reject('TXA-17 (completion status) must be AU (simulator wording)');
  if (message.raw('OBX') === undefined) reject('OBX (content) must be provided (simulator wording)');
  if (message.text('TXA-2.1') !== 'CP') return;
  mustHave(message, 'TXA-4', 'activity time');
  mustHave(message, 'OBX-3.2', 'title');
  const format = `${message.text('OBX-5.2')} ${message.text('OBX-5.3')}`;
  if (format !== 'TEXT HTML' && format !== 'TEXT PDF')
    reject('OBX-5 of a care plan must be TEXT and HTML or PDF (simulator wording)');
}

/** Guard rules for results whose faults PKB rejects. */
const REJECTED = ['datapoint.orc-obr', 'type.lab-reports', 'type.lab-test-twice'];
const RESULT_RULES: RuleActions = Object.fromEntries(
  RULES.map(({ id }) => [id, REJECTED.includes(id) ? 'block' : 'off']),
);

/** PKB pages 3364848908, 3991405648 and 3365012682. */
function checkResults(message: ReceivedMessage): void {
  const order = message.text('ORC-3.1');
  const report = message.text('OBR-3.1');
  if (!order && !report)
    reject('ORC-3.1 or OBR-3.1 (filler order number) must be provided (simulator wording)');
  const [finding] = inspect(message.hl7, RESULT_RULES).findings;
  if (finding) reject(`${finding.location}: ${finding.text} (simulator wording)`);
  if (message.raw('MSH-3') === RADIOLOGY) checkRadiology(message);
  let reports = 0;
  let results = 0;
  let observed = '';
  for (const segment of message.all('OBR', 'OBX')) {
    if (segment.name === 'OBR') {
      reports++;
      results = 0;
      observed = message.raw('OBR-7', segment) ?? '';
    } else {
      results++;
      if (!observed && !message.raw('OBX-14', segment))
        reject(`OBR[${reports}].OBX[${results}]: No observation timestamp in OBX or OBR`);
    }
  }
}

function checkRadiology(message: ReceivedMessage): void {
  if (message.all('OBR').length > 1) reject('Several OBR in a radiology message (simulator wording)');
  mustHave(message, 'OBR-7', 'observation time');
  if (!message.text('OBR-4.1') && !message.text('OBR-4.2'))
    reject('OBR-4 (test name) must be provided. You provided []');
}

function checkClinicalSegments(message: ReceivedMessage): void {
  const seen = new Set<string>();
  for (const segment of message.all('AL1')) {
    mustHaveCode(message, segment, 'Allergen');
    const key = `${message.raw('AL1-3', segment)}|${message.raw('AL1-6', segment)}`;
    if (seen.has(key)) reject('Duplicate AL1 (simulator wording)');
    seen.add(key);
  }
  for (const segment of message.all('DG1')) mustHaveCode(message, segment, 'Diagnosis');
}

function mustHaveCode(
  message: ReceivedMessage,
  segment: ReturnType<ReceivedMessage['all']>[number],
  subject: string,
): void {
  const { name } = segment;
  if (message.text(`${name}-3.1`, segment) || message.text(`${name}-3.2`, segment)) return;
  reject(
    `You need to provide at least one of: ${name}.3.1 (${subject} code ID), ${name}.3.2 (${subject} code text)`,
  );
}
