/** How many letters ended, as a bar for each hour of a day, or for each day. */
import { endCounts, type EndCounts, LETTER_ENDS } from '../../../src/operator/letter-report.js';
import { barsOf } from './bars.js';
import { text } from './texts.js';
import type { LetterCount, LetterReport } from './types.js';

const HOUR_MS = 3_600_000;

/** Beyond so many hours there is a bar for each day. */
const MOST_HOURS = 24;

/** The bars. */
export function letterBars({
  since,
  hours,
  counts,
}: Pick<LetterReport, 'since' | 'hours' | 'counts'>): SVGElement {
  const labelOf = hours > MOST_HOURS ? dayOf : hourOf;
  const groups = new Map<string, LetterCount[]>();
  for (let i = 0; i < hours; i++) groups.set(labelOf(since + i * HOUR_MS), []);
  for (const one of counts) groups.get(labelOf(one.hour))?.push(one);
  const all = [...groups].map(([time, some]) => {
    const ends = endCounts(some);
    return { title: text('letters.bar', { time, counts: endWords(ends) }), counts: ends };
  });
  return barsOf(LETTER_ENDS, all, endWords(endCounts(counts)));
}

/** The numbers in words, such as `80 read, 12 to post`. */
export function endWords(ends: EndCounts): string {
  const some = LETTER_ENDS.filter((end) => ends[end] > 0);
  return some.map((end) => `${ends[end].toLocaleString()} ${text(`letter-end.${end}`)}`).join(', ') || '0';
}

/** With the day: at a change of the clocks, two hours of a day have the same name. */
function hourOf(time: number): string {
  const options = {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  };
  return new Date(time).toLocaleString([], options as Intl.DateTimeFormatOptions);
}

function dayOf(time: number): string {
  return new Date(time).toLocaleDateString([], { weekday: 'short', day: 'numeric', month: 'short' });
}
