// Builds the package: TypeScript to dist/, and what Node-RED looks for beside each node (HTML, locales, icons).
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');

rmSync(join(root, 'dist'), { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', root], { stdio: 'inherit' });
const nodes = join(root, 'dist/nodes');
mkdirSync(nodes, { recursive: true });
for (const file of readdirSync(join(root, 'nodes'))) {
  if (file.endsWith('.html')) cpSync(join(root, 'nodes', file), join(nodes, file));
}
cpSync(join(root, 'nodes/locales'), join(nodes, 'locales'), { recursive: true });
cpSync(join(root, 'icons'), join(nodes, 'icons'), { recursive: true });
