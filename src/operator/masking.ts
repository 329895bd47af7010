/**
 * A message as others may see it: strictly masked by a list of what may be read (`allowed.ts`), or as it is; without embedded documents
 * either way. How long a masked value is, is not shown. In time proportional to the text, and of bounded length.
 */
import { type Delimiters, delimitersOf, STANDARD_DELIMITERS } from '../hl7/delimiters.js';
import { NAMED_SEGMENTS } from '../hl7/field-names.js';
import { SegmentCursor } from '../hl7/segments.js';
import { COMPARED, hasShape, type Shape, shapeOf } from './allowed.js';
import { anyDocumentShown, documentShown, type Embedded, embeddedIn, valueShown } from './documents.js';
import { Person } from './person.js';

/** What stands in the place of every value that is masked. */
export const MASK = '[masked]';

/** What is masked. */
export interface Masking {
  /** Whether values of persons are. */
  readonly masked: boolean;
  /** Whether PKB's words (MSA-3, ERR) are shown although values are masked; they may quote the message. */
  readonly words: boolean;
}

/** A longer message ends with the number of segments that are left out. */
const LONGEST_SHOWN = 50_000;

const LONGEST_ID = 200;

/** Fields of a segment, and parts of a field, that are told apart; beyond them the rest is one value. */
const MOST_FIELDS = 200;
const MOST_PARTS = 50;

const SEGMENTS: ReadonlySet<string> = new Set(NAMED_SEGMENTS);

/** Segments that hold PKB's words. */
const OF_WORDS: ReadonlySet<string> = new Set(['MSA', 'ERR']);

/** Shows one message and what belongs to it. */
export class MessageMask {
  readonly #masking: Masking;
  readonly #person: Person;

  /** @param hl7 the message, by whose persons other values are judged; undefined where its text is not there any more */
  constructor(hl7: string | undefined, masking: Masking) {
    this.#masking = masking;
    this.#person = new Person(masking.masked ? hl7 : undefined);
  }

  /** An ID or a reference, which is masked where it holds something of a person, or is too long for one. */
  id(value: string): string {
    if (!this.#masking.masked) return valueShown(value);
    return value.length > LONGEST_ID || this.#person.isIn(value) ? MASK : value;
  }

  /** What a list says of a message, such as its type: masked where it does not look like one. */
  fact(value: string, shape: Shape): string {
    return value === '' || !this.#masking.masked || hasShape(value, shape) ? valueShown(value) : MASK;
  }

  /** PKB's words, or what a person typed. */
  words(text: string): string {
    if (text === '' || this.#masking.words || !this.#masking.masked) return valueShown(text);
    return MASK;
  }

  /** A message or an acknowledgement: a line for each segment. */
  text(hl7: string): string {
    const delimiters = hl7.startsWith('MSH|^~\\&') ? STANDARD_DELIMITERS : delimitersOf(hl7);
    const lines: string[] = [];
    let length = 0;
    let left = 0;
    const cursor = new SegmentCursor(hl7);
    while (cursor.next()) {
      if (length > LONGEST_SHOWN) {
        left++;
        continue;
      }
      const line = this.#segment(hl7.slice(cursor.start, cursor.end), delimiters);
      length += line.length;
      lines.push(line.slice(0, LONGEST_SHOWN));
    }
    if (left > 0) lines.push(`[${left} further segments left out]`);
    return lines.join('\n');
  }

  #segment(line: string, delimiters: Delimiters): string {
    const name = line.slice(0, 3);
    const isSegment = line.length === 3 || line.startsWith(delimiters.field, 3);
    const { masked, words } = this.#masking;
    // A line that is no segment is text that somebody wrote; a name that is none of HL7's may be one of a person.
    if (masked && !(isSegment && SEGMENTS.has(name))) return MASK;
    const [, ...fields] = partsOf(line, delimiters.field, MOST_FIELDS);
    const isOpen = !masked || (words && OF_WORDS.has(name));
    // The separator itself is MSH-1.
    const first = name === 'MSH' ? 2 : 1;
    const shown = fields.map((field, i) => {
      const n = i + first;
      if (name === 'MSH' && n === 2) return /^[!-/:-@[-`{-~]{1,5}$/.test(field) ? field : MASK;
      if (name === 'OBX' && n === 5 && fields[1] === 'ED') return this.#document(field, delimiters);
      return isOpen ? valueShown(field) : this.#field(`${name}-${n}`, field, delimiters);
    });
    return [isSegment ? name : valueShown(partsOf(line, delimiters.field, 2)[0] ?? ''), ...shown].join(
      delimiters.field,
    );
  }

  #document(field: string, delimiters: Delimiters): string {
    const embedded = embeddedIn(field, delimiters.component);
    if (embedded === undefined)
      return this.#masking.masked ? this.#field('OBX-5', field, delimiters) : valueShown(field);
    const head = embedded.head.slice(0, -delimiters.component.length);
    const shownHead = this.#masking.masked ? this.#field('OBX-5', head, delimiters) : valueShown(head);
    return `${shownHead}${delimiters.component}${this.#data(embedded)}`;
  }

  #data(embedded: Embedded): string {
    return this.#masking.masked ? (documentShown(embedded) ?? MASK) : anyDocumentShown(embedded);
  }

  #field(place: string, field: string, delimiters: Delimiters): string {
    if (isNothing(field)) return field;
    if (shapeOf(place) !== undefined) return this.#value(place, field);
    const repetitions = field.split(delimiters.repetition, MOST_PARTS + 1);
    const all = repetitions.map((one) => one.split(delimiters.component, MOST_PARTS + 1));
    if (all.flat().length > MOST_PARTS) return MASK;
    return all
      .map((parts) =>
        parts.map((part, i) => this.#value(`${place}.${i + 1}`, part)).join(delimiters.component),
      )
      .join(delimiters.repetition);
  }

  #value(place: string, value: string): string {
    if (isNothing(value)) return value;
    const shape = shapeOf(place);
    if (shape === undefined || !hasShape(value, shape)) return MASK;
    return COMPARED.has(shape) && this.#person.isIn(value) ? MASK : value;
  }
}

/** Nothing, or HL7's "delete this". */
function isNothing(value: string): boolean {
  return value === '' || value === '""';
}

/** The parts of a text, the rest of which is one more. */
function partsOf(text: string, separator: string, most: number): string[] {
  const parts: string[] = [];
  let from = 0;
  while (parts.length < most) {
    const at = text.indexOf(separator, from);
    if (at < 0) break;
    parts.push(text.slice(from, at));
    from = at + separator.length;
  }
  return [...parts, text.slice(from)];
}
