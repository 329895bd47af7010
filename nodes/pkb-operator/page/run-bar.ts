/** How far a run is: a bar with a part for each state, and the same in words. */
import { ITEM_STATES, type ItemState } from '../../../src/delivery/outbox/runs.js';
import { el } from './dom.js';
import { text } from './texts.js';
import type { RunReport } from './types.js';

/** A part of a run: a state of its items, or what did not come. */
export type PartName = ItemState | 'missing';

/** How many items are in a part. */
export interface RunPart {
  readonly name: PartName;
  readonly count: number;
}

/** From what is well to what is not, and to what is to come. */
const ORDER: readonly PartName[] = [
  'accepted',
  'duplicate',
  ...ITEM_STATES.filter((state) => !['accepted', 'duplicate', 'waiting'].includes(state)),
  'waiting',
  'missing',
];

/** The parts of a run that have items, in the order of the bar. */
export function partsOf({ states, expected, places }: RunReport): RunPart[] {
  const missing = Math.max(0, (expected ?? 0) - places);
  const counts: Readonly<Record<PartName, number>> = { ...states, missing };
  return ORDER.map((name) => ({ name, count: counts[name] })).filter((part) => part.count > 0);
}

/** The parts in words, such as `95 accepted`. */
export function partWords({ name, count }: RunPart): string {
  return `${count.toLocaleString()} ${text(`item.${name}`)}`;
}

/** The bar; who does not see it is told the words. */
export function runBar(run: RunReport): HTMLElement {
  const parts = partsOf(run);
  const segments = parts.map((part) =>
    el('i', { class: `run-part ${part.name}`, style: `flex-grow: ${part.count}`, title: partWords(part) }),
  );
  return el(
    'div',
    { class: 'run-bar', role: 'img', 'aria-label': parts.map(partWords).join(', ') || '0' },
    ...segments,
  );
}

/** What a part looks like in the bar. */
export function swatch(name: PartName): HTMLElement {
  return el('i', { class: `run-part swatch ${name}`, 'aria-hidden': 'true' });
}

/** The parts as a list, each with what it looks like. */
export function partList(run: RunReport): HTMLElement {
  const lines = partsOf(run).map((part) => el('li', {}, swatch(part.name), partWords(part)));
  return el('ul', { class: 'run-parts' }, ...lines);
}

/** Whether a run is open and why, and how many of its items came, in sentences. */
export function runWords(run: RunReport): string[] {
  const { closed, startedAt, closedAt, expected, places, reason, repeats, changed } = run;
  const time = (iso: string): string => new Date(iso).toLocaleString();
  const came = text(expected === null ? 'runs.came-unknown' : 'runs.came', {
    count: places.toLocaleString(),
    expected: (expected ?? 0).toLocaleString(),
  });
  return [
    closed ? text('runs.closed', { time: time(closedAt) }) : text('runs.open', { time: time(startedAt) }),
    came,
    ...(repeats > 0 ? [text('runs.repeats', { count: repeats })] : []),
    ...(changed > 0 ? [text('runs.changed', { count: changed })] : []),
    ...(reason === '' ? [] : [reason]),
  ];
}
