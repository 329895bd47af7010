/** A real PostgreSQL of the machine's, started for a test on a port of its own, with its data in a folder that is removed. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './node-red.js';
import { until } from './wait.js';

/** Folders in which Debian and others keep the server's programs. */
function folders(): string[] {
  const versions = '/usr/lib/postgresql';
  const debian = existsSync(versions)
    ? readdirSync(versions).map((version) => join(versions, version, 'bin'))
    : [];
  return [...debian.toReversed(), ...(process.env['PATH'] ?? '').split(delimiter)];
}

/** Where the programs are; undefined where there is no PostgreSQL. */
export const postgresFolder = folders().find((folder) =>
  ['initdb', 'postgres'].every((program) => existsSync(join(folder, program))),
);

/** PostgreSQL refuses to run as root; then it runs as nobody. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const identity = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

/** A running server. */
export interface Postgres {
  /** For a superuser, without a password, on a database of its own. */
  readonly url: string;
  readonly port: number;
  /** Ends it as a crash does, and starts it again. */
  restart(): Promise<void>;
  /** Ends it, and leaves its data. */
  halt(): Promise<void>;
  start(): Promise<void>;
  /** Runs SQL, and returns what it prints. */
  sql(statement: string): string;
  stop(): Promise<void>;
}

/** Starts a server. @param settings such as `max_connections=20` */
export async function startPostgres(...settings: string[]): Promise<Postgres> {
  const programs = postgresFolder ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'pkb-postgres-'));
  if (isRoot) chownSync(folder, NOBODY, NOBODY);
  const data = join(folder, 'data');
  const run = (program: string, ...args: string[]): string =>
    execFileSync(join(programs, program), args, {
      ...identity,
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C', PGUSER: 'pkb', HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  run('initdb', '--pgdata', data, '--username', 'pkb', '--auth', 'trust', '--no-sync', '--encoding', 'UTF8');
  // One role must say its password; all others are let in.
  const rules = join(data, 'pg_hba.conf');
  writeFileSync(rules, `host all strict 127.0.0.1/32 scram-sha-256\n${readFileSync(rules, 'utf8')}`);
  const port = await freePort();
  let server: ChildProcess | undefined;
  const sql = (statement: string): string =>
    run('psql', '-h', '127.0.0.1', '-p', String(port), '-d', 'postgres', '-At', '-c', statement);
  const start = async (): Promise<void> => {
    const options = [
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${folder}`,
      'fsync=off',
      ...settings,
    ];
    server = spawn(
      join(programs, 'postgres'),
      ['-D', data, '-p', String(port), ...options.flatMap((option) => ['-c', option])],
      { ...identity, cwd: folder, stdio: 'ignore', env: { ...process.env, LC_ALL: 'C' } },
    );
    await until('PostgreSQL answers', () => {
      try {
        return sql('SELECT 1').trim() === '1';
      } catch {
        return false;
      }
    });
  };
  const halt = async (): Promise<void> => {
    const running = server;
    if (running === undefined) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    // An immediate shutdown: no checkpoint, as after a crash.
    running.kill('SIGQUIT');
    await ended;
    server = undefined;
  };
  await start();
  return {
    url: `postgresql://pkb@127.0.0.1:${port}/postgres`,
    port,
    start,
    halt,
    sql,
    restart: async () => {
      await halt();
      await start();
    },
    stop: async () => {
      await halt();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Where PgBouncer is; undefined where there is none. */
export const poolerPath = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find((path) => existsSync(path));

/** Starts PgBouncer before a server, giving each transaction another session. @returns its URL, and what ends it */
export async function startPooler(postgres: Postgres): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'pkb-pooler-'));
  const port = await freePort();
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(join(folder, 'users'), '"pkb" ""\n');
  writeFileSync(
    file,
    `[databases]
postgres = host=127.0.0.1 port=${postgres.port} dbname=postgres user=pkb
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
auth_file = ${join(folder, 'users')}
pool_mode = transaction
default_pool_size = 3
`,
  );
  if (isRoot) for (const one of [folder, file, join(folder, 'users')]) chownSync(one, NOBODY, NOBODY);
  const pooler = spawn(poolerPath ?? '', [file], { ...identity, cwd: folder, stdio: 'ignore' });
  const url = `postgresql://pkb@127.0.0.1:${port}/postgres`;
  await until('the pooler answers', async () => {
    try {
      await promisify(execFile)(join(postgresFolder ?? '', 'psql'), [url, '-c', 'SELECT 1'], {
        timeout: 5000,
      });
      return true;
    } catch {
      return false;
    }
  });
  return {
    url,
    async stop() {
      const ended = new Promise((resolve) => pooler.once('exit', resolve));
      pooler.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
