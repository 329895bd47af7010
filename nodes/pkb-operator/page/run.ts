/** One run: how far it is, what became of each item, and the same as a file. */
import { ask } from './api.js';
import { el, notice } from './dom.js';
import { hourBars } from './hours.js';
import { openMessage } from './message.js';
import { runBar, runWords } from './run-bar.js';
import { RunFilters } from './run-filters.js';
import { RunItems } from './run-items.js';
import { type AskedItems, csvOf, fileNameOf, hoursOf } from './run-list.js';
import { text } from './texts.js';
import type { ListedMessage, MessageList, Overview, RunPage, RunReport, ShownItem } from './types.js';

/** How often its numbers are asked for, while it is open in a page that is in view. */
const LOOK_MS = 5000;

/** How long the browser has to begin saving a file. */
const SAVED_MS = 60_000;

/** Opens a run. @param overview by which the user's permissions and the other connections are known */
export async function openRun(connection: string, name: string, overview: Overview): Promise<void> {
  try {
    const run = await ask<RunPage>('pkb/run', { connection, run: name, most: 0 });
    new RunView(connection, run, overview).open();
  } catch (error) {
    notice((error as Error).message);
  }
}

class RunView {
  readonly #connection: string;
  readonly #overview: Overview;
  readonly #name: string;
  readonly #dialog: HTMLDialogElement;
  readonly #facts = el('div');
  readonly #said = el('p', { role: 'status' });
  readonly #chart = el('div');
  readonly #words = el('input', { type: 'checkbox', onchange: () => this.#showItems() });
  readonly #filters = new RunFilters(() => this.#showItems());
  readonly #items = new RunItems((item) => void this.#openMessage(item));
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What is read as a whole is read for the latest wish only. */
  #reading = 0;

  constructor(connection: string, run: RunReport, overview: Overview) {
    this.#connection = connection;
    this.#overview = overview;
    this.#name = run.run;
    const title = text('run.title', { name: run.run });
    const button = (words: string, act: () => void): HTMLElement =>
      el('button', { type: 'button', onclick: act }, words);
    this.#dialog = el('dialog', { 'aria-label': title });
    this.#dialog.append(
      el(
        'button',
        { type: 'button', style: 'float: right', onclick: () => this.#dialog.close() },
        text('run.close'),
      ),
      el('h2', {}, title),
      this.#facts,
      this.#filters.element,
      el(
        'div',
        { class: 'row' },
        button('CSV', () => void this.#save()),
        button(text('run.hours'), () => void this.#showHours()),
        overview.may.see ? el('label', { class: 'check' }, this.#words, text('run.words')) : undefined,
      ),
      this.#said,
      this.#chart,
      this.#items.element,
    );
    this.#show(run);
  }

  open(): void {
    this.#dialog.addEventListener('close', () => {
      clearTimeout(this.#timer);
      this.#reading++;
      this.#dialog.remove();
    });
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    this.#showItems();
    this.#lookLater();
  }

  #show(run: RunReport): void {
    const lines = runWords(run).map((words) => el('li', {}, words));
    this.#facts.replaceChildren(el('ul', {}, ...lines), runBar(run));
    this.#filters.show(run);
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => {
      void this.#look().then(() => {
        if (this.#dialog.open) this.#lookLater();
      });
    }, LOOK_MS);
  }

  async #look(): Promise<void> {
    if (document.hidden) return;
    try {
      this.#show(await ask<RunPage>('pkb/run', { connection: this.#connection, run: this.#name, most: 0 }));
    } catch (error) {
      this.#said.textContent = (error as Error).message;
    }
  }

  #asked(): AskedItems {
    const state = this.#filters.chosen;
    return { connection: this.#connection, run: this.#name, state, words: this.#words.checked };
  }

  #showItems(): void {
    // What was read as a whole was of the items that were chosen before.
    this.#reading++;
    this.#said.textContent = '';
    this.#chart.replaceChildren();
    this.#items.show(this.#asked());
  }

  async #save(): Promise<void> {
    await this.#read(async (read, isWanted) => {
      const list = await csvOf(this.#asked(), read, isWanted);
      if (list === undefined) return;
      const file = fileNameOf(this.#name);
      const href = URL.createObjectURL(list.file);
      el('a', { href, download: file }).click();
      setTimeout(() => URL.revokeObjectURL(href), SAVED_MS);
      this.#said.textContent = text('run.saved', { count: list.count.toLocaleString(), file });
    });
  }

  async #showHours(): Promise<void> {
    await this.#read(async (read, isWanted) => {
      const hours = await hoursOf({ ...this.#asked(), words: false }, read, isWanted);
      if (hours === undefined) return;
      this.#said.textContent = hours.counts.length === 0 ? text('run.ended-none') : '';
      this.#chart.replaceChildren(...(hours.counts.length === 0 ? [] : hourBars(hours)));
    });
  }

  /** Reads all items, and says how many so far. */
  async #read(
    work: (read: (count: number) => void, isWanted: () => boolean) => Promise<void>,
  ): Promise<void> {
    const reading = ++this.#reading;
    const isWanted = (): boolean => reading === this.#reading;
    const read = (count: number): void => {
      this.#said.textContent = text('run.read', { count: count.toLocaleString() });
    };
    this.#said.textContent = text('run.loading');
    try {
      await work(read, isWanted);
    } catch (error) {
      if (isWanted()) this.#said.textContent = (error as Error).message;
    }
  }

  /** Opens the message of an item, which may be one of another connection with the same outbox. */
  async #openMessage(item: ShownItem): Promise<void> {
    const others = this.#overview.connections.map(({ id }) => id).filter((id) => id !== this.#connection);
    try {
      for (const connection of [this.#connection, ...others]) {
        const found = await messageOf(connection, item);
        if (found === undefined) continue;
        const changed = (): void => void this.#look().then(() => this.#showItems());
        this.#said.textContent = '';
        return await openMessage(found, this.#overview.may.act, changed);
      }
      this.#said.textContent = text('run.message-gone');
    } catch (error) {
      this.#said.textContent = (error as Error).message;
    }
  }
}

async function messageOf(connection: string, item: ShownItem): Promise<ListedMessage | undefined> {
  const { controlId, message } = item;
  const { messages } = await ask<MessageList>('pkb/search', { connection, controlId, most: 200 });
  return messages.find(({ id }) => id === message);
}
