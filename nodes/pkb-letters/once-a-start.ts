/** Work that each start of flows asks for. */

/** Does something once after each start of flows, as soon as it succeeds. A start that comes meanwhile asks for it once more. */
export class OnceAStart {
  #starts = 0;
  #done = 0;

  /** Flows have started. */
  started(): void {
    this.#starts++;
  }

  /** @throws whatever `work` throws; it is then done the next time */
  async do(work: () => Promise<void>): Promise<void> {
    const starts = this.#starts;
    if (this.#done === starts) return;
    await work();
    this.#done = starts;
  }
}
