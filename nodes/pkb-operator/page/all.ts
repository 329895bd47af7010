/** Acting on all messages that fit what is searched for: first their number is asked and shown, then a person confirms it. */
import type { ActNumbers, Counted, FilterAct } from '../../../src/operator/by-filter.js';
import { ask } from './api.js';
import { el, notice } from './dom.js';
import { text } from './texts.js';

/** What a count answers. */
interface CountAnswer extends Counted {
  readonly until: number;
}

/** What a part of an act answers. */
interface PartAnswer extends ActNumbers {
  readonly left: number;
  readonly next?: number;
}

const ACTS: readonly FilterAct[] = ['again', 'dismiss', 'discard'];

/** The choice of all that fit. */
export class AllThatFit {
  readonly element = el('div', { class: 'row' });
  readonly #changed: () => void;
  /** Only the answers to the latest search count. */
  #asked: object = {};

  /** @param changed called when something was done */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Takes what is searched for. @param isOffered whether the user may act on it */
  offer(asked: object, isOffered: boolean): void {
    this.#asked = asked;
    const choose = (): void => void this.#count(asked).catch((error: Error) => notice(error.message));
    const button = el('button', { type: 'button', onclick: choose }, text('all.choose'));
    this.element.replaceChildren(...(isOffered ? [button] : []));
  }

  async #count(asked: object): Promise<void> {
    this.element.replaceChildren(text('all.counting'));
    const [every, ...acts] = await Promise.all(
      [undefined, ...ACTS].map((act) => ask<CountAnswer>('pkb/count', { ...asked, act })),
    ).catch((error: unknown) => {
      if (asked === this.#asked) this.offer(asked, true);
      throw error;
    });
    if (asked !== this.#asked || every === undefined) return;
    const buttons = ACTS.map((act, i) => {
      const counted = acts[i];
      if (counted === undefined || counted.count === 0) return undefined;
      const run = (): void => void this.#act(asked, act, counted);
      return el('button', { type: 'button', onclick: run }, `${text(`bulk.${act}`)} (${numberOf(counted)})`);
    });
    const leave = (): void => this.offer(asked, true);
    this.element.replaceChildren(
      text('all.chosen', { count: numberOf(every) }),
      ...buttons.filter((one) => one !== undefined),
      el('button', { type: 'button', onclick: leave }, text('all.leave')),
    );
  }

  async #act(asked: object, act: FilterAct, counted: CountAnswer): Promise<void> {
    if (!confirm(text(`all.question-${act}`, { count: numberOf(counted) }))) return;
    const reason = act === 'discard' ? prompt(text('bulk.reason'))?.trim() : undefined;
    if (act === 'discard' && !reason) return;
    this.element.replaceChildren(text('all.working'));
    const { until, isExact } = counted;
    const sum = { done: 0, inFlight: 0, gone: 0, superseded: 0, unclaimed: 0 };
    let count: number = counted.count;
    let after: number | undefined;
    try {
      do {
        const body = { ...asked, act, until, atLeast: !isExact, reason, count, after };
        const part: PartAnswer = await ask('pkb/all', body);
        for (const key of Object.keys(sum) as (keyof ActNumbers)[]) sum[key] += part[key];
        [count, after] = [part.left, part.next];
        notice(wordsOf(sum));
      } while (after !== undefined);
    } catch (error) {
      // What earlier parts have done is said as well.
      notice([sum.done > 0 ? wordsOf(sum) : '', (error as Error).message].filter(Boolean).join(' '));
    }
    this.#changed();
  }
}

function numberOf({ count, isExact }: Counted): string {
  return isExact ? count.toLocaleString() : text('all.at-least', { count: count.toLocaleString() });
}

/** The numbers of an act in words; those of nothing are left out. */
function wordsOf(numbers: ActNumbers): string {
  const rest = (['inFlight', 'gone', 'superseded', 'unclaimed'] as const).filter((key) => numbers[key] > 0);
  const words = rest.map((key) => text(`all.${key}`, { count: numbers[key] }));
  return [text('all.done', { count: numbers.done }), ...words].join('; ');
}
