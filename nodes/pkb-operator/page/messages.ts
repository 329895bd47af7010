/** Looking for messages, the list of what is found, and acting on several. */
import { AllThatFit } from './all.js';
import { ask } from './api.js';
import { el, labelled, notice, select, timeOf } from './dom.js';
import { openEvidence } from './evidence.js';
import { openMessage } from './message.js';
import { text } from './texts.js';
import type { ListedMessage, MessageList, Overview } from './types.js';

/** States that can be chosen, and what they ask for. */
const STATES: readonly (readonly [name: string, asked: object])[] = [
  ['any', {}],
  ['failures', { states: ['rejected', 'errored', 'undeliverable'], withoutDismissed: true }],
  ['queued', { states: ['queued'] }],
  ['accepted', { states: ['accepted'] }],
  ['rejected', { states: ['rejected'] }],
  ['errored', { states: ['errored'] }],
  ['undeliverable', { states: ['undeliverable'] }],
  ['discarded', { states: ['discarded'] }],
];

/** What a message can be found by. */
const BY = ['controlId', 'reference', 'dataPointId', 'nhsNumber'] as const;

const FAILED: readonly string[] = ['rejected', 'errored', 'undeliverable'];

/** The view of messages. */
export class Messages {
  readonly element = el('section');
  readonly #rows = el('tbody');
  readonly #foot = el('p');
  readonly #bulk = el('div', { class: 'row' });
  readonly #all = new AllThatFit(() => void this.search());
  readonly #chosen = new Map<number, ListedMessage>();
  readonly #fields;
  #mayAct = false;
  #maySee = false;
  #asked: object = {};
  /** Only the answer to the latest search is shown. */
  #search = 0;

  constructor() {
    const field = (type: string): HTMLInputElement => el('input', { type });
    this.#fields = {
      connection: select({}, []),
      state: select(
        {},
        STATES.map(([name]) => [name, text(`state.${name}`)] as const),
      ),
      customer: field('text'),
      type: el('input', { type: 'text', size: 8 }),
      since: field('datetime-local'),
      until: field('datetime-local'),
      by: select(
        {},
        BY.map((name) => [name, text(`search.${name}`)] as const),
      ),
      value: field('search'),
    };
    const form = el(
      'form',
      { class: 'row', onsubmit: (event: Event) => this.#submit(event) },
      ...Object.entries(this.#fields).map(([name, one]) => labelled(text(`search.${name}`), one)),
      el('button', { type: 'submit' }, text('search.button')),
    );
    const names = ['choose', 'stored', 'type', 'customer', 'controlId', 'reference', 'state', 'attempts'];
    const head = el('tr', {}, ...names.map((name) => el('th', { scope: 'col' }, text(`column.${name}`))));
    const table = el('div', { class: 'scroll' }, el('table', {}, el('thead', {}, head), this.#rows));
    this.element.append(
      el('h2', {}, text('search.title')),
      form,
      this.#all.element,
      this.#bulk,
      table,
      this.#foot,
    );
  }

  /** Takes the connections that there are; looks for messages the first time. */
  show({ connections, may }: Overview): void {
    const { connection } = this.#fields;
    this.#mayAct = may.act;
    this.#maySee = may.see;
    const had = connection.options.length;
    const chosen = connection.value;
    const options = connections.map(({ id, name }) => el('option', { value: id }, name || id));
    connection.replaceChildren(...options);
    if (connections.some(({ id }) => id === chosen)) connection.value = chosen;
    if (had === 0 && connections.length > 0) void this.search();
  }

  /** Searches anew for what is entered. */
  async search(): Promise<void> {
    const { connection, state, customer, type, since, until, by, value } = this.#fields;
    const time = (text_: string): number | undefined =>
      text_ === '' ? undefined : new Date(text_).getTime();
    const wanted = value.value.trim();
    this.#asked = {
      connection: connection.value,
      facility: customer.value.trim(),
      messageType: type.value.trim(),
      since: time(since.value),
      until: time(until.value),
      ...(wanted !== '' && { [by.value]: wanted }),
      ...STATES.find(([name]) => name === state.value)?.[1],
    };
    this.#rows.replaceChildren();
    this.#chosen.clear();
    this.#showBulk();
    this.#all.offer(this.#asked, this.#mayAct && connection.value !== '');
    if (connection.value !== '') await this.#page(undefined, ++this.#search);
  }

  #submit(event: Event): void {
    event.preventDefault();
    void this.search();
  }

  async #page(before: number | undefined, search: number): Promise<void> {
    try {
      const { messages, next, searchedTo } = await ask<MessageList>('pkb/search', { ...this.#asked, before });
      if (search !== this.#search) return;
      this.#rows.append(...messages.map((one) => this.#row(one)));
      const none = this.#rows.children.length === 0 && next === undefined ? text('search.none') : '';
      const to = searchedTo === undefined ? none : text('search.to', { time: timeOf(searchedTo) });
      const more = (): void => void this.#page(next, search);
      const button = el('button', { type: 'button', onclick: more }, text('search.more'));
      this.#foot.replaceChildren(to, ' ', ...(next === undefined ? [] : [button]));
    } catch (error) {
      notice((error as Error).message);
    }
  }

  #row(one: ListedMessage): HTMLElement {
    const { messageType, facility, controlId, reference, state, isOnHold, dismissed, attempts } = one;
    const open = (): void => void openMessage(one, this.#mayAct, () => void this.search());
    const choose = el('input', { type: 'checkbox', 'aria-label': `${text('column.choose')} ${controlId}` });
    choose.addEventListener('change', () => {
      if (choose.checked) this.#chosen.set(one.id, one);
      else this.#chosen.delete(one.id);
      this.#showBulk();
    });
    choose.addEventListener('click', (event) => event.stopPropagation());
    const states = [text(`state.${isOnHold ? 'onHold' : state}`), dismissed ? text('state.dismissed') : ''];
    const cells = [
      messageType,
      facility,
      controlId,
      reference,
      states.filter(Boolean).join(', '),
      String(attempts),
    ];
    return el(
      'tr',
      {
        class: 'chosen-row',
        tabindex: 0,
        'data-control-id': controlId,
        onclick: open,
        onkeydown: (event: KeyboardEvent) => {
          if (event.key === 'Enter' && event.target === event.currentTarget) open();
        },
      },
      el('td', {}, choose),
      el('td', {}, timeOf(one.storedAt)),
      ...cells.map((cell) => el('td', {}, cell)),
    );
  }

  /** What may be done about all that are chosen, with their number. */
  #showBulk(): void {
    const all = [...this.#chosen.values()];
    const failed = all.filter(({ state, kept }) => FAILED.includes(state) && kept);
    const shownFailed = all.filter(({ state, dismissed }) => FAILED.includes(state) && !dismissed);
    const queued = all.filter(({ state }) => state === 'queued');
    const [first] = all;
    if (first === undefined) return this.#bulk.replaceChildren();
    const button = (
      name: string,
      some: readonly ListedMessage[],
      act: (some: readonly ListedMessage[]) => void,
    ) =>
      some.length === 0
        ? undefined
        : el(
            'button',
            { type: 'button', onclick: () => act(some) },
            `${text(`bulk.${name}`)} (${some.length})`,
          );
    const acts = [
      button('again', failed, (some) => void this.#again(some)),
      button('dismiss', shownFailed, (some) => void this.#dismiss(some)),
      button('discard', queued, (some) => void this.#discard(some)),
    ];
    this.#bulk.replaceChildren(
      ...[
        text('bulk.chosen', { count: all.length }),
        ...(this.#mayAct ? acts : []),
        button('evidence', all, (some) =>
          openEvidence(
            first.connection,
            some.map(({ id }) => id),
            this.#maySee,
          ),
        ),
      ].filter((one) => one !== undefined),
    );
  }

  async #again(some: readonly ListedMessage[]): Promise<void> {
    const { length: count } = some;
    if (!confirm(text('bulk.question-again', { count }))) return;
    let done = 0;
    let left = '';
    // Oldest first, in their order.
    for (const { connection, id } of some.toSorted((a, b) => a.id - b.id)) {
      await ask('pkb/again', { connection, id }).then(
        () => done++,
        (error: Error) => (left = error.message),
      );
    }
    notice(text('bulk.done', { done, count, left }));
    await this.search();
  }

  async #dismiss(some: readonly ListedMessage[]): Promise<void> {
    const { length: count } = some;
    if (!confirm(text('bulk.question-dismiss', { count }))) return;
    await this.#act(some, 'pkb/dismiss', {}, ({ dismissed = 0 }) => dismissed);
  }

  async #discard(some: readonly ListedMessage[]): Promise<void> {
    const { length: count } = some;
    if (!confirm(text('bulk.question-discard', { count }))) return;
    const reason = prompt(text('bulk.reason'))?.trim();
    if (!reason) return;
    await this.#act(some, 'pkb/discard', { reason }, ({ discarded = 0 }) => discarded);
  }

  async #act(
    some: readonly ListedMessage[],
    path: string,
    more: object,
    doneOf: (answer: Record<string, number>) => number,
  ): Promise<void> {
    const { length: count } = some;
    const [first] = some;
    try {
      const ids = some.map(({ id }) => id);
      const answer = await ask<Record<string, number>>(path, { connection: first?.connection, ids, ...more });
      notice(text('bulk.done', { done: doneOf(answer), count, left: '' }));
    } catch (error) {
      notice((error as Error).message);
    }
    await this.search();
  }
}
