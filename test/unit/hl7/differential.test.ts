import assert from 'node:assert/strict';
import { readRaw } from '../../../src/hl7/read.js';
import { corpusMessages, describeWithCorpus } from '../../support/corpus.js';
import { hl7Standard, medplum, nodeHl7Client, type Reader } from '../../support/readers.js';

/** Messages that all can be asked about: standard delimiters, one kind of line end, whole segment names. */
function wellFormed(): { name: string; text: string }[] {
  return corpusMessages()
    .filter(({ text }) => text.startsWith('MSH|^~\\&|'))
    .map(({ name, text }) => ({
      name,
      text: `${text
        .split(/[\r\n]+/)
        .filter(Boolean)
        .join('\r')}\r`,
    }))
    .filter(({ text }) =>
      text.split('\r').every((segment) => segment === '' || /^[A-Z][A-Z0-9]{2}\|/.test(segment)),
    )
    .filter(({ text }) => /^[\x20-\x7e\r]*$/.test(text) && !/\r(?:FHS|BHS|BTS|FTS)\|/.test(text));
}

/** Every leaf that splitting by hand finds. */
function* paths(text: string): Generator<[string, number, number, number, number]> {
  const seen = new Map<string, number>();
  for (const segment of text.split('\r')) {
    const [id = '', ...fields] = segment.split('|');
    if (id === '') continue;
    const occurrence = (seen.get(id) ?? 0) + 1;
    seen.set(id, occurrence);
    for (const [f, value] of fields.entries()) {
      const field = f + (id === 'MSH' ? 2 : 1);
      if (id === 'MSH' && field === 2) continue;
      for (const [r, repetition] of value.split('~').entries()) {
        for (const c of repetition.split('^').keys()) yield [id, occurrence, field, r + 1, c + 1];
      }
    }
  }
}

/**
 * Where a library is known to read something else than stands in the text, and why.
 *
 * - `unescaped`: it resolves escape sequences although raw text was asked for.
 * - `trimmed`: it takes white space off.
 * - `subcomponents read apart`: node-hl7-client gives a component with subcomponents in another form.
 * - `subcomponents as repetitions`: hl7-standard takes `a&b` in a field without components for two repetitions.
 * - `not a field`: it finds no value where the text has one, in segments it treats in a way of its own.
 */
type Explained =
  'unescaped' | 'trimmed' | 'subcomponents read apart' | 'subcomponents as repetitions' | 'absent';

function explain(
  library: string,
  ours: string,
  theirs: string | undefined,
  field: string,
): Explained | undefined {
  if (library === 'node-hl7-client' && ours.includes('\\')) return 'unescaped';
  if (library === 'node-hl7-client' && ours.trim() === theirs?.trim()) return 'trimmed';
  if (library === 'node-hl7-client' && ours.includes('&')) return 'subcomponents read apart';
  if (library === 'hl7-standard' && field.includes('&')) return 'subcomponents as repetitions';
  if (theirs === undefined || theirs === '') return 'absent';
  return undefined;
}

describeWithCorpus('what other libraries read at the same paths', () => {
  const messages = wellFormed();
  it('is asked in enough messages', () => assert.ok(messages.length > 200, `${messages.length}`));

  for (const [library, open, leastAgreeing] of [
    ['@medplum/core', medplum, 1],
    ['node-hl7-client', nodeHl7Client, 0.99],
    ['hl7-standard', hl7Standard, 0.99],
  ] as const) {
    it(`is the same raw text in ${library}, or differs for a reason that is known`, () => {
      let same = 0;
      let unreadable = 0;
      const reasons = new Map<string, number>();
      for (const { name, text } of messages) {
        let reader: Reader;
        try {
          reader = open(text);
        } catch {
          unreadable++;
          continue;
        }
        for (const [segment, occurrence, field, repetition, component] of paths(text)) {
          const path = `${segment}[${occurrence}]-${field}[${repetition}].${component}`;
          const ours = readRaw(text, path);
          assert.notEqual(ours, undefined, `${name} ${path}`);
          let theirs: string | undefined;
          try {
            theirs = reader(segment, occurrence, field, repetition, component);
          } catch {
            theirs = undefined;
          }
          if (ours === theirs) {
            same++;
            continue;
          }
          const reason = explain(
            library,
            ours ?? '',
            theirs,
            readRaw(text, `${segment}[${occurrence}]-${field}`) ?? '',
          );
          assert.ok(reason, `${name} ${path}: ours and theirs differ in a way that is not explained`);
          reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
        }
      }
      const differing = [...reasons.values()].reduce((sum, n) => sum + n, 0);
      console.log(
        `      ${library}: ${same} the same, ${JSON.stringify(Object.fromEntries(reasons))}, ${unreadable} messages unreadable`,
      );
      assert.ok(same / (same + differing) >= leastAgreeing, `${same} of ${same + differing}`);
      assert.ok(unreadable / messages.length < 0.05, `${unreadable} unreadable`);
    });
  }
});
