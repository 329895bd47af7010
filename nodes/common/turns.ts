/**
 * Bounded work per turn of the event loop. A node that is given a hundred thousand messages at once gets them all in one
 * turn of Node-RED's; what it does for them is spread over many, in order, so that other flows, and the editor, go on.
 */

/** How long our nodes may work in one turn, all together, in milliseconds. */
const BUDGET_MS = 8;

/** Runs tasks in their order, some now and the rest in the turns that follow. */
export class Turns {
  #tasks: (() => void)[] = [];
  /** How many of `#tasks` have been run, so that taking the first costs no copying. */
  #done = 0;
  #spent = 0;
  #scheduled = false;

  /** Runs a task, at once where this turn has time for it. @param task must not throw */
  run(task: () => void): void {
    if (this.#done < this.#tasks.length || this.#spent >= BUDGET_MS) this.#tasks.push(task);
    else this.#time(task);
    this.#schedule();
  }

  /** Runs all that waits, for a node that is about to close. */
  flush(): void {
    while (this.#done < this.#tasks.length) this.#next();
    this.#tidy();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#spent = 0;
      while (this.#done < this.#tasks.length && this.#spent < BUDGET_MS) this.#next();
      this.#tidy();
      if (this.#done < this.#tasks.length) this.#schedule();
    });
  }

  #next(): void {
    const task = this.#tasks[this.#done++];
    if (task) this.#time(task);
  }

  #time(task: () => void): void {
    const start = performance.now();
    task();
    this.#spent += performance.now() - start;
  }

  #tidy(): void {
    if (this.#done < this.#tasks.length && this.#done < 1000) return;
    this.#tasks = this.#tasks.slice(this.#done);
    this.#done = 0;
  }
}
