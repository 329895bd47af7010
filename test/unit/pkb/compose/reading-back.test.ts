import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compose } from '../../../../src/pkb/compose/compose.js';
import type { MessageFields, Patient, Professional } from '../../../../src/pkb/compose/fields.js';
import { type Kind, KIND_NAMES } from '../../../../src/pkb/compose/kinds.js';
import { read } from '../../../../src/hl7/read.js';
import { NHS_NUMBERS } from '../../../support/messages.js';
import { hl7Standard, medplum, nodeHl7Client, type Reader } from '../../../support/readers.js';
import { awkward, lines, PATIENT, PDF } from './fields.js';

/** What should stand where: path and plain text. */
type Expected = readonly (readonly [path: string, value: string | undefined])[];

const customer = { alias: 'trustalias' };

/** NHS numbers are checked, so other identifiers are of another kind. */
const notNhs = awkward.filter((text) => !text.startsWith('NH'));

const patient: fc.Arbitrary<Patient> = fc.record(
  {
    nhsNumber: fc.constantFrom(...NHS_NUMBERS),
    identifiers: fc.array(fc.record({ value: awkward, authority: notNhs, type: notNhs }), {
      minLength: 1,
      maxLength: 2,
    }),
    name: fc.record(
      { family: awkward, given: awkward, middle: awkward, suffix: awkward, prefix: awkward },
      { requiredKeys: ['family', 'given'] },
    ),
    birthDate: fc.constantFrom('1970-01-31', '19700131'),
    sex: fc.constantFrom('M' as const, 'F' as const, 'I' as const, 'U' as const),
    address: fc.record(
      { street: awkward, other: awkward, city: awkward, county: awkward, postcode: awkward },
      { requiredKeys: ['street'] },
    ),
    phone: awkward,
    mobile: awkward,
    workPhone: awkward,
    language: fc.constantFrom('en', 'cy', 'pl'),
  },
  { requiredKeys: ['nhsNumber', 'name', 'birthDate', 'sex'] },
);

const professional: fc.Arbitrary<Professional> = fc.record(
  { family: awkward, given: awkward, middle: awkward, prefix: awkward },
  { requiredKeys: ['family'] },
);

/** Where a patient stands; written down here a second time, from PKB's page of PID. */
function inPid({
  nhsNumber,
  identifiers = [],
  name,
  sex,
  address,
  phone,
  mobile,
  workPhone,
  language,
}: Patient): Expected {
  return [
    ['PID-3.1', nhsNumber],
    ['PID-3.4', 'NHS'],
    ['PID-3.5', 'NH'],
    ...identifiers.flatMap(({ value, authority, type }, i): Expected => [
      [`PID-3[${i + 2}].1`, value],
      [`PID-3[${i + 2}].4`, authority],
      [`PID-3[${i + 2}].5`, type],
    ]),
    ['PID-5.1', name.family],
    ['PID-5.2', name.given],
    ['PID-5.3', name.middle],
    ['PID-5.4', name.suffix],
    ['PID-5.5', name.prefix],
    ['PID-7.1', '19700131'],
    ['PID-8.1', sex],
    ['PID-11.1', address?.street],
    ['PID-11.2', address?.other],
    ['PID-11.3', address?.city],
    ['PID-11.4', address?.county],
    ['PID-11.5', address?.postcode],
    ['PID-13.1', phone ?? mobile],
    ['PID-14.1', workPhone],
    ['PID-15.1', language],
  ];
}

const inXcn = (path: string, person: Professional | undefined): Expected => [
  [`${path}.2`, person?.family],
  [`${path}.3`, person?.given],
  [`${path}.4`, person?.middle],
  [`${path}.6`, person?.prefix],
];

/** Fields of some kind with what their message should say. */
interface Case {
  readonly fields: MessageFields;
  readonly expected: Expected;
}

const CASES: Readonly<Record<string, fc.Arbitrary<Case>>> = {
  document: fc
    .record({ patient, id: awkward, fileName: awkward, title: awkward, author: professional, text: lines })
    .map((given) => ({
      fields: { kind: 'document', type: 'CL', time: '2026-01-31T09:30Z', delayDays: 7, ...given },
      expected: [
        ...inPid(given.patient),
        ['TXA-2.1', 'CL'],
        ['TXA-4.1', '202601310930+0000'],
        ...inXcn('TXA-5', given.author),
        ['TXA-12.1', given.id],
        ['TXA-16.1', given.fileName],
        ['TXA-17.1', 'AU'],
        ['OBX-2.1', 'ED'],
        ['OBX-3.2', given.title],
        ['OBX-5.2', 'TEXT'],
        ['OBX-5.3', 'PLAIN'],
        ['OBX-5.4', 'Base64'],
        ['OBX-5.5', Buffer.from(given.text).toString('base64')],
        ['OBX-13.1', '7'],
      ],
    })),
  appointment: fc
    .record({
      patient,
      id: awkward,
      subject: awkward,
      type: awkward,
      location: awkward,
      specialty: awkward,
      notes: lines,
      participants: fc.array(
        fc.record({ family: awkward, given: awkward, role: awkward }, { requiredKeys: ['family'] }),
        { maxLength: 3 },
      ),
      event: fc.constantFrom('new' as const, 'reschedule' as const, 'change' as const, 'cancel' as const),
    })
    .map((given) => ({
      fields: { kind: 'appointment', start: '2026-03-01 10:00', end: '20260301103000', ...given },
      expected: [
        ...inPid(given.patient),
        ['SCH-1.1', given.id],
        ['SCH-7.2', given.subject],
        ['SCH-8.1', given.type],
        ['SCH-11.4', '202603011000+0000'],
        ['SCH-11.5', '20260301103000+0000'],
        ['NTE-3.1', given.notes],
        ['PV1-3.9', given.location],
        ['PV1-10.1', given.specialty],
        ...given.participants.flatMap(({ family, given: first, role }, i): Expected => [
          [`AIP[${i + 1}]-3.2`, family],
          [`AIP[${i + 1}]-3.3`, first],
          [`AIP[${i + 1}]-4.2`, role],
        ]),
      ],
    })),
  demographics: patient.map((given) => ({
    fields: { kind: 'demographics', event: 'add', patient: given },
    expected: inPid(given),
  })),
  result: fc
    .record({
      patient,
      id: awkward,
      test: fc.record({ code: awkward, text: awkward }),
      orderedBy: professional,
      laboratory: awkward,
      value: awkward,
      units: awkward,
      range: awkward,
      comment: lines,
    })
    .map(({ value, units, range, comment, ...given }) => ({
      fields: {
        kind: 'result',
        time: '2026-01-31',
        results: [
          { test: { text: 'first' }, value: 12.5, units: 'g/L' },
          { test: given.test, value, units, range, comment, flag: 'H' },
        ],
        ...given,
      },
      expected: [
        ...inPid(given.patient),
        ['ORC-3.1', given.id],
        ['ORC-13.9', given.laboratory],
        ['OBR-3.1', given.id],
        ['OBR-4.1', given.test.code],
        ['OBR-4.2', given.test.text],
        ['OBR-7.1', '20260131'],
        ...inXcn('OBR-16', given.orderedBy),
        ['OBR-25.1', 'F'],
        ['OBX[1]-5.1', '12.5'],
        ['OBX[2]-3.1', given.test.code],
        ['OBX[2]-5.1', value],
        ['OBX[2]-6.1', units],
        ['OBX[2]-7.1', range],
        ['OBX[2]-8.1', 'H'],
        ['NTE-3.1', comment],
      ],
    })),
  encounter: fc
    .record({ patient, id: awkward, location: awkward, attending: professional, consulting: professional })
    .map((given) => ({
      fields: { kind: 'encounter', event: 'admit', admitted: '2026-01-31T10:00Z', ...given },
      expected: [
        ...inPid(given.patient),
        ['PV1-3.9', given.location],
        ...inXcn('PV1-7', given.attending),
        ['PV1-8.2', undefined],
        ...inXcn('PV1-9', given.consulting),
        ['PV1-19.1', given.id],
        ['PV1-44.1', '202601311000+0000'],
      ],
    })),
  'care-plan': fc.record({ patient, id: awkward, title: awkward, author: professional }).map((given) => ({
    fields: { kind: 'care-plan', time: '2026-01-31T09:30+01:00', html: '<p>Plan</p>', ...given },
    expected: [
      ...inPid(given.patient),
      ['TXA-2.1', 'CP'],
      ['TXA-4.1', '202601310930+0100'],
      ...inXcn('TXA-5', given.author),
      ['TXA-12.1', given.id],
      ['TXA-17.1', 'AU'],
      ['OBX-3.2', given.title],
      ['OBX-5.3', 'HTML'],
      ['OBX-5.5', Buffer.from('<p>Plan</p>').toString('base64')],
    ],
  })),
  'document-deletion': fc.record({ patient, id: awkward }).map((given) => ({
    fields: { kind: 'document-deletion', ...given },
    expected: [...inPid(given.patient), ['TXA-12.1', given.id]],
  })),
  'result, as text': fc.record({ patient, id: awkward, code: awkward, report: lines }).map((given) => ({
    fields: {
      kind: 'result',
      time: '2026-01-31',
      patient: given.patient,
      id: given.id,
      test: { code: given.code },
      report: given.report,
    },
    expected: [
      ...inPid(given.patient),
      ['OBR-3.1', given.id],
      ['OBR-4.1', given.code],
      ['OBX-2.1', 'TX'],
      ['OBX-5.1', given.report],
    ],
  })),
  radiology: fc
    .record({
      patient,
      id: awkward,
      test: fc.record({ code: awkward, text: awkward }),
      report: lines,
      orderedBy: professional,
      specialty: awkward,
    })
    .map((given) => ({
      fields: { kind: 'radiology', time: '2026-01-31T14:05Z', status: 'C', delayDays: 14, ...given },
      expected: [
        ['MSH-3.1', 'RADIOLOGY'],
        ...inPid(given.patient),
        ['PV1-10.1', given.specialty],
        ['ORC-3.1', given.id],
        ['OBR-3.1', given.id],
        ['OBR-4.1', given.test.code],
        ['OBR-4.2', given.test.text],
        ['OBR-7.1', '202601311405+0000'],
        ...inXcn('OBR-16', given.orderedBy),
        ['OBR-25.1', 'C'],
        ['OBX-2.1', 'TX'],
        ['OBX-3.1', given.test.code],
        ['OBX-5.1', given.report],
        ['OBX-11.1', 'C'],
        ['OBX-13.1', '14'],
      ],
    })),
  measurement: fc
    .record({
      patient,
      id: awkward,
      text: awkward,
      units: awkward,
      codingSystem: awkward,
      value: fc.double({ min: 0.001, max: 1e6, noNaN: true }),
    })
    .map(({ text, units, value, ...given }) => ({
      fields: {
        kind: 'measurement',
        time: '2026-01-31T08:00Z',
        measurements: [{ code: '271649006', text, value, units }],
        ...given,
      },
      expected: [
        ...inPid(given.patient),
        ['ORC-3.1', given.id],
        ['OBR-3.1', given.id],
        ['OBR-7.1', '202601310800+0000'],
        ['OBX-3.1', '271649006'],
        ['OBX-3.2', text],
        ['OBX-3.3', given.codingSystem],
        ['OBX-5.1', String(value)],
        ['OBX-6.1', units],
      ],
    })),
  'result-deletion': fc.record({ patient, id: awkward, test: fc.record({ code: awkward }) }).map((given) => ({
    fields: { kind: 'result-deletion', ...given },
    expected: [
      ...inPid(given.patient),
      ['ORC-3.1', given.id],
      ['OBR-3.1', given.id],
      ['OBR-4.1', given.test.code],
      ['OBR-25.1', 'R'],
    ],
  })),
  query: fc.record({ value: awkward, type: notNhs }).map((identifier) => ({
    fields: { kind: 'query', identifier },
    expected: [
      ['QRD-8.1', identifier.value],
      ['QRD-8.13', identifier.type],
    ],
  })),
};

/** The six escape sequences, resolved independently of the code under test. */
function plain(raw: string): string {
  const meaning: Record<string, string> = { F: '|', S: '^', T: '&', R: '~', E: '\\', '.br': '\n' };
  return raw.replaceAll(/\\(F|S|T|R|E|\.br)\\/g, (_, name: string) => meaning[name] ?? '');
}

function at(reader: Reader, path: string): string | undefined {
  const [, segment = '', occurrence = '1', field = '', repetition = '1', component = '1'] =
    /^(\w{3})(?:\[(\d+)\])?-(\d+)(?:\[(\d+)\])?\.(\d+)$/.exec(path) ?? [];
  return reader(segment, Number(occurrence), Number(field), Number(repetition), Number(component));
}

const LIBRARIES: readonly [string, (text: string) => (path: string) => string | undefined][] = [
  ['our own reader', (text) => (path) => read(text, path)],
  [
    '@medplum/core',
    (text) => {
      const reader = medplum(text);
      return (path) => plain(at(reader, path) ?? '');
    },
  ],
  [
    'node-hl7-client',
    (text) => {
      const reader = nodeHl7Client(text);
      return (path) => at(reader, path);
    },
  ],
  [
    'hl7-standard',
    (text) => {
      const reader = hl7Standard(text);
      return (path) => plain(at(reader, path) ?? '');
    },
  ],
];

/** What a library shows of a value: node-hl7-client resolves all sequences but that of the line break. */
function shown(library: string, value: string | undefined): string | undefined {
  return library === 'node-hl7-client' ? value?.replaceAll('\n', '\\.br\\') : value;
}

describe('a composed message', () => {
  for (const [kind, cases] of Object.entries(CASES)) {
    for (const [library, open] of LIBRARIES) {
      it(`of kind ${kind} says the same values to ${library}, whatever characters they hold`, () => {
        fc.assert(
          fc.property(cases, ({ fields, expected }) => {
            const readAt = open(compose(fields, { customer }));
            for (const [path, value] of expected)
              assert.equal(readAt(path) || undefined, shown(library, value), path);
          }),
          { numRuns: 150 },
        );
      });
    }
  }

  it('is read back for every kind', () => {
    const kinds = new Set(Object.values(CASES).map((cases) => fc.sample(cases, 1)[0]?.fields.kind));
    const missing = KIND_NAMES.filter((kind) => !kinds.has(kind as Kind));
    assert.deepEqual(missing, [], 'kinds of kinds.ts without a case in CASES of this test');
  });

  it('carries a PDF byte for byte, whether given as bytes or as base64 with line ends', () => {
    const wrapped = PDF.toString('base64').replaceAll(/.{20}/g, '$&\r\n');
    for (const pdf of [PDF, new Uint8Array(PDF), PDF.toString('base64'), wrapped]) {
      const hl7 = compose({ kind: 'document', type: 'CL', patient: PATIENT, pdf }, { customer });
      assert.deepEqual(Buffer.from(read(hl7, 'OBX-5.5') ?? '', 'base64'), PDF);
      assert.equal(read(hl7, 'OBX-5.3'), 'PDF');
    }
  });
});
