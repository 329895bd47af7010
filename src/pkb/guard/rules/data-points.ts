/** Rules about data point IDs, which Partner and Customer share (PKB page 3365012161). */
import { DATA_POINT_FIELDS, messageTypeRow } from '../../catalogue.js';
import type { Report, Rule } from '../rule.js';
import { isRadiology } from './results.js';
import { codeOf, type Scan } from '../scan.js';

const ORC = codeOf('ORC');
const OBR = codeOf('OBR');
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

interface Place {
  readonly segment: number;
  readonly name: string;
  readonly field: number;
  readonly id: string;
}

/** The fields that hold the ID, by family, with the codes of their segments. */
const FIELDS = new Map(
  Object.entries(DATA_POINT_FIELDS).map(([family, paths]) => [
    family,
    paths.map((path) => {
      const [, name = '', field = ''] = /^([A-Z0-9]{3})-(\d+)/.exec(path) ?? [];
      return { name, code: codeOf(name), field: Number(field) };
    }),
  ]),
);

function places(message: Scan): Place[] {
  const family = messageTypeRow(message.messageType)?.family ?? '';
  const fields = FIELDS.get(family) ?? [];
  // For a radiology report, only OBR-3 counts.
  return (isRadiology(message) ? fields.filter(({ code }) => code === OBR) : fields).map(
    ({ name, code, field }) => {
      const segment = message.first(code);
      return { segment, name, field, id: message.component(segment, field, 1) };
    },
  );
}

/** Reports every OBR whose ID differs from the ORC before it. */
function reportDiffering(message: Scan, report: Report): void {
  let order = '';
  for (const [i, code] of message.codes.entries()) {
    if (code === ORC) order = message.component(i, 3, 1);
    if (code !== OBR) continue;
    const id = message.component(i, 3, 1);
    if (order !== '' && id !== '' && id !== order) report(i, '-3');
    order = '';
  }
}

/** The rules, in the order in which they are shown. */
export const DATA_POINTS: readonly Rule[] = [
  {
    id: 'datapoint.missing',
    area: 'datapoint',
    title: 'Data point ID is missing',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'encounters, appointments, documents, results',
    text: 'The field that names the data point is empty; let pkb-build set an ID.',
    why: 'PKB replaces, updates and deletes by this ID, and rejects most messages without one.',
    source: '3364848860, 3364947182, 3364848908',
    mark: 'D',
    check: (message, report) => {
      const all = places(message);
      const last = all.at(-1);
      if (last === undefined || all.some(({ id }) => id !== '')) return;
      if (last.segment < 0) report(-1, `${last.name}-${last.field}`);
      else report(last.segment, `-${last.field}`);
    },
  },
  {
    id: 'datapoint.clash',
    area: 'datapoint',
    title: 'Data point ID may clash with the Customer’s',
    severity: 'warning',
    defaultAction: 'flag',
    appliesTo: 'encounters, appointments, documents, results',
    text: 'The data point ID is no UUID and is not declared as the Customer’s own; it may clash with one of the Customer’s.',
    why: 'Partner and Customer share one namespace of IDs: a clash overwrites the other’s data.',
    source: '3365012161',
    mark: 'D',
    check: (message, report, { dataPointIsCustomers }) => {
      if (dataPointIsCustomers) return;
      for (const { segment, field, id } of places(message)) {
        if (id !== '' && !UUID.test(id)) return report(segment, `-${field}`);
      }
    },
  },
  {
    id: 'datapoint.orc-obr',
    area: 'datapoint',
    title: 'ORC-3 and OBR-3 differ',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'ORU^R01 but radiology',
    text: 'ORC-3.1 and OBR-3.1 of a report must be equal where both are given.',
    why: 'PKB rejects a message in which they differ.',
    source: '3364848908',
    mark: 'D',
    check: (message, report) => {
      if (message.messageType === 'ORU^R01' && !isRadiology(message)) reportDiffering(message, report);
    },
  },
  {
    id: 'datapoint.orc-obr-radiology',
    area: 'datapoint',
    title: 'ORC-3 and OBR-3 of a radiology report differ',
    severity: 'warning',
    defaultAction: 'flag',
    appliesTo: 'ORU^R01 with MSH-3 RADIOLOGY',
    text: 'ORC-3.1 and OBR-3.1 differ; for radiology PKB goes by OBR-3, it seems. Write the same ID in both.',
    why: 'PKB’s old page lets OBR-3 override ORC-3 for radiology; whether that still holds is to be confirmed.',
    source: '3365012682, old page oru-r01/radiology',
    mark: 'I',
    check: (message, report) => {
      if (isRadiology(message)) reportDiffering(message, report);
    },
  },
  {
    id: 'datapoint.resent-appointment',
    area: 'datapoint',
    title: 'S12 for an appointment already sent',
    severity: 'warning',
    defaultAction: 'flag',
    appliesTo: 'SIU^S12, within the last 10,000 appointments of a pkb-guard node',
    text: 'An appointment with this ID was sent before; change it with S13 or S14.',
    why: 'A second S12 replaces the appointment: links in e-mails already sent break, and reports cannot tell it from a new one.',
    source: '3835887617',
    mark: 'D',
    check: (message, report, { appointmentSeen }) => {
      if (message.messageType !== 'SIU^S12' || appointmentSeen === undefined) return;
      const [sch] = places(message);
      if (sch && sch.id !== '' && appointmentSeen(sch.id)) report(sch.segment, '-1');
    },
  },
];
