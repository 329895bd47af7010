/** Deletions of reports: ORU^R01 with OBR-25 R (PKB pages 3364848908, 3365012682 and 4718755841). */
import { coded } from '../datatypes.js';
import type { Draft, DraftContext, KindRow } from '../draft.js';
import type { ResultDeletionFields } from '../fields.js';
import { pid } from '../patient.js';
import schema from '../schemas/result-deletion.json';
import { time } from '../times.js';
import { segment, text } from '../write.js';
import { RADIOLOGY } from '../../code-sets.js';

/** The deletion of everything in a report. */
export const resultDeletion: KindRow<ResultDeletionFields> = {
  schema,
  family: 'result',
  begins: false,
  hasContent: false,
  draft,
};

function draft(fields: ResultDeletionFields, { id }: DraftContext): Draft {
  return {
    messageType: 'ORU^R01',
    ...(fields.radiology === true ? { sendingApplication: RADIOLOGY } : {}),
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
