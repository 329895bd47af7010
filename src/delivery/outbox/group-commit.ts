/**
 * Group commit: writes that come together share one transaction, and so one sync of the disk; a promise resolves only
 * after the commit. The commit stops the process, so while messages are sent in numbers, new ones and the fates of others
 * wait a moment for one another.
 */
import { PkbOutboxError } from '../../errors.js';
import { storeError } from './sqlite-file.js';
import type { Statements } from './statements.js';

/** How long writes wait for one another: as long as the last commit took, within these limits. */
const SHORTEST_REST_MS = 10;
const LONGEST_REST_MS = 50;

/** So many writes in one commit are not yet in numbers: a message that is stored, and the fate of another. */
const FEW = 2;

/**
 * Who waits for a write: everything that is under way, so that no other can come meanwhile; a caller that may have more
 * to write; or nobody.
 */
export type Waiting = 'all' | 'caller' | 'nobody';

interface Write {
  readonly run: () => unknown;
  readonly waiting: Waiting;
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
  /** When the last commit ended, how long it took, and whether writes came in numbers, fates among them. */
  #last = { end: 0, took: 0, busy: false };

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

  /** Queues a write; all that are queued when it is time share one transaction and its one sync. */
  write<T>(run: () => T, waiting: Waiting = 'caller'): Promise<T> {
    if (this.#closed) {
      return Promise.reject(
        new PkbOutboxError(
          'PKB_OUTBOX',
          'The outbox is closed, as it is during a deploy; the message was not taken.',
        ),
      );
    }
    return new Promise<T>((resolve, reject) => {
      this.#writes.push({ run, waiting, resolve: resolve as Write['resolve'], reject });
      this.#flushing ??= new Promise((flushed) => (this.#flushed = flushed));
      this.#schedule(waiting);
    });
  }

  /** Sees to it that what is queued is written: when the loop comes round, or when the disk has had its rest. */
  #schedule(waiting: Waiting): void {
    if (this.#soon) return;
    const rest = this.#last.end + this.#rest(waiting) - performance.now();
    if (rest <= 0) {
      clearTimeout(this.#timer);
      this.#soon = true;
      setImmediate(() => this.#flush());
    } else this.#timer ??= setTimeout(() => this.#flush(), rest);
  }

  #rest(waiting: Waiting): number {
    const { took, busy } = this.#last;
    if (waiting === 'all') return 0;
    if (busy) return Math.min(Math.max(took, SHORTEST_REST_MS), LONGEST_REST_MS);
    return waiting === 'caller' ? 0 : Math.min(took, SHORTEST_REST_MS);
  }

  /** Ends the writes under way, does one last, and takes no more. */
  async close(last: (() => void) | undefined): Promise<void> {
    if (this.#flushing) this.#schedule('all');
    await this.#flushing;
    if (last) await this.write(last, 'all').catch(() => undefined);
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
    const busy = writes.length > FEW && writes.some(({ waiting }) => waiting !== 'caller');
    this.#last = { end, took: end - start, busy };
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
