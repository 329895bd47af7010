// npm test: all the set-up there is, then every check and every test. Ends with one line that counts them.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CHECKS } from './checks.mjs';
import { prepare, root } from './setup.mjs';

await prepare(import.meta.url);

const mocha = join(root, 'node_modules/mocha/bin/mocha.js');
/** Fault tests, and which of them need no server. */
const FAULTS = ['test/fault/**/*.test.ts'];
const COMPUTED = 'test/fault/**/{power-cuts,schedules}*.test.ts';
const counts = { passed: 0, failed: 0, pending: 0 };
const broken = [];

/** Runs one step, and prints what it said when it has ended. */
async function step(title, args, env = {}) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [status, stdout, stderr] = await Promise.all([
    once(child, 'close').then(([code]) => code),
    text(child.stdout),
    text(child.stderr),
  ]);
  process.stdout.write(`\n── ${title}\n${stdout}${stderr}`);
  if (status !== 0) broken.push(title);
  return stdout;
}

async function tests(title, patterns, env = {}) {
  const output = await step(title, [mocha, '--exit', ...patterns], env);
  const count = (word) => Number(new RegExp(`^\\s*(\\d+) ${word}`, 'm').exec(output)?.[1] ?? 0);
  counts.passed += count('passing');
  counts.failed += count('failing');
  counts.pending += count('pending');
}

/** Installs some of Debian's packages, where there is Debian and we may. */
function debian(what, ...packages) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  console.log(`Installing ${what} …`);
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { stdio: 'ignore' });
}

/** Sees to a Chromium for the editor tests: the system's, or Debian's where there is none and we may install it. */
function browser() {
  const paths = [
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    process.env.CHROMIUM,
  ];
  const isThere = () => paths.some((path) => path && existsSync(path));
  if (!isThere()) debian('Chromium for the editor tests', 'chromium');
  if (!isThere()) {
    console.log('There is no Chromium here and it could not be installed: the editor tests are not run.');
    console.log('Set CHROMIUM to the path of one, or install it, to run them.');
  }
}

/** Sees to a PostgreSQL, and to a pooler before it, in the same way. */
function postgres() {
  const isThere = () =>
    existsSync('/usr/lib/postgresql') ||
    (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'initdb')));
  if (!isThere()) debian('PostgreSQL for the tests of its outbox', 'postgresql');
  if (!isThere()) {
    console.log(
      'There is no PostgreSQL here and it could not be installed: the tests of its outbox are not run.',
    );
    return;
  }
  if (!existsSync('/usr/sbin/pgbouncer')) debian('PgBouncer for the tests behind a pooler', 'pgbouncer');
}

const started = Date.now();
for (const { title, args } of CHECKS) await step(title, args);
if (!process.env.HL7_CORPUS)
  console.log('\nHL7_CORPUS is not set: the tests over third-party messages are not run.');
postgres();
browser();
await tests('unit tests', ['test/unit/**/*.test.ts']);
await tests('flow tests on Node-RED 5', ['test/flow/**/*.test.ts'], { NODE_RED: 'node-red' });
await tests('flow tests on Node-RED 4.1', ['test/flow/**/*.test.ts'], { NODE_RED: 'node-red-4' });
await tests('fault tests (crashes, outages, deploys, network, several Node-REDs)', [
  ...FAULTS,
  '--ignore',
  COMPUTED,
]);
// Power cuts and schedules are computed: they open no port and time nothing, so they go beside the browser.
await Promise.all([
  tests('fault tests (power cuts, schedules)', [COMPUTED]),
  tests('editor tests on Node-RED 5 and 4.1', ['test/editor/**/*.test.ts']),
]);

console.log(`\n${Math.round((Date.now() - started) / 1000)} s`);
for (const title of broken) console.log(`Failed: ${title}`);
const failed = counts.failed + broken.length;
console.log(`${counts.passed} passed, ${failed} failed, ${counts.pending} skipped`);
process.exit(failed === 0 ? 0 : 1);
