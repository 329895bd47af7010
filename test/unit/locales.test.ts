/** Locales: what is shown in the editor is there in every language that is shipped. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES } from '../../src/errors.js';
import { END_REASONS } from '../../src/letters/decide.js';
import { RULES } from '../../src/pkb/guard/rules/index.js';

const root = join(__dirname, '../..');
const TYPES = readdirSync(join(root, 'nodes'))
  .filter((name) => existsSync(join(root, 'nodes', name, 'editor.html')))
  .map((name) => name.slice('pkb-'.length));

type Texts = { readonly [key: string]: string | Texts };

/** The keys of a catalogue, with dots between their parts. */
function keysOf(texts: Texts, prefix = ''): string[] {
  return Object.entries(texts).flatMap(([key, text]) =>
    typeof text === 'string' ? [prefix + key] : keysOf(text, `${prefix}${key}.`),
  );
}

/** The text at a key. */
function textAt(texts: Texts, key: string): string {
  let at: string | Texts | undefined = texts;
  for (const part of key.split('.')) at = typeof at === 'object' ? at[part] : undefined;
  assert.ok(typeof at === 'string', `${key} has no text`);
  return at;
}

/** The words of a help text, without the marks of HTML and Markdown, and on one line. */
function wordsOf(help: string): string {
  return help.replaceAll(/<[^>]*>|[*`]/g, '').replaceAll(/\s+/g, ' ');
}

/** Whether a key is one of the texts of the guard's rules and areas, which en-US takes from the table of rules. */
function isRuleText(key: string): boolean {
  const [, id] = /^pkb-guard\.rule\.(.+)\.(?:title|why|text)$/.exec(key) ?? [];
  const [, area] = /^pkb-guard\.area\.(.+)$/.exec(key) ?? [];
  return RULES.some((rule) => rule.id === id || rule.area === area);
}

/** Whether a key of the operators' page is one of the texts that en-US takes from the tables of errors and of reasons. */
function isTableText(key: string): boolean {
  const [, code = ''] = /^pkb-operator\.error\.(\w+)$/.exec(key) ?? [];
  const [, reason = ''] = /^pkb-operator\.letter-reason\.(\w+)$/.exec(key) ?? [];
  return code in ERROR_CODES || reason in END_REASONS;
}

for (const type of TYPES) {
  describe(`the texts of pkb-${type}`, () => {
    const folder = join(root, `nodes/pkb-${type}`);
    const all = JSON.parse(readFileSync(join(folder, 'locales/en-US/node.json'), 'utf8')) as Texts;
    const keys = keysOf(all);
    const sources = globSync(['*.ts', 'editor.html', 'editor/*.ts'], { cwd: folder }).map((file) =>
      readFileSync(join(folder, file), 'utf8'),
    );
    const code = sources.join('\n');

    it('are all there that are named in full', () => {
      const named = [...code.matchAll(/['";\]](pkb-[a-z]+\.[a-z-]+(?:\.[a-zA-Z-]+)+)["';]/g)].map(
        ([, key]) => key ?? '',
      );
      const own = named.filter((key) => key.startsWith(`pkb-${type}.`));
      assert.deepEqual(
        own.filter((key) => !keys.includes(key)),
        [],
        `keys in the code of pkb-${type} without a text in its locales/en-US/node.json`,
      );
    });

    it('are named in other languages as in en-US', () => {
      const others = readdirSync(join(folder, 'locales')).filter((language) => language !== 'en-US');
      for (const language of others) {
        for (const file of ['node.json', 'node.html'])
          assert.ok(existsSync(join(folder, 'locales', language, file)), `${language}/${file} is missing`);
        const texts = JSON.parse(
          readFileSync(join(folder, 'locales', language, 'node.json'), 'utf8'),
        ) as Texts;
        const unknown = keysOf(texts).filter((key) => !keys.includes(key) && !isRuleText(key));
        assert.deepEqual(
          unknown,
          [],
          `texts of ${language} under keys that en-US does not have, so nothing shows them`,
        );
      }
    });

    it('are all in the help, as far as they name a field of the dialog', () => {
      const help = wordsOf(readFileSync(join(folder, 'locales/en-US/node.html'), 'utf8'));
      const form = readFileSync(join(folder, 'editor.html'), 'utf8');
      const labels = [...form.matchAll(/<label\b.*?<\/label>/gs)].flatMap(([label]) =>
        [...label.matchAll(/data-i18n="(pkb-[^"]+)"/g)].map(([, key = '']) => textAt(all, key)),
      );
      assert.ok(labels.length > 0);
      // What follows a colon, or stands in parentheses, explains the name.
      const names = labels.map((label) => label.split(/:| \(/, 1)[0] ?? '');
      const isIn = (name: string): boolean =>
        new RegExp(`(?<!\\w)${name.replaceAll(/\W/g, String.raw`\$&`)}(?!\\w)`).test(help);
      assert.deepEqual(
        names.filter((name) => !isIn(name)),
        [],
        `labels of the dialog of pkb-${type} that its help (locales/en-US/node.html) does not mention`,
      );
    });

    it('are shipped as American and British English', () => {
      for (const language of ['en-US', 'en-GB'])
        for (const file of ['node.json', 'node.html'])
          assert.ok(
            existsSync(join(root, `dist/nodes/pkb-${type}/locales/${language}/${file}`)),
            `${language}/${file} is not in dist: npm run build`,
          );
    });
  });
}

describe('the texts of the operators’ page', () => {
  const folder = join(root, 'nodes/pkb-operator');
  const all = JSON.parse(readFileSync(join(folder, 'locales/en-US/plugin.json'), 'utf8')) as Record<
    string,
    Texts
  >;
  const keys = keysOf(all['pkb-operator'] ?? {});
  const code = globSync('page/*.ts', { cwd: folder })
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');

  it('are all there that are named in full', () => {
    const named = [...code.matchAll(/text\('([a-z-]+\.[\w.-]+)'/g)].map(([, key]) => key ?? '');
    assert.ok(named.length > 30);
    assert.deepEqual(
      named.filter((key) => !keys.includes(key)),
      [],
    );
  });

  it('are named in other languages as in en-US', () => {
    const languages = readdirSync(join(folder, 'locales'));
    assert.ok(languages.includes('en-US'));
    for (const language of languages) {
      const file = join(folder, 'locales', language, 'plugin.json');
      assert.ok(existsSync(file), `pkb-operator/locales/${language}/plugin.json is missing`);
      const texts = JSON.parse(readFileSync(file, 'utf8')) as Texts;
      assert.deepEqual(
        keysOf(texts).filter((key) => !keysOf(all).includes(key) && !isTableText(key)),
        [],
        `texts of ${language} under keys that en-US does not have, so nothing shows them`,
      );
    }
    const others = globSync('nodes/*/locales/*', { cwd: root }).map((path) => path.split(/[/\\]/).at(-1));
    assert.deepEqual(
      [...new Set(others)].toSorted(),
      languages.toSorted(),
      'languages of nodes, of pkb-operator',
    );
  });

  it('are all shown', () => {
    const families = [...code.matchAll(/text\(\s*`([a-z-]+)\./g)].map(([, family]) => `${family}.`);
    const unused = keys.filter(
      (key) => !code.includes(`'${key}'`) && !families.some((family) => key.startsWith(family)),
    );
    assert.deepEqual(unused, []);
  });
});
