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
/** Of the fault tests, those that are computed: they open no port and time nothing. */
const COMPUTED = 'test/fault/**/{power-cuts,schedules}*.test.ts';
/** What may run beside others, the longest first: it waits for most of its time. */
const BESIDE = [
  { title: 'editor tests on Node-RED 5 and 4.1', patterns: ['test/editor/**/*.test.ts'] },
  { title: 'unit tests', patterns: ['test/unit/**/*.test.ts'] },
  { title: 'flow tests on Node-RED 5', patterns: ['test/flow/**/*.test.ts'], env: { NODE_RED: 'node-red' } },
  {
    title: 'flow tests on Node-RED 4.1',
    patterns: ['test/flow/**/*.test.ts'],
    env: { NODE_RED: 'node-red-4' },
  },
  { title: 'fault tests (power cuts, schedules)', patterns: [COMPUTED] },
  { title: 'tests of the admin routes on Node-RED 5 and 4.1', patterns: ['test/routes/**/*.test.ts'] },
];
/** What measures a Node-RED under load, and so needs the machine for itself. */
const ALONE = [
  {
    title: 'fault tests (crashes, outages, deploys, network, several Node-REDs)',
    patterns: ['test/fault/**/*.test.ts', '--ignore', COMPUTED],
  },
];
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

async function tests({ title, patterns, env = {} }) {
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

/** Does several things, two at a time. */
async function twoAtATime(all, work) {
  const waiting = [...all];
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  await Promise.all([lane(), lane()]);
}

const started = Date.now();
const [build, ...checks] = CHECKS;
await step(build.title, build.args);
await twoAtATime(checks, ({ title, args }) => step(title, args));
if (!process.env.HL7_CORPUS)
  console.log('\nHL7_CORPUS is not set: the tests over third-party messages are not run.');
postgres();
browser();
await twoAtATime(BESIDE, tests);
for (const one of ALONE) await tests(one);

console.log(`\n${Math.round((Date.now() - started) / 1000)} s`);
for (const title of broken) console.log(`Failed: ${title}`);
const failed = counts.failed + broken.length;
console.log(`${counts.passed} passed, ${failed} failed, ${counts.pending} skipped`);
process.exit(failed === 0 ? 0 : 1);
