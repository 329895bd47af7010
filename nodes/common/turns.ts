/**
 * Bounded work per turn of the event loop. A node that is given a hundred thousand messages at once gets them all in one
 * turn of Node-RED's; what it does for them is spread over many, in order, so that other flows, and the editor, go on.
 */

/** How long our nodes may work in one turn, all together, in milliseconds. */
const BUDGET_MS = 8;

/** Tasks that wait, in their order; taking the first costs no copying. */
class Queue<T> {
  #tasks: T[] = [];
  #taken = 0;

  get length(): number {
    return this.#tasks.length - this.#taken;
  }

  push(task: T): void {
    this.#tasks.push(task);
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const task = this.#tasks[this.#taken++];
    if (this.length === 0 || this.#taken >= 1000) {
      this.#tasks = this.#tasks.slice(this.#taken);
      this.#taken = 0;
    }
    return task;
  }
}

/**
 * Runs tasks, some now and the rest in the turns that follow. Those of one name run in their order; names take turns, so
 * that a few tasks of one do not wait for all of another.
 *
 * @typeParam T what a task is, besides what is run
 */
export class Turns<T extends { run(): void }> {
  /** The names that have tasks; the first of them is next. */
  readonly #ready = new Map<string, Queue<T>>();
  /** The names whose tasks wait until they are taken. */
  readonly #held = new Map<string, Queue<T>>();
  #spent = 0;
  #scheduled = false;

  /** Runs a task, at once where this turn has time for it and none of its name waits. @param task must not throw */
  run(name: string, task: T): void {
    const waiting = this.#held.get(name) ?? this.#ready.get(name);
    if (waiting) waiting.push(task);
    else if (this.#spent < BUDGET_MS) this.#time(task);
    else {
      const queue = new Queue<T>();
      queue.push(task);
      this.#ready.set(name, queue);
    }
    this.#schedule();
  }

  /** Runs all tasks of a name, and what comes of them under that name. */
  flush(name: string): void {
    while (this.#ready.has(name)) this.#next(name);
  }

  /** From now on no task of a name is run: all wait until they are taken. */
  hold(name: string): void {
    if (this.#held.has(name)) return;
    this.#held.set(name, this.#ready.get(name) ?? new Queue<T>());
    this.#ready.delete(name);
  }

  /** The names that are held. */
  get held(): string[] {
    return [...this.#held.keys()];
  }

  /** Gives out the tasks of a name that is held, in their order; from now on its tasks are run again. */
  take(name: string): T[] {
    const queue = this.#held.get(name);
    this.#held.delete(name);
    const tasks: T[] = [];
    for (let task = queue?.shift(); task !== undefined; task = queue?.shift()) tasks.push(task);
    return tasks;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#spent = 0;
      while (this.#spent < BUDGET_MS) {
        const [name] = this.#ready.keys();
        if (name === undefined) return;
        this.#next(name);
      }
      this.#schedule();
    });
  }

  /** Runs the first task of a name, which goes behind the others. */
  #next(name: string): void {
    const queue = this.#ready.get(name);
    const task = queue?.shift();
    this.#ready.delete(name);
    if (queue === undefined || task === undefined) return;
    // Even an empty queue stays while its task runs, so that what the task gives comes behind what waits.
    this.#ready.set(name, queue);
    this.#time(task);
    if (queue.length === 0 && this.#ready.get(name) === queue) this.#ready.delete(name);
  }

  #time(task: T): void {
    const start = performance.now();
    task.run();
    this.#spent += performance.now() - start;
  }
}
