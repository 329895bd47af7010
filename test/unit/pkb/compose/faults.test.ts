import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { PkbError } from '../../../../src/errors.js';
import { composeMessage, type ComposeOptions } from '../../../../src/pkb/compose/compose.js';
import { PkbFieldsError } from '../../../../src/pkb/compose/faults.js';
import { KIND_NAMES } from '../../../../src/pkb/compose/kinds.js';
import { EVERY, PATIENT, PDF } from './fields.js';

const customer = { alias: 'trustalias' };

/** The faults of some fields, as `path text`. */
function faults(fields: unknown, options: Partial<ComposeOptions> = {}): string[] {
  try {
    composeMessage(fields, { customer, ...options });
  } catch (error) {
    assert.ok(error instanceof PkbFieldsError, String(error));
    assert.equal(error.code, 'PKB_FIELDS');
    assert.equal(error.name, 'PkbFieldsError');
    for (const { path, text } of error.faults)
      assert.ok(error.message.includes(path) && error.message.includes(text));
    return error.faults.map(({ path, text }) => `${path} ${text}`.trim());
  }
  return [];
}

/** Where the faults are. */
const where = (fields: unknown): string[] => {
  try {
    composeMessage(fields, { customer });
  } catch (error) {
    assert.ok(error instanceof PkbFieldsError);
    return error.faults.map(({ path }) => path);
  }
  return [];
};

const letter = { kind: 'document', type: 'CL', patient: PATIENT, text: 'x' };

describe('bad fields', () => {
  it('are told all at once, each with its path', () => {
    const paths = where({
      kind: 'document',
      type: 'XX',
      pdf: PDF,
      html: '<p>',
      time: '2026-02-30',
      delayDays: -1,
      author: { given: 'Sam' },
      patient: {
        identifiers: [{ value: '9990000017', authority: 'NHS', type: 'NH' }, { value: 'H1' }],
        name: { family: 'Example' },
        birthDate: '1970-13-01',
        sex: 'X',
      },
    });
    assert.deepEqual(paths.toSorted(), [
      '',
      'author.family',
      'delayDays',
      'patient.birthDate',
      'patient.identifiers[0].value',
      'patient.identifiers[1].authority',
      'patient.identifiers[1].type',
      'patient.name.given',
      'patient.sex',
      'time',
      'type',
    ]);
  });

  for (const [what, fields, expected] of [
    ['no kind', {}, [`kind must be one of ${KIND_NAMES.join(', ')}`]],
    ['an unknown kind', { kind: 'letter' }, [`kind must be one of ${KIND_NAMES.join(', ')}`]],
    [
      'the name of an inherited property as kind',
      { kind: 'constructor' },
      [`kind must be one of ${KIND_NAMES.join(', ')}`],
    ],
    ['a list', [letter], ['one object with a field kind is wanted; split lists before']],
    [
      'both pdf and html',
      { ...letter, text: undefined, pdf: PDF, html: 'x' },
      ['needs exactly one of pdf, html and text'],
    ],
    ['no content', { ...letter, text: undefined }, ['needs exactly one of pdf, html and text']],
    ['blank content', { ...letter, text: ' \n' }, ['text is blank']],
    [
      'half a character',
      { ...letter, text: 'a\ud800' },
      ['text holds half a character (a lone surrogate), which no encoding can carry'],
    ],
    [
      'a PDF that is none',
      { ...letter, text: undefined, pdf: Buffer.from('<html>') },
      ['pdf is no PDF: its bytes do not begin with %PDF-'],
    ],
    [
      'base64 of something else',
      { ...letter, text: undefined, pdf: Buffer.from('<html>').toString('base64') },
      ['pdf is no PDF: its bytes do not begin with %PDF-'],
    ],
    ['base64 that is none', { ...letter, text: undefined, pdf: 'letter.pdf' }, ['pdf is not base64']],
    ['a number as PDF', { ...letter, text: undefined, pdf: 5 }, ['pdf must be a Buffer, or text in base64']],
    [
      'an NHS number with a wrong check digit',
      { ...letter, patient: { ...PATIENT, nhsNumber: '9990000019' } },
      ['patient.nhsNumber is no NHS number: ten digits, of which the last is a check digit (modulus 11)'],
    ],
    [
      'no identifier',
      { ...letter, patient: { ...PATIENT, nhsNumber: undefined, nhsNumberStatus: undefined } },
      ['patient needs nhsNumber or identifiers'],
    ],
    [
      'a name on two lines',
      { ...letter, patient: { ...PATIENT, name: { family: 'A\nB', given: 'C' } } },
      [
        'patient.name.family must be text on one line, not blank, without tabs and control characters, and not "" (which HL7 reads as "delete")',
      ],
    ],
    [
      'a name that HL7 reads as null',
      { ...letter, patient: { ...PATIENT, name: { family: '""', given: 'C' } } },
      [
        'patient.name.family must be text on one line, not blank, without tabs and control characters, and not "" (which HL7 reads as "delete")',
      ],
    ],
    [
      'a control character',
      { ...letter, title: 'a\u0007' },
      [
        'title must be text on one line, not blank, without tabs and control characters, and not "" (which HL7 reads as "delete")',
      ],
    ],
    [
      'a date of birth without its day',
      { ...letter, patient: { ...PATIENT, birthDate: '1970-01' } },
      ['patient.birthDate must be a date that exists, as 1970-01-31, without a time of day'],
    ],
    [
      'a deletion without ID',
      { kind: 'document-deletion', patient: PATIENT },
      ['id is missing: give the ID of what the message is about, or have the node set it'],
    ],
    [
      'a stay without ID',
      { kind: 'encounter', event: 'cancel-admit', patient: PATIENT },
      ['id is missing: give the ID of what the message is about, or have the node set it'],
    ],
    [
      'a new appointment without start and location',
      { kind: 'appointment', event: 'new', patient: PATIENT },
      ['start is missing', 'location is missing'],
    ],
    [
      'a change that does not say who takes part',
      { kind: 'appointment', event: 'change', id: '1', patient: PATIENT },
      ["needs participants, or for the Customer's own appointment manageUrl"],
    ],
    [
      'a reschedule that does not say who takes part',
      { kind: 'appointment', event: 'reschedule', id: '1', patient: PATIENT },
      ['participants is missing'],
    ],
    [
      'a team that is added and removed',
      {
        kind: 'demographics',
        event: 'update',
        patient: PATIENT,
        teams: { add: ['first', 'second'], remove: ['second'] },
      },
      ['teams.remove[0] is in teams.add, too'],
    ],
    [
      'teams without any',
      { kind: 'demographics', event: 'update', patient: PATIENT, teams: {} },
      ['teams needs at least one of add and remove'],
    ],
    [
      'an end before the start',
      {
        kind: 'appointment',
        event: 'cancel',
        id: '1',
        patient: PATIENT,
        start: '2026-03-01T10:00+00:00',
        end: '2026-03-01T10:30+01:00',
      },
      ['end lies before start'],
    ],
    [
      'a web address without TLS',
      { kind: 'appointment', event: 'cancel', id: '1', patient: PATIENT, manageUrl: 'http://example.org' },
      ['manageUrl must be an address that begins with https://'],
    ],
    [
      'demographics without sex',
      { kind: 'demographics', event: 'add', patient: { ...PATIENT, sex: undefined } },
      ['patient.sex is missing'],
    ],
    [
      'an e-mail address that is none',
      { kind: 'demographics', event: 'add', patient: { ...PATIENT, email: 'alex' } },
      ['patient.email is no e-mail address'],
    ],
    [
      'allergies outside of clinical',
      { kind: 'demographics', event: 'add', patient: PATIENT, allergies: [] },
      ['allergies is an unknown field; known here are kind, event, patient, clinical, teams'],
    ],
    [
      'an empty clinical list',
      { kind: 'demographics', event: 'add', patient: PATIENT, clinical: { diagnoses: [] } },
      [
        'clinical.diagnoses must not be empty: PKB cannot empty a list; send an entry such as No known diagnoses',
      ],
    ],
    [
      'the same allergy twice',
      {
        kind: 'demographics',
        event: 'add',
        patient: PATIENT,
        clinical: { allergies: [{ allergen: { text: 'a' } }, { allergen: { text: 'a' } }] },
      },
      ['clinical.allergies[1] stands twice; PKB rejects the whole message'],
    ],
    [
      'a death that was none',
      { kind: 'demographics', event: 'add', patient: { ...PATIENT, died: false, diedAt: '2026-01-31' } },
      ['patient.diedAt cannot stand beside died: false'],
    ],
    [
      'the same test twice',
      {
        kind: 'result',
        patient: PATIENT,
        time: '2026-01-31',
        test: { code: 'x' },
        results: [
          { test: { code: 'a' }, value: 1 },
          { test: { code: 'a' }, value: 2 },
        ],
      },
      ['results[1] is the same test as another one; PKB keeps one value of each'],
    ],
    [
      'the same test in two panels',
      {
        kind: 'result',
        patient: PATIENT,
        time: '2026-01-31',
        panels: ['a', 'b'].map((code) => ({ test: { code }, results: [{ test: { code: 'x' }, value: 1 }] })),
      },
      ['panels[1].results[0] is the same test as another one; PKB keeps one value of each'],
    ],
    [
      'panels beside a test and a comment',
      {
        kind: 'result',
        patient: PATIENT,
        time: '2026-01-31',
        test: { code: 'x' },
        comment: 'x',
        panels: [{ test: { code: 'a' }, results: [{ test: { code: 'x' }, value: 1 }] }],
      },
      [
        'test cannot stand beside panels; each panel has its own',
        'comment cannot stand beside panels; each panel may have its own',
      ],
    ],
    [
      'a panel without results, and an exponent in one',
      {
        kind: 'result',
        patient: PATIENT,
        time: '2026-01-31',
        panels: [
          { test: { code: 'a' }, results: [] },
          { test: { code: 'b' }, results: [{ test: { code: 'x' }, value: 1e-9 }] },
        ],
      },
      [
        'panels[0].results must be a list of 1 to 500 results',
        'panels[1].results[0].value is too large or too small to be written without an exponent',
      ],
    ],
    [
      'a report without test',
      { kind: 'result', patient: PATIENT, time: '2026-01-31', report: 'x' },
      ['test is missing'],
    ],
    [
      'a radiology report without time, name and text',
      { kind: 'radiology', patient: PATIENT },
      ['test is missing', 'time is missing', 'report is missing'],
    ],
    [
      'the deletion of a radiology report without time and name',
      { kind: 'result-deletion', id: 'a', patient: PATIENT, radiology: true },
      ['test is missing', 'time is missing'],
    ],
    [
      'a page of a query that has none',
      { kind: 'query', nhsNumber: '9990000018', limit: 10, after: '1' },
      ['registration is missing'],
    ],
    [
      'a number that needs an exponent',
      {
        kind: 'result',
        patient: PATIENT,
        time: '2026-01-31',
        test: { code: 'x' },
        results: [{ test: { code: 'a' }, value: 1e-9 }],
      },
      ['results[0].value is too large or too small to be written without an exponent'],
    ],
    [
      'results and a report',
      {
        kind: 'result',
        patient: PATIENT,
        time: '2026-01-31',
        test: { code: 'x' },
        results: [{ test: { code: 'a' }, value: 1 }],
        report: 'x',
      },
      ['needs exactly one of results, report and panels'],
    ],
    [
      'a report without code',
      { kind: 'result', patient: PATIENT, time: '2026-01-31', test: { text: 'x' }, report: 'x' },
      ['test.code is missing'],
    ],
    [
      'a wrong SNOMED CT code',
      {
        kind: 'measurement',
        patient: PATIENT,
        time: '2026-01-31',
        measurements: [{ code: '271649007', value: 1, units: 'mmHg' }],
      },
      ['measurements[0].code is no SNOMED CT code: 6 to 18 digits, of which the last is a check digit'],
    ],
    [
      'a query for everybody',
      { kind: 'query' },
      ['needs nhsNumber, identifier, changedSince or registration; asking for every patient is not offered'],
    ],
  ] as const) {
    it(`${what}: says so, and makes no message`, () => assert.deepEqual(faults(fields), expected));
  }

  const PERSON = { kind: 'demographics', event: 'add' };
  for (const [what, fields, expected] of [
    [
      'a date of birth in the future',
      { ...PERSON, patient: { ...PATIENT, birthDate: '2990-01-01' } },
      ['patient.birthDate lies in the future'],
    ],
    [
      'a date of birth that nobody is alive from',
      { ...PERSON, patient: { ...PATIENT, birthDate: '1790-01-01' } },
      ['patient.birthDate lies more than 150 years back'],
    ],
    [
      'a date of birth with a time of day, which may be another day',
      { ...PERSON, patient: { ...PATIENT, birthDate: '1980-06-14T23:00:00.000Z' } },
      ['patient.birthDate must be a date that exists, as 1970-01-31, without a time of day'],
    ],
    [
      'a death before birth',
      { ...PERSON, patient: { ...PATIENT, died: true, diedAt: '1950-01-01' } },
      ['patient.diedAt lies before birthDate'],
    ],
    [
      'a second NHS number',
      {
        ...PERSON,
        patient: { ...PATIENT, identifiers: [{ value: '9990000026', authority: 'NHS', type: 'NH' }] },
      },
      ['patient.identifiers[0] is a second NHS number; give one only'],
    ],
    [
      'an NHS number of noughts',
      { ...PERSON, patient: { ...PATIENT, nhsNumber: '0000000000' } },
      ['patient.nhsNumber is no NHS number: ten digits, of which the last is a check digit (modulus 11)'],
    ],
    [
      'a query for a wrong NHS number',
      { kind: 'query', identifier: { value: '9990000019', type: 'NH' } },
      ['identifier.value is no NHS number: ten digits, of which the last is a check digit (modulus 11)'],
    ],
    [
      'medication that ends before it begins',
      {
        ...PERSON,
        patient: PATIENT,
        clinical: { medication: [{ product: 'x', start: '2026', end: '2025-12' }] },
      },
      ['clinical.medication[0].end lies before start'],
    ],
    [
      'an appointment at a day',
      { kind: 'appointment', event: 'new', patient: PATIENT, location: 'x', start: '2026-03-01' },
      ['start must be a time that exists, to the minute at least, as 2026-01-31T09:30+00:00'],
    ],
    [
      'a year with an offset, which is a typing error',
      { ...letter, time: '2026-1231' },
      [
        'time must be a day or a time that exists, as 2026-01-31, 2026-01-31T09:30:00Z or 2026-01-31T09:30+01:00 (or an HL7 time stamp)',
      ],
    ],
    [
      'the same test with and without its text',
      {
        kind: 'result',
        patient: PATIENT,
        time: '2026-01-31',
        test: { code: 'x' },
        results: [
          { test: { code: 'a', text: 'A' }, value: 1 },
          { test: { code: 'a' }, value: 2 },
        ],
      },
      ['results[1] is the same test as another one; PKB keeps one value of each'],
    ],
    [
      'results that are no list',
      { kind: 'result', patient: PATIENT, time: '2026-01-31', test: { code: 'x' }, results: {} },
      ['results must be a list'],
    ],
    [
      'a field in the wrong case',
      { ...letter, patient: { ...PATIENT, birthdate: '1970-01-01' } },
      ['patient.birthdate is written birthDate'],
    ],
    [
      'a field that is none',
      { ...letter, patient: { ...PATIENT, name: { family: 'a', given: 'b', JohnSmith: 1 } } },
      [
        'patient.name.(a name not shown) is an unknown field; known here are family, given, middle, suffix, prefix',
      ],
    ],
    [
      'a web address with a line end',
      { kind: 'appointment', event: 'cancel', id: '1', patient: PATIENT, manageUrl: 'https://a/\nZZZ|1' },
      ['manageUrl must be an address that begins with https://'],
    ],
  ] as const) {
    it(`${what}: says so`, () => assert.deepEqual(faults(fields), expected));
  }

  it('are not invented: what is right is taken', () => {
    for (const fields of [
      {
        ...PERSON,
        patient: { ...PATIENT, email: 'o&m@example.com', birthDate: '1970-01-31T00:00:00+01:00' },
      },
      {
        kind: 'encounter',
        event: 'discharge',
        id: '1',
        patient: PATIENT,
        admitted: '2026-03-01T10:00',
        discharged: '2026-03-01',
      },
      {
        kind: 'encounter',
        event: 'discharge',
        id: '1',
        patient: PATIENT,
        discharged: '2026-03-01 10:00:00+01',
      },
      { ...PERSON, patient: { ...PATIENT, identifiers: [{ value: 'A 12 3', authority: 'X', type: 'NHI' }] } },
    ])
      assert.deepEqual(faults(fields), []);
  });

  it('name no new ID for what amends', () => {
    const cancel = { kind: 'appointment', event: 'cancel', patient: PATIENT };
    assert.deepEqual(faults(cancel, { dataPointId: 'new' }), [
      'id cannot be a new one here, since nothing has it yet; give the ID the message is about',
    ]);
    assert.deepEqual(faults(cancel, { dataPointId: { derive: '', partner: 'x' } }), [
      'id cannot be derived: the key that names the record is blank or not there',
    ]);
    assert.deepEqual(faults(cancel, { dataPointId: { own: ' ' } }), [
      'id of the Customer is blank or holds a line end or control character',
    ]);
  });

  it('never show a value: neither in the error, nor where it was the name of a field', () => {
    const secret = 'S3CR3T-9434765919';
    for (const fields of EVERY) {
      for (const spoilt of spoil(fields, secret)) {
        try {
          composeMessage(spoilt, { customer });
        } catch (error) {
          assert.ok(error instanceof PkbError, String(error));
          assert.ok(!`${error.message} ${JSON.stringify(error)} ${error.stack}`.includes('S3CR3T'));
        }
      }
    }
  });

  it('of any kind and shape end in PKB_FIELDS, never in another error', () => {
    const anything = fc.anything({
      withDate: true,
      withTypedArray: true,
      withNullPrototype: true,
      withObjectString: true,
    });
    fc.assert(
      fc.property(fc.constantFrom(...EVERY), anything, fc.nat(), (fields, value, n) => {
        const names = [...Object.keys(fields).filter((name) => name !== 'kind'), 'other'];
        const spoilt = { ...fields, [names[n % names.length] ?? '']: value };
        try {
          composeMessage(spoilt, { customer });
        } catch (error) {
          assert.ok(error instanceof PkbFieldsError, String((error as Error).stack));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('that turn in circles, or are very deep, end in PKB_FIELDS', () => {
    const circle: Record<string, unknown> = { ...letter };
    circle['patient'] = circle;
    assert.ok(where(circle).length > 0);
    assert.deepEqual(
      faults({
        get kind() {
          throw new Error('secret');
        },
      }),
      ['the fields cannot be read'],
    );
    let deep: object = {};
    for (let i = 0; i < 100_000; i++) deep = { deep };
    assert.ok(where({ ...letter, author: deep }).length > 0);
  });

  it('are found without stalling, however long or many', () => {
    const started = performance.now();
    const many = Array.from({ length: 9000 }, () => ({}));
    assert.deepEqual(where({ ...letter, patient: { ...PATIENT, identifiers: many } }), [
      'patient.identifiers',
    ]);
    assert.deepEqual(faults({ ...letter, patient: { ...PATIENT, identifiers: [...many, ...many] } }), [
      'the fields are more than any message has',
    ]);
    assert.ok(where({ ...letter, patient: Buffer.alloc(1e6) }).includes('patient'));
    const circle: Record<string, unknown> = { ...letter };
    for (let n = 0; n < 11; n++) circle[`self${n}`] = circle;
    assert.deepEqual(faults(circle), ['the fields are more than any message has']);
    const long = `${'a'.repeat(200_000)}\n`;
    assert.deepEqual(where({ ...letter, title: long }), ['title']);
    assert.deepEqual(where({ ...letter, patient: { ...PATIENT, email: `a@${'b.'.repeat(100_000)}` } }), [
      'patient.email',
    ]);
    assert.ok(performance.now() - started < 2000);
  });
});

describe('fields from JavaScript', () => {
  it('may hold dates as Date, and undefined for what is not given', () => {
    const { hl7 } = composeMessage(
      { ...letter, time: new Date('2026-01-31T09:30:00.120Z'), title: undefined },
      { customer },
    );
    assert.ok(hl7.includes('TXA||CL||20260131093000.120+0000|'));
  });

  it('may hold days as databases give them: midnight here, or in UTC', () => {
    const script = `const { compose } = require(process.argv[1]);
      const patient = { nhsNumber: '9990000018', name: { family: 'A', given: 'B' } };
      for (const birthDate of [new Date(1980, 5, 15), new Date('1980-06-15'), new Date(1970, 0, 31)])
        console.log(compose({ kind: 'document', type: 'CL', text: 'x', patient: { ...patient, birthDate } }, { customer: { alias: 'a' } }).split('\\r')[1].split('|')[7]);`;
    const built = join(__dirname, '../../../../dist/src/index.js');
    for (const TZ of ['Europe/London', 'UTC', 'America/New_York', 'Asia/Kolkata']) {
      const env = { ...process.env, TZ };
      const output = execFileSync(process.execPath, ['-e', script, built], { encoding: 'utf8', env });
      assert.deepEqual(output.trim().split('\n'), ['19800615', '19800615', '19700131'], TZ);
    }
    assert.deepEqual(
      where({ ...letter, patient: { ...PATIENT, birthDate: new Date('1980-06-15T11:00Z') } }),
      ['patient.birthDate'],
    );
  });

  it('may hold whole numbers as BigInt', () => {
    const measurements = [{ code: 271649006n, value: 1, units: 'mmHg' }];
    assert.ok(
      composeMessage(
        { kind: 'measurement', patient: PATIENT, time: '2026-01-31', measurements },
        { customer },
      ).hl7.includes('|271649006^'),
    );
  });

  it('may hold a Buffer that went through JSON', () => {
    const { hl7 } = composeMessage(
      { ...letter, text: undefined, pdf: JSON.parse(JSON.stringify(PDF)) },
      { customer },
    );
    assert.ok(hl7.includes(PDF.toString('base64')));
  });

  it('are not changed', () => {
    const before = JSON.stringify(EVERY);
    for (const fields of EVERY) composeMessage(fields, { customer });
    assert.equal(JSON.stringify(EVERY), before);
  });
});

/** Copies of some fields, each with one text in it replaced, or one field added. */
function* spoil(fields: object, secret: string): Generator<object> {
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'kind') continue;
    yield { ...fields, [name]: secret };
    yield { ...fields, [name]: { [secret]: secret } };
    if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
      for (const inner of spoil(value, secret))
        yield { ...fields, [name]: Array.isArray(value) ? Object.values(inner) : inner };
    }
  }
  yield { ...fields, [secret]: secret };
}
