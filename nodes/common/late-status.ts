/** A status that is shown once for all that comes in one turn of the event loop: making its text may cost more than the work. */
import type { Node } from './types.js';

type Status = Parameters<Node['status']>[0];

/** Shows the last of the statuses that a turn brings. */
export class LateStatus {
  readonly #node: Node;
  #make: (() => Status) | undefined;

  constructor(node: Node) {
    this.#node = node;
    node.on('close', () => {
      this.#make = undefined;
    });
  }

  /** Shows a status when this turn is over. @param make not called where a later one comes first */
  show(make: () => Status): void {
    const isShown = this.#make !== undefined;
    this.#make = make;
    if (isShown) return;
    setImmediate(() => {
      const last = this.#make;
      this.#make = undefined;
      if (last) this.#node.status(last());
    });
  }
}
