/**
 * What a message does to the records that the simulator keeps.
 */
import { read, readRaw } from '../hl7/read.js';
import { messageTypeRow } from '../pkb/catalogue.js';
import { dataPointOf } from '../pkb/data-point.js';
import { checkUnknownAppointment } from './checks.js';
import { CLINICAL_LISTS, type Holdings } from './patients.js';

/** What a message did, in words, with what stood before and after. */
export interface Effect {
  readonly text: string;
  readonly before?: readonly string[];
  readonly after?: readonly string[];
}

/** Replaces each clinical list of which the message carries any entry (PKB page 3365078168). */
export function replaceLists(hl7: string, holdings: Holdings): Effect[] {
  const effects: Effect[] = [];
  for (const [segment, list] of Object.entries(CLINICAL_LISTS)) {
    const after: string[] = [];
    const field = segment === 'ZRX' ? 2 : 3;
    for (let n = 1; readRaw(hl7, `${segment}[${n}]`) !== undefined; n++) {
      const path = `${segment}[${n}]-${field}`;
      after.push(read(hl7, `${path}.2`) || read(hl7, `${path}.1`) || '');
    }
    if (after.length === 0) continue;
    const before = holdings.lists[list];
    effects.push({ text: `OVERWRITTEN: the Customer's whole list of ${list} was replaced.`, before, after });
    holdings.lists[list] = after;
  }
  return effects;
}

/** Files a document, appointment, result or encounter by its data point ID, or takes it back. */
export function fileDataPoint(hl7: string, messageType: string, holdings: Holdings, held: boolean): Effect[] {
  const id = dataPointOf(hl7, messageType)?.id;
  const row = messageTypeRow(messageType);
  if (id === undefined || row === undefined) return [];
  const known = holdings.dataPoints.has(id);
  if (row.effect === 'deletes') {
    if (!known) return [{ text: 'No such data point: nothing happens.' }];
    if (!held) holdings.dataPoints.delete(id);
    return [{ text: 'The data point is deleted.' }];
  }
  if (row.effect === 'cancels' && !known) {
    if (row.family !== 'appointment') return [{ text: 'No such data point: nothing happens.' }];
    checkUnknownAppointment(hl7);
  }
  holdings.dataPoints.set(id, { messageType, held });
  if (row.effect === 'cancels') return [{ text: 'The data point is cancelled.' }];
  return [
    {
      text: known
        ? `The data point is ${row.effect === 'updates' ? 'updated' : 'replaced'}.`
        : 'A data point is created.',
    },
  ];
}
