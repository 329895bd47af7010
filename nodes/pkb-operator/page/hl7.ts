/** HL7 text for a person: a line for each segment, and the name of a field where the mouse is. */
import { el } from './dom.js';

/** So many fields get names; a letter of megabytes is shown without. */
const MOST_NAMED = 5000;

/** The segments of a message. */
export function segmentsOf(hl7: string): string[] {
  return hl7.split(/\r\n|\r|\n/).filter((line, i, all) => line !== '' || i < all.length - 1);
}

/** The message as it is shown. */
export function shownMessage(hl7: string): HTMLElement {
  const pre = el('pre', { tabindex: 0 });
  let named = 0;
  for (const segment of segmentsOf(hl7)) {
    const [name = '', ...fields] = segment.split('|');
    named += fields.length;
    if (named > MOST_NAMED) {
      pre.append(`${segment}\n`);
      continue;
    }
    pre.append(name);
    // The separator itself is MSH-1.
    const first = name === 'MSH' ? 2 : 1;
    for (const [i, field] of fields.entries())
      pre.append('|', el('span', { title: `${name}-${i + first}` }, field));
    pre.append('\n');
  }
  return pre;
}
