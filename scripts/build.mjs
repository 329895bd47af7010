// Builds the package: TypeScript to dist/, and what Node-RED looks for beside each node: node.html (the dialog's code, bundled,
// and its form), locales, icons.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');

rmSync(join(root, 'dist'), { recursive: true, force: true });
const compiled = spawnSync(process.execPath, [tsc, '-p', root], { stdio: 'inherit' });
if (compiled.status !== 0) {
  // A build that is not whole would make tests complain of what is right.
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  process.exit(compiled.status ?? 1);
}

for (const type of readdirSync(join(root, 'nodes'))) {
  const from = join(root, 'nodes', type);
  if (!existsSync(join(from, 'editor.html'))) continue;
  const to = join(root, 'dist/nodes', type);
  const form = readFileSync(join(from, 'editor.html'), 'utf8');
  writeFileSync(
    join(to, 'node.html'),
    `<script type="text/javascript">\n${bundled(join(from, 'editor.ts'))}</script>\n\n${form}`,
  );
  // What there is of British English is what en-US says.
  for (const language of ['en-GB', 'en-US'])
    cpSync(join(from, 'locales/en-US'), join(to, 'locales', language), { recursive: true });
  cpSync(join(from, 'locales'), join(to, 'locales'), { recursive: true });
  mkdirSync(join(to, 'icons'));
  copyFileSync(join(root, 'icons', `${type}.svg`), join(to, 'icons', `${type}.svg`));
}

// The operators' view is a plugin: its sidebar beside it, and its page and words for the routes.
const operator = join(root, 'nodes/pkb-operator');
const plugin = join(root, 'dist/nodes/pkb-operator');
writeFileSync(
  join(plugin, 'plugin.html'),
  `<script type="text/javascript">\n${bundled(join(operator, 'editor.ts'))}</script>\n`,
);
writeFileSync(join(plugin, 'page.js'), bundled(join(operator, 'page/page.ts')));
copyFileSync(join(operator, 'page.html'), join(plugin, 'page.html'));
cpSync(join(operator, 'locales'), join(plugin, 'locales'), { recursive: true });

/** Code for the browser as one script that leaves nothing behind in its page. */
function bundled(file) {
  const { outputFiles } = buildSync({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
  });
  return outputFiles[0].text;
}
