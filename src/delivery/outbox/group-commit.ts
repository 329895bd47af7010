/**
 * Group commit: writes that come together share one transaction, and so one sync of the disk; a promise resolves only
 * after the commit. The sync stops the process, so writes that nobody waits for with idle hands wait for company, as long
 * as the last sync took.
 */
import { PkbOutboxError } from '../../errors.js';
import { storeError } from './sqlite-file.js';
import type { Statements } from './statements.js';

/** The process is to stand still for the disk half of the time at most. */
const REST = 1;
const LONGEST_REST_MS = 5;

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
  #flushed: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #soon = false;
  /** When the last commit ended, and how long it took. */
  #last = { end: 0, took: 0 };

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

  /**
   * Queues a write; all that are queued when it is time share one transaction and its one sync.
   *
   * @param urgent whether it is to be written when the loop comes round, rather than wait a few milliseconds for others
   */
  write<T>(run: () => T, urgent = true): Promise<T> {
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
      this.#flushing ??= new Promise((flushed) => (this.#flushed = flushed));
      this.#schedule(urgent);
    });
  }

  /** Sees to it that what is queued is written: when the loop comes round, or when the disk has had its rest. */
  #schedule(urgent: boolean): void {
    if (this.#soon) return;
    const rest = this.#last.end + Math.min(this.#last.took * REST, LONGEST_REST_MS) - performance.now();
    if (urgent || rest <= 0) {
      clearTimeout(this.#timer);
      this.#soon = true;
      setImmediate(() => this.#flush());
    } else this.#timer ??= setTimeout(() => this.#flush(), rest);
  }

  /** Ends the writes under way, does one last, and takes no more. */
  async close(last: (() => void) | undefined): Promise<void> {
    if (this.#flushing) this.#schedule(true);
    await this.#flushing;
    if (last) await this.write(last).catch(() => undefined);
    this.#closed = true;
    await this.#flushing;
  }

  #flush(): void {
    const writes = this.#writes;
    const flushed = this.#flushed;
    this.#writes = [];
    this.#flushing = undefined;
    this.#timer = undefined;
    this.#soon = false;
    const start = performance.now();
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
    const end = performance.now();
    this.#last = { end, took: end - start };
    flushed();
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
