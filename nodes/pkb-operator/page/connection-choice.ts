/** Choosing one of the connections; where there is only one, there is nothing to choose. */
import { el, labelled, select } from './dom.js';
import { text } from './texts.js';
import type { ShownConnection } from './types.js';

/** The choice, with its label. */
export class ConnectionChoice {
  readonly element: HTMLLabelElement;
  readonly #select: HTMLSelectElement;

  /** @param changed called when the user has chosen another one */
  constructor(changed: () => void) {
    this.#select = select({ onchange: changed }, []);
    this.element = labelled(text('search.connection'), this.#select);
  }

  /** Id of the connection that is chosen; blank where there is none. */
  get chosen(): string {
    return this.#select.value;
  }

  /** Takes the connections that there are. @returns whether another one is chosen now, because the one before is gone */
  show(connections: readonly ShownConnection[]): boolean {
    this.element.hidden = connections.length < 2;
    const names = connections.map(({ id, name }) => [id, name || id] as const);
    const shown = [...this.#select.options].map(({ value, text: name }) => [value, name] as const);
    if (JSON.stringify(names) === JSON.stringify(shown)) return false;
    const { chosen } = this;
    this.#select.replaceChildren(...names.map(([value, name]) => el('option', { value }, name)));
    if (names.some(([id]) => id === chosen)) this.#select.value = chosen;
    return this.chosen !== chosen;
  }
}
