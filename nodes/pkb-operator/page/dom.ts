/** Making elements. Text is set as text, never as markup: what messages and PKB say is not ours. */

/** What an element holds. */
export type Child = Node | string | undefined;

/** Attributes, and listeners by names such as `onclick`. */
export type Given = Readonly<
  Record<string, string | number | boolean | undefined | ((event: never) => void)>
>;

/** An element with its attributes and listeners. */
export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  given: Given = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(key.slice(2), value as EventListener);
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** A choice of some values, each with its text. */
export function select(
  given: Given,
  options: readonly (readonly [value: string, text: string])[],
): HTMLSelectElement {
  return el('select', given, ...options.map(([value, text]) => el('option', { value }, text)));
}

/** A field with its label. */
export function labelled(text: string, field: HTMLElement): HTMLLabelElement {
  field.setAttribute('aria-label', text);
  return el('label', {}, text, field);
}

/** Says something to the user that stays until the next thing is said. */
export function notice(text: string): void {
  const place = document.getElementById('notice');
  if (place) place.textContent = text;
}

/** A time in the user's own way of writing. */
export function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toLocaleString();
}

/** How long ago, such as `12 min`. */
export function ageOf(since: number, now: number): string {
  const minutes = Math.max(0, Math.round((now - since) / 60_000));
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}
