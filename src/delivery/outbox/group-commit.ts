/**
 * Group commit: writes that come together share one transaction, and so one sync of the disk; a promise resolves only
 * after the commit.
 */
import { PkbOutboxError } from '../../errors.js';
import { storeError } from './sqlite-file.js';
import type { Statements } from './statements.js';

interface Write {
  readonly run: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Writes to one outbox. */
export class GroupCommit {
  readonly #sql: Statements;
  readonly #ready: () => void;
  readonly #first: () => void;
  readonly #committed: () => void;
  #writes: Write[] = [];
  #closed = false;
  #flushing: Promise<void> | undefined;

  /**
   * @param ready called before every transaction; where it throws, nothing is written
   * @param first what is written at the beginning of every transaction
   * @param committed called after every commit
   */
  constructor(sql: Statements, ready: () => void, first: () => void, committed: () => void) {
    this.#sql = sql;
    this.#ready = ready;
    this.#first = first;
    this.#committed = committed;
  }

  /** Queues a write; all that are queued when the loop comes round share one transaction and its one sync. */
  write<T>(run: () => T): Promise<T> {
    if (this.#closed) {
      return Promise.reject(
        new PkbOutboxError(
          'PKB_OUTBOX',
          'The outbox is closed, as it is during a deploy; the message was not taken.',
        ),
      );
    }
    return new Promise<T>((resolve, reject) => {
      this.#writes.push({ run, resolve: resolve as Write['resolve'], reject });
      this.#flushing ??= new Promise((flushed) => {
        setImmediate(() => {
          this.#flushing = undefined;
          this.#flush();
          flushed();
        });
      });
    });
  }

  /** Ends the writes under way, does one last, and takes no more. */
  async close(last: (() => void) | undefined): Promise<void> {
    await this.#flushing;
    if (last) await this.write(last).catch(() => undefined);
    this.#closed = true;
    await this.#flushing;
  }

  #flush(): void {
    const writes = this.#writes;
    this.#writes = [];
    try {
      this.#ready();
      this.#sql.exec('BEGIN IMMEDIATE');
      this.#first();
      const results = writes.map(({ run }) => run());
      this.#sql.exec('COMMIT');
      this.#committed();
      for (const [i, { resolve }] of writes.entries()) resolve(results[i] as never);
    } catch (error) {
      this.#rollBack();
      for (const { reject } of writes) reject(storeError(error));
    }
  }

  /** Never throws: it runs in a turn of its own, where a throw would end the process. */
  #rollBack(): void {
    try {
      if (this.#sql.isTransaction) this.#sql.exec('ROLLBACK');
    } catch {
      // The file is closed or broken; those who wait are told why their own write failed.
    }
  }
}
