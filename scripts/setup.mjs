// Sets the working copy up: installs what package-lock.json says, once, and hands over to the Node.js that comes with it.
// Runs on whatever Node.js the machine has (20 or newer), so it uses nothing but Node.js itself.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const mark = join(root, 'node_modules/.installed-lockfile');
const ownNode = join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** Installs the dependencies if package-lock.json is not the one they were installed from. */
function install() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(mark) && existsSync(ownNode) && readFileSync(mark, 'utf8') === wanted) return;
  console.error('Installing dependencies (once; a minute or two) …');
  const npm = process.env.npm_execpath;
  const [command, ...first] = npm ? [process.execPath, npm] : ['npm'];
  const options = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync(command, [...first, ...options], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: !npm,
  });
  if (status !== 0) {
    console.error('npm could not install the dependencies; see above.');
    process.exit(status ?? 1);
  }
  writeFileSync(mark, wanted);
}

/**
 * Makes sure that everything is installed and that the calling script runs on the Node.js of the lockfile: where it does
 * not, runs it there and ends with its exit code.
 */
export async function prepare(script) {
  install();
  if (process.execPath === ownNode || process.env.PKB_PREPARED === '1') return;
  const { spawn } = await import('node:child_process');
  const child = spawn(ownNode, [fileURLToPath(script), ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PKB_PREPARED: '1' },
  });
  // Ctrl-C reaches the child as well; wait for it to end in its own way.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  const code = await new Promise((resolve) =>
    child.on('exit', (exitCode, signal) => resolve(signal ? 1 : exitCode)),
  );
  process.exit(code);
}
