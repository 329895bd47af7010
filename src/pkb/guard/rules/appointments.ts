/** Rules for appointments (PKB pages 3364947182, 3364849014, 3365078416). */
import type { Report, Rule } from '../rule.js';
import { codeOf, type Scan } from '../scan.js';

const SCH = codeOf('SCH');
const PV1 = codeOf('PV1');

/** Reports an empty PV1-3, or a missing PV1. */
function reportLocation(message: Scan, report: Report): void {
  const pv1 = message.first(PV1);
  if (pv1 < 0) report(-1, 'PV1');
  else if (message.field(pv1, 3).replaceAll('^', '') === '') report(pv1, '-3');
}

/** The rules, in the order in which they are shown. */
export const APPOINTMENTS: readonly Rule[] = [
  {
    id: 'type.appointment-start',
    area: 'type',
    title: 'New appointment has no start',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'SIU^S12',
    text: 'A new appointment needs its start in SCH-11.4.',
    why: 'PKB rejects a new appointment without it.',
    source: '3364947182',
    mark: 'D',
    check: (message, report) => {
      if (message.messageType !== 'SIU^S12') return;
      const sch = message.first(SCH);
      if (sch >= 0 && message.component(sch, 11, 4) === '') report(sch, '-11.4');
    },
  },
  {
    id: 'type.appointment-location',
    area: 'type',
    title: 'New appointment has no location',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'SIU^S12',
    text: 'A new appointment needs its location in PV1-3, such as ^^^^^^^^Clinic 3.',
    why: 'PKB requires PV1-3 of a new appointment.',
    source: '3364947182',
    mark: 'D',
    check: (message, report) => {
      if (message.messageType === 'SIU^S12') reportLocation(message, report);
    },
  },
  {
    id: 'type.unknown-appointment',
    area: 'type',
    title: 'Cancellation says too little for an unknown appointment',
    severity: 'note',
    defaultAction: 'flag',
    appliesTo: 'SIU^S15, SIU^S26',
    text: 'If PKB does not know the appointment, it needs the start (SCH-11.4) and the location (PV1-3) of a new one, and rejects the message without them.',
    why: 'PKB creates an unknown appointment before it cancels it.',
    source: '3364849014, 3365078416',
    mark: 'D',
    check: (message, report) => {
      if (message.messageType !== 'SIU^S15' && message.messageType !== 'SIU^S26') return;
      const sch = message.first(SCH);
      if (sch >= 0 && message.component(sch, 11, 4) === '') return report(sch, '-11.4');
      reportLocation(message, report);
    },
  },
];
