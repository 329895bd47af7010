import assert from 'node:assert/strict';
import { PkbError } from '../../../src/errors.js';
import { readRaw } from '../../../src/hl7/read.js';
import { removeSegment, set, setRaw } from '../../../src/hl7/edit.js';
import { readMessages } from '../../../src/hl7/input.js';
import { delimitersOf } from '../../../src/hl7/delimiters.js';
import { SegmentCursor } from '../../../src/hl7/segments.js';
import { inspect } from '../../../src/pkb/guard/inspect.js';
import { stamp } from '../../../src/pkb/stamp.js';
import { corpusFiles, corpusMessages, describeWithCorpus } from '../../support/corpus.js';

const OPTIONS = {
  customer: { alias: 'a', controllerAlias: 'b' },
  newId: () => 'NEW-ID',
  now: () => new Date('2026-01-01T00:00:00Z'),
};

describeWithCorpus('the corpus of real messages', () => {
  const messages = corpusMessages();

  it('has enough of them', () => {
    assert.ok(messages.length > 300, `${messages.length} messages`);
  });

  it('gives every field of every message the value that splitting by hand gives', () => {
    let fields = 0;
    for (const { name, text } of messages) {
      const { field } = delimitersOf(text);
      const seen = new Map<string, number>();
      for (const segment of text.split(/[\r\n]+/)) {
        const [id = '', ...values] = segment.split(field);
        if (!/^[A-Z][A-Z0-9]{2}$/.test(id)) continue;
        const occurrence = (seen.get(id) ?? 0) + 1;
        seen.set(id, occurrence);
        const first = ['MSH', 'FHS', 'BHS'].includes(id) ? 2 : 1;
        for (const [i, value] of values.entries()) {
          assert.equal(
            readRaw(text, `${id}[${occurrence}]-${i + first}`),
            value,
            `${name} ${id}[${occurrence}]`,
          );
          fields++;
        }
      }
    }
    assert.ok(fields > 5000);
  });

  it('is byte-identical after setting fields to the raw text they have', () => {
    for (const { name, text } of messages) {
      const cursor = new SegmentCursor(text);
      let joined = '';
      let from = 0;
      while (cursor.next()) {
        joined += text.slice(from, cursor.end);
        from = cursor.end;
      }
      assert.equal(joined + text.slice(from), text, name);
      for (const path of ['PID-3', 'PID-5.1', 'MSH-3', 'OBX-5']) {
        const raw = readRaw(text, path);
        if (raw !== undefined) assert.equal(setRaw(text, path, raw), text, `${name} ${path}`);
      }
    }
  });

  it('changes only the fields it names when it stamps; what it refuses, it refuses with a code', () => {
    const refused = new Map<string, number>();
    let stampedMessages = 0;
    for (const { name, text } of messages) {
      let result;
      try {
        result = stamp(text, OPTIONS);
      } catch (error) {
        assert.ok(error instanceof PkbError, `${name}: ${String(error)}`);
        refused.set(error.code, (refused.get(error.code) ?? 0) + 1);
        continue;
      }
      stampedMessages++;
      const headerEnd = text.search(/[\r\n]|$/);
      const before = text.slice(0, headerEnd).split('|');
      const newEnd = result.hl7.search(/[\r\n]|$/);
      const after = result.hl7.slice(0, newEnd).split('|');
      assert.equal(result.hl7.slice(newEnd), text.slice(headerEnd), name);
      for (const [i, value] of after.entries()) {
        const was = before[i] ?? '';
        const field = i + 1;
        if (field === 4) assert.equal(value, 'a{b}', name);
        else if (field === 10) assert.equal(value, 'NEW-ID', name);
        else if (field === 11 && was === '') assert.equal(value, 'P', name);
        else if ([5, 6, 7, 12].includes(field) && was === '') assert.notEqual(value, '', name);
        else assert.equal(value, was, `${name} MSH-${field}`);
      }
      assert.equal(stamp(Buffer.from(text, 'latin1'), OPTIONS).hl7.toString('latin1'), result.hl7, name);
    }
    assert.ok(stampedMessages > 250, `${stampedMessages} stamped`);
    for (const code of refused.keys()) {
      assert.ok(
        ['PKB_HL7_ENCODING_CHARACTERS', 'PKB_HL7_HEADER_SHORT', 'PKB_HL7_NO_MSH'].includes(code),
        code,
      );
    }
  });

  it('never hangs and throws nothing but our own errors, whatever the bytes', () => {
    const start = performance.now();
    for (const { name, bytes } of corpusFiles()) {
      for (const attempt of [
        () => readMessages(bytes).map((text) => stamp(text, OPTIONS)),
        () => stamp(bytes, { ...OPTIONS, dataPointId: 'new' }),
        () => inspect(bytes.toString('latin1')),
        () => set(bytes.toString('latin1'), 'PID-3[2].4', 'x'),
        () => removeSegment(bytes.toString('latin1'), 'OBX[2]'),
      ]) {
        try {
          attempt();
        } catch (error) {
          assert.ok(error instanceof PkbError, `${name}: ${String(error)}`);
        }
      }
    }
    assert.ok(performance.now() - start < 20_000);
  });
});
