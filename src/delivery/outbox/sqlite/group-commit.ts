/**
 * Group commit: writes that come while the last commit is being synced share the next transaction, and so one sync of the
 * disk; a promise resolves only after the commit. It runs in the thread of the file, where a sync stops nothing else.
 */
import { PkbOutboxError } from '../../../errors.js';
import { storeError } from './file.js';
import type { Statements } from './statements.js';

interface Queued {
  readonly run: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Does some writes in one transaction, with others that come at the same time. @returns what they come to, once they are committed */
export type Write = <T>(work: () => T) => Promise<T>;

/** What else is done with every transaction. */
export interface CommitHooks {
  /** Called before it; where it throws, nothing is written. */
  ready(): void;
  /** What is written at its beginning. */
  first(): void;
  /** Called after it. */
  committed(): void;
}

/** Writes to one outbox. */
export class GroupCommit {
  readonly #sql: Statements;
  readonly #hooks: CommitHooks;
  #writes: Queued[] = [];
  #closed = false;
  #flushing: Promise<void> | undefined;

  constructor(sql: Statements, hooks: CommitHooks) {
    this.#sql = sql;
    this.#hooks = hooks;
  }

  /** Queues a write; all that are queued when the loop comes round share one transaction and its one sync. */
  write<T>(run: () => T): Promise<T> {
    if (this.#closed) {
      return Promise.reject(
        new PkbOutboxError(
          'PKB_OUTBOX',
          'The message was not stored: the outbox is closed, for example for a deploy.',
        ),
      );
    }
    return new Promise<T>((resolve, reject) => {
      this.#writes.push({ run, resolve: resolve as Queued['resolve'], reject });
      this.#flushing ??= new Promise((flushed) => {
        setImmediate(() => {
          this.#flush();
          flushed();
        });
      });
    });
  }

  /** Ends what is queued, does one last write, and takes no more. */
  async close(last: (() => void) | undefined): Promise<void> {
    await this.#flushing;
    if (last) await this.write(last).catch(() => undefined);
    this.#closed = true;
    await this.#flushing;
  }

  #flush(): void {
    const writes = this.#writes;
    this.#writes = [];
    this.#flushing = undefined;
    try {
      this.#hooks.ready();
      this.#sql.exec('BEGIN IMMEDIATE');
      this.#hooks.first();
      const results = writes.map(({ run }) => run());
      this.#sql.exec('COMMIT');
      this.#hooks.committed();
      for (const [i, { resolve }] of writes.entries()) resolve(results[i] as never);
    } catch (error) {
      this.#rollBack();
      for (const { reject } of writes) reject(storeError(error));
    }
  }

  /** Never throws: it runs in a turn of its own, where a throw would end the thread. */
  #rollBack(): void {
    try {
      if (this.#sql.isTransaction) this.#sql.exec('ROLLBACK');
    } catch {
      // The file is closed or broken; those who wait are told why their own write failed.
    }
  }
}
