import assert from 'node:assert/strict';
import { inspect } from '../../../../src/pkb/guard/inspect.js';
import { stamped as withoutStatus } from '../../../support/messages.js';

/** With a verified NHS number, of which there is nothing to say. */
const stamped: typeof withoutStatus = (...given) =>
  withoutStatus(...given).replace('^NHS^NH|', '^NHS^NH{status:01}|');

const CLINICAL = 'AL1|1||A\rNTE|1||note\rNTE|2||note\rDG1|1||D\rDG1|2||E\rZRX|1|x\rNTE|1||z\r';

describe('the guard against overwriting', () => {
  it('blocks allergies, diagnoses and medication in A28 and A31, with the place of each', () => {
    for (const type of ['ADT^A28', 'ADT^A31']) {
      const { blocked, findings, hl7 } = inspect(stamped('1', { type, more: CLINICAL }));
      assert.ok(blocked);
      assert.equal(hl7, stamped('1', { type, more: CLINICAL }));
      assert.deepEqual(
        findings
          .filter(({ rule }) => rule.startsWith('overwriting'))
          .map(({ rule, location, action }) => [rule, location, action]),
        [
          ['overwriting.allergies', 'AL1[1]', 'block'],
          ['overwriting.diagnoses', 'DG1[1]', 'block'],
          ['overwriting.diagnoses', 'DG1[2]', 'block'],
          ['overwriting.medication', 'ZRX[1]', 'block'],
        ],
      );
    }
  });

  it('lets them be in other messages, and lets demographics without them pass', () => {
    for (const text of [stamped('1', { type: 'ADT^A01', more: CLINICAL }), stamped('1')]) {
      assert.deepEqual(
        inspect(text).findings.filter(({ rule }) => rule.startsWith('overwriting')),
        [],
      );
    }
  });

  it('strips the segments and the notes that belong to them, and nothing else', () => {
    const rules = {
      'overwriting.allergies': 'strip',
      'overwriting.diagnoses': 'strip',
      'overwriting.medication': 'strip',
    } as const;
    for (const lineEnd of ['\r', '\r\n', '\n']) {
      const text = stamped('1', { more: `NTE|1||kept\r${CLINICAL}PV1|1||\r` }).replaceAll('\r', lineEnd);
      const { hl7, blocked, findings } = inspect(text, rules);
      assert.equal(blocked, false);
      assert.equal(hl7, stamped('1', { more: 'NTE|1||kept\rPV1|1||\r' }).replaceAll('\r', lineEnd));
      assert.deepEqual(
        findings.map(({ location }) => location),
        ['AL1[1]', 'NTE[2]', 'NTE[3]', 'DG1[1]', 'DG1[2]', 'ZRX[1]', 'NTE[4]'],
      );
    }
  });

  it('flags without changing, and is silent when off', () => {
    const text = stamped('1', { more: 'DG1|1||D\r' });
    const flagged = inspect(text, { 'overwriting.diagnoses': 'flag' });
    assert.deepEqual([flagged.hl7, flagged.blocked, flagged.findings.length], [text, false, 1]);
    assert.deepEqual(inspect(text, { 'overwriting.diagnoses': 'off' }).findings, []);
  });

  it('gives the message as it came when one rule strips and another blocks', () => {
    const text = stamped('1', { more: CLINICAL });
    const { hl7, blocked } = inspect(text, { 'overwriting.allergies': 'strip' });
    assert.ok(blocked);
    assert.equal(hl7, text);
  });

  it('blocks what cannot be read, with one finding that says so', () => {
    for (const text of ['', 'hello', 'MSH|', 'MSH$^~\\&$x']) {
      const { blocked, findings } = inspect(text);
      assert.ok(blocked);
      assert.deepEqual(
        findings.map(({ rule }) => rule),
        ['form.unreadable'],
      );
    }
  });

  it('holds no value of the message in a finding', () => {
    const text = stamped('1', { more: 'DG1|1||SECRET-CODE^SECRET-TEXT\r' });
    assert.ok(!JSON.stringify(inspect(text).findings).includes('SECRET'));
  });

  it('refuses rules and actions that there are not', () => {
    for (const rules of [
      { nope: 'off' },
      { 'overwriting.allergies': 'maybe' },
      { __proto__x: 'off' },
      { constructor: 'off' },
    ]) {
      assert.throws(() => inspect(stamped('1'), rules as never), { code: 'PKB_SETTING' });
    }
  });
});
