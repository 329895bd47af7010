import assert from 'node:assert/strict';
import { inspect } from '../../../../src/pkb/guard/inspect.js';
import type { GuardContext } from '../../../../src/pkb/guard/rule.js';
import { AREAS } from '../../../../src/pkb/guard/rule.js';
import { RULES } from '../../../../src/pkb/guard/rules/index.js';
import { isNhsNumber } from '../../../../src/pkb/nhs-number.js';
import { corpusFiles, describeWithCorpus, pkbExamples } from '../../../support/corpus.js';
import { stamped } from '../../../support/messages.js';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const UUID = 'f691896e-977f-4f06-91ee-625155ca71f8';
const PID = 'PID|||9990000018^^^NHS^NH{status:01}||Example^Alex||19700101|U\r';
const of = (type: string, more: string): string =>
  `MSH|^~\\&|MAILCO|trustalias{trustalias}|HL7API|PKB|20260101120000||${type}|1|P|2.4\r${PID}${more}`;

const A28 = stamped('1').replace('^NHS^NH|', '^NHS^NH{status:01}|');
const LETTER = of('MDM^T02', `TXA|1|CL||20260101||||||||${UUID}|||||AU\rOBX|1|ED|||^TEXT^PDF^Base64^eA==\r`);
const APPOINTMENT = of('SIU^S12', `SCH|${UUID}||||||^Check||||^^^202602021200\rPV1|||^^^^^^^^Ward\r`);
const REPORT = of('ORU^R01', `ORC|RE||${UUID}\rOBR|1||${UUID}|T^Test|||202602021200\rOBX|1|NM|A^B||1\r`);
const CANCEL = of('SIU^S15', `SCH|${UUID}||||||||||^^^202602021200\rPV1|||^^^^^^^^Ward\r`);

/** For every rule: a message that trips it, where, and its nearest neighbour that does not. */
const TABLE: Record<
  string,
  { trips: string; at: string; not: string; context?: GuardContext; notContext?: GuardContext }[]
> = {
  'overwriting.allergies': [
    { trips: `${A28}AL1|1||A\r`, at: 'AL1[1]', not: of('ADT^A08', 'PV1|1\rAL1|1||A\r') },
  ],
  'overwriting.diagnoses': [{ trips: `${A28}DG1|1||D\r`, at: 'DG1[1]', not: `${A28}DG2|1||D\r` }],
  'overwriting.medication': [{ trips: `${A28}ZRX|x\r`, at: 'ZRX[1]', not: `${A28}ZRY|x\r` }],
  'overwriting.ignored': [
    { trips: `${A28}IAM|1\r`, at: 'IAM[1]', not: `${A28}PD1|1\r` },
    { trips: `${A28}RXE|1\r`, at: 'RXE[1]', not: REPORT },
  ],
  'overwriting.duplicate-allergy': [
    { trips: `${A28}AL1|1||A\rAL1|2||A\r`, at: 'AL1[2]', not: `${A28}AL1|1||A\rAL1|2||A|||2020\r` },
  ],
  'overwriting.teams': [{ trips: `${A28}ZTM|a\r`, at: 'ZTM[1]', not: of('ADT^A08', 'PV1|1\rZTM|a\r') }],
  'overwriting.next-of-kin': [{ trips: `${A28}NK1|""\r`, at: 'NK1[1]', not: `${A28}NK2|1\r` }],
  'overwriting.gp': [{ trips: `${A28}PD1|1\r`, at: 'PD1[1]', not: of('ADT^A08', 'PD1|1\r') }],
  'identity.two-nhs-numbers': [
    {
      trips: A28.replace('|9990000018^', '|9990000018^^^NHS^NH~9990000026^'),
      at: 'PID[1]-3[2]',
      not: A28.replace('|9990000018^', '|999 000 0018^^^NHS^NH~9990000018^'),
    },
  ],
  'identity.nhs-type': [
    { trips: A28.replace('^NHS^NH{status:01}', '^NHSNBR^NHSNMBR'), at: 'PID[1]-3[1]', not: A28 },
    { trips: A28.replace('^NHS^NH{status:01}', '^NHS^NI'), at: 'PID[1]-3[1]', not: A28 },
  ],
  'identity.nhs-blanks': [{ trips: A28.replace('9990000018', '999 000 0018'), at: 'PID[1]-3[1]', not: A28 }],
  'identity.nhs-status-missing': [{ trips: A28.replace('{status:01}', ''), at: 'PID[1]-3[1]', not: A28 }],
  'identity.nhs-status-unverified': [
    {
      trips: A28.replace('{status:01}', '{status:02}'),
      at: 'PID[1]-3[1]',
      not: A28.replace('{status:01}', '{status:04}'),
    },
  ],
  'identity.local-only': [{ trips: A28.replace('^NHS^NH{status:01}', '^LOC^MR'), at: 'PID[1]-3', not: A28 }],
  'identity.birth-date-partial': [{ trips: A28.replace('19700101', '1970'), at: 'PID[1]-7', not: A28 }],
  'identity.nulls': [
    { trips: A28.replace('19700101', '""'), at: 'PID[1]-7', not: A28 },
    { trips: A28.replace('Example^', '""^'), at: 'PID[1]-5.1', not: A28 },
  ],
  'identity.new-patient': [
    {
      trips: LETTER.replace('|19700101|U', '|19700101|'),
      at: 'PID[1]-8',
      not: A28.replace('|19700101|U', '|19700101|'),
    },
  ],
  'header.clock-times': [
    {
      trips: APPOINTMENT.replace('20260101120000', '20260101120000+0000'),
      at: 'SCH[1]-11.4',
      not: APPOINTMENT.replace('20260101120000', '20260101120000+0000').replace(
        '202602021200',
        '202602021200+0000',
      ),
    },
  ],
  'header.sending-application': [
    { trips: REPORT, at: 'MSH[1]-3', not: REPORT, context: { sendingApplicationBefore: 'RADIOLOGY' } },
  ],
  'datapoint.orc-obr-radiology': [
    {
      trips: REPORT.replace('MAILCO', 'RADIOLOGY').replace(`RE||${UUID}`, 'RE||OTHER'),
      at: 'OBR[1]-3',
      not: REPORT.replace(`RE||${UUID}`, 'RE||OTHER'),
    },
  ],
  'type.appointment-location': [
    {
      trips: APPOINTMENT.replace(/PV1.*\r/, ''),
      at: 'PV1',
      not: APPOINTMENT.replace('S12', 'S13').replace(/PV1.*\r/, ''),
    },
    { trips: APPOINTMENT.replace('^^^^^^^^Ward', '^^^'), at: 'PV1[1]-3', not: APPOINTMENT },
  ],
  'type.lab-reports': [
    {
      trips: `${REPORT}OBR|2||OTHER|T2^Test|||202602021200\rOBX|1|NM|C^D||1\r`,
      at: 'OBR[2]-3',
      not: `${REPORT}OBR|2||${UUID}|T2^Test|||202602021200\rOBX|1|NM|C^D||1\r`,
    },
  ],
  'type.lab-test-twice': [
    { trips: `${REPORT}OBX|2|NM|A^B||2\r`, at: 'OBX[2]-3', not: `${REPORT}OBX|2|NM|C^D||2\r` },
  ],
  'type.care-plan-fields': [
    {
      trips: LETTER.replace('|CL||20260101', '|CP||').replace('|ED||', '|ED|^T|'),
      at: 'TXA[1]-4',
      not: LETTER.replace('|CL||20260101', '|CL||'),
    },
  ],
  'type.care-plan-content': [
    {
      trips: LETTER.replace('|CL|', '|CP|').replace('^TEXT^PDF', '^TEXT^PLAIN').replace('|ED||', '|ED|^T|'),
      at: 'OBX[1]-5.3',
      not: LETTER.replace('|CL|', '|CP|').replace('|ED||', '|ED|^T|'),
    },
  ],
  'type.document-content': [
    {
      trips: LETTER.replace(/OBX.*\r/, ''),
      at: 'OBX',
      not: LETTER.replace('T02', 'T11').replace(/OBX.*\r/, ''),
    },
  ],
  'type.radiology-fields': [
    {
      trips: REPORT.replace('MAILCO', 'RADIOLOGY').replace('T^Test', ''),
      at: 'OBR[1]-4',
      not: REPORT.replace('T^Test', ''),
    },
  ],
  'identity.identifier': [
    {
      trips: A28.replace('^^^NHS^NH', ''),
      at: 'PID[1]-3',
      not: A28.replace('9990000018^^^NHS^NH', '~1^^^LOC^MR'),
    },
    { trips: A28.replace(/PID.*\r/, ''), at: 'PID', not: of('QRY^A19', 'QRD|1\r').replace(PID, '') },
  ],
  'identity.nhs-number': [
    {
      trips: A28.replace('9990000018', '9990000019'),
      at: 'PID[1]-3[1]',
      not: A28.replace('9990000018^^^NHS^NH', '9990000019^^^LOC^MR'),
    },
    {
      trips: A28.replace('9990000018', 'X^^^LOC^MR~999000001'),
      at: 'PID[1]-3[2]',
      not: A28.replace('9990000018', '999 000 0018'),
    },
  ],
  'identity.birth-date-missing': [{ trips: A28.replace('19700101', ''), at: 'PID[1]-7', not: A28 }],
  'identity.birth-date': [
    { trips: A28.replace('19700101', '19700230'), at: 'PID[1]-7', not: A28.replace('19700101', '19700228') },
    {
      trips: A28.replace('19700101', '1970010'),
      at: 'PID[1]-7',
      not: A28.replace('19700101', '197001011200'),
    },
  ],
  'identity.two-emails': [
    {
      trips: A28.replace('|U\r', '|U|||||^NET^^a@example.org~^NET^^b@example.org\r'),
      at: 'PID[1]-13',
      not: A28.replace('|U\r', '|U|||||^NET^^a@example.org~01632960000^PRN|^NET^^b@example.org\r'),
    },
  ],
  'identity.invitation': [
    {
      trips: A28.replace('|U\r', '|U||||||^NET^^a@example.org\r'),
      at: 'PID[1]-14',
      not: LETTER.replace('|U\r', '|U||||||^NET^^a@example.org\r'),
    },
  ],
  'identity.sex': [{ trips: A28.replace('|U\r', '|O\r'), at: 'PID[1]-8', not: A28.replace('|U\r', '|I\r') }],
  'identity.name': [{ trips: A28.replace('Example^Alex', 'Example'), at: 'PID[1]-5.2', not: A28 }],
  'behalf.form': [
    {
      trips: A28.replace('trustalias{trustalias}', 'trustalias'),
      at: 'MSH[1]-4',
      not: A28.replace('{trustalias}', '{other}'),
    },
  ],
  'behalf.customer': [
    {
      trips: A28,
      at: 'MSH[1]-4',
      not: A28,
      context: { facilities: ['a{a}'] },
      notContext: { facilities: ['a{a}', 'trustalias{trustalias}'] },
    },
  ],
  'header.required': [
    { trips: stamped('1', { time: '' }), at: 'MSH[1]-7', not: A28 },
    { trips: stamped(''), at: 'MSH[1]-10', not: A28 },
    { trips: A28.replace('|P|', '||'), at: 'MSH[1]-11', not: A28 },
  ],
  'header.processing-id': [{ trips: A28.replace('|P|', '|T|'), at: 'MSH[1]-11', not: A28 }],
  'header.encoding-characters': [{ trips: A28.replace('^~\\&', '^~\\&#'), at: 'MSH[1]-2', not: A28 }],
  'header.message-type': [{ trips: of('ADT^A40', ''), at: 'MSH[1]-9', not: of('ADT^A31^ADT_A05', '') }],
  'header.control-id-reused': [
    {
      trips: A28,
      at: 'MSH[1]-10',
      not: A28,
      context: { controlIdSeen: () => true },
      notContext: { controlIdSeen: () => false },
    },
  ],
  'datapoint.missing': [
    { trips: LETTER.replace(UUID, ''), at: 'TXA[1]-12', not: LETTER },
    { trips: of('SIU^S13', ''), at: 'SCH-1', not: APPOINTMENT },
    { trips: REPORT.replaceAll(UUID, ''), at: 'OBR[1]-3', not: REPORT.replace(UUID, '') },
  ],
  'datapoint.clash': [
    {
      trips: LETTER.replace(UUID, 'DOC1'),
      at: 'TXA[1]-12',
      not: LETTER.replace(UUID, 'DOC1'),
      notContext: { dataPointIsCustomers: true },
    },
  ],
  'datapoint.orc-obr': [
    { trips: REPORT.replace(UUID, 'OTHER'), at: 'OBR[1]-3', not: REPORT.replace(UUID, '') },
  ],
  'datapoint.resent-appointment': [
    {
      trips: APPOINTMENT,
      at: 'SCH[1]-1',
      not: APPOINTMENT.replace('S12', 'S13'),
      context: { appointmentSeen: () => true },
    },
  ],
  'type.document-status': [{ trips: LETTER.replace('|AU', '|LA'), at: 'TXA[1]-17', not: LETTER }],
  'type.document-type': [{ trips: LETTER.replace('|CL|', '|XX|'), at: 'TXA[1]-2', not: LETTER }],
  'type.care-plan-deletion': [
    {
      trips: of('MDM^T11', `TXA|1|CP||||||||||${UUID}\r`),
      at: 'TXA[1]-2',
      not: of('MDM^T11', `TXA|1|CL||||||||||${UUID}\r`),
    },
  ],
  'type.appointment-start': [
    { trips: APPOINTMENT.replace('202602021200', ''), at: 'SCH[1]-11.4', not: APPOINTMENT },
  ],
  'type.unknown-appointment': [{ trips: CANCEL.replace('202602021200', ''), at: 'SCH[1]-11.4', not: CANCEL }],
  'type.observation-time': [
    {
      trips: REPORT.replace('202602021200', ''),
      at: 'OBX[1]-14',
      not: REPORT.replace('202602021200', '').replace('|1\r', '|1|||||||||202602021200\r'),
    },
  ],
  'type.radiology-reports': [
    {
      trips: `${REPORT}OBR|2||${UUID}|T|||2026\r`.replace('MAILCO', 'RADIOLOGY'),
      at: 'OBR[2]',
      not: `${REPORT}OBR|2||${UUID}|T|||2026\r`,
    },
  ],
  'type.time-stamps': [
    { trips: LETTER.replace('|20260101|', '|2026010|'), at: 'TXA[1]-4', not: LETTER },
    { trips: APPOINTMENT.replace('202602021200', '20260202120'), at: 'SCH[1]-11.4', not: APPOINTMENT },
    { trips: stamped('1', { time: '2026010112000' }), at: 'MSH[1]-7', not: A28 },
  ],
  'form.characters': [{ trips: `${A28}NTE|1||a\u0001b\r`, at: 'NTE[1]', not: `${A28}NTE|1||a\tb\r` }],
  'form.segment': [
    { trips: `${A28}NTE|1||one\ntwo\r`, at: 'two[1]', not: `${A28}NTE|1||one\\.br\\two\r` },
    { trips: `${A28}nte|1||x\r`, at: 'nte[1]', not: `${A28}ZZ1\r` },
  ],
  'form.escapes': [
    { trips: `${A28}NTE|1||\\H\\bold\\N\\\r`, at: 'NTE[1]', not: `${A28}NTE|1||a\\T\\b\\.br\\c\r` },
  ],
  'form.size': [
    {
      trips: A28,
      at: 'MSH[1]',
      not: A28,
      context: { sizeLimit: A28.length - 1 },
      notContext: { sizeLimit: A28.length },
    },
  ],
};

describe('the rules of the guard', () => {
  it('each have an id of their area, a text, a reason and a source', () => {
    assert.equal(new Set(RULES.map(({ id }) => id)).size, RULES.length);
    for (const rule of RULES) {
      assert.ok(rule.id.startsWith(`${rule.area}.`) && rule.area in AREAS, rule.id);
      assert.ok(
        rule.text.length > 20 && rule.why.length > 20 && rule.source && rule.title && rule.appliesTo,
        rule.id,
      );
    }
  });

  it('are all in this table', () => {
    const ids = RULES.map(({ id }) => id);
    const rows = Object.keys(TABLE);
    assert.deepEqual(
      [ids.filter((id) => !rows.includes(id)), rows.filter((id) => !ids.includes(id))],
      [[], []],
      'rules that have no row in TABLE of this file, and rows without a rule',
    );
  });

  for (const [id, rows] of Object.entries(TABLE)) {
    for (const [i, { trips, at, not, context, notContext }] of rows.entries()) {
      it(`${id} trips where it should, and not on the nearest neighbour (${i + 1})`, () => {
        const found = (text: string, known: GuardContext = {}): string[] =>
          inspect(text, {}, known)
            .findings.filter(({ rule }) => rule === id)
            .map(({ location }) => location);
        assert.deepEqual(found(trips, context), [at]);
        assert.deepEqual(found(not, notContext), []);
      });
    }
  }

  it('find nothing wrong with whole messages of each kind', () => {
    for (const text of [A28, LETTER, APPOINTMENT, REPORT, CANCEL]) {
      for (const lineEnd of ['\r', '\n', '\r\n'])
        assert.deepEqual(inspect(text.replaceAll('\r', lineEnd)).findings, []);
    }
  });

  it('see segments whatever stands around the message type', () => {
    for (const type of [
      'ADT^A28^ADT_A05',
      ' adt^a28',
      'ADT^A31~x',
      'ADT^A28~',
      'ADT^A28&x',
      'ADT^A28&x^ADT_A05',
      'ADT&x^A28',
      'ADT ^A28^x',
    ]) {
      const { blocked } = inspect(of(type, 'DG1|1||D\r'));
      assert.ok(blocked, type);
    }
  });

  it('block a segment that is indented or in lower case, which PKB might read all the same', () => {
    for (const segment of [' DG1|1||D', '\tAL1|1||A', 'al1|1||A', '\u00a0ZRX|1']) {
      assert.ok(inspect(`${A28}${segment}\r`).blocked, segment);
    }
  });

  it('take nothing for a segment but its whole name', () => {
    const { findings } = inspect(`${A28}AL1X|1\r`, { 'overwriting.allergies': 'strip' });
    assert.deepEqual(
      findings.map(({ rule }) => rule),
      ['form.segment'],
    );
  });

  it('take time in proportion to the message, with a million findings', () => {
    const start = performance.now();
    const { findings, hl7 } = inspect(A28 + 'DG1|1||D\rNTE|1\r'.repeat(300_000), {
      'overwriting.diagnoses': 'strip',
    });
    // The first thousand, and one that says how many more there are.
    assert.equal(findings.length, 1001);
    assert.match(findings.at(-1)?.text ?? '', /599000 more/);
    assert.equal(hl7, A28);
    assert.ok(performance.now() - start < 5000);
  });

  it('report a rule that fails as a defect, and block', () => {
    const broken: GuardContext = {
      controlIdSeen: () => {
        throw new Error('secret');
      },
    };
    const { blocked, findings } = inspect(A28, {}, broken);
    assert.ok(blocked);
    assert.deepEqual(
      findings.map(({ rule }) => rule),
      ['form.defect'],
    );
    assert.ok(!JSON.stringify(findings).includes('secret'));
  });
});

describe('NHS numbers', () => {
  it('have ten digits and a check digit by modulus 11', () => {
    for (const number of ['9990000018', '999 000 0018', '9434765919', '4010232137'])
      assert.ok(isNhsNumber(number), number);
    for (const number of [
      '9990000019',
      '999000001',
      '99900000180',
      '999000001X',
      '',
      'abcdefghij',
      '9990000009',
    ]) {
      assert.ok(!isNhsNumber(number), number);
    }
  });
});

describeWithCorpus('PKB’s published examples and the rules', () => {
  /** Findings that PKB's own examples do give, with the reason; every other one would be a fault of the rule. */
  const EXPECTED: Record<string, string> = {
    'behalf.form': 'they show a Customer’s own messages, whose MSH-4 is not the Partner’s form',
    'datapoint.clash': 'they use IDs such as ID123 and V00001',
    'identity.invitation': 'those with an e-mail address show that field',
    'header.required': 'the roadmap page leaves fields out',
    'identity.nhs-status-missing': 'most show an NHS number without its status',
    'identity.new-patient': 'they are about patients whom PKB knows',
    'overwriting.next-of-kin': 'those with NK1 show that segment',
    'overwriting.gp': 'those with PD1 show that segment',
    'type.unknown-appointment': 'S15 and S26 are shown for an appointment that PKB knows',
  };
  /** Single findings with their reasons. */
  const SINGLE: Record<string, string> = {
    'adt-a28-nk1.hl7 identity.nhs-number': 'its NHS number has nine digits',
    'adt-a31-nk1-null.hl7 identity.nhs-number': 'its NHS number has nine digits',
  };

  for (const file of readdirSync(pkbExamples).filter(
    (name) => name.endsWith('.hl7') && !/^(?:fragment|ack)-/.test(name),
  )) {
    it(`${file} gives no finding but those with a reason`, () => {
      const { findings } = inspect(readFileSync(join(pkbExamples, file), 'utf8'));
      const unexplained = findings.filter(
        ({ rule }) => !(rule in EXPECTED) && !(`${file} ${rule}` in SINGLE),
      );
      assert.deepEqual(
        unexplained.map(({ rule, location }) => `${rule} ${location}`),
        [],
      );
    });
  }

  it('the Partner page’s example gives none, but that its NHS number says no status', () => {
    const { findings } = inspect(readFileSync(join(pkbExamples, 'partner-adt-a28.hl7'), 'utf8'));
    assert.deepEqual(
      findings.map(({ rule, severity }) => [rule, severity]),
      [['identity.nhs-status-missing', 'note']],
    );
  });

  it('nothing in the corpus makes a rule fail', () => {
    for (const { name, bytes } of corpusFiles()) {
      const { findings } = inspect(bytes.toString('latin1'));
      assert.ok(!findings.some(({ rule }) => rule === 'form.defect'), name);
    }
  });
});
