/** Appointments: SIU^S12, S13, S14, S15, S26 (PKB pages 3364947182, 3364849014, 3365078416; ZAP: 3803840551). */
import type { AppointmentFields, Participant } from '../fields.js';
import { pid } from '../patient.js';
import { inWords, professional } from '../datatypes.js';
import { time } from '../times.js';
import { components, segment, text } from '../write.js';
import type { Draft, DraftContext, KindRow } from '../draft.js';
import schema from '../schemas/appointment.json';

const TRIGGERS = {
  new: 'S12',
  reschedule: 'S13',
  change: 'S14',
  cancel: 'S15',
  'did-not-attend': 'S26',
} as const;

/** An appointment, or a change to one. */
export const appointment: KindRow<AppointmentFields> = {
  schema,
  family: 'appointment',
  begins: ({ event }) => event === 'new',
  hasContent: false,
  draft,
};

function draft(fields: AppointmentFields, { id }: DraftContext): Draft {
  const { participants = [] } = fields;
  const segments = [
    pid(fields.patient),
    segment('SCH', {
      1: text(id),
      7: components(undefined, text(fields.subject)),
      8: components(text(fields.type), undefined, text(fields.typeText)),
      11: components(undefined, undefined, undefined, time(fields.start), time(fields.end)),
    }),
  ];
  if (fields.notes !== undefined) segments.push(segment('NTE', { 3: text(fields.notes) }));
  if (fields.location !== undefined || fields.specialty !== undefined) {
    segments.push(segment('PV1', { 3: inWords(fields.location), 10: text(fields.specialty) }));
  }
  if (participants.length > 0)
    segments.push(segment('RGS', { 1: text('1') }), ...participants.map(participant));
  if (fields.manageUrl !== undefined) segments.push(segment('ZAP', { 1: text(fields.manageUrl) }));
  return { messageType: `SIU^${TRIGGERS[fields.event]}`, segments };
}

function participant(person: Participant, i: number): string {
  return segment('AIP', {
    1: text(String(i + 1)),
    3: professional(person),
    4: components(undefined, text(person.role)),
  });
}
