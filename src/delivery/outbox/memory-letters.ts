/** Letters in memory, as long as the process lives. */
import { byOrganisation, withoutCarried } from './letter-rows.js';
import {
  type EndedLetter,
  LETTER_STATES,
  type LetterCount,
  type LetterDecision,
  type LetterEnd,
  type LetterName,
  type LetterState,
  type Letters,
  type NewLetter,
  type WatchedLetter,
  type WatcherCount,
} from './letters.js';

interface Letter {
  letter: WatchedLetter;
  state: LetterState;
  reason: string;
  readAt: number | undefined;
  endedAt: number;
  isGiven: boolean;
  claimedUntil: number;
}

const HOUR_MS = 3_600_000;

/** Whether what is known of a letter is of an older version than one that is watched. */
function isOlder(known: Letter, { letter, state }: Letter): boolean {
  if (state !== 'watched' || known.letter.controlId === letter.controlId) return false;
  return known.state !== 'watched' || known.letter.at < letter.at;
}

/** Keeps letters. */
export class MemoryLetters implements Letters {
  /** By watcher and key. */
  readonly #letters = new Map<string, Letter>();
  #lastId = 0;

  async watch(letters: readonly NewLetter[]): Promise<void> {
    for (const letter of letters) {
      const name = JSON.stringify([letter.watcher, letter.key]);
      const before = this.#letters.get(name);
      if (before?.letter.controlId === letter.controlId) continue;
      const id = before?.letter.id ?? ++this.#lastId;
      const watched = { state: 'watched', reason: '', readAt: undefined, endedAt: 0 } as const;
      this.#letters.set(name, { letter: { ...letter, id }, ...watched, isGiven: false, claimedUntil: 0 });
    }
  }

  async cancel(watcher: string, key: string, at: number): Promise<boolean> {
    const found = this.#letters.get(JSON.stringify([watcher, key]));
    const isOver = found !== undefined && isEnd(found.state) && !found.isGiven && found.claimedUntil <= at;
    if (found === undefined || (found.state !== 'watched' && !isOver)) return false;
    Object.assign(found, { state: 'cancelled', endedAt: at, isGiven: true });
    return true;
  }

  async take(watcher: string, now: number, again: number, most: number): Promise<WatchedLetter[]> {
    const due = this.#of(watcher)
      .filter(({ state, letter }) => state === 'watched' && letter.nextAsk <= now)
      .toSorted((a, b) => byOrganisation(a.letter, b.letter))
      .slice(0, most);
    for (const one of due) one.letter = { ...one.letter, nextAsk: again };
    return due.map(({ letter }) => withoutCarried(letter));
  }

  async putOff(ids: readonly number[], until: number, withoutPatient: boolean): Promise<void> {
    const named = new Set(ids);
    for (const one of this.#letters.values()) {
      if (!named.has(one.letter.id) || one.state !== 'watched') continue;
      one.letter = { ...one.letter, nextAsk: until, ...(withoutPatient && { nhsNumber: '' }) };
    }
  }

  async end(decisions: readonly LetterDecision[]): Promise<number> {
    const byId = new Map([...this.#letters.values()].map((one) => [one.letter.id, one]));
    let ended = 0;
    for (const { id, controlId, end, reason, readAt, at } of decisions) {
      const one = byId.get(id);
      if (one?.state !== 'watched' || one.letter.controlId !== controlId) continue;
      Object.assign(one, { state: end, reason, readAt, endedAt: at, isGiven: false });
      ended++;
    }
    return ended;
  }

  async takeEnded(watcher: string, now: number, until: number, most: number): Promise<EndedLetter[]> {
    const due = this.#of(watcher)
      .filter(({ state, isGiven, claimedUntil }) => isEnd(state) && !isGiven && claimedUntil <= now)
      .toSorted((a, b) => a.letter.id - b.letter.id)
      .slice(0, most);
    return due.map((one) => {
      one.claimedUntil = until;
      const { letter, state, reason, readAt, endedAt } = one;
      return { ...letter, end: state as LetterEnd, reason, readAt, endedAt };
    });
  }

  async gave(letters: readonly Pick<EndedLetter, 'id' | 'controlId'>[]): Promise<void> {
    const versions = new Map(letters.map(({ id, controlId }) => [id, controlId]));
    for (const one of this.#letters.values())
      if (versions.get(one.letter.id) === one.letter.controlId && one.state !== 'watched') one.isGiven = true;
  }

  async handOver(from: string, to: string): Promise<number> {
    let count = 0;
    for (const [name, one] of this.#letters) {
      if (one.letter.watcher !== from) continue;
      const other = JSON.stringify([to, one.letter.key]);
      const known = this.#letters.get(other);
      if (known === undefined || isOlder(known, one)) {
        this.#letters.delete(name);
        this.#letters.set(other, { ...one, letter: { ...one.letter, watcher: to } });
        count++;
      } else if (one.state === 'watched') this.#letters.delete(name);
    }
    return count;
  }

  async find(watcher: string, name: LetterName): Promise<WatchedLetter[]> {
    const isIt = ({ reference, documentId }: WatchedLetter): boolean =>
      'reference' in name ? reference === name.reference : documentId === name.documentId;
    return this.#of(watcher)
      .filter(({ state, letter }) => state === 'watched' && isIt(letter))
      .map(({ letter }) => letter)
      .toSorted((a, b) => a.id - b.id);
  }

  async counts(watcher: string): Promise<Record<LetterState, number>> {
    return this.#counts(watcher);
  }

  #counts(watcher: string): Record<LetterState, number> {
    const counts = Object.fromEntries(LETTER_STATES.map((state) => [state, 0])) as Record<
      LetterState,
      number
    >;
    for (const { state } of this.#of(watcher)) counts[state]++;
    return counts;
  }

  async allCounts(): Promise<WatcherCount[]> {
    const watchers = new Set([...this.#letters.values()].map(({ letter }) => letter.watcher));
    return [...watchers].toSorted().map((watcher) => ({ watcher, states: this.#counts(watcher) }));
  }

  async ended(since: number): Promise<LetterCount[]> {
    const counts = new Map<string, LetterCount>();
    for (const { letter, state, reason, endedAt } of this.#letters.values()) {
      if (!isEnd(state) || endedAt < since) continue;
      const hour = Math.floor(endedAt / HOUR_MS) * HOUR_MS;
      const key = JSON.stringify([hour, letter.watcher, state, reason]);
      const count = (counts.get(key)?.count ?? 0) + 1;
      counts.set(key, { hour, watcher: letter.watcher, end: state, reason, count });
    }
    return [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count);
  }

  clear(): void {
    this.#letters.clear();
  }

  #of(watcher: string): Letter[] {
    return [...this.#letters.values()].filter(({ letter }) => letter.watcher === watcher);
  }
}

function isEnd(state: LetterState): state is LetterEnd {
  return state === 'read' || state === 'post' || state === 'attention';
}
