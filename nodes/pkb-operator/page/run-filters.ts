/** Buttons that choose of which state the items of a run are shown, each with its number. */
import type { ItemState } from '../../../src/delivery/outbox/runs.js';
import { type Child, el } from './dom.js';
import { partsOf, partWords, swatch } from './run-bar.js';
import { text } from './texts.js';
import type { RunReport } from './types.js';

/** A state, or all. */
export type Chosen = ItemState | '';

/** The buttons. One stays the same while its number changes, so that the keyboard's place does. */
export class RunFilters {
  readonly element = el('div', { class: 'row', role: 'group', 'aria-label': text('run.show') });
  readonly #buttons = new Map<Chosen, HTMLButtonElement>();
  readonly #chose: () => void;
  #chosen: Chosen = '';

  /** @param chose called when another one, or the same once more, was chosen */
  constructor(chose: () => void) {
    this.#chose = chose;
  }

  /** The state that is chosen; blank for all. */
  get chosen(): Chosen {
    return this.#chosen;
  }

  /** Shows the numbers of the run. */
  show(run: RunReport): void {
    const wanted = new Map<Chosen, Child[]>([['', [`${run.count.toLocaleString()} ${text('run.all')}`]]]);
    for (const part of partsOf(run))
      if (part.name !== 'missing') wanted.set(part.name, [swatch(part.name), partWords(part)]);
    // The chosen one stays, also when no item is in it any more.
    const { chosen } = this;
    if (chosen !== '' && !wanted.has(chosen)) wanted.set(chosen, [partWords({ name: chosen, count: 0 })]);
    for (const [state, button] of this.#buttons) if (!wanted.has(state)) this.#remove(state, button);
    for (const [i, [state, words]] of [...wanted].entries()) {
      const button = this.#buttons.get(state) ?? this.#make(state);
      button.replaceChildren(...words.filter((word) => word !== undefined));
      const there = this.element.children[i];
      if (there !== button) this.element.insertBefore(button, there ?? null);
    }
    this.#mark();
  }

  #make(state: Chosen): HTMLButtonElement {
    const choose = (): void => {
      this.#chosen = state;
      this.#mark();
      this.#chose();
    };
    const button = el('button', { type: 'button', 'data-state': state, onclick: choose });
    this.#buttons.set(state, button);
    return button;
  }

  #remove(state: Chosen, button: HTMLButtonElement): void {
    this.#buttons.delete(state);
    button.remove();
  }

  #mark(): void {
    for (const [state, button] of this.#buttons)
      button.setAttribute('aria-pressed', String(state === this.#chosen));
  }
}
