/**
 * The file under an open outbox. On Unix a file that somebody removes, or replaces by another, stays open and can be
 * written to, but what is written to it is gone when the process ends: so it is looked for before every commit, and
 * written anew where it is missing.
 */
import { closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { PkbOutboxError } from '../../../errors.js';
import { connect, syncFile } from './file.js';
import type { Statements } from './statements.js';

/** Watches over one file. */
export class WatchedFile {
  readonly #path: string;
  readonly #sql: Statements;
  #main: string | undefined;
  #log: string | undefined;

  /** @param path of the file that `sql` has open */
  constructor(path: string, sql: Statements) {
    this.#path = path;
    this.#sql = sql;
    this.#main = identity(path);
    this.#log = identity(`${path}-wal`);
  }

  /**
   * Looks whether the file is still the one that is open; where it is not, writes everything to a new one and goes on
   * with that.
   *
   * @throws PkbOutboxError `PKB_OUTBOX` where it was not there: those who wait for this write learn of it and can try again
   */
  mustBeThere(): void {
    // SQLite makes its log with the first write.
    this.#log ??= identity(`${this.#path}-wal`);
    if (identity(this.#path) === this.#main && identity(`${this.#path}-wal`) === this.#log) return;
    this.#writeAnew();
    throw new PkbOutboxError(
      'PKB_OUTBOX',
      'The outbox file, or its log (-wal), was removed or replaced while it was in use. It has been written anew, with everything in it; this message was not taken, send it again.',
    );
  }

  #writeAnew(): void {
    const fresh = `${this.#path}.rescued`;
    rmSync(fresh, { force: true });
    // SQLite writes into an empty file as it finds it: for its owner only.
    closeSync(openSync(fresh, 'wx', 0o600));
    this.#sql.exec(`VACUUM INTO '${fresh.replaceAll("'", "''")}'`);
    syncFile(fresh);
    // A file that somebody put there is not ours to overwrite.
    const current = identity(this.#path);
    if (current !== undefined && current !== this.#main)
      renameSync(this.#path, `${this.#path}.found-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`);
    // The new file is whole and synced before the old one is let go: closing the old one writes its log into a file that has
    // no name any more. What is left of the log must be gone first, since it would be taken for the new file's.
    for (const suffix of ['-wal', '-shm']) rmSync(this.#path + suffix, { force: true });
    syncFile(dirname(this.#path));
    renameSync(fresh, this.#path);
    syncFile(dirname(this.#path));
    this.#sql.close();
    this.#sql.change(connect(this.#path));
    this.#main = identity(this.#path);
    this.#log = identity(`${this.#path}-wal`);
  }
}

/** Which file stands at a path; undefined where there is none. */
function identity(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}`;
}
