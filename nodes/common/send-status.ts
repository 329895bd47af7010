/**
 * The status of a pkb-send node, by intent. It counts, so that it clears when the last message has ended.
 */
import type { ConnectionState } from '../../src/delivery/dispatcher.js';
import type { Node, Runtime } from './types.js';

/** The editor is told at most this often. */
const INTERVAL_MS = 100;

/** Shows what a connection is doing. */
export class SendStatus {
  readonly #RED: Runtime;
  readonly #node: Node;
  #timer: NodeJS.Timeout | undefined;
  #next: (() => void) | undefined;
  #last = '';
  #held = 0;
  #busy = false;

  constructor(RED: Runtime, node: Node) {
    this.#RED = RED;
    this.#node = node;
  }

  /** Shows a state, soon; of states that follow one another quickly only the last is shown. */
  show(state: ConnectionState, inFlight: number): void {
    this.#next = () => this.#show(state, inFlight);
    if (this.#timer !== undefined) return;
    this.#run();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#run();
    }, INTERVAL_MS);
  }

  /** Shows how many patients are held, while there is nothing else to show. */
  held(count: number): void {
    this.#held = count;
    this.#idle();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #run(): void {
    this.#next?.();
    this.#next = undefined;
  }

  #show(state: ConnectionState, inFlight: number): void {
    this.#busy = false;
    const text = (key: string): string => this.#RED._(`pkb-send.status.${key}`, { count: inFlight });
    if (state.state === 'paused') this.#set('red', 'ring', text('paused'));
    else if (state.state === 'waiting') this.#set('yellow', 'ring', text('waiting'));
    else if (inFlight > 0) this.#set('blue', 'dot', text('sending'));
    else this.#idle();
    this.#busy = inFlight > 0 || state.state !== 'open';
  }

  #idle(): void {
    if (this.#busy) return;
    if (this.#held > 0)
      this.#set('yellow', 'ring', this.#RED._('pkb-send.status.held', { count: this.#held }));
    else this.#set('', 'dot', '');
  }

  #set(fill: 'red' | 'yellow' | 'blue' | '', shape: 'ring' | 'dot', text: string): void {
    if (this.#last === fill + text) return;
    this.#last = fill + text;
    this.#node.status(fill === '' ? {} : { fill, shape, text });
  }
}
