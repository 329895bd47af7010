/** Results and measurements: ORU^R01 (PKB pages 3364848908 and 4718755841). */
import type { MeasurementFields, Observation, ResultDeletionFields, ResultFields } from '../fields.js';
import { pid } from '../patient.js';
import { coded, inWords, professional } from '../datatypes.js';
import { time } from '../times.js';
import { components, type Raw, segment, text } from '../write.js';
import type { Draft } from '../draft.js';

/** A laboratory report: single results, or one text. */
export function result(fields: ResultFields, id: string): Draft {
  const status = fields.status ?? 'F';
  const segments = [
    pid(fields.patient),
    ...visit(fields.specialty),
    segment('ORC', { 1: text('RE'), 3: text(id), 13: inWords(fields.laboratory) }),
    segment('OBR', {
      1: text('1'),
      3: text(id),
      4: coded(fields.test),
      7: time(fields.time),
      16: professional(fields.orderedBy),
      25: text(status),
    }),
  ];
  if (fields.comment !== undefined) segments.push(segment('NTE', { 3: text(fields.comment) }));
  const delay = fields.delayDays === undefined ? undefined : text(String(fields.delayDays));
  if (fields.report !== undefined) {
    // One OBX of at least two lines is PKB's pattern of a textual report; OBR-4 names the test.
    segments.push(
      segment('OBX', {
        1: text('1'),
        2: text('TX'),
        3: coded(fields.test),
        5: text(fields.report),
        11: text(status),
        13: delay,
      }),
    );
  }
  for (const [i, entry] of (fields.results ?? []).entries()) {
    const { type, value } = observed(entry.value);
    segments.push(
      segment('OBX', {
        1: text(String(i + 1)),
        2: text(type),
        3: coded(entry.test),
        5: value,
        6: text(entry.units),
        7: text(entry.range),
        8: text(entry.flag),
        11: text(entry.status ?? status),
        13: delay,
        14: time(entry.time),
      }),
    );
    if (entry.comment !== undefined) segments.push(segment('NTE', { 3: text(entry.comment) }));
  }
  return { messageType: 'ORU^R01', segments };
}

/** Measurements, which PKB tells from laboratory results by the coding system and the units. */
export function measurement(fields: MeasurementFields, id: string): Draft {
  const system = fields.codingSystem ?? 'SCT';
  return {
    messageType: 'ORU^R01',
    segments: [
      pid(fields.patient),
      ...visit(fields.specialty),
      segment('ORC', { 1: text('RE'), 3: text(id) }),
      segment('OBR', {
        1: text('1'),
        3: text(id),
        7: time(fields.time),
        16: professional(fields.orderedBy),
        25: text('F'),
      }),
      ...fields.measurements.map((entry, i) =>
        segment('OBX', {
          1: text(String(i + 1)),
          2: text('NM'),
          3: coded({ code: entry.code, ...(entry.text === undefined ? {} : { text: entry.text }) }, system),
          5: text(String(entry.value)),
          6: components(text(entry.units), text(entry.unitsText)),
          11: text('F'),
          14: time(entry.time),
        }),
      ),
    ],
  };
}

/** The deletion of everything in a report. */
export function resultDeletion(fields: ResultDeletionFields, id: string): Draft {
  return {
    messageType: 'ORU^R01',
    segments: [
      pid(fields.patient),
      segment('ORC', { 3: text(id) }),
      segment('OBR', {
        1: text('1'),
        3: text(id),
        4: coded(fields.test),
        7: time(fields.time),
        25: text('R'),
      }),
    ],
  };
}

function visit(specialty: string | undefined): string[] {
  return specialty === undefined ? [] : [segment('PV1', { 10: text(specialty) })];
}

/** OBX-2 and OBX-5 (HL7 chapter 2): numbers as NM, compared numbers as SN, all else as ST. */
function observed(value: Observation['value']): { type: 'NM' | 'SN' | 'ST'; value: Raw | undefined } {
  if (typeof value === 'object')
    return { type: 'SN', value: components(text(value.comparator), text(String(value.number))) };
  const written = String(value);
  return { type: /^[+-]?\d+(?:\.\d+)?$/.test(written) ? 'NM' : 'ST', value: text(written) };
}
