// npm run test:crash, test:deploys, test:night, test:outages, test:schedules: a fault test in its long form. Another value of the variable may be given
// from outside; PKB_SEED=… repeats a run.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from './setup.mjs';

/** By test, what makes it long. */
const LONG = {
  crash: { PKB_KILLS: '200' },
  deploys: { PKB_DEPLOYS: '40' },
  night: { PKB_LETTERS: '10000', PKB_KILLS: '50' },
  outages: { PKB_OUTAGE_MS: '4000' },
  schedules: { PKB_SCHEDULES: '100000' },
};

await prepare(import.meta.url);

const [name] = process.argv.slice(2);
if (!Object.hasOwn(LONG, name ?? '')) {
  console.error(`Name a test: ${Object.keys(LONG).join(', ')}.`);
  process.exit(1);
}
const env = { ...LONG[name], ...process.env };
const node = (...args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env }).status ?? 1;
const built = node(join(root, 'scripts/build.mjs'));
process.exit(
  built || node(join(root, 'node_modules/mocha/bin/mocha.js'), '--exit', `test/fault/${name}.test.ts`),
);
