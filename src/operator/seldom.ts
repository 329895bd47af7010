/** Questions that cost a store something, asked so seldom that those who look at it cost it next to nothing. */

/** How much longer than it took to answer an answer is good, so that answering takes a hundredth of the time at most. */
const TIMES = 100;

/** An answer, and until when it is good enough, by `performance.now()`. */
interface Asked<A> {
  readonly answer: Promise<A>;
  until: number;
}

/** Asks each of several the same question, each one at a time and not again while its answer is good. */
export class Seldom<K extends object, A> {
  readonly #asked = new WeakMap<K, Asked<A>>();
  readonly #goodMs: number;

  /** @param goodMs how long an answer is good at least, in milliseconds */
  constructor(goodMs: number) {
    this.#goodMs = goodMs;
  }

  /**
   * The answer of one of them, at most a while old. All that ask meanwhile get the same, and one that does not answer is not
   * asked again. A question that failed is asked anew.
   *
   * @param question asks it
   */
  ask(whom: K, question: () => Promise<A>): Promise<A> {
    const known = this.#asked.get(whom);
    if (known !== undefined && performance.now() < known.until) return known.answer;
    const begun = performance.now();
    const asked: Asked<A> = { answer: question(), until: Infinity };
    this.#asked.set(whom, asked);
    const end = (good: number): void => {
      asked.until = performance.now() + good;
    };
    asked.answer.then(
      () => end(Math.max(this.#goodMs, TIMES * (performance.now() - begun))),
      () => end(0),
    );
    return asked.answer;
  }
}
