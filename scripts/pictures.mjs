// npm run pictures: builds, and takes a picture of every dialog for docs/images.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from './setup.mjs';

await prepare(import.meta.url);

const node = (...args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
process.exit(
  node(join(root, 'scripts/build.mjs')) ||
    node('--require', 'tsx/cjs', join(root, 'test/editor/pictures.ts')),
);
