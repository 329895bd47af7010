/**
 * Acting on all messages that fit a filter: how many there are, which, and doing it page by page. Nothing is done about more than a
 * person has confirmed.
 */
import {
  FAILED_STATES,
  type Ledger,
  type ListedMessage,
  type MessageFilter,
  type MessageState,
} from '../delivery/outbox/ledger.js';

/** What may be done about all that fit. */
export const FILTER_ACTS = ['again', 'discard', 'dismiss'] as const;

/** One of these. */
export type FilterAct = (typeof FILTER_ACTS)[number];

/** How many are read from the outbox at once. */
const READ = 1000;

/** How often a count reads at most, so that it ends soon whatever the outbox holds. */
const MOST_READS = 25;

/** How many messages one act may be about. */
export const MOST_ACTED = 100_000;

/** How many fit. */
export interface Counted {
  readonly count: number;
  /** False where there may be more: the search was ended by its limit. */
  readonly isExact: boolean;
}

/** A message that fits, as far as acting needs it. */
export type Fitting = Pick<ListedMessage, 'id' | 'controlId' | 'sender'>;

/** What became of messages. */
export interface ActNumbers {
  readonly done: number;
  /** In flight at that moment, and so left as they are. */
  readonly inFlight: number;
  /** Changed by somebody else since they were counted, or their text was erased. */
  readonly gone: number;
  /** Left as they are because a later message about the same data point has gone out. */
  readonly superseded: number;
  /** Left as they are because the pkb send that took them is no longer in the flows. */
  readonly unclaimed: number;
}

/** What became of one message. */
export type ActResult = keyof ActNumbers;

/** The numbers of a part of an act. */
export interface ActedPart {
  readonly numbers: ActNumbers;
  /** How many of those that were found are left. */
  readonly left: number;
  /** Id of the last message that was looked at, behind which to go on; undefined where none is left. */
  readonly next: number | undefined;
  /** What ended it early; undefined where nothing did. */
  readonly fault: unknown;
}

/** Nothing done yet. */
export const NO_NUMBERS: ActNumbers = { done: 0, inFlight: 0, gone: 0, superseded: 0, unclaimed: 0 };

/**
 * Counts the messages that fit, as far as a bounded search goes.
 *
 * @param act only those that this may be done about; undefined = all
 */
export async function countFitting(
  ledger: Ledger,
  filter: MessageFilter,
  act: FilterAct | undefined,
): Promise<Counted> {
  const narrowed = narrow(filter, act);
  if (narrowed === undefined) return { count: 0, isExact: true };
  let count = 0;
  let before: number | undefined;
  for (let reads = 0; reads < MOST_READS; reads++) {
    const { messages, next } = await ledger.list(narrowed, before, READ);
    count += messages.filter((one) => isFor(act, one)).length;
    if (next === undefined) return { count, isExact: true };
    before = next;
  }
  return { count, isExact: false };
}

/**
 * The messages that fit and that an act may be about, in the order in which it is to be done: what is sent again goes in the order of
 * storing; what is discarded, from the latest on, so that none is sent because the one before it has gone.
 *
 * @param after id of the last message of the part before; undefined for the first
 * @returns undefined where there are more than {@link MOST_ACTED}
 */
export async function fittingFor(
  ledger: Ledger,
  filter: MessageFilter,
  act: FilterAct,
  after: number | undefined,
): Promise<Fitting[] | undefined> {
  const narrowed = narrow(filter, act);
  const found: Fitting[] = [];
  let before: number | undefined;
  do {
    if (narrowed === undefined) return found;
    const { messages, next } = await ledger.list(narrowed, before, READ);
    for (const one of messages)
      if (isFor(act, one)) found.push({ id: one.id, controlId: one.controlId, sender: one.sender });
    if (found.length > MOST_ACTED) return undefined;
    before = next;
  } while (before !== undefined);
  const sign = act === 'again' ? 1 : -1;
  const sorted = found.toSorted((a, b) => sign * (a.id - b.id));
  return after === undefined ? sorted : sorted.filter(({ id }) => sign * (id - after) > 0);
}

/**
 * Acts page by page, until all are done, time is up, or the store fails.
 *
 * @param page how many are given to `act` at once
 * @param act says what became of each; what it throws ends it
 * @param mayGoOn asked before each page but the first
 */
export async function actOn(
  fitting: readonly Fitting[],
  page: number,
  act: (some: readonly Fitting[]) => Promise<readonly (ActResult | { readonly fault: unknown })[]>,
  mayGoOn: () => boolean,
): Promise<ActedPart> {
  const numbers = { ...NO_NUMBERS };
  let at = 0;
  while (at < fitting.length && (at === 0 || mayGoOn())) {
    const some = fitting.slice(at, at + page);
    let results: Awaited<ReturnType<typeof act>>;
    try {
      results = await act(some);
    } catch (fault) {
      results = [{ fault }];
    }
    let fault: { readonly fault: unknown } | undefined;
    for (const result of results) {
      if (typeof result === 'string') numbers[result]++;
      else fault ??= result;
    }
    if (fault !== undefined)
      return { numbers, left: fitting.length - sumOf(numbers), next: undefined, fault: fault.fault };
    at += some.length;
  }
  const left = fitting.length - at;
  return { numbers, left, next: left === 0 ? undefined : fitting[at - 1]?.id, fault: undefined };
}

/** How many messages something became of. */
export function sumOf(numbers: ActNumbers): number {
  return Object.values(numbers).reduce((sum: number, one: number) => sum + one, 0);
}

/** The filter with what an act can be about; undefined where nothing can fit. What was dismissed is left alone. */
function narrow(filter: MessageFilter, act: FilterAct | undefined): MessageFilter | undefined {
  if (act === undefined) return filter;
  const possible: readonly MessageState[] = act === 'discard' ? ['queued'] : FAILED_STATES;
  const states = possible.filter((state) => filter.states?.includes(state) ?? true);
  if (states.length === 0) return undefined;
  return { ...filter, states, withoutDismissed: act !== 'discard' };
}

function isFor(act: FilterAct | undefined, { kept }: ListedMessage): boolean {
  return act !== 'again' || kept;
}
