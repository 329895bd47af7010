/** Measurements: ORU^R01 (PKB page 4718755841). */
import { coded, professional } from '../datatypes.js';
import type { Draft, DraftContext, KindRow } from '../draft.js';
import type { MeasurementFields } from '../fields.js';
import { pid } from '../patient.js';
import schema from '../schemas/measurement.json';
import { time } from '../times.js';
import { components, segment, text } from '../write.js';
import { visit } from './visit.js';

/** Measurements. PKB distinguishes them from laboratory results by the coding system and the units. */
export const measurement: KindRow<MeasurementFields> = {
  schema,
  family: 'result',
  begins: true,
  hasContent: false,
  draft,
};

function draft(fields: MeasurementFields, { id }: DraftContext): Draft {
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
