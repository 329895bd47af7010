/** A whole Node-RED in a process of its own, with the packed package installed into an empty user directory. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './wait.js';

const run = promisify(execFile);
const root = join(__dirname, '../..');
const require_ = createRequire(__filename);

/** A running Node-RED. */
export interface NodeRed {
  readonly url: string;
  readonly userDir: string;
  readonly process: ChildProcess;
  /** What it has printed. */
  output(): string;
  stop(): Promise<void>;
}

/** Runs npm on the Node.js that runs the tests, whatever the machine's own is. */
async function npm(directory: string, ...args: string[]): Promise<string> {
  const PATH = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
  const env = { ...process.env, PATH, npm_config_loglevel: 'error' };
  const { stdout } = await run('npm', args, { cwd: directory, env, shell: process.platform === 'win32' });
  return stdout;
}

/** Packs the package. @returns the tarball's path */
export async function pack(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'pkb-pack-'));
  const out = JSON.parse(
    await npm(root, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder),
  ) as { filename: string }[] | Record<string, { filename: string }>;
  const [packed] = Object.values(out);
  return join(folder, (packed?.filename ?? '').replace('@', '').replace('/', '-'));
}

/** Makes an empty user directory with the tarball installed. */
export async function userDirWith(tarball: string): Promise<string> {
  const userDir = mkdtempSync(join(tmpdir(), 'pkb-user-'));
  writeFileSync(join(userDir, 'package.json'), JSON.stringify({ name: 'node-red-project', private: true }));
  await npm(
    userDir,
    'install',
    '--omit=dev',
    '--engine-strict',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    tarball,
  );
  return userDir;
}

/** Makes a user directory into which the working copy is linked. @returns its path */
export function linkedUserDir(): string {
  const userDir = mkdtempSync(join(tmpdir(), 'pkb-linked-'));
  mkdirSync(join(userDir, 'node_modules/@pkb-partner'), { recursive: true });
  symlinkSync(root, join(userDir, 'node_modules/@pkb-partner/node-red-pkb'), 'junction');
  const dependencies = { '@pkb-partner/node-red-pkb': '*' };
  writeFileSync(
    join(userDir, 'package.json'),
    JSON.stringify({ name: 'node-red-project', private: true, dependencies }),
  );
  return userDir;
}

/**
 * Starts Node-RED on loopback.
 *
 * @param runtime `node-red` (5) or `node-red-4` (4.1)
 * @param settings further settings, as source text of an object's properties
 * @param env further environment variables
 */
export async function startNodeRed(
  runtime: string,
  userDir: string,
  settings = '',
  env: Record<string, string> = {},
): Promise<NodeRed> {
  const port = await freePort();
  writeFileSync(
    join(userDir, 'settings.js'),
    `module.exports = { uiHost: '127.0.0.1', flowFile: 'flows.json', credentialSecret: 'test', telemetry: { enabled: false },
      editorTheme: { tours: false, palette: { allowInstall: false } }, ${settings} };`,
  );
  const red = join(require_.resolve(`${runtime}/package.json`), '../red.js');
  const child = spawn(
    process.execPath,
    [red, '-u', userDir, '-p', String(port), '-s', join(userDir, 'settings.js')],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } },
  );
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null;
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  await until(
    `Node-RED has started\n${output}`,
    async () =>
      // A process that is to be killed may be so before it has begun.
      (isGone() && env['PKB_KILL_AT'] !== undefined) ||
      (output.includes('Started flows') &&
        (await fetch(`${url}/settings`).then(
          ({ status }) => status < 500,
          () => false,
        ))),
    60_000,
  );
  return {
    url,
    userDir,
    process: child,
    output: () => output,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (!isGone()) {
        child.kill('SIGTERM');
        await ended;
      }
    },
  };
}

/** Removes a user directory. */
export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** A port of loopback that is free at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
