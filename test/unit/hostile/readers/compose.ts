/** Composing from hostile fields: the text in one field, in all fields, as a list, as names. */
import { composeMessage } from '../../../../src/pkb/compose/compose.js';
import { EVERY, PATIENT, PDF } from '../../pkb/compose/fields.js';
import type { Reader, Readers } from './reader.js';

const CUSTOMER = { alias: 'trust' };

function compose(fields: unknown): unknown {
  return composeMessage(fields, { customer: CUSTOMER });
}

/** One field given, all else in order. */
function one(kind: string, put: (text: string) => object): Reader {
  const fields = EVERY.find((each) => each.kind === kind);
  return (text) => compose({ ...fields, ...put(text) });
}

/** Fields in which every text is the hostile one, but for what chooses the kind. */
function everywhere(value: unknown, text: string, name = ''): unknown {
  if (value instanceof Uint8Array || ['kind', 'event'].includes(name)) return value;
  if (typeof value === 'string') return text;
  if (Array.isArray(value)) return value.map((item) => everywhere(item, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, everywhere(inner, text, key)]));
}

/** A text cut into so many parts. */
function cut(text: string, count: number): string[] {
  const length = Math.max(1, Math.ceil(text.length / count));
  return Array.from({ length: Math.ceil(text.length / length) }, (_, i) =>
    text.slice(i * length, (i + 1) * length),
  );
}

/** Kinds that have among them every sort of field. */
const KINDS = ['appointment', 'demographics', 'result', 'encounter'];

/** How many fields share a text where all are hostile. */
const SHARE = 20;

/** Readers by name. */
export const COMPOSE_READERS: Readers = {
  'compose, text of a document': one('document', (text) => ({ pdf: undefined, html: undefined, text })),
  'compose, base64 of a PDF': one('document', (pdf) => ({ pdf: PDF.toString('base64') + pdf })),
  'compose, title of a document': one('document', (title) => ({ title })),
  'compose, ID of a document': one('document', (id) => ({ id })),
  'compose, family name': one('document', (family) => ({
    patient: { ...PATIENT, name: { family, given: 'Alex' } },
  })),
  'compose, NHS number': one('document', (nhsNumber) => ({ patient: { ...PATIENT, nhsNumber } })),
  'compose, e-mail': one('demographics', (email) => ({ patient: { ...PATIENT, email } })),
  'compose, notes of an appointment': one('appointment', (notes) => ({ notes })),
  'compose, address of an appointment': one('appointment', (manageUrl) => ({ manageUrl })),
  'compose, report': one('result', (report) => ({ results: undefined, report })),
  'compose, value of a result': one('result', (value) => ({
    results: [{ test: { code: 'A' }, value, units: 'g' }],
  })),
  'compose, time': one('result', (time) => ({ time })),
  'compose, code of a measurement': one('measurement', (code) => ({ measurements: [{ code, value: 1 }] })),
  ...Object.fromEntries(
    KINDS.map((kind): [string, Reader] => {
      const fields = EVERY.find((each) => each.kind === kind);
      const reader: Reader = (text) =>
        compose(everywhere(fields, text.slice(-Math.ceil(text.length / SHARE))));
      return [`compose, all fields of ${kind}`, reader];
    }),
  ),
  'compose, a thousand results': one('result', (text) => ({
    results: cut(text, 1000).map((value, i) => ({ test: { code: String(i) }, value, units: 'g' })),
  })),
  'compose, ten thousand results': one('result', (text) => ({
    results: cut(text, 10_000).map((value) => ({ test: { code: value }, value })),
  })),
  'compose, a thousand results of one test': one('result', (text) => ({
    results: cut(text, 1000).map((value) => ({ test: { code: 'A' }, value })),
  })),
  'compose, a thousand identifiers': one('demographics', (text) => ({
    patient: {
      ...PATIENT,
      identifiers: cut(text, 1000).map((value) => ({ value, authority: value, type: 'NH' })),
    },
  })),
  'compose, a thousand allergies': one('demographics', (text) => ({
    clinical: { allergies: cut(text, 1000).map((code) => ({ allergen: { code } })) },
  })),
  'compose, a thousand fields that there are not': (text) =>
    compose({ kind: 'query', ...Object.fromEntries(cut(text, 1000).map((name, i) => [i + name, name])) }),
  'compose, a list for fields': (text) => compose({ kind: 'document', patient: cut(text, 1000) }),
};
