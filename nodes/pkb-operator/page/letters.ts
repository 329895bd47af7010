/** The letters of a connection's outbox: how many are watched, how they ended, when and why, and how much printing was avoided. */
import { reasonText } from '../../../src/letters/decide.js';
import {
  endCounts,
  type EndCounts,
  inState,
  LETTER_DAYS,
  LETTER_ENDS,
  percentOf,
  printingAvoided,
  reasonCounts,
} from '../../../src/operator/letter-report.js';
import { ask } from './api.js';
import { ConnectionChoice } from './connection-choice.js';
import { el, labelled, select } from './dom.js';
import { letterBars } from './letter-bars.js';
import { text, textOr } from './texts.js';
import type { LetterCount, LetterReport, Overview, ShownWatcher } from './types.js';

/** The view of letters. */
export class Letters {
  readonly element = el('section', { 'aria-label': text('letters.title') });
  readonly #connection = new ConnectionChoice(() => this.#anew());
  readonly #days = select(
    { onchange: () => void this.#load() },
    LETTER_DAYS.map((days) => [String(days), text(`letters.days-${days}`)] as const),
  );
  readonly #watcher = select({ onchange: () => this.#show() }, []);
  readonly #watcherChoice = labelled(text('letters.watcher'), this.#watcher);
  readonly #said = el('p', { class: 'dim' });
  readonly #facts = el('div');
  #report: LetterReport | undefined;
  /** Only the answer to the latest request is shown. */
  #asked = 0;

  constructor() {
    const choices = [
      this.#connection.element,
      this.#watcherChoice,
      labelled(text('letters.period'), this.#days),
    ];
    this.element.append(
      el('h2', {}, text('letters.title')),
      el('div', { class: 'row' }, ...choices),
      this.#facts,
      this.#said,
    );
  }

  /** Takes the connections that there are, and asks for the numbers anew. */
  show({ connections }: Overview): void {
    if (this.#connection.show(connections)) this.#clear();
    this.element.hidden = connections.length === 0;
    void this.#load();
  }

  #anew(): void {
    this.#clear();
    void this.#load();
  }

  #clear(): void {
    this.#report = undefined;
    this.#facts.replaceChildren();
    this.#said.replaceChildren();
  }

  async #load(): Promise<void> {
    const { chosen: connection } = this.#connection;
    if (connection === '') return;
    const asked = ++this.#asked;
    try {
      const report = await ask<LetterReport>('pkb/letters', { connection, days: Number(this.#days.value) });
      if (asked !== this.#asked) return;
      this.#said.textContent = report.watchers.length === 0 ? text('letters.none') : '';
      // What has not changed stays, and with it what is pointed at or selected.
      if (JSON.stringify(report) === JSON.stringify(this.#report)) return;
      this.#report = report;
      this.#show();
    } catch (error) {
      if (asked === this.#asked) this.#said.textContent = (error as Error).message;
    }
  }

  #show(): void {
    if (this.#report === undefined) return;
    const { watchers, counts, since, hours, isShared } = this.#report;
    this.#offer(watchers);
    const chosen = this.#watcher.value;
    const some = watchers.filter(({ id }) => chosen === '' || id === chosen);
    const ended = counts.filter(({ watcher }) => chosen === '' || watcher === chosen);
    this.#facts.replaceChildren(
      ...(watchers.length === 0 ? [] : [sentences(some, ended, isShared)]),
      ...(ended.length === 0 ? [] : [letterBars({ since, hours, counts: ended }), reasons(ended)]),
    );
  }

  /** Offers the nodes that have letters; where there is only one, there is nothing to choose. */
  #offer(watchers: readonly ShownWatcher[]): void {
    this.#watcherChoice.hidden = watchers.length < 2;
    const { value } = this.#watcher;
    const options = watchers.map((one) => el('option', { value: one.id }, nameOf(one)));
    this.#watcher.replaceChildren(el('option', { value: '' }, text('letters.all')), ...options);
    this.#watcher.value = watchers.some(({ id }) => id === value) ? value : '';
  }
}

function nameOf({ id, name, isHere }: ShownWatcher): string {
  return isHere ? name || id : text('letters.gone', { id });
}

function sentences(
  watchers: readonly ShownWatcher[],
  ended: readonly LetterCount[],
  isShared: boolean,
): HTMLElement {
  const left = watchers.filter(({ isHere, states }) => !isHere && states.watched > 0);
  return el(
    'ul',
    {},
    el('li', {}, text('letters.watched', { count: inState(watchers, 'watched').toLocaleString() })),
    el('li', {}, avoidedWords(endCounts(ended))),
    ...left.map(({ id, states: { watched } }) => {
      const words = text(`letters.${isShared ? 'elsewhere' : 'left'}`, {
        count: watched.toLocaleString(),
        id,
      });
      return el('li', isShared ? {} : { class: 'bad' }, words);
    }),
  );
}

function avoidedWords(ends: EndCounts): string {
  const part = printingAvoided(ends);
  if (part === undefined) return text('letters.ended-none');
  return text('letters.avoided', {
    read: ends.read.toLocaleString(),
    all: (ends.read + ends.post).toLocaleString(),
    percent: percentOf(part),
  });
}

function reasons(ended: readonly LetterCount[]): HTMLElement {
  const heads = ['count', 'end', 'reason'].map((key) =>
    el('th', { scope: 'col', class: key === 'count' ? 'number' : undefined }, text(`letters.${key}`)),
  );
  const rows = reasonCounts(ended).map(({ end, reason, count }) => {
    const why = textOr(`letter-reason.${reason}`, reasonText(reason));
    const cells = [[count.toLocaleString()], [swatch(end), text(`letter-end.${end}`)], [why]];
    return el(
      'tr',
      { 'data-reason': reason },
      ...cells.map((cell, i) => el('td', i === 0 ? { class: 'number' } : {}, ...cell)),
    );
  });
  const table = el('table', {}, el('thead', {}, el('tr', {}, ...heads)), el('tbody', {}, ...rows));
  return el('div', { class: 'scroll' }, table);
}

function swatch(end: (typeof LETTER_ENDS)[number]): HTMLElement {
  return el('i', { class: `letter-end swatch ${end}`, 'aria-hidden': 'true' });
}
