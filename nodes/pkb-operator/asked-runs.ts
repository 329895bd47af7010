/** What a request to the routes of runs asks for, checked: nothing of it is trusted. */
import { ITEM_STATES, type ItemState } from '../../src/delivery/outbox/runs.js';
import { MOST_ITEMS, type WantedItems } from '../../src/operator/run-page.js';
import { AskedWrong, type Body, flagOf, number, textOf } from './asked.js';

/** How many runs a list has where nothing is said of that, and at most. */
const RUNS = 20;
const MOST_RUNS = 100;

/** How many items a page has where nothing is said of that. */
const ITEMS = 100;

/** How many runs are wanted. @throws AskedWrong */
export function askedRuns(body: Body): number {
  return Math.min(MOST_RUNS, Math.max(1, number(body, 'most') ?? RUNS));
}

/** Which run is wanted, and which of its items. @throws AskedWrong */
export function askedRun(body: Body): WantedItems & { readonly name: string } {
  return {
    name: textOf(body, 'run'),
    after: Math.max(0, number(body, 'after') ?? 0),
    most: Math.min(MOST_ITEMS, Math.max(0, number(body, 'most') ?? ITEMS)),
    state: stateOf(body),
    withWords: flagOf(body, 'words', false),
  };
}

function stateOf({ state }: Body): ItemState | undefined {
  if (state === undefined || state === null || state === '') return undefined;
  const known = ITEM_STATES.find((one) => one === state);
  if (known !== undefined) return known;
  throw new AskedWrong(`state must be one of ${ITEM_STATES.join(', ')}.`);
}
