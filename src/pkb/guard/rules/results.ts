/** Rules for results: laboratory, radiology, measurements (PKB pages 3364848908, 3991405648, 3365012682). */
import { RADIOLOGY } from '../../code-sets.js';
import { isSnomedCt } from '../../snomed-ct.js';
import type { Rule } from '../rule.js';
import { codeOf, type Scan } from '../scan.js';

const ORC = codeOf('ORC');
const OBR = codeOf('OBR');
const OBX = codeOf('OBX');

/** Whether a message is a radiology report. */
export function isRadiology(message: Scan): boolean {
  return message.messageType === 'ORU^R01' && message.msh(3) === RADIOLOGY;
}

function isLaboratory(message: Scan): boolean {
  return message.messageType === 'ORU^R01' && message.msh(3) !== RADIOLOGY;
}

/** Types of OBX whose text may continue in several segments of one test. */
const TEXT_TYPES = ['TX', 'FT', 'ST', ''];

/** One OBR with its ID (from OBR-3 or the ORC before it), and the indexes of its OBX. */
interface ReportAt {
  readonly obr: number;
  readonly id: string;
  readonly tests: number[];
}

/** Kept for each message, because several rules use them. */
const REPORTS = new WeakMap<Scan, ReportAt[]>();

function reportsOf(message: Scan): ReportAt[] {
  const found = REPORTS.get(message) ?? findReports(message);
  REPORTS.set(message, found);
  return found;
}

function findReports(message: Scan): ReportAt[] {
  const reports: ReportAt[] = [];
  let order = '';
  for (const [i, code] of message.codes.entries()) {
    if (code === ORC) order = message.component(i, 3, 1);
    if (code === OBX) reports.at(-1)?.tests.push(i);
    if (code !== OBR) continue;
    reports.push({ obr: i, id: message.component(i, 3, 1) || order, tests: [] });
    order = '';
  }
  return reports;
}

/** The subject of an OBX: its test. For measurements also their time, because there can be several of a kind in a day. */
function testAt(message: Scan, obx: number): string {
  const test = message.field(obx, 3);
  return isSnomedCt(message.component(obx, 3, 1)) ? `${test}|${message.field(obx, 14)}` : test;
}

/** The rules, in the order in which they are shown. */
export const RESULTS: readonly Rule[] = [
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
    mark: 'D',
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
    id: 'type.lab-reports',
    area: 'type',
    title: 'Two filler numbers in one laboratory message',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'ORU^R01 but radiology',
    text: 'A laboratory message may hold one filler order number (OBR-3) only; send each report in a message of its own.',
    why: 'PKB takes one filler order number per message.',
    source: '3991405648',
    mark: 'D',
    check: (message, report) => {
      if (!isLaboratory(message)) return;
      const [first, ...others] = reportsOf(message).filter(({ id }) => id !== '');
      const other = first && others.find(({ id }) => id !== first.id);
      if (other) report(other.obr, '-3');
    },
  },
  {
    id: 'type.lab-test-twice',
    area: 'type',
    title: 'The same test twice in one report',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'ORU^R01 but radiology',
    text: 'Send this test (OBX-3) once, or under a separate filler number: it appears twice under one number, and PKB stores one value per test.',
    why: 'The same test twice under one filler order number is not accepted.',
    source: '3991405648',
    mark: 'D',
    check: (message, report) => {
      if (!isLaboratory(message)) return;
      const seen = new Set<string>();
      for (const { id, tests } of reportsOf(message)) {
        let last = '';
        for (const i of tests) {
          const test = testAt(message, i);
          // A textual report continues in several OBX of one test.
          const goesOn =
            test === last && TEXT_TYPES.includes(message.field(i, 2)) && message.field(i, 6) === '';
          const key = `${id}|${test}`;
          if (message.field(i, 3) !== '' && seen.has(key) && !goesOn) report(i, '-3');
          seen.add(key);
          last = test;
        }
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
    mark: 'D',
    check: (message, report) => {
      if (!isRadiology(message) || message.first(OBR) < 0) return;
      const second = message.codes.indexOf(OBR, message.first(OBR) + 1);
      if (second > 0) report(second);
    },
  },
  {
    id: 'type.radiology-fields',
    area: 'type',
    title: 'Radiology report has no time or name',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'ORU^R01 with MSH-3 RADIOLOGY',
    text: 'A radiology report needs its time in OBR-7 and its name in OBR-4.1 or OBR-4.2.',
    why: 'PKB requires both of a radiology report.',
    source: '3365012682, old page oru-r01/radiology',
    mark: 'D',
    check: (message, report) => {
      const obr = isRadiology(message) ? message.first(OBR) : -1;
      if (obr < 0) return;
      if (message.field(obr, 7) === '') report(obr, '-7');
      if (message.component(obr, 4, 1) === '' && message.component(obr, 4, 2) === '') report(obr, '-4');
    },
  },
];
