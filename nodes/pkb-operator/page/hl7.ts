/**
 * HL7 text for a person: a line for each segment, and the name of the field that the mouse is on, or that the arrow keys have reached.
 */
import { nameOf } from '../../../src/hl7/field-names.js';
import { el } from './dom.js';
import { text } from './texts.js';

/** So many fields get names; a letter of megabytes is shown without. */
const MOST_NAMED = 5000;

/** The segments of a message. */
export function segmentsOf(hl7: string): string[] {
  return hl7.split(/\r\n|\r|\n/).filter((line, i, all) => line !== '' || i < all.length - 1);
}

/** The message as it is shown. @param label what the text is, for those who do not see it */
export function shownMessage(hl7: string, label: string): HTMLElement {
  const pre = el('pre', { role: 'group', 'aria-label': label });
  const said = el('p', { role: 'status', class: 'dim field-name' }, text('message.names'));
  /** What has a name, by segment. */
  const rows: HTMLElement[][] = [];
  let named = 0;
  for (const segment of segmentsOf(hl7)) {
    const [name = '', ...fields] = segment.split('|');
    named += fields.length;
    if (named > MOST_NAMED) {
      pre.append(`${segment}\n`);
      continue;
    }
    const head = namedPart(name, name, 0);
    // The separator itself is MSH-1.
    const first = name === 'MSH' ? 2 : 1;
    const parts = fields.map((field, i) => namedPart(field, name, i + first));
    pre.append(head, ...parts.flatMap((part) => ['|', part]), '\n');
    // Nobody needs to stop at what is empty.
    rows.push([head, ...parts.filter((_, i) => fields[i] !== '')]);
  }
  watch(pre, rows, (words) => (said.textContent = words));
  return el('div', {}, pre, said);
}

function namedPart(value: string, segment: string, field: number): HTMLElement {
  const place = field === 0 ? segment : `${segment}-${field}`;
  const name = nameOf(segment, field);
  const title = name === undefined ? place : `${place}: ${name}`;
  return el('span', { title, tabindex: -1 }, value);
}

/** Says names, and lets the arrow keys go from one to the next; Tab stops once in a text. */
function watch(pre: HTMLElement, rows: readonly HTMLElement[][], say: (words: string) => void): void {
  const all = rows.flat();
  all[0]?.setAttribute('tabindex', '0');
  const named = ({ target }: Event): HTMLElement | undefined =>
    target instanceof HTMLElement && target.title !== '' ? target : undefined;
  const tell = (event: Event): void => {
    const part = named(event);
    if (part) say(part.title);
  };
  pre.addEventListener('mouseover', tell);
  pre.addEventListener('focusin', (event) => {
    for (const part of all) if (part.tabIndex === 0) part.tabIndex = -1;
    const part = named(event);
    if (part) part.tabIndex = 0;
    tell(event);
  });
  pre.addEventListener('keydown', (event) => {
    const part = named(event);
    const next = part && nextOf(event.key, part, rows, all);
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  });
}

/** Where a key leads to; undefined where it leads nowhere. */
function nextOf(
  key: string,
  part: HTMLElement,
  rows: readonly HTMLElement[][],
  all: readonly HTMLElement[],
): HTMLElement | undefined {
  const at = all.indexOf(part);
  const row = rows.findIndex((one) => one.includes(part));
  switch (key) {
    case 'ArrowRight':
      return all[at + 1];
    case 'ArrowLeft':
      return at > 0 ? all[at - 1] : undefined;
    case 'ArrowDown':
      return rows[row + 1]?.[0];
    case 'ArrowUp':
      return row > 0 ? rows[row - 1]?.[0] : undefined;
    case 'Home':
      return rows[row]?.[0];
    case 'End':
      return rows[row]?.at(-1);
    default:
      return undefined;
  }
}
