/**
 * The status of a pkb-send node, by intent. It counts, so that it clears when the last message has ended.
 */
import type { ConnectionState } from '../../src/delivery/dispatcher.js';
import type { Node, Runtime } from './types.js';

/** The editor is told at most this often. */
const INTERVAL_MS = 100;

/** What waits on a connection, asked for when the status is shown. */
export interface Waiting {
  queued(): Promise<number>;
  held(): Promise<number>;
}

/** Shows what a connection is doing. */
export class SendStatus {
  readonly #RED: Runtime;
  readonly #node: Node;
  readonly #waiting: Waiting;
  #state: ConnectionState = { state: 'open' };
  #inFlight = 0;
  #timer: NodeJS.Timeout | undefined;
  #changed = false;
  #closed = false;
  #last = '';

  constructor(RED: Runtime, node: Node, waiting: Waiting) {
    this.#RED = RED;
    this.#node = node;
    this.#waiting = waiting;
  }

  /** Shows a state, soon; of states that follow one another quickly only the last is shown. */
  show(state: ConnectionState, inFlight: number): void {
    this.#state = state;
    this.#inFlight = inFlight;
    this.refresh();
  }

  /** Looks again at what waits. */
  refresh(): void {
    this.#changed = true;
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#changed) this.refresh();
    }, INTERVAL_MS);
    this.#changed = false;
    this.#run().catch(() => undefined);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    const [queued, held] = await Promise.all([this.#waiting.queued(), this.#waiting.held()]);
    if (this.#closed) return;
    const { state } = this.#state;
    const count = this.#inFlight;
    if (state === 'paused') this.#set('red', 'ring', 'paused', { queued });
    else if (state === 'waiting') this.#set('yellow', 'ring', 'waiting', { queued });
    else if (count > 0 && queued > count)
      this.#set('blue', 'dot', 'sending-queued', { count, queued: queued - count });
    else if (count > 0) this.#set('blue', 'dot', 'sending', { count });
    else if (held > 0) this.#set('yellow', 'ring', 'held', { count: held });
    else this.#clear();
  }

  #set(
    fill: 'red' | 'yellow' | 'blue',
    shape: 'ring' | 'dot',
    key: string,
    counts: Record<string, number>,
  ): void {
    const text = this.#RED._(`pkb-send.status.${key}`, counts);
    const shown = `${fill}${text}${JSON.stringify(counts)}`;
    if (this.#last === shown) return;
    this.#last = shown;
    this.#node.status({ fill, shape, text });
  }

  #clear(): void {
    if (this.#last === '') return;
    this.#last = '';
    this.#node.status({});
  }
}
