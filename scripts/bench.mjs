// npm run bench:<name>: builds, and runs bench/<name>.ts on the Node.js of the lockfile.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from './setup.mjs';

await prepare(import.meta.url);

const [name, ...rest] = process.argv.slice(2);
const node = (...args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
const built = node(join(root, 'scripts/build.mjs'));
process.exit(
  built || node('--expose-gc', '--require', 'tsx/cjs', join(root, 'bench', `${name}.ts`), ...rest),
);
