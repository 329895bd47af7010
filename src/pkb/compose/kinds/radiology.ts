/** Radiology reports: ORU^R01 with MSH-3 RADIOLOGY (PKB pages 3365012682 and 4175724546). */
import { RADIOLOGY } from '../../code-sets.js';
import { coded, professional } from '../datatypes.js';
import type { Draft, DraftContext, KindRow } from '../draft.js';
import type { RadiologyFields } from '../fields.js';
import { pid } from '../patient.js';
import schema from '../schemas/radiology.json';
import { time } from '../times.js';
import { segment, text } from '../write.js';
import { visit } from './visit.js';

/** A radiology report, which has one OBR only. */
export const radiology: KindRow<RadiologyFields> = {
  schema,
  family: 'result',
  begins: true,
  hasContent: false,
  draft,
};

function draft(fields: RadiologyFields, { id }: DraftContext): Draft {
  const status = text(fields.status ?? 'F');
  return {
    messageType: 'ORU^R01',
    sendingApplication: RADIOLOGY,
    segments: [
      pid(fields.patient),
      ...visit(fields.specialty),
      segment('ORC', { 1: text('RE'), 3: text(id) }),
      segment('OBR', {
        1: text('1'),
        3: text(id),
        4: coded(fields.test),
        7: time(fields.time),
        16: professional(fields.orderedBy),
        25: status,
      }),
      segment('OBX', {
        1: text('1'),
        2: text('TX'),
        3: coded(fields.test),
        5: text(fields.report),
        11: status,
        13: fields.delayDays === undefined ? undefined : text(String(fields.delayDays)),
      }),
    ],
  };
}
