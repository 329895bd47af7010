/**
 * Who a message is about, as far as one of its values could give that away at a place where none is expected: an NHS number as a control
 * ID, or a surname in a reference.
 */
import { SegmentCursor } from '../hl7/segments.js';
import { isNhsNumber } from '../pkb/nhs-number.js';

/** Segments about persons, and the first of their fields that may name one. */
const OF_PERSONS: Readonly<Record<string, number>> = {
  PID: 2,
  NK1: 2,
  PD1: 3,
  MRG: 1,
  QRD: 8,
  ROL: 4,
  GT1: 2,
  IN1: 16,
};

/** Beyond so many values, nothing can be told apart any more, and everything counts as giving somebody away. */
const MOST_VALUES = 500;

/** So much of a segment is read. */
const MOST_READ = 20_000;

/** Shorter words are no names, and shorter numbers no identifiers. */
const SHORTEST_WORD = 4;
const SHORTEST_NUMBER = 5;

/** Words that test patients are called, and that name nobody. */
const NAMELESS: ReadonlySet<string> = new Set([
  'email',
  'none',
  'patient',
  'person',
  'test',
  'testing',
  'unknown',
]);

const TEN_DIGITS = /(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)/g;

/** The person of a message, and those named beside. */
export class Person {
  readonly #words = new Set<string>();
  readonly #numbers = new Set<string>();

  /** @param hl7 the message; undefined where its text is not there any more */
  constructor(hl7: string | undefined) {
    if (hl7 === undefined) return;
    const cursor = new SegmentCursor(hl7);
    while (cursor.next()) {
      const name = hl7.slice(cursor.start, cursor.start + 3);
      const from = Object.hasOwn(OF_PERSONS, name) ? OF_PERSONS[name] : undefined;
      if (from === undefined) continue;
      const segment = hl7.slice(cursor.start, Math.min(cursor.end, cursor.start + MOST_READ));
      for (const field of segment.split('|').slice(from)) this.#know(field);
    }
  }

  /** Whether a value holds something of a person, or an NHS number at all. */
  isIn(value: string): boolean {
    if (this.#words.size + this.#numbers.size > MOST_VALUES) return true;
    if (wordsOf(value).some((word) => this.#words.has(word))) return true;
    const plain = plainOf(value);
    for (const number of this.#numbers) if (plain.includes(number)) return true;
    return [...value.matchAll(TEN_DIGITS)].some(([digits]) => isNhsNumber(digits.replaceAll('-', '')));
  }

  #know(field: string): void {
    for (const part of field.split(/[~^&]/)) {
      if (this.#words.size + this.#numbers.size > MOST_VALUES) return;
      const plain = plainOf(part);
      if (/\d/.test(plain)) {
        if (plain.length >= SHORTEST_NUMBER) this.#numbers.add(plain);
      } else
        for (const word of wordsOf(part))
          if (word.length >= SHORTEST_WORD && !NAMELESS.has(word)) this.#words.add(word);
    }
  }
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}

/** A value without what stands between its characters, so that `999 000 0018` and `9990000018` are the same. */
function plainOf(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}
