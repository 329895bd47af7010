/** The items of a run in pages, so that a run of a hundred thousand costs the browser no more than one of a hundred. */
import { ask } from './api.js';
import { el } from './dom.js';
import { swatch } from './run-bar.js';
import type { AskedItems } from './run-list.js';
import { text } from './texts.js';
import type { RunPage, ShownItem } from './types.js';

/** How many items a page has. */
const ROWS = 100;

/** The table of items. */
export class RunItems {
  readonly element = el('div');
  readonly #table = el('div', {
    class: 'scroll',
    tabindex: 0,
    role: 'region',
    'aria-label': text('run.list'),
  });
  readonly #said = el('span', { role: 'status' });
  readonly #before: HTMLButtonElement;
  readonly #next: HTMLButtonElement;
  readonly #open: (item: ShownItem) => void;
  #asked: AskedItems | undefined;
  /** Behind which items the pages up to this one begin. */
  #begins: number[] = [0];
  #nextBegin: number | null = null;
  /** Only the answers to the latest request are shown. */
  #request = 0;

  /** @param open opens the message of an item */
  constructor(open: (item: ShownItem) => void) {
    this.#open = open;
    const button = (name: string, go: () => void): HTMLButtonElement =>
      el('button', { type: 'button', disabled: true, onclick: go }, text(`run.${name}`));
    this.#before = button('before', () => {
      this.#begins.pop();
      void this.#load();
    });
    this.#next = button('next', () => {
      if (this.#nextBegin !== null) this.#begins.push(this.#nextBegin);
      void this.#load();
    });
    this.element.append(el('div', { class: 'row' }, this.#before, this.#next, this.#said), this.#table);
  }

  /** Shows the first page of some items. */
  show(asked: AskedItems): void {
    this.#asked = asked;
    this.#begins = [0];
    void this.#load();
  }

  async #load(): Promise<void> {
    const asked = this.#asked;
    const request = ++this.#request;
    if (asked === undefined) return;
    this.#before.disabled = true;
    this.#next.disabled = true;
    this.#said.textContent = text('run.searched');
    const rows: ShownItem[] = [];
    let after: number | null = this.#begins.at(-1) ?? 0;
    try {
      // Where few are in the state, an answer may be short and have more behind it.
      while (after !== null && rows.length < ROWS) {
        const page: RunPage = await ask('pkb/run', { ...asked, after, most: ROWS - rows.length });
        if (request !== this.#request) return;
        rows.push(...page.items);
        after = page.next;
      }
    } catch (error) {
      if (request === this.#request) this.#said.textContent = (error as Error).message;
      return;
    }
    this.#nextBegin = after;
    this.#before.disabled = this.#begins.length < 2;
    this.#next.disabled = after === null;
    const { length: count } = rows;
    this.#said.textContent =
      count === 0 ? text('run.none') : text('run.page', { count, page: this.#begins.length });
    this.#table.replaceChildren(...(count === 0 ? [] : [this.#tableOf(rows, asked.words)]));
  }

  #tableOf(rows: readonly ShownItem[], withWords: boolean): HTMLElement {
    const heads = [
      text('column.reference'),
      text('column.state'),
      text('run.code'),
      text('column.customer'),
      text('column.type'),
      text('column.controlId'),
      text('run.came'),
      text('run.ended'),
      text('column.attempts'),
      ...(withWords ? [text('run.words-head')] : []),
    ];
    const head = el('tr', {}, ...heads.map((one) => el('th', { scope: 'col' }, one)));
    const body = rows.map((item) => this.#row(item, withWords));
    return el('table', {}, el('thead', {}, head), el('tbody', {}, ...body));
  }

  #row(item: ShownItem, withWords: boolean): HTMLElement {
    const { reference, state, sameState, code, customer, messageType, controlId, at, endedAt, attempts } =
      item;
    const inWords = text(`item.${state}`);
    const shown =
      sameState === '' ? inWords : text('run.same', { state: inWords, same: text(`item.${sameState}`) });
    const open = (): void => this.#open(item);
    const message =
      item.message === null
        ? controlId
        : el('button', { type: 'button', class: 'link', onclick: open }, controlId);
    const cells = [
      [reference],
      [swatch(state), shown],
      [code],
      [customer],
      [messageType],
      [message],
      [timeOf(at)],
      [timeOf(endedAt)],
      [String(attempts)],
      ...(withWords ? [[item.words ?? '']] : []),
    ];
    return el('tr', { 'data-reference': reference }, ...cells.map((cell) => el('td', {}, ...cell)));
  }
}

function timeOf(iso: string): string {
  return iso === '' ? '' : new Date(iso).toLocaleString();
}
