/**
 * A store whose every call is carried out, and answered, when the schedule says so. What is on the disk outlives a crash;
 * what is in flight, and what was called and not carried out, belongs to the process and does not.
 */
import { PkbOutboxError } from '../../../src/errors.js';
import type { Outbox, ReplayTerms, SettledMessage } from '../../../src/delivery/outbox/contract.js';
import type { Attempt, NewMessage, StoredMessage } from '../../../src/delivery/outbox/messages.js';
import { MemoryOutbox } from '../../../src/delivery/outbox/memory.js';
import type { OpenOutbox } from '../../../src/delivery/outbox/open.js';
import type { Life } from './known.js';
import type { Ledger } from './ledger.js';

/** Lets the schedule choose when something happens. */
export type Later = (label: string, work: () => unknown) => void;

/** What becomes of a call: carried out; refused; carried out, and the answer lost, as when the store's thread dies. */
export type Fate = 'ok' | 'fails' | 'lost';

/** A store that does not keep the contract, to see that this is seen. */
export type Defect = 'takes what is in flight' | 'does not hold' | 'forgets what is due' | 'forgets a fate';

/** The methods after which a caller cannot know: they are not called again when their answer is lost. */
const ONCE: ReadonlySet<string> = new Set(['add', 'replay']);

/** The disk. */
export class Disk {
  readonly core = new MemoryOutbox();
  readonly later: Later;
  readonly ledger: Ledger;
  readonly defect: Defect | undefined;
  readonly inFlight = new Set<number>();
  readonly #fates: Fate[];

  constructor(later: Later, ledger: Ledger, fates: readonly Fate[], defect?: Defect) {
    this.later = later;
    this.ledger = ledger;
    this.#fates = [...fates];
    this.defect = defect;
  }

  nextFate(method: string): Fate {
    const fate = this.#fates.shift() ?? 'ok';
    return fate === 'lost' && !ONCE.has(method) ? 'ok' : fate;
  }

  /** From now on every call succeeds. */
  calm(): void {
    this.#fates.length = 0;
  }

  /** Opens it for a life of the process, which forgets what was in flight before. */
  open(life: Life): Promise<OpenOutbox> {
    const fate = this.nextFate('open');
    return new Promise((resolve, reject) => {
      this.later(`open ${life.name}`, () => {
        if (life.crashed) return;
        if (fate === 'fails') {
          this.ledger.count('open fails');
          return reject(failure('cannot be opened'));
        }
        this.#forget();
        const store = new Store(this, life);
        resolve({ outbox: store, reports: [], release: () => store.close() });
      });
    });
  }

  #forget(): void {
    for (const id of this.inFlight) this.core.giveBack(id).catch(() => undefined);
    this.inFlight.clear();
  }
}

/** The disk as one life of the process sees it. */
class Store implements Outbox {
  readonly durable = true;
  readonly secret;
  readonly name;
  readonly #disk: Disk;
  readonly #life: Life;
  /**
   * Calls about one message are carried out, and answered, in the order in which they were made; those that say whole fates
   * (`untold`) and those that make them void (`replay`) likewise, since a fate does not tell which of its message's it is.
   */
  readonly #before = new Map<number | 'fates', Promise<unknown>>();
  readonly #pending = new Set<Promise<unknown>>();
  #closed = false;

  constructor(disk: Disk, life: Life) {
    this.#disk = disk;
    this.#life = life;
    this.secret = disk.core.secret;
    this.name = disk.core.name;
  }

  add(message: NewMessage): Promise<number> {
    const { core, ledger } = this.#disk;
    return this.#call('add', message.controlId, [], async () => {
      const id = await core.add(message);
      ledger.stored(id, message);
      return id;
    });
  }

  take(connection: string, now: number, most: number, except: readonly string[]): Promise<StoredMessage[]> {
    const { core, defect, inFlight } = this.#disk;
    return this.#call('take', '', [], async () => {
      const taken = await core.take(connection, now, most, except);
      for (const { id } of taken) {
        inFlight.add(id);
        if (defect === 'takes what is in flight') await core.giveBack(id);
      }
      return taken;
    });
  }

  settle(settled: SettledMessage, attempt: Attempt, hold: boolean): Promise<void> {
    const { core, ledger, inFlight, defect } = this.#disk;
    const { id, controlId } = settled.message;
    return this.#call('settle', `${controlId} ${settled.state}`, [id], async () => {
      ledger.settled(settled, attempt, hold, this.#life);
      inFlight.delete(id);
      if (defect === 'forgets a fate') return core.giveBack(id);
      await core.settle(settled, attempt, hold && defect !== 'does not hold');
    });
  }

  postpone(id: number, until: number, attempt: Attempt): Promise<void> {
    const { core, ledger, inFlight } = this.#disk;
    return this.#call('postpone', `#${id} (${attempt.reason})`, [id], async () => {
      ledger.postponed(id, attempt, this.#life);
      await core.postpone(id, until, attempt);
      inFlight.delete(id);
    });
  }

  giveBack(id: number): Promise<void> {
    return this.#call('giveBack', `#${id}`, [id], async () => {
      await this.#disk.core.giveBack(id);
      this.#disk.inFlight.delete(id);
    });
  }

  untold(connection: string, sender: string): Promise<SettledMessage[]> {
    return this.#call('untold', sender, ['fates'], () => this.#disk.core.untold(connection, sender));
  }

  told(id: number): Promise<void> {
    return this.#call('told', `#${id}`, [id], async () => {
      this.#disk.ledger.toldNoted(id);
      await this.#disk.core.told(id);
    });
  }

  nextDue(connection: string, except: readonly string[]): Promise<number | undefined> {
    const { core, defect } = this.#disk;
    return this.#call('nextDue', '', [], async () =>
      defect === 'forgets what is due' ? undefined : core.nextDue(connection, except),
    );
  }

  elsewhere(connection: string, address: string) {
    return this.#call('elsewhere', '', [], () => this.#disk.core.elsewhere(connection, address));
  }

  readdress(connection: string, address: string): Promise<number> {
    return this.#call('readdress', '', [], () => {
      this.#disk.ledger.decided('send', address);
      return this.#disk.core.readdress(connection, address);
    });
  }

  discard(connection: string, address: string, reason: string, at: number): Promise<number> {
    return this.#call('discard', '', [], () => {
      this.#disk.ledger.decided('discard', address);
      return this.#disk.core.discard(connection, address, reason, at);
    });
  }

  // What operators ask changes nothing of what is sent.
  readonly list: Outbox['list'] = (...given) => this.#disk.core.list(...given);
  readonly life: Outbox['life'] = (id) => this.#disk.core.life(id);
  readonly ended: Outbox['ended'] = (since) => this.#disk.core.ended(since);
  readonly oldest: Outbox['oldest'] = (connection) => this.#disk.core.oldest(connection);
  readonly withdraw: Outbox['withdraw'] = (...given) => this.#disk.core.withdraw(...given);
  readonly dismiss: Outbox['dismiss'] = (ids) => this.#disk.core.dismiss(ids);
  readonly record: Outbox['record'] = (entry) => this.#disk.core.record(entry);
  readonly trail: Outbox['trail'] = (...given) => this.#disk.core.trail(...given);

  // No schedule has a run, a letter, or a pause by a person.
  get runs(): Outbox['runs'] {
    return this.#disk.core.runs;
  }

  get letters(): Outbox['letters'] {
    return this.#disk.core.letters;
  }

  readonly addItem: Outbox['addItem'] = (...given) => this.#disk.core.addItem(...given);
  readonly setPause: Outbox['setPause'] = (...given) => this.#disk.core.setPause(...given);
  readonly pauseOf: Outbox['pauseOf'] = (connection) => this.#disk.core.pauseOf(connection);

  release(connection: string): Promise<number> {
    return this.#call('release', '', [], () => {
      this.#disk.ledger.released();
      return this.#disk.core.release(connection);
    });
  }

  replay(which: { id: number; controlId: string }, message: NewMessage, terms: ReplayTerms) {
    const { core, ledger, inFlight } = this.#disk;
    return this.#call(
      'replay',
      `${which.controlId} as ${message.controlId}`,
      ['fates', which.id],
      async () => {
        const replayed = await core.replay(which, message, terms);
        if (replayed === 'queued') ledger.replayed(which.id, message, inFlight);
        return replayed;
      },
    );
  }

  failed(connection: string, sender: string, most: number) {
    return this.#call('failed', sender, [], () => this.#disk.core.failed(connection, sender, most));
  }

  findFailed(connection: string, which: { id: number; controlId: string }) {
    return this.#call('findFailed', '', [], () => this.#disk.core.findFailed(connection, which));
  }

  queued(connection: string, most: number): Promise<number> {
    return this.#call('queued', '', [], () => this.#disk.core.queued(connection, most));
  }

  held(connection: string): Promise<number> {
    return this.#call('held', '', [], () => this.#disk.core.held(connection));
  }

  counts(connection: string) {
    return this.#call('counts', '', [], () => this.#disk.core.counts(connection));
  }

  /** What was called before is carried out first. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#pending);
  }

  #call<T>(
    method: string,
    about: string,
    inOrder: readonly (number | 'fates')[],
    work: () => Promise<T>,
  ): Promise<T> {
    if (this.#closed) return Promise.reject(failure('is closed'));
    const { later, ledger } = this.#disk;
    const fate = this.#disk.nextFate(method);
    const label = `${method} ${about}`.trim();
    const before = inOrder.flatMap((of) => this.#before.get(of) ?? []);
    const answer = new Promise<T>((resolve, reject) => {
      const carryOut = (): void =>
        later(label, async () => {
          if (this.#life.crashed) return;
          if (fate === 'fails') {
            ledger.note(`  ${label} fails`);
            ledger.count(`${method} fails`);
            return reject(failure('is full'));
          }
          const result = work();
          ledger.note(`  ${label} is on the disk`);
          let value: T;
          try {
            value = await result;
          } catch (error) {
            return reject(error);
          }
          later(`answer to ${label}`, () => {
            if (this.#life.crashed) return;
            if (fate === 'lost') return reject(failure('has lost its thread'));
            resolve(value);
          });
        });
      if (before.length === 0) carryOut();
      else void Promise.allSettled(before).then(carryOut);
    });
    this.#pending.add(answer);
    const done = answer.finally(() => this.#pending.delete(answer));
    done.catch(() => undefined);
    for (const of of inOrder) this.#before.set(of, answer);
    return answer;
  }
}

function failure(what: string): PkbOutboxError {
  return new PkbOutboxError('PKB_OUTBOX', `The store ${what}.`);
}
