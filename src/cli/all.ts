/** Acting on all messages that fit a filter, from a terminal: the count is asked first, and typed to confirm it. */
import { createInterface } from 'node:readline/promises';
import { PkbOutboxError } from '../errors.js';
import { type ActNumbers, type Counted, type FilterAct, NO_NUMBERS } from '../operator/by-filter.js';
import { chosen } from './filter.js';
import type { NodeRed } from './node-red.js';

/** What is to be done. */
export interface AllWish {
  readonly act: FilterAct;
  readonly connection: string | undefined;
  /** As `filterOf` makes it. */
  readonly filter: object;
  /** Why messages are discarded. */
  readonly reason?: string;
  /** Whether it was confirmed in the call itself. */
  readonly isConfirmed: boolean;
}

/** Counts, asks, and does it. @returns what became of the messages, in words */
export async function actOnAll(nodeRed: NodeRed, wish: AllWish): Promise<string> {
  const { act, filter, reason, isConfirmed } = wish;
  const asked = { ...filter, connection: await chosen(nodeRed, wish.connection), act };
  const counted = await nodeRed.ask<Counted & { until: number }>('count', asked);
  if (counted.count === 0) return 'No message fits.';
  if (!isConfirmed && !(await confirmed(act, counted))) return 'Nothing was done.';
  let numbers = NO_NUMBERS;
  let { count }: { count: number } = counted;
  let after: number | undefined;
  try {
    do {
      const body = { ...asked, until: counted.until, atLeast: !counted.isExact, reason, count, after };
      const part = await nodeRed.ask<ActNumbers & { left: number; next?: number }>('all', body);
      numbers = added(numbers, part);
      [count, after] = [part.left, part.next];
    } while (after !== undefined);
  } catch (error) {
    if (numbers.done === 0) throw error;
    throw new PkbOutboxError('PKB_OUTBOX', `${wordsOf(act, numbers)}. ${(error as Error).message}`);
  }
  return wordsOf(act, numbers);
}

const VERBS: Readonly<Record<FilterAct, string>> = {
  again: 'Send again',
  discard: 'Discard',
  dismiss: 'Dismiss',
};
const DONE: Readonly<Record<FilterAct, string>> = {
  again: 'pending again',
  discard: 'discarded',
  dismiss: 'dismissed',
};
const LEFT: Readonly<Record<Exclude<keyof ActNumbers, 'done'>, string>> = {
  inFlight: 'in flight, left as they are',
  gone: 'changed since they were counted',
  superseded: 'not sent, because a later message about the same data point has gone out',
  unclaimed: 'not sent, because their pkb send is no longer in the flows',
};

async function confirmed(act: FilterAct, { count, isExact }: Counted): Promise<boolean> {
  const input = createInterface({ input: process.stdin, output: process.stderr });
  // The end of the input is a no.
  const ended = new Promise<string>((resolve) => input.once('close', () => resolve('')));
  const question = `${VERBS[act]} ${isExact ? '' : 'at least '}${count} messages? Type ${count} to confirm: `;
  const typed = await Promise.race([input.question(question), ended]);
  input.close();
  return typed.trim() === String(count);
}

function added(some: ActNumbers, more: ActNumbers): ActNumbers {
  return {
    done: some.done + more.done,
    inFlight: some.inFlight + more.inFlight,
    gone: some.gone + more.gone,
    superseded: some.superseded + more.superseded,
    unclaimed: some.unclaimed + more.unclaimed,
  };
}

function wordsOf(act: FilterAct, numbers: ActNumbers): string {
  const { done, ...left } = numbers;
  const rest = (Object.keys(LEFT) as (keyof typeof LEFT)[])
    .filter((key) => left[key] > 0)
    .map((key) => `${left[key]} ${LEFT[key]}`);
  return [`${done} ${DONE[act]}`, ...rest].join('; ');
}
