/** Stays in hospital: ADT^A01 to A03, A05, A08, A11 to A14, A27, A38 (PKB pages 4356472833, 3364848666, 3365012428). */
import type { EncounterFields } from '../fields.js';
import { pid } from '../patient.js';
import { inWords, professional } from '../datatypes.js';
import { time } from '../times.js';
import { segment, text } from '../write.js';
import type { Draft, DraftContext, KindRow } from '../draft.js';
import schema from '../schemas/encounter.json';

const TRIGGERS = {
  admit: 'A01',
  transfer: 'A02',
  discharge: 'A03',
  'pre-admit': 'A05',
  update: 'A08',
  'pending-admit': 'A14',
  'cancel-admit': 'A11',
  'cancel-transfer': 'A12',
  'cancel-discharge': 'A13',
  'cancel-pre-admit': 'A38',
  'cancel-pending-admit': 'A27',
} as const;

/** An event of a stay. */
export const encounter: KindRow<EncounterFields> = {
  schema,
  family: 'encounter',
  begins: false,
  hasContent: false,
  draft,
};

function draft(fields: EncounterFields, { id }: DraftContext): Draft {
  return {
    messageType: `ADT^${TRIGGERS[fields.event]}`,
    segments: [
      ...(fields.occurred === undefined ? [] : [segment('EVN', { 6: time(fields.occurred) })]),
      pid(fields.patient),
      segment('PV1', {
        1: text('1'),
        2: text(fields.patientClass),
        3: inWords(fields.location),
        7: professional(fields.attending),
        8: professional(fields.referring),
        9: professional(fields.consulting),
        10: text(fields.specialty),
        19: text(id),
        44: time(fields.admitted),
        45: time(fields.discharged),
      }),
    ],
  };
}
