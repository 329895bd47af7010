// npm run test:crash: the crash test in its long form, 200 kills (PKB_KILLS=… for another number, PKB_SEED=… to repeat one).
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from './setup.mjs';

await prepare(import.meta.url);

const env = { ...process.env, PKB_KILLS: process.env.PKB_KILLS ?? '200' };
const node = (...args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env }).status ?? 1;
const built = node(join(root, 'scripts/build.mjs'));
process.exit(
  built || node(join(root, 'node_modules/mocha/bin/mocha.js'), '--exit', 'test/fault/crash.test.ts'),
);
