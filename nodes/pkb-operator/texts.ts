/** The words of the operators' page, by language. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is served where the browser asks for no language that there is. */
const ENGLISH = 'en-US';

/**
 * The page's words in the language that a browser prefers; what a language leaves out, the page shows in English.
 *
 * @param locales folder with a folder for each language; one without `plugin.json` has no words for the page
 * @param preferred chooses one of some languages, or none of them; where all are equal, the first
 */
export function textsFor(
  locales: string,
  preferred: (languages: string[]) => string | false | undefined,
): object {
  const fileOf = (language: string): string => join(locales, language, 'plugin.json');
  const others = readdirSync(locales).filter((name) => name !== ENGLISH && existsSync(fileOf(name)));
  const language = preferred([ENGLISH, ...others]) || ENGLISH;
  const all = JSON.parse(readFileSync(fileOf(language), 'utf8')) as Record<string, object>;
  return all['pkb-operator'] ?? {};
}
