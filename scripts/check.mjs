// npm run check: builds, and checks types, lint and format; no tests.
import { spawnSync } from 'node:child_process';
import { CHECKS } from './checks.mjs';
import { prepare, root } from './setup.mjs';

await prepare(import.meta.url);

const failed = CHECKS.filter(({ title, args }) => {
  console.log(`\n── ${title}`);
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status !== 0;
});
process.exit(failed.length === 0 ? 0 : 1);
