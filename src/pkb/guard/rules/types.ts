/** Rules for single message types (PKB pages named with each). */
import { readTimestamp } from '../../../hl7/timestamp.js';
import type { Rule } from '../rule.js';
import { codeOf, type Scan } from '../scan.js';

const TXA = codeOf('TXA');
const SCH = codeOf('SCH');
const OBR = codeOf('OBR');
const OBX = codeOf('OBX');

/** The codes of PKB's document types (PKBCS05) that are known; its full list is not public. */
export const DOCUMENT_TYPES: readonly string[] = [
  'AL', 'AN', 'BR', 'CL', 'CP', 'DL', 'DS', 'MDT', 'RL', 'TCI',
]; // prettier-ignore

/** Fields that hold time stamps, by segment. */
const TIMES: readonly (readonly [number, readonly number[]])[] = Object.entries({
  TXA: [4, 6, 7, 8],
  OBR: [7],
  OBX: [14],
  PV1: [44, 45],
  EVN: [2, 3, 6],
  AL1: [6],
  DG1: [5],
}).map(([name, fields]) => [codeOf(name), fields]);

const isHalf = (raw: string): boolean => raw !== '' && raw !== '""' && readTimestamp(raw) === undefined;

function documentRule(
  id: string,
  title: string,
  text: string,
  why: string,
  check: (message: Scan, txa: number) => boolean,
  type: string,
): Rule {
  return {
    id,
    area: 'type',
    title,
    severity: 'error',
    defaultAction: 'block',
    appliesTo: type,
    text,
    why,
    source: '3364848860, 3365012559, 3364947080',
    check: (message, report) => {
      if (message.messageType !== type) return;
      const txa = message.first(TXA);
      if (txa >= 0 && check(message, txa)) report(txa, id === 'type.document-status' ? '-17' : '-2');
    },
  };
}

export const TYPES: readonly Rule[] = [
  documentRule(
    'type.document-status',
    'Document is not AU',
    'TXA-17 (completion status) must be AU.',
    'PKB takes a document in no other status.',
    (message, txa) => message.field(txa, 17) !== 'AU',
    'MDM^T02',
  ),
  {
    ...documentRule(
      'type.document-type',
      'Document type is not known',
      'TXA-2 (document type) is none of the codes known from PKB’s list PKBCS05; check it with PKB.',
      'An unknown code may be rejected or shown under the wrong heading.',
      (message, txa) => !DOCUMENT_TYPES.includes(message.component(txa, 2, 1)),
      'MDM^T02',
    ),
    severity: 'warning',
    defaultAction: 'flag',
  },
  documentRule(
    'type.care-plan-deletion',
    'Care plan is to be deleted',
    'PKB cannot delete a care plan (TXA-2 CP); send a new version instead.',
    'The old versions of a care plan stay visible by design.',
    (message, txa) => message.component(txa, 2, 1) === 'CP',
    'MDM^T11',
  ),
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
    check: (message, report) => {
      if (message.messageType !== 'SIU^S12') return;
      const sch = message.first(SCH);
      if (sch >= 0 && message.component(sch, 11, 4) === '') report(sch, '-11.4');
    },
  },
  {
    id: 'type.unknown-appointment',
    area: 'type',
    title: 'Cancellation says too little for an unknown appointment',
    severity: 'note',
    defaultAction: 'flag',
    appliesTo: 'SIU^S15, SIU^S26',
    text: 'If PKB does not know the appointment, it needs the fields of an S12 (such as SCH-11.4) and rejects the message without them.',
    why: 'PKB creates an unknown appointment before it cancels it.',
    source: '3364849014, 3365078416',
    check: (message, report) => {
      if (message.messageType !== 'SIU^S15' && message.messageType !== 'SIU^S26') return;
      const sch = message.first(SCH);
      if (sch >= 0 && message.component(sch, 11, 4) === '') report(sch, '-11.4');
    },
  },
  {
    id: 'type.observation-time',
    area: 'type',
    title: 'Result has no observation time',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'ORU^R01',
    text: 'A result needs an observation time in OBX-14 or in OBR-7.',
    why: 'PKB answers "No observation timestamp in OBX or OBR".',
    source: '3364848908, 3364848470',
    check: (message, report) => {
      if (message.messageType !== 'ORU^R01') return;
      let observed = false;
      for (const [i, code] of message.codes.entries()) {
        if (code === OBR) observed = message.field(i, 7) !== '';
        if (code === OBX && !observed && message.field(i, 14) === '') report(i, '-14');
      }
    },
  },
  {
    id: 'type.radiology-reports',
    area: 'type',
    title: 'Several reports in a radiology message',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'ORU^R01 with MSH-3 RADIOLOGY',
    text: 'A radiology message may hold one OBR only; send each report in a message of its own.',
    why: 'PKB rejects such a message as a whole.',
    source: '3365012682',
    check: (message, report) => {
      if (message.messageType !== 'ORU^R01' || message.msh(3) !== 'RADIOLOGY') return;
      const second = message.codes.indexOf(OBR, message.first(OBR) + 1);
      if (message.first(OBR) >= 0 && second > 0) report(second);
    },
  },
  {
    id: 'type.time-stamps',
    area: 'type',
    title: 'Time stamp is half specified or impossible',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'all',
    text: 'This is not a time stamp of whole parts that exists; write yyyyMMdd or yyyyMMddHHmm[ss], with an offset such as +0100.',
    why: 'PKB rejects half-specified time stamps.',
    source: '3365013095',
    check: (message, report) => {
      if (isHalf(message.msh(7))) report(0, '-7');
      const sch = message.first(SCH);
      for (const n of [4, 5]) if (sch >= 0 && isHalf(message.component(sch, 11, n))) report(sch, `-11.${n}`);
      for (const [code, fields] of TIMES) {
        for (let i = message.first(code); i >= 0; i = message.codes.indexOf(code, i + 1)) {
          for (const n of fields) if (isHalf(message.component(i, n, 1))) report(i, `-${n}`);
        }
      }
    },
  },
];
