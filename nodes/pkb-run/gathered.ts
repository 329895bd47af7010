/** What a pkb-run node is given in one turn of the loop is written together. */
import type { ItemPlace, Runs } from '../../src/delivery/outbox/runs.js';

/** What was said of a run's size. */
interface Expected {
  readonly expected: number | undefined;
  readonly isExact: boolean;
}

/** Gathers items and writes them. */
export class Gathered {
  readonly #runs: () => Promise<Runs>;
  readonly #reporter: string;
  /** By run, what was last written of its size. */
  readonly #begun = new Map<string, Expected>();
  #places: ItemPlace[] = [];
  #starts = new Map<string, Expected>();
  #writing: Promise<void> | undefined;
  #last: Runs | undefined;

  /** @param reporter id of the node */
  constructor(runs: () => Promise<Runs>, reporter: string) {
    this.#runs = runs;
    this.#reporter = reporter;
  }

  /** Resolves when it is as safe as the store can make it. @param place undefined where only the size of the run is said */
  add(run: string, expected: Expected, place: ItemPlace | undefined): Promise<void> {
    if (!this.#isKnown(run, expected)) this.#starts.set(run, largerOf(this.#starts.get(run), expected));
    if (place !== undefined) this.#places.push(place);
    this.#writing ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        this.#writing = undefined;
        this.#write().then(resolve, reject);
      });
    });
    return this.#writing;
  }

  #isKnown(run: string, { expected, isExact }: Expected): boolean {
    const before = this.#starts.get(run) ?? this.#begun.get(run);
    if (before === undefined) return false;
    if (expected === undefined) return true;
    if (isExact) return before.isExact && before.expected === expected;
    return before.isExact || expected <= (before.expected ?? -1);
  }

  async #write(): Promise<void> {
    const [places, starts] = [this.#places, this.#starts];
    this.#places = [];
    this.#starts = new Map();
    const store = await this.#runs();
    const at = Date.now();
    // One that was removed, or chosen anew, knows nothing of what was said to another.
    if (store !== this.#last) this.#begun.clear();
    this.#last = store;
    for (const { run } of places) if (!starts.has(run) && !this.#begun.has(run)) starts.set(run, UNKNOWN);
    for (const [name, expected] of starts) {
      await store.begin({ name, reporter: this.#reporter, ...expected, at });
      this.#begun.set(name, expected);
    }
    if (places.length > 0) await store.place(places);
  }
}

const UNKNOWN: Expected = { expected: undefined, isExact: false };

/** What counts of two sizes that are said in one turn. */
function largerOf(before: Expected | undefined, now: Expected): Expected {
  if (before === undefined || now.isExact || before.expected === undefined) return now;
  return before.isExact || (now.expected ?? -1) <= before.expected ? before : now;
}
