/** The latest runs of a connection's outbox, each with how far it is. */
import { ask } from './api.js';
import { ConnectionChoice } from './connection-choice.js';
import { el } from './dom.js';
import { openRun } from './run.js';
import { partList, runBar, runWords } from './run-bar.js';
import { text } from './texts.js';
import type { Overview, RunReport } from './types.js';

/** How many runs are shown, and how many where more are wanted. */
const FEW = 10;
const MANY = 100;

/** A run in the list. What changes is replaced, and its button stays, so that the keyboard's place does. */
interface Entry {
  readonly element: HTMLElement;
  readonly changing: HTMLElement;
}

/** The view of runs. */
export class Runs {
  readonly element = el('section', { 'aria-label': text('runs.title') });
  readonly #list = el('ul', { class: 'runs' });
  readonly #said = el('p', { class: 'dim' });
  readonly #connection = new ConnectionChoice(() => {
    this.#clear();
    void this.#load();
  });
  readonly #more: HTMLButtonElement;
  readonly #entries = new Map<string, Entry>();
  #overview: Overview | undefined;
  #most = FEW;
  /** Only the answer to the latest request is shown. */
  #asked = 0;

  constructor() {
    const more = (): void => {
      this.#most = MANY;
      void this.#load();
    };
    this.#more = el('button', { type: 'button', hidden: true, onclick: more }, text('runs.more'));
    const row = el('div', { class: 'row' }, this.#connection.element);
    this.element.append(el('h2', {}, text('runs.title')), row, this.#list, this.#said, this.#more);
  }

  /** Takes the connections that there are, and asks for the runs anew. */
  show(overview: Overview): void {
    this.#overview = overview;
    const { connections } = overview;
    if (this.#connection.show(connections)) this.#clear();
    this.element.hidden = connections.length === 0;
    void this.#load();
  }

  #clear(): void {
    this.#entries.clear();
    this.#list.replaceChildren();
    this.#said.replaceChildren();
    this.#most = FEW;
    this.#more.hidden = true;
  }

  async #load(): Promise<void> {
    const connection = this.#connection.chosen;
    if (connection === '') return;
    const asked = ++this.#asked;
    try {
      const { runs } = await ask<{ runs: readonly RunReport[] }>('pkb/runs', {
        connection,
        most: this.#most,
      });
      if (asked === this.#asked) this.#take(connection, runs);
    } catch (error) {
      if (asked === this.#asked) this.#said.textContent = (error as Error).message;
    }
  }

  #take(connection: string, runs: readonly RunReport[]): void {
    this.#said.textContent = runs.length === 0 ? text('runs.none') : '';
    this.#more.hidden = this.#most !== FEW || runs.length < FEW;
    const names = new Set(runs.map(({ run }) => run));
    for (const [name, { element }] of this.#entries) {
      if (names.has(name)) continue;
      element.remove();
      this.#entries.delete(name);
    }
    for (const [i, run] of runs.entries()) {
      const entry = this.#entries.get(run.run) ?? this.#entry(connection, run.run);
      const dim = el('div', { class: 'dim' }, runWords(run).join('; '));
      entry.changing.replaceChildren(dim, runBar(run), partList(run));
      const there = this.#list.children[i];
      if (there !== entry.element) this.#list.insertBefore(entry.element, there ?? null);
    }
  }

  #entry(connection: string, name: string): Entry {
    const open = (): void => {
      if (this.#overview !== undefined) void openRun(connection, name, this.#overview);
    };
    const changing = el('div');
    const button = el('button', { type: 'button', class: 'link', onclick: open }, name);
    const entry = { element: el('li', { class: 'card', 'data-run': name }, button, changing), changing };
    this.#entries.set(name, entry);
    return entry;
  }
}
