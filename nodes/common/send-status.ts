/**
 * The status of a pkb-send node, by intent. It counts, so that it clears when the last message has ended.
 */
import type { Connection } from '../../src/delivery/connection.js';
import type { ConnectionState } from '../../src/delivery/dispatcher.js';
import type { Node, Runtime } from './types.js';

/** The editor is told at most this often. */
const INTERVAL_MS = 100;

/** A store that has not answered for so long is said to be slow. */
const SLOW_MS = 5000;

/** How many pending messages are counted at most. */
const COUNTED = 1000;

/** Shows what a connection is doing. */
export class SendStatus {
  readonly #RED: Runtime;
  readonly #node: Node;
  readonly #delivery: () => Connection | undefined;
  #state: ConnectionState = { state: 'open' };
  #inFlight = 0;
  #timer: NodeJS.Timeout | undefined;
  #slow: NodeJS.Timeout | undefined;
  #changed = false;
  #closed = false;
  #last = '';

  /** @param delivery what is asked for what waits; may throw where it cannot be used */
  constructor(RED: Runtime, node: Node, delivery: () => Connection | undefined) {
    this.#RED = RED;
    this.#node = node;
    this.#delivery = delivery;
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
    clearTimeout(this.#slow);
  }

  async #run(): Promise<void> {
    const outbox = this.#delivery()?.openOutbox;
    if (outbox === undefined) return;
    const since = outbox.busySince?.();
    // A store that does not answer is asked nothing more; this is looked at again until it does.
    clearTimeout(this.#slow);
    if (since !== undefined && performance.now() - since > SLOW_MS) {
      this.#slow = setTimeout(() => this.refresh(), SLOW_MS);
      return this.#set('yellow', 'ring', 'slow-store', {});
    }
    this.#slow = since === undefined ? undefined : setTimeout(() => this.refresh(), SLOW_MS + 100);
    const id = this.#delivery()?.id ?? '';
    const [queued, held] = await Promise.all([outbox.queued(id, COUNTED), outbox.held(id)]);
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
