/** The page's words, from the locale of the package that the browser prefers. */
import english from '../locales/en-US/plugin.json';

type Texts = { readonly [key: string]: string | Texts };

let texts: Texts = english['pkb-operator'];

/** Takes the words of another locale. */
export function setTexts(given: unknown): void {
  if (typeof given === 'object' && given !== null) texts = given as Texts;
}

/** A text, with `__name__` filled in; the key itself where there is none. */
export function text(key: string, words: Readonly<Record<string, string | number>> = {}): string {
  const found = lookUp(texts, key) ?? lookUp(english['pkb-operator'], key) ?? key;
  return found.replaceAll(/__(\w+)__/g, (_, name: string) => String(words[name] ?? ''));
}

/** A text of the locale; what stands in a table of ours where the locale has none. */
export function textOr(key: string, fallback: string): string {
  return lookUp(texts, key) ?? fallback;
}

function lookUp(all: Texts, key: string): string | undefined {
  let at: string | Texts | undefined = all;
  for (const part of key.split('.')) at = typeof at === 'object' ? at[part] : undefined;
  return typeof at === 'string' ? at : undefined;
}
