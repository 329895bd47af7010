/** Locales: what is shown in the editor is there in every language that is shipped. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const TYPES = ['build', 'connection', 'customer', 'guard', 'outbox', 'send', 'simulator'];

type Texts = { readonly [key: string]: string | Texts };

/** The keys of a catalogue, with dots between their parts. */
function keysOf(texts: Texts, prefix = ''): string[] {
  return Object.entries(texts).flatMap(([key, text]) =>
    typeof text === 'string' ? [prefix + key] : keysOf(text, `${prefix}${key}.`),
  );
}

for (const type of TYPES) {
  describe(`the texts of pkb-${type}`, () => {
    const folder = join(root, `nodes/pkb-${type}`);
    const keys = keysOf(JSON.parse(readFileSync(join(folder, 'locales/en-US/node.json'), 'utf8')) as Texts);
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
      );
    });

    it('are shipped as American and British English', () => {
      for (const language of ['en-US', 'en-GB'])
        for (const file of ['node.json', 'node.html'])
          assert.ok(existsSync(join(root, `dist/nodes/pkb-${type}/locales/${language}/${file}`)), language);
    });
  });
}
