/**
 * Applies a message to the simulator's records.
 */
import { DATA_POINT_FIELDS, type MessageType } from '../pkb/catalogue.js';
import { checkNewAppointment } from './checks.js';
import type { Documents } from './fhir/documents.js';
import { type Limits, ownShort } from './limits.js';
import { own } from '../hl7/own.js';
import type { ReceivedMessage } from './message.js';
import {
  CLINICAL_LISTS,
  dataPointKey,
  type KeptDataPoint,
  type PatientRecord,
  type Patients,
} from './patients.js';
import { reject } from './rejection.js';

/** An effect of a message, in words, with the data before and after. */
export interface Effect {
  readonly text: string;
  readonly before?: readonly string[];
  readonly after?: readonly string[];
}

/** The result of filing a message. */
export interface Filed {
  /** Whether PKB would hold it for the Customer's review. */
  readonly held: boolean;
  readonly effects: readonly Effect[];
}

/** The place where a message is filed. */
export interface FilingPlace {
  readonly patients: Patients;
  readonly documents: Documents;
  readonly record: PatientRecord;
  /** Raw MSH-4. */
  readonly customer: string;
  readonly limits: Limits;
}

/** Replaces each clinical list for which the message has an entry (PKB page 3365078168). */
export function replaceLists(
  message: ReceivedMessage,
  { patients, record, customer, limits }: FilingPlace,
): Effect[] {
  const effects: Effect[] = [];
  for (const { segment, field, list } of CLINICAL_LISTS) {
    const entries = message.all(segment).slice(0, limits.entries);
    if (entries.length === 0) continue;
    const after = entries.map((entry) => {
      const shown =
        message.text(`${segment}-${field}.2`, entry) || message.text(`${segment}-${field}.1`, entry);
      return ownShort(shown);
    });
    const before = patients.listsOf(record, customer)[list];
    effects.push({ text: `OVERWRITTEN: the Customer's whole list of ${list} was replaced.`, before, after });
    patients.setList(record, customer, list, after);
  }
  return effects;
}

/**
 * Files a document, appointment, result or encounter by its data point ID, takes it back, or holds it.
 *
 * If a message replaces a data point, the date of birth decides. If it changes or takes back an existing one, it is held or
 * filed like that one (PKB page "Soft Matching", 4213014614): PKB cannot file a part of an appointment while the rest is held.
 *
 * @param matches whether the date of birth equals the record's
 */
export function fileDataPoint(
  message: ReceivedMessage,
  type: MessageType,
  place: FilingPlace,
  matches: boolean,
): Filed {
  const id = idOf(message, type);
  if (id.length > place.limits.id) reject('The data point ID is too long (simulator wording)');
  const key = own(dataPointKey(place.customer, type.family, id));
  const before = place.record.dataPoints.get(key);
  const action = actionOf(message, type);
  if (before !== undefined && action !== 'replaces')
    return { held: before.held, effects: change(action, before, { key, type, id }, place) };
  const nothing = action === 'deletes' || (action === 'cancels' && type.family !== 'appointment');
  if (nothing) return { held: false, effects: [{ text: 'No such data point: nothing happens.' }] };
  if (type.family === 'appointment' && action !== 'replaces') checkNewAppointment(message);
  const carePlan = type.family === 'document' && message.text('TXA-2.1') === 'CP';
  place.patients.setDataPoint(place.record, key, { held: !matches, carePlan });
  // What waits for review is in no record yet, so nobody can have read it.
  if (type.family === 'document' && matches) place.documents.put(place.customer, id);
  const review = matches
    ? []
    : [{ text: 'Held for review: the date of birth (PID-7) is not that of the record.' }];
  return { held: !matches, effects: [...review, { text: written(action, before, carePlan) }] };
}

function idOf(message: ReceivedMessage, { family }: MessageType): string {
  return DATA_POINT_FIELDS[family].map((field) => message.text(field)).find(Boolean) ?? '';
}

/** OBR-25 `R` deletes all results of a report (PKB page 3364848908). */
function actionOf(message: ReceivedMessage, { effect, family }: MessageType): MessageType['effect'] {
  return family === 'result' && message.text('OBR-25') === 'R' ? 'deletes' : effect;
}

function change(
  action: MessageType['effect'],
  before: KeptDataPoint,
  { key, type, id }: { key: string; type: MessageType; id: string },
  place: FilingPlace,
): Effect[] {
  const { patients, record } = place;
  const review = before.held ? [{ text: 'Held for review, as what it changes is.' }] : [];
  if (action === 'deletes' && before.carePlan)
    return [...review, { text: 'A care plan cannot be deleted: nothing happens.' }];
  if (action !== 'deletes')
    return [...review, { text: `The data point is ${action === 'cancels' ? 'cancelled' : 'updated'}.` }];
  if (!before.held) {
    patients.deleteDataPoint(record, key);
    if (type.family === 'document') place.documents.delete(place.customer, id);
  }
  return [...review, { text: 'The data point is deleted.' }];
}

function written(
  action: MessageType['effect'],
  before: KeptDataPoint | undefined,
  carePlan: boolean,
): string {
  if (action === 'cancels') return 'An appointment is created and cancelled.';
  if (before === undefined) return 'A data point is created.';
  return carePlan && before.carePlan
    ? 'The care plan gets a new version; the old one stays visible.'
    : 'The data point is replaced.';
}
