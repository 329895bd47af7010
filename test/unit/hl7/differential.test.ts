import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { Hl7Message } from '@medplum/core';
import { Message } from 'node-hl7-client';
import { readRaw } from '../../../src/hl7/read.js';
import { corpusMessages, describeWithCorpus } from '../../support/corpus.js';

/* oxlint-disable typescript/no-explicit-any -- a library without types */
const HL7Standard = createRequire(__filename)('hl7-standard') as any;

/** A way of reading raw text at segment occurrence, field, repetition (from 1) and component. */
type Reader = (
  segment: string,
  occurrence: number,
  field: number,
  repetition: number,
  component: number,
) => string | undefined;

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

function medplum(text: string): Reader {
  const message = Hl7Message.parse(text);
  return (segment, occurrence, field, repetition, component) => {
    const found = message.getAllSegments(segment)[occurrence - 1];
    return found?.getField(field)?.getComponent(component, undefined, repetition - 1);
  };
}

function nodeHl7Client(text: string): Reader {
  const message = new Message({ text });
  return (segment, occurrence, field, repetition, component) => {
    const list = message.get(segment) as any;
    // Its lists count from 0, with the name of the segment at 0 of its fields, and MSH without MSH-1.
    const at = list.get(occurrence - 1).get(segment === 'MSH' ? field - 1 : field);
    return at
      .get(repetition - 1)
      .get(component - 1)
      .toString();
  };
}

function hl7Standard(text: string): Reader {
  const message = new HL7Standard(text, { lineEndings: '\r' });
  message.transform();
  return (segment, occurrence, field, repetition, component) => {
    const data = message.transformed[segment]?.[occurrence - 1]?.data?.[`${segment}.${field}`];
    const repeated = Array.isArray(data) ? data[repetition - 1] : repetition === 1 ? data : undefined;
    const value =
      repeated !== null && typeof repeated === 'object'
        ? repeated[`${segment}.${field}.${component}`]
        : repeated;
    return Array.isArray(value) ? value.join('&') : (value as string | undefined);
  };
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
