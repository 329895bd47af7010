/**
 * A second lock on an outbox file, of another kind than SQLite's. SQLite locks by POSIX record locks, which the system
 * gives up as soon as any code of the same process opens and closes the file (a backup, a *read file* node); then a second
 * Node-RED could open it as well. This one is a name in the kernel that nobody can hold twice, and that dies with the process:
 * a socket in Linux's abstract namespace, a named pipe on Windows. Elsewhere there is SQLite's lock alone.
 */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { PkbOutboxError } from '../../../errors.js';
import { IN_USE } from './file.js';

/** A lock that is held. */
export interface FileLock {
  release(): Promise<void>;
}

/**
 * Takes the lock of a file, which need not exist yet.
 *
 * @throws PkbOutboxError `PKB_OUTBOX` where somebody else holds it
 */
export async function lockFile(path: string): Promise<FileLock> {
  const name = lockName(path);
  if (name === undefined) return { release: async () => undefined };
  const server = createServer((socket) => socket.destroy());
  await listen(server, name);
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}

function listen(server: Server, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', () => reject(new PkbOutboxError('PKB_OUTBOX', `The outbox failed: ${IN_USE}.`)));
    server.listen(name, resolve);
  });
}

/** The same for every way to write the path. */
function lockName(path: string): string | undefined {
  const hash = createHash('sha256').update(canonical(path)).digest('hex').slice(0, 32);
  if (process.platform === 'linux') return `\0pkb-outbox-${hash}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\pkb-outbox-${hash}` : undefined;
}

/** A path without symbolic links; of a file that does not exist yet, its folder's. */
export function canonical(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    try {
      return join(realpathSync(dirname(path)), basename(path));
    } catch {
      return path;
    }
  }
}
