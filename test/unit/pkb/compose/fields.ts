/** Fields for tests: one whole, synthetic set of each kind, and generated ones. */
import fc from 'fast-check';
import type { MessageFields, Patient } from '../../../../src/pkb/compose/fields.js';
import { NHS_NUMBERS } from '../../../support/messages.js';

/** The smallest thing that readers take for a PDF. */
export const PDF = Buffer.from('%PDF-1.4\n%\u00e2\u00e3\n1 0 obj\n<<>>\nendobj\n%%EOF\n', 'latin1');

export const PATIENT: Patient = {
  nhsNumber: NHS_NUMBERS[0],
  nhsNumberStatus: '01',
  name: { family: 'Example', given: 'Alex', middle: 'Sam', prefix: 'Mx' },
  birthDate: '1970-01-31',
  sex: 'U',
};

const professional = { family: 'Jones', given: 'Stuart', middle: 'James', prefix: 'Dr' };
const ID = '0b8a6e0e-8f0b-4f7e-9d7e-0d6a3f2b1c4d';

/** Sets of fields for each message type that can be composed, with everything that may be given and that the guard lets pass. */
export const EVERY: readonly MessageFields[] = [
  {
    kind: 'document',
    id: ID,
    patient: PATIENT,
    type: 'CL',
    pdf: PDF,
    fileName: 'letter.pdf',
    title: 'Clinic letter',
    time: '2026-01-31T09:30:00Z',
    author: professional,
    delayDays: 2,
    patientClass: 'O',
    specialty: '300',
  },
  { kind: 'document', patient: PATIENT, type: 'DS', html: '<p>Grüße | ^ ~ \\ & 😀</p>\n' },
  { kind: 'document', patient: PATIENT, type: 'AL', text: 'Line one\r\nLine | two' },
  { kind: 'document-deletion', id: ID, patient: PATIENT },
  { kind: 'care-plan', patient: PATIENT, title: 'Plan', time: '2026-01-31', html: '<p>Plan</p>' },
  {
    kind: 'care-plan',
    id: ID,
    patient: PATIENT,
    title: 'Plan',
    time: '2026-01-31',
    pdf: PDF.toString('base64'),
    specialty: '300',
  },
  ...(['new', 'reschedule', 'change', 'cancel', 'did-not-attend'] as const).map((event): MessageFields => ({
    kind: 'appointment',
    event,
    id: ID,
    patient: PATIENT,
    start: '2026-03-01T10:00+00:00',
    end: '2026-03-01T10:30+00:00',
    subject: 'Check-up',
    type: 'F2F',
    typeText: 'Face to face',
    location: 'Health centre',
    specialty: '110',
    notes: 'Bring <b>glasses</b>\nand a list of questions',
    participants: [{ ...professional, role: 'Doctor' }, { family: 'Evans' }],
    manageUrl: 'https://appointments.example/manage?a=1&b=2',
  })),
  {
    kind: 'appointment',
    event: 'change',
    id: ID,
    patient: PATIENT,
    manageUrl: 'https://appointments.example/manage?a=1',
  },
  ...(['add', 'update'] as const).map((event): MessageFields => ({
    kind: 'demographics',
    event,
    patient: {
      ...PATIENT,
      nhsNumberStatus: '01',
      identifiers: [{ value: 'H123', authority: 'RXX', type: 'MR' }],
      address: {
        street: '1 Sample Street',
        other: 'Flat 2',
        city: 'London',
        county: 'London',
        postcode: 'N1 1AA',
        country: 'GBR',
      },
      phone: '020 7946 0000',
      mobile: '07700 900000',
      workPhone: '020 7946 0001',
      language: 'cy',
      died: true,
      diedAt: '2026-01-31',
    },
  })),
  {
    kind: 'result',
    id: ID,
    patient: PATIENT,
    test: { code: 'TFT', text: 'Thyroid function test' },
    time: '2026-01-31T08:00:00+00:00',
    results: [
      { test: { code: 'TSH', text: 'TSH' }, value: '4.20', units: 'mU/L', range: '0.27-4.20', flag: 'N' },
      { test: { code: 'FT4' }, value: 25.5, units: 'pmol/L', status: 'C', time: '2026-01-31T08:05:00+00:00' },
      { test: { text: 'CRP' }, value: { comparator: '<', number: 5 }, units: 'mg/L', comment: 'Low' },
      { test: { code: 'COL' }, value: 'Straw | coloured' },
    ],
    delayDays: 3,
    comment: 'Fasting',
    orderedBy: professional,
    laboratory: 'Laboratory 1',
    specialty: '300',
  },
  {
    kind: 'result',
    patient: PATIENT,
    test: { code: 'MC', text: 'Microscopy' },
    time: '2026-01-31',
    report: 'First line\n\nThird line & more',
  },
  {
    kind: 'measurement',
    patient: PATIENT,
    time: '2026-01-31T08:00Z',
    measurements: [
      { code: '271649006', text: 'Systolic', value: 120, units: 'mmHg', unitsText: 'millimetres of mercury' },
      { code: '271650006', text: 'Diastolic', value: 80, units: 'mmHg', time: '2026-01-31T08:01Z' },
    ],
  },
  {
    kind: 'result',
    id: ID,
    patient: PATIENT,
    time: '2026-01-31T08:00+00:00',
    panels: [
      {
        test: { code: 'FBC', text: 'Full blood count' },
        results: [
          {
            test: { code: 'HB', text: 'Haemoglobin' },
            value: 140,
            units: 'g/L',
            range: '130-170',
            flag: 'N',
            status: 'C',
            time: '2026-01-31T08:05+00:00',
          },
        ],
        comment: 'Haemolysed',
      },
      {
        test: { text: 'Liver function' },
        time: '2026-01-31T08:05+00:00',
        results: [
          { test: { code: 'ALT' }, value: { comparator: '<', number: 5 }, units: 'U/L', comment: 'Low' },
        ],
      },
    ],
    orderedBy: professional,
  },
  {
    kind: 'radiology',
    id: ID,
    patient: PATIENT,
    test: { code: 'XR', text: 'Chest X-ray' },
    time: '2026-01-31T08:00+00:00',
    report: 'Clear.\nNo change | since 2025.',
    status: 'P',
    delayDays: 3,
    orderedBy: professional,
    specialty: '300',
  },
  { kind: 'result-deletion', id: ID, patient: PATIENT, test: { code: 'TFT' }, time: '2026-01-31' },
  {
    kind: 'result-deletion',
    id: ID,
    patient: PATIENT,
    test: { text: 'Chest X-ray' },
    time: '2026-01-31',
    radiology: true,
  },
  ...(
    [
      'admit',
      'transfer',
      'discharge',
      'pre-admit',
      'update',
      'pending-admit',
      'cancel-admit',
      'cancel-transfer',
      'cancel-discharge',
      'cancel-pre-admit',
      'cancel-pending-admit',
    ] as const
  ).map((event): MessageFields => ({
    kind: 'encounter',
    event,
    id: ID,
    patient: PATIENT,
    patientClass: 'I',
    location: 'My Ward',
    attending: professional,
    referring: { family: 'Smith' },
    consulting: { family: 'Foster', prefix: 'Mr' },
    specialty: '300',
    admitted: '2026-01-30T10:00Z',
    discharged: '2026-01-31T12:00Z',
    occurred: '2026-01-31T11:00Z',
  })),
  { kind: 'query', nhsNumber: '999 000 0018', changedSince: '2026-01-31T11:00Z' },
  { kind: 'query', identifier: { value: 'ABC12345', type: 'MR' } },
  {
    kind: 'query',
    registration: 'not-registered',
    limit: 100,
    after: '7',
    changedSince: '2026-01-31T11:00Z',
  },
];

/** What may be given and is discouraged: it replaces the Customer's lists, or changes who sees the patient. */
export const DISCOURAGED: readonly MessageFields[] = [
  {
    kind: 'demographics',
    event: 'update',
    patient: PATIENT,
    clinical: {
      allergies: [
        {
          allergen: { code: 'PEN', text: 'Penicillin' },
          severity: 'MO',
          reaction: 'Rash',
          onset: '2020-05',
          provider: 'Jones',
        },
      ],
      diagnoses: [{ diagnosis: { code: 'J45', text: 'Asthma' }, time: '2019-01-01' }],
      medication: [
        {
          product: 'Salbutamol',
          code: 'SAL',
          dose: '100',
          units: 'ug',
          frequency: 'twice a day',
          start: '2020-01-01',
          end: '2020-02-01',
        },
      ],
    },
    teams: { add: ['default', 'asthma'], remove: ['diabetes'] },
  },
];

const AWKWARD = [
  '|',
  '^',
  '~',
  '\\',
  '&',
  "'",
  '"',
  'ŵ',
  'ŷ',
  'Ł',
  'ż',
  'ó',
  '😀',
  '\\F\\',
  '\\.br\\',
  'é',
  'MSH|',
  ']]>',
  '<b>',
  '{}',
];

/** Text on one line with everything that could go wrong in it, and no white space at its ends. */
export const awkward = fc
  .array(fc.oneof(fc.constantFrom(...AWKWARD), fc.string({ minLength: 1, maxLength: 4 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => parts.join('').trim())
  .filter((text) => text !== '' && text !== '""');

/** The same on several lines. */
export const lines = fc.array(awkward, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('\n'));
