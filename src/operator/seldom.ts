/** Questions that cost a store something, asked so seldom that those who look at it cost it next to nothing. */

/** How much longer than it took to answer an answer is good, so that answering takes a hundredth of the time at most. */
const TIMES = 100;

/** A question that was asked. */
interface Asked<A> {
  readonly answer: Promise<A>;
  /** The answer once it is there: when it came, by `performance.now()`, and how many milliseconds it took. */
  answered: { readonly value: A; readonly at: number; readonly took: number } | undefined;
}

/** For how long an answer is good, in milliseconds. @param took how long it took */
export type GoodFor<A> = (answer: A, took: number) => number;

/** Asks each of several the same question, each one at a time and not again while its answer is good. */
export class Seldom<K extends object, A> {
  readonly #asked = new WeakMap<K, Asked<A>>();
  readonly #goodFor: GoodFor<A>;

  /** @param goodMs how long an answer is good at least, in milliseconds */
  constructor(goodMs: number) {
    this.#goodFor = (_, took) => Math.max(goodMs, TIMES * took);
  }

  /**
   * The answer of one of them, at most a while old. All that ask meanwhile get the same, and one that does not answer is not
   * asked again. A question that failed is asked anew.
   *
   * @param question asks it
   * @param goodFor for how long an answer is good to who asks now; a hundred times as long as it took, unless said
   */
  ask(whom: K, question: () => Promise<A>, goodFor = this.#goodFor): Promise<A> {
    const known = this.#asked.get(whom);
    if (known !== undefined && isGood(known, goodFor)) return known.answer;
    const begun = performance.now();
    const asked: Asked<A> = { answer: question(), answered: undefined };
    this.#asked.set(whom, asked);
    asked.answer.then(
      (value) => {
        const at = performance.now();
        asked.answered = { value, at, took: at - begun };
      },
      () => this.#asked.delete(whom),
    );
    return asked.answer;
  }
}

function isGood<A>({ answered }: Asked<A>, goodFor: GoodFor<A>): boolean {
  if (answered === undefined) return true;
  return performance.now() < answered.at + goodFor(answered.value, answered.took);
}
