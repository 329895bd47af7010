import assert from 'node:assert/strict';
import fc from 'fast-check';
import { insertSegment, removeSegment, set, setRaw } from '../../../src/hl7/edit.js';
import { read, readRaw } from '../../../src/hl7/read.js';

const MESSAGE = 'MSH|^~\\&|A||||||ADT^A28\rPID|1||X^^^NHS^NH~Y&Z^^^MR||Smith^John\rNTE|1||a\rNTE|2||b||\r';

const anyPath = fc
  .record({
    segment: fc.constantFrom('MSH', 'PID', 'NTE', 'NTE[2]'),
    field: fc.integer({ min: 3, max: 14 }),
    repetition: fc.integer({ min: 1, max: 3 }),
    component: fc.integer({ min: 1, max: 5 }),
    subcomponent: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ segment, field, repetition, component, subcomponent }) => {
    return `${segment}-${field}[${repetition}].${component}.${subcomponent}`;
  });

const anyText = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/\r\n?/g, '\n'));

describe('reading and editing by path', () => {
  it('reads fields, repetitions, components and subcomponents where they stand', () => {
    assert.equal(readRaw(MESSAGE, 'PID-3'), 'X^^^NHS^NH~Y&Z^^^MR');
    assert.equal(readRaw(MESSAGE, 'PID-3[2]'), 'Y&Z^^^MR');
    assert.equal(readRaw(MESSAGE, 'PID-3[2].1.2'), 'Z');
    assert.equal(readRaw(MESSAGE, 'PID-3.4'), 'NHS');
    assert.equal(readRaw(MESSAGE, 'NTE[2]-3'), 'b');
    assert.equal(readRaw(MESSAGE, 'NTE[2]'), 'NTE|2||b||');
    assert.equal(readRaw(MESSAGE, 'MSH-1'), '|');
    assert.equal(readRaw(MESSAGE, 'MSH-2'), '^~\\&');
    assert.equal(readRaw(MESSAGE, 'MSH-9.2'), 'A28');
  });

  it('tells an empty place from one that is not there', () => {
    assert.equal(readRaw(MESSAGE, 'PID-2'), '');
    assert.equal(readRaw(MESSAGE, 'PID-9'), undefined);
    assert.equal(readRaw(MESSAGE, 'PID-5.3'), undefined);
    assert.equal(readRaw(MESSAGE, 'NTE[3]'), undefined);
    assert.equal(readRaw(MESSAGE, 'ZZZ-1'), undefined);
  });

  it('does not take a longer name for the segment asked for', () => {
    assert.equal(readRaw('MSH|^~\\&|A\rPIDX|1\rPID|2\r', 'PID-1'), '2');
  });

  it('fills up what is missing before the place', () => {
    const text = set(set(MESSAGE, 'PID-8', 'M'), 'NTE[1]-3[3].2', 'x');
    assert.equal(readRaw(text, 'PID'), 'PID|1||X^^^NHS^NH~Y&Z^^^MR||Smith^John|||M');
    assert.equal(readRaw(text, 'NTE'), 'NTE|1||a~~^x');
  });

  it('adds nothing for an empty value where there is no place', () => {
    assert.equal(set(MESSAGE, 'PID-30', ''), MESSAGE);
  });

  it('gives back any value that was set, at any path', () => {
    fc.assert(
      fc.property(anyPath, anyText, (path, value) => {
        const found = read(set(MESSAGE, path, value), path);
        assert.equal(found ?? '', value);
      }),
      { numRuns: 10_000 },
    );
  });

  it('never adds a segment, and touches no segment but the one addressed', () => {
    fc.assert(
      fc.property(anyPath, anyText, (path, value) => {
        const before = MESSAGE.split('\r');
        const after = set(MESSAGE, path, value).split('\r');
        assert.equal(after.length, before.length);
        assert.ok(after.filter((segment, i) => segment !== before[i]).length <= 1);
      }),
      { numRuns: 10_000 },
    );
  });

  it('never adds a field beyond the place addressed', () => {
    fc.assert(
      fc.property(anyPath, anyText, (path, value) => {
        const [, segment = '', field = ''] = /^([A-Z]{3}(?:\[\d\])?)-(\d+)/.exec(path) ?? [];
        const count = (text: string): number => (readRaw(text, segment) ?? '').split('|').length;
        const own = segment === 'MSH' ? Number(field) : Number(field) + 1;
        assert.equal(
          count(set(MESSAGE, path, value)),
          value === '' ? count(MESSAGE) : Math.max(count(MESSAGE), own),
        );
      }),
      { numRuns: 10_000 },
    );
  });

  it('never adds a repetition, component or subcomponent beyond the place addressed', () => {
    fc.assert(
      fc.property(anyPath, anyText, (path, value) => {
        const [, field = '', r = '', c = '', s = ''] = /^(.*)\[(\d+)\]\.(\d+)\.(\d+)$/.exec(path) ?? [];
        const after = set(MESSAGE, path, value);
        const count = (text: string, at: string, separator: string): number =>
          (readRaw(text, at) ?? '').split(separator).length;
        for (const [at, separator, own] of [
          [field, '~', r],
          [`${field}[${r}]`, '^', c],
          [`${field}[${r}].${c}`, '&', s],
        ] as const) {
          const before = count(MESSAGE, at, separator);
          assert.equal(
            count(after, at, separator),
            value === '' ? before : Math.max(before, Number(own)),
            at,
          );
        }
      }),
      { numRuns: 10_000 },
    );
  });

  it('comes to the same whichever of two different places is set first', () => {
    fc.assert(
      fc.property(anyPath, anyPath, anyText, anyText, (first, second, one, two) => {
        fc.pre(first !== second);
        assert.equal(set(set(MESSAGE, first, one), second, two), set(set(MESSAGE, second, two), first, one));
      }),
      { numRuns: 10_000 },
    );
  });

  it('keeps CRLF, LF and mixed line ends, blank lines and a missing last line end', () => {
    for (const text of ['MSH|^~\\&|A\r\nPID|1\r\n', 'MSH|^~\\&|A\nPID|1', 'MSH|^~\\&|A\r\n\nPID|1\r']) {
      assert.equal(set(text, 'PID-1', '2'), text.replace('PID|1', 'PID|2'));
    }
  });

  it('sets raw text with parts of its own, but none that reach beyond the place', () => {
    assert.equal(readRaw(setRaw(MESSAGE, 'PID-5', 'Jones^Ann~Old^Ann'), 'PID-5'), 'Jones^Ann~Old^Ann');
    for (const [path, raw] of [
      ['PID-5', 'a|b'],
      ['PID-5', 'a\rZZZ|1'],
      ['PID-5[1]', 'a~b'],
      ['PID-5.1', 'a^b'],
      ['PID-5.1.1', 'a&b'],
    ] as const) {
      assert.throws(() => setRaw(MESSAGE, path, raw), { code: 'PKB_HL7_VALUE' });
    }
  });

  it('inserts and removes segments with the line end of their neighbours', () => {
    const crlf = MESSAGE.replaceAll('\r', '\r\n');
    assert.equal(
      insertSegment(crlf, 'PD1|1', { after: 'PID' }),
      crlf.replace('John\r\n', 'John\r\nPD1|1\r\n'),
    );
    assert.equal(insertSegment(MESSAGE, 'PD1|1', { before: 'NTE[2]' }), MESSAGE.replace('a\r', 'a\rPD1|1\r'));
    assert.equal(insertSegment('MSH|^~\\&|A', 'PID|1', { after: 'MSH' }), 'MSH|^~\\&|A\rPID|1');
    assert.equal(removeSegment(crlf, 'NTE[1]'), crlf.replace('NTE|1||a\r\n', ''));
    assert.equal(removeSegment(insertSegment(MESSAGE, 'PD1|1', { after: 'PID' }), 'PD1'), MESSAGE);
  });

  it('refuses, with the path and never the value in the error', () => {
    const secret = 'secret-value';
    for (const path of [
      '',
      'PID',
      'PID-0',
      'PID-3[0]',
      'pid-3',
      'PID.3',
      'PID-3.',
      '__proto__',
      'constructor-1',
      'MSH-1',
      'MSH-2',
    ]) {
      assert.throws(
        () => set(MESSAGE, path, secret),
        (error: Error & { code: string }) => {
          assert.equal(error.code, 'PKB_HL7_PATH');
          assert.ok(error.message.includes(path.slice(0, 60)));
          assert.ok(!error.message.includes(secret));
          return true;
        },
      );
    }
    assert.throws(() => set(MESSAGE, 'ZZZ-1', secret), { code: 'PKB_HL7_PATH' });
    assert.throws(() => set(MESSAGE, 'NTE[3]-1', secret), { code: 'PKB_HL7_PATH' });
    assert.throws(() => set(MESSAGE, 'PID-1', 7 as unknown as string), { code: 'PKB_HL7_VALUE' });
    assert.throws(() => insertSegment(MESSAGE, 'no segment', { after: 'PID' }), { code: 'PKB_HL7_VALUE' });
    assert.throws(() => removeSegment(MESSAGE, 'PID-3'), { code: 'PKB_HL7_PATH' });
  });

  it('takes time in proportion to the text, with a million segments or repetitions', () => {
    const segments = `MSH|^~\\&|A\r${'AAA|1\r'.repeat(1e6)}PID|1\r`;
    const repetitions = `MSH|^~\\&|A\rPID|||${'x~'.repeat(1e6)}y\r`;
    const start = performance.now();
    assert.equal(readRaw(segments, 'PID-1'), '1');
    assert.equal(readRaw(set(segments, 'AAA[1000000]-1', 'z'), 'AAA[1000000]-1'), 'z');
    assert.equal(readRaw(repetitions, 'PID-3[1000001]'), 'y');
    assert.equal(readRaw(set(repetitions, 'PID-3[1000001].2', 'z'), 'PID-3[1000001]'), 'y^z');
    assert.ok(performance.now() - start < 2000, 'a quadratic reader would take minutes');
  });

  it('takes lone surrogates and NUL as text', () => {
    for (const value of ['\ud800', '\udc00x', 'a\0b']) {
      assert.equal(read(set(MESSAGE, 'PID-5.2', value), 'PID-5.2'), value);
    }
  });
});
