/** What ended in the last hours, as bars. */
import { barsOf } from './bars.js';
import { el, select } from './dom.js';
import { text } from './texts.js';
import type { EndedCount, Hours } from './types.js';

const HOUR_MS = 3_600_000;

/** The states of a bar, from its foot up. */
const PARTS = ['accepted', 'failed', 'discarded'] as const;
type Part = (typeof PARTS)[number];

/** The bars, with a choice of the Customer. */
export function hourBars({ since, hours, counts }: Hours): HTMLElement[] {
  if (counts.length === 0) return [el('p', { class: 'dim' }, text('hours.none'))];
  const customers = [...new Set(counts.map(({ facility }) => facility))].toSorted();
  const choice = select({ 'aria-label': text('search.customer') }, [
    ['', text('hours.all')],
    ...customers.map((one) => [one, one] as const),
  ]);
  const place = el('div');
  const show = (): void => {
    const wanted = counts.filter(({ facility }) => choice.value === '' || facility === choice.value);
    place.replaceChildren(el('p', {}, totals(wanted)), bars(since, hours, wanted));
  };
  choice.addEventListener('change', show);
  show();
  return [choice, place];
}

function totals(counts: readonly EndedCount[]): string {
  const states = [...new Set(counts.map(({ state }) => state))];
  const sum = (state: EndedCount['state']): number =>
    counts.filter((one) => one.state === state).reduce((all, { count }) => all + count, 0);
  return states.map((state) => `${sum(state)} ${text(`state.${state}`)}`).join(', ');
}

function bars(since: number, hours: number, counts: readonly EndedCount[]): SVGElement {
  const at = Array.from({ length: hours }, () => ({ accepted: 0, failed: 0, discarded: 0 }));
  for (const { hour, state, count } of counts) {
    const one = at[Math.round((hour - since) / HOUR_MS)];
    if (one) one[partOf(state)] += count;
  }
  const all = at.map((one, i) => {
    const hour = new Date(since + i * HOUR_MS).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    const words = PARTS.filter((part) => one[part] > 0).map(
      (part) => `${one[part]} ${text(`state.${KEYS[part]}`)}`,
    );
    return { title: text('hours.bar', { hour, counts: words.join(', ') || '0' }), counts: one };
  });
  return barsOf(PARTS, all, totals(counts));
}

const KEYS: Readonly<Record<Part, string>> = {
  accepted: 'accepted',
  failed: 'failures',
  discarded: 'discarded',
};

function partOf(state: EndedCount['state']): Part {
  return state === 'accepted' || state === 'discarded' ? state : 'failed';
}
