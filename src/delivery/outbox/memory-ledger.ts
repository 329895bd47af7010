/** What an outbox in memory tells of its messages: those that are queued, and the latest that have ended. */
import type { SettledMessage } from './contract.js';
import type { Attempt, FinalState, StoredMessage } from './messages.js';
import {
  byHour,
  type EndedCount,
  type ListedMessage,
  type MessageFilter,
  type MessageLife,
  type MessageList,
} from './ledger.js';

const HOUR_MS = 3_600_000;

/** How many messages that have ended are remembered. */
const REMEMBERED = 1000;

/** A message that is queued. */
export interface QueuedMessage {
  readonly message: StoredMessage;
  readonly isOnHold: boolean;
  readonly due: number;
}

interface Ended {
  readonly settled: SettledMessage;
  readonly at: number;
  told: boolean;
  dismissed: boolean;
}

/** Remembers. */
export class MemoryLedger {
  readonly #history = new Map<number, Attempt[]>();
  readonly #ended = new Map<number, Ended>();

  /** Notes an attempt. */
  tried(id: number, attempt: Attempt): void {
    const history = this.#history.get(id) ?? [];
    this.#history.set(id, [...history, attempt]);
  }

  /** Notes an end. */
  end(settled: SettledMessage, at: number): void {
    this.#ended.set(settled.message.id, { settled, at, told: false, dismissed: false });
    const [oldest] = this.#ended.keys();
    if (this.#ended.size <= REMEMBERED || oldest === undefined) return;
    this.#ended.delete(oldest);
    this.#history.delete(oldest);
  }

  /** Notes that a flow was told. */
  told(id: number): void {
    const ended = this.#ended.get(id);
    if (ended) ended.told = true;
  }

  /** A message that had ended is queued again. */
  requeued(id: number): void {
    this.#ended.delete(id);
  }

  isDismissed(id: number): boolean {
    return this.#ended.get(id)?.dismissed ?? false;
  }

  /** @returns of how many */
  dismiss(ids: readonly number[]): number {
    const found = ids.flatMap((id) => this.#ended.get(id) ?? []);
    const open = found.filter(({ dismissed, settled: { state } }) => !dismissed && hasFailed(state));
    for (const ended of open) ended.dismissed = true;
    return open.length;
  }

  /** As `Ledger.list`. @param queued all that are */
  list(
    queued: Iterable<QueuedMessage>,
    filter: MessageFilter,
    before: number | undefined,
    most: number,
  ): MessageList {
    const all = [...[...queued].map(listedQueued), ...[...this.#ended.values()].map(listedEnded)];
    const found = all
      .filter((one) => fits(one.listed, one.message, filter) && one.listed.id < (before ?? Infinity))
      .map(({ listed }) => listed)
      .toSorted((a, b) => b.id - a.id);
    const messages = found.slice(0, most);
    const last = messages.at(-1);
    const isFull = found.length > most;
    return { messages, next: isFull ? last?.id : undefined, searchedTo: isFull ? last?.storedAt : undefined };
  }

  /** As `Ledger.life`. @param queued where it is */
  life(id: number, queued: QueuedMessage | undefined): MessageLife | undefined {
    const history = (this.#history.get(id) ?? []).map(({ at, outcome, reason }) => ({ at, outcome, reason }));
    const ended = this.#ended.get(id);
    if (queued !== undefined) {
      const { listed, message } = listedQueued(queued);
      const due = queued.due > 0 ? queued.due : undefined;
      return { listed, due, history, outcome: undefined, told: false, message };
    }
    if (ended === undefined) return undefined;
    const { listed, message } = listedEnded(ended);
    return { listed, due: undefined, history, outcome: ended.settled.outcome, told: ended.told, message };
  }

  /** As `Ledger.ended`. */
  ended(since: number): EndedCount[] {
    const counts = new Map<string, EndedCount>();
    for (const { settled, at } of this.#ended.values()) {
      if (at < since) continue;
      const { connection, facility } = settled.message;
      const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
      const key = JSON.stringify([hour, connection, facility, settled.state]);
      const count = (counts.get(key)?.count ?? 0) + 1;
      counts.set(key, { hour, connection, facility, state: settled.state, count });
    }
    return [...counts.values()].toSorted(byHour);
  }

  clear(): void {
    this.#history.clear();
    this.#ended.clear();
  }
}

interface Listed {
  readonly listed: ListedMessage;
  readonly message: StoredMessage;
}

function listedQueued({ message, isOnHold }: QueuedMessage): Listed {
  const rest = { state: 'queued', isOnHold, settledAt: undefined, dismissed: false } as const;
  return { listed: { ...common(message), ...rest }, message };
}

function listedEnded({ settled: { message, state }, at, dismissed }: Ended): Listed {
  return { listed: { ...common(message), state, isOnHold: false, settledAt: at, dismissed }, message };
}

function common(message: StoredMessage) {
  const { id, connection, sender, controlId, messageType, facility, dataPoint, storedAt, attempts } = message;
  const dataPointId = dataPoint?.id ?? '';
  const reference = message.reference ?? '';
  const ids = { controlId, dataPointId, reference };
  return { id, connection, sender, ...ids, messageType, facility, storedAt, attempts, kept: true };
}

function fits(listed: ListedMessage, { orderKey }: StoredMessage, filter: MessageFilter): boolean {
  const { states, since = -Infinity, until = Infinity, withoutDismissed } = filter;
  const is = <T>(wanted: T | undefined, value: T): boolean => wanted === undefined || wanted === value;
  return (
    is(filter.connection, listed.connection) &&
    is(filter.facility, listed.facility) &&
    is(filter.messageType, listed.messageType) &&
    is(filter.controlId, listed.controlId) &&
    is(filter.dataPointId, listed.dataPointId) &&
    is(filter.reference, listed.reference) &&
    is(filter.orderKey, orderKey) &&
    (states === undefined || states.includes(listed.state)) &&
    listed.storedAt >= since &&
    listed.storedAt < until &&
    !(withoutDismissed === true && listed.dismissed)
  );
}

function hasFailed(state: FinalState): boolean {
  return state !== 'accepted' && state !== 'discarded';
}
