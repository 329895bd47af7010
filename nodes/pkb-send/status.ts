/**
 * The status of a pkb-send node: what its connection is doing and why it does not, else how its messages have ended.
 */
import type { Connection } from '../../src/delivery/connection.js';
import type { ConnectionState } from '../../src/delivery/dispatcher.js';
import type { Outcome, Withdrawn } from '../../src/delivery/outcome.js';
import { noteState, shortTime, waitingSince } from '../common/outages.js';
import { shortReason } from './reasons.js';
import type { Node, Runtime } from '../common/types.js';

/** The editor is told at most this often. */
const INTERVAL_MS = 100;

/** A store that has not answered for so long is said to be slow. */
const SLOW_MS = 5000;

/** How many pending messages are counted at most. */
const COUNTED = 1000;

/** How messages end, in the order in which it is shown. */
const ENDS = ['accepted', 'rejected', 'undeliverable', 'discarded', 'duplicate'] as const;
type End = (typeof ENDS)[number];

/** Shows what a connection is doing, or how the messages of the node have ended since the deploy. */
export class SendStatus {
  readonly #RED: Runtime;
  readonly #node: Node;
  readonly #delivery: () => Connection | undefined;
  readonly #ended: Record<End, number> = {
    accepted: 0,
    rejected: 0,
    undeliverable: 0,
    discarded: 0,
    duplicate: 0,
  };
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

  /** The connection's state, or what is in flight, has changed: shows it soon, and logs when it begins or ends to wait. */
  show(state: ConnectionState, _inFlight: number): void {
    const connection = this.#delivery();
    if (connection) noteState(this.#RED, this.#node, connection, state);
    this.refresh();
  }

  /** Counts a message that has ended. */
  count({ outcome }: Outcome | Withdrawn): void {
    this.#ended[endOf(outcome)]++;
    this.refresh();
  }

  /** Counts an item of a run that was not stored, because the same is there. */
  countDuplicate(): void {
    this.#ended.duplicate++;
    this.refresh();
  }

  /** Looks again, soon; of states that follow one another quickly only the last is shown. */
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
    const delivery = this.#delivery();
    if (delivery === undefined) return;
    // What it stands at is known once the outbox is open, also where nothing changes afterwards.
    if (delivery.openOutbox === undefined) await delivery.outbox();
    const outbox = delivery.openOutbox;
    if (outbox === undefined || this.#closed) return;
    const since = outbox.busySince?.();
    // A store that does not answer is asked nothing more; this is looked at again until it does.
    clearTimeout(this.#slow);
    if (since !== undefined && performance.now() - since > SLOW_MS) {
      this.#slow = setTimeout(() => this.refresh(), SLOW_MS);
      return this.#set('yellow', 'ring', this.#text('status.slow-store'));
    }
    this.#slow = since === undefined ? undefined : setTimeout(() => this.refresh(), SLOW_MS + 100);
    const { id } = delivery;
    const [pending, onHold] = await Promise.all([outbox.queued(id, COUNTED), outbox.held(id)]);
    if (!this.#closed) this.#showNow(delivery, pending, onHold);
  }

  #showNow(delivery: Connection, pending: number, onHold: number): void {
    const { state = { state: 'open' }, inFlight: count } = delivery;
    if (state.state === 'paused') return this.#set('red', 'ring', this.#pausedText(state, pending));
    // A wait is shown only if messages are pending.
    if (state.state === 'waiting' && pending > 0) {
      const since = waitingSince(delivery);
      const words = { reason: this.#reason(state.reason), pending: shown(pending) };
      const text =
        since === undefined
          ? this.#text('status.waiting', words)
          : this.#text('status.waiting-since', { ...words, since: shortTime(since, Date.now()) });
      // What is on hold does not go on by itself when the wait is over.
      const held = onHold > 0 ? `, ${this.#text('status.on-hold', { count: onHold })}` : '';
      return this.#set('yellow', 'ring', text + held);
    }
    if (count > 0 && pending > count) {
      const words = { count, pending: shown(pending - count) };
      return this.#set('blue', 'dot', this.#text('status.sending-pending', words));
    }
    if (count > 0) return this.#set('blue', 'dot', this.#text('status.sending', { count }));
    if (onHold > 0) return this.#set('yellow', 'ring', this.#text('status.on-hold', { count: onHold }));
    const ends = ENDS.filter((end) => this.#ended[end] > 0);
    if (ends.length === 0) return this.#clear();
    const texts = ends.map((end) => this.#text(`status.${end}`, { count: this.#ended[end] }));
    return this.#set('green', 'dot', texts.join(', '), JSON.stringify(this.#ended));
  }

  #pausedText({ reason, customers }: Extract<ConnectionState, { state: 'paused' }>, pending: number): string {
    const words = { reason: this.#reason(reason), pending: shown(pending) };
    if (customers === undefined) return this.#text('status.paused', words);
    if (customers.length === 1) return this.#text('status.paused-customer', words);
    return this.#text('status.paused-customers', { ...words, count: customers.length });
  }

  #reason(sentence: string): string {
    const { key, status } = shortReason(sentence);
    return this.#text(`reason.${key}`, { status });
  }

  #text(key: string, words: Record<string, string | number> = {}): string {
    return this.#RED._(`pkb-send.${key}`, words);
  }

  #set(fill: 'red' | 'yellow' | 'blue' | 'green', shape: 'ring' | 'dot', text: string, counts = ''): void {
    const shownNow = `${fill}${text}${counts}`;
    if (this.#last === shownNow) return;
    this.#last = shownNow;
    this.#node.status({ fill, shape, text });
  }

  #clear(): void {
    if (this.#last === '') return;
    this.#last = '';
    this.#node.status({});
  }
}

/** A number of pending messages, which are counted up to a limit. */
function shown(pending: number): string {
  return pending < COUNTED ? String(pending) : `${COUNTED}+`;
}

function endOf(outcome: (Outcome | Withdrawn)['outcome']): End {
  if (outcome === 'accepted' || outcome === 'discarded') return outcome;
  return outcome === 'rejected' || outcome === 'errored' ? 'rejected' : 'undeliverable';
}
