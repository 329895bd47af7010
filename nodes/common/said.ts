/** Faults that come at every look, such as of an address that is away: each is said once, until all is right again. */

/** How many different texts are remembered; beyond that, all may be said once more. */
const MOST = 100;

/** What has been said since all was right. */
export class Said {
  readonly #texts = new Set<string>();

  /** Takes a text. @returns whether it has not been said */
  isNew(text: string): boolean {
    if (this.#texts.has(text)) return false;
    if (this.#texts.size >= MOST) this.#texts.clear();
    this.#texts.add(text);
    return true;
  }

  /** All is right again. */
  clear(): void {
    this.#texts.clear();
  }
}
