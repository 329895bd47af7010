/** Rules about the text itself: what XML and PKB can carry (XML 1.0; PKB page 3365012127). */
import { illegalAt } from '../../soap/characters.js';
import type { Rule } from '../rule.js';
import { NO_SEGMENT } from '../scan.js';

/** PKB's own limit is not public; this is far above any letter. */
export const DEFAULT_SIZE_LIMIT = 20 * 1024 * 1024;

const KNOWN_ESCAPES = new Set(['F', 'S', 'T', 'R', 'E', '.br']);

/** The rules, in the order in which they are shown. */
export const FORM: readonly Rule[] = [
  {
    id: 'form.characters',
    area: 'form',
    title: 'Character that XML cannot carry',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'all',
    text: 'This segment holds a control character that XML, and so PKB, cannot carry; remove it at the source.',
    why: 'Messages go to PKB in XML. pkb-send refuses such a message; the guard says so before.',
    source: 'XML 1.0, 2.2',
    mark: 'D',
    check: (message, report) => {
      const at = illegalAt(message.text);
      if (at >= 0)
        report(
          Math.max(
            0,
            message.starts.findLastIndex((start) => start <= at),
          ),
        );
    },
  },
  {
    id: 'form.segment',
    area: 'form',
    title: 'Line that is no segment',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'all',
    text: 'This line does not begin with a segment name and a field separator: a line end stands within a field. Write it as \\.br\\.',
    why: 'PKB receives every CR as LF, so it takes each line for a segment: the rest of the text would be lost.',
    source: '3364848418; XML 1.0, 2.11',
    mark: 'I',
    check: (message, report) => {
      for (let i = message.first(NO_SEGMENT); i >= 0; i = message.codes.indexOf(NO_SEGMENT, i + 1)) report(i);
    },
  },
  {
    id: 'form.escapes',
    area: 'form',
    title: 'Escape sequence that PKB does not know',
    severity: 'note',
    defaultAction: 'flag',
    appliesTo: 'all',
    text: 'PKB knows only \\F\\ \\S\\ \\T\\ \\R\\ \\E\\ and \\.br\\; other sequences are shown to the patient as they are.',
    why: 'Highlighting and hexadecimal sequences are not among those PKB reads.',
    source: '3365012127',
    mark: 'I',
    check: (message, report) => {
      const { text } = message;
      let reported = -1;
      // The segment of the escape. Both only move forward.
      let segment = 0;
      let open = text.indexOf('\\', message.header.end);
      while (open >= 0) {
        const close = text.indexOf('\\', open + 1);
        const sequence = close < 0 || close - open > 64 ? undefined : text.slice(open + 1, close);
        const known = sequence !== undefined && KNOWN_ESCAPES.has(sequence);
        if (!known) {
          while ((message.starts[segment + 1] ?? Number.MAX_SAFE_INTEGER) <= open) segment++;
          if (segment !== reported) report(segment);
          reported = segment;
        }
        open = close < 0 ? -1 : text.indexOf('\\', known ? close + 1 : close);
      }
    },
  },
  {
    id: 'form.size',
    area: 'form',
    title: 'Message is very large',
    severity: 'warning',
    defaultAction: 'flag',
    appliesTo: 'all',
    text: 'The message is larger than 20 MiB; ask PKB whether it takes documents of this size.',
    why: 'PKB’s limit is not public. A message that its server cuts off is refused as a whole.',
    source: 'not documented by PKB',
    mark: 'U',
    check: (message, report, { sizeLimit = DEFAULT_SIZE_LIMIT }) => {
      if (message.text.length > sizeLimit) report(0);
    },
  },
];
