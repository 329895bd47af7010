/**
 * For which messages PKB answers AR, and in which words (PKB pages 3850600457 and 3364848470). Where PKB's own words are
 * not known, the text says that it is the simulator's.
 */
import { read, readRaw } from '../hl7/read.js';
import { readTimestamp } from '../hl7/timestamp.js';
import { readSendingFacility } from '../pkb/alias.js';
import { DATA_POINT_FIELDS, messageTypeRow } from '../pkb/catalogue.js';

/** Raised by a check; its text becomes MSA-3. */
export class Rejection extends Error {}

/**
 * Checks what can be checked without knowing the patient.
 *
 * @param aliases authorised `connecting{controller}` pairs; empty = all
 * @throws Rejection
 */
export function checkMessage(hl7: string, messageType: string, aliases: readonly string[]): void {
  if (messageTypeRow(messageType) === undefined) reject('Unknown messageType received from HL7');
  mustHave(hl7, 'MSH-7.1', 'message timestamp');
  mustHave(hl7, 'MSH-10.1', 'message control ID');
  mustHave(hl7, 'MSH-11.1', 'processing ID');
  checkFacility(readRaw(hl7, 'MSH-4') ?? '', aliases);
  if (messageType !== 'QRY^A19') checkPatient(hl7);
  checkTimes(hl7);
  checkType(hl7, messageType);
}

/** PID-3 as PKB matches by: components 1, 4 and 5, the NHS number status left out (PKB page 3365077836). */
export function identifiersOf(hl7: string): string[] {
  const repetitions = (readRaw(hl7, 'PID-3') ?? '').split('~').map((raw) => raw.split('^'));
  return repetitions
    .filter((parts) => parts[0]?.trim() && parts[3] && parts[4])
    .map((parts) => `${parts[0]?.trim()}^^^${parts[3]}^${parts[4]?.replace(/\{.*\}$/, '')}`);
}

/**
 * Checks what a record that does not exist yet needs (PKB pages 3850600457 and 4567400451).
 *
 * @throws Rejection
 */
export function checkNewPatient(hl7: string, messageType: string): void {
  const missing = [
    ['PID-5.1', 'surname'],
    ['PID-5.2', 'givenName'],
  ].flatMap(([path = '', name = '']) => (read(hl7, path) ? [] : [name]));
  if (messageTypeRow(messageType)?.family === 'demographics') {
    if (missing.length > 0) reject(`Cannot create patient missing these fields: ${missing.join(', ')}`);
    return;
  }
  const enough = missing.length === 0 && read(hl7, 'PID-7') && read(hl7, 'PID-8');
  const nhsNumber = identifiersOf(hl7).some((identifier) => identifier.endsWith('^^^NHS^NH'));
  if (!enough || !nhsNumber) reject('No patient found for PID segment');
}

/**
 * Checks a cancellation of an appointment that PKB does not know: it needs what a new one needs (page 3364849014).
 *
 * @throws Rejection
 */
export function checkUnknownAppointment(hl7: string): void {
  mustHave(hl7, 'SCH-11.4', 'start time');
}

function reject(text: string): never {
  throw new Rejection(`Parsing or validation error: ${text}`);
}

function mustHave(hl7: string, path: string, name: string): void {
  if (!read(hl7, path)) reject(`${path} (${name}) must be provided. You provided []`);
}

function checkFacility(facility: string, aliases: readonly string[]): void {
  const named = readSendingFacility(facility);
  if (named === undefined)
    reject('MSH-4 must be connecting-alias{data-controller-alias} (simulator wording)');
  if (aliases.length > 0 && !aliases.includes(facility)) {
    reject('MSH-4 names a Customer that this Partner is not authorised for (simulator wording)');
  }
}

function checkPatient(hl7: string): void {
  if (identifiersOf(hl7).length === 0)
    reject('Lookup single patient must be provided with at least one identifier');
  const sex = read(hl7, 'PID-8');
  if (sex && !['U', 'M', 'F', 'I'].includes(sex)) reject('Invalid gender. Expected U, M, F or I');
}

/** Half-specified time stamps are an error (PKB page 3365013095). */
function checkTimes(hl7: string): void {
  for (const path of [
    'MSH-7.1',
    'PID-7',
    'SCH-11.4',
    'SCH-11.5',
    'TXA-4',
    'OBR-7',
    'OBX-14',
    'PV1-44',
    'PV1-45',
  ]) {
    const raw = readRaw(hl7, path);
    if (raw && readTimestamp(raw) === undefined)
      reject(`${path} is not a valid timestamp (simulator wording)`);
  }
}

function checkType(hl7: string, messageType: string): void {
  const family = messageTypeRow(messageType)?.family;
  switch (family) {
    case 'demographics':
      return checkClinicalSegments(hl7);
    case 'appointment':
      mustHave(hl7, 'SCH-1.1', 'placer ID');
      if (messageType === 'SIU^S12') mustHave(hl7, 'SCH-11.4', 'start time');
      return;
    case 'document':
      mustHave(hl7, 'TXA-12.1', 'document ID');
      return messageType === 'MDM^T02' ? checkDocument(hl7) : undefined;
    case 'result':
      return checkResults(hl7);
    case 'encounter':
      return mustHave(hl7, DATA_POINT_FIELDS.encounter[0] ?? '', 'visit number');
    case 'query':
    case undefined:
      return;
  }
}

function checkDocument(hl7: string): void {
  mustHave(hl7, 'TXA-2.1', 'document type');
  if (read(hl7, 'TXA-17') !== 'AU') reject('TXA-17 (completion status) must be AU (simulator wording)');
  if (readRaw(hl7, 'OBX') === undefined) reject('OBX (content) must be provided (simulator wording)');
}

function checkResults(hl7: string): void {
  const order = read(hl7, 'ORC-3.1');
  const report = read(hl7, 'OBR-3.1');
  if (order && report && order !== report) reject('ORC-3.1 and OBR-3.1 differ (simulator wording)');
  if (!order && !report)
    reject('ORC-3.1 or OBR-3.1 (filler order number) must be provided (simulator wording)');
  let reports = 0;
  let results = 0;
  let observed = '';
  for (const segment of hl7.split(/[\r\n]+/)) {
    const fields = segment.split('|');
    if (fields[0] === 'OBR') {
      reports++;
      results = 0;
      observed = fields[7] ?? '';
    } else if (fields[0] === 'OBX') {
      results++;
      if (!observed && !fields[14])
        reject(`OBR[${reports}].OBX[${results}]: No observation timestamp in OBX or OBR`);
    }
  }
  if (reports > 1 && readRaw(hl7, 'MSH-3') === 'RADIOLOGY')
    reject('Several OBR in a radiology message (simulator wording)');
}

function checkClinicalSegments(hl7: string): void {
  const seen = new Set<string>();
  for (let n = 1; readRaw(hl7, `AL1[${n}]`) !== undefined; n++) {
    mustHaveCode(hl7, `AL1[${n}]`, 'AL1', 'Allergen');
    const key = `${readRaw(hl7, `AL1[${n}]-3`)}|${readRaw(hl7, `AL1[${n}]-6`)}`;
    if (seen.has(key)) reject('Duplicate AL1 (simulator wording)');
    seen.add(key);
  }
  for (let n = 1; readRaw(hl7, `DG1[${n}]`) !== undefined; n++)
    mustHaveCode(hl7, `DG1[${n}]`, 'DG1', 'Diagnosis');
}

function mustHaveCode(hl7: string, segment: string, name: string, subject: string): void {
  if (read(hl7, `${segment}-3.1`) || read(hl7, `${segment}-3.2`)) return;
  reject(
    `You need to provide at least one of: ${name}.3.1 (${subject} code ID), ${name}.3.2 (${subject} code text)`,
  );
}
