/**
 * What is wrong with connections, told once when it begins and once when it ends.
 *
 * States of each kind of trouble of each connection: *absent*, *present*. Only a change between the two is told. A crash or a
 * restart makes all of them *absent*, so that what still is wrong is told once more.
 */
import type { ShownConnection } from '../common/shown.js';

/** The kinds of trouble. */
export const TROUBLES = ['waiting', 'paused', 'failed', 'pending', 'onHold', 'notAccepted'] as const;

/** One of {@link TROUBLES}. */
export type Trouble = (typeof TROUBLES)[number];

/** How one connection stands, and whether it has messages that ended without acceptance and that nobody has dismissed. */
export interface Seen extends ShownConnection {
  readonly hasFailures: boolean;
}

/** A trouble that began or ended. */
export interface TroubleEvent {
  readonly event: Trouble;
  readonly state: 'begun' | 'ended';
  /** Id and name of the pkb connection. */
  readonly connection: string;
  readonly name: string;
  /** Our own sentence, where there is one; nothing of a patient. */
  readonly reason: string;
  readonly pending: number;
  readonly onHold: number;
  /** When the oldest pending message was stored, and since when the connection waits, in milliseconds since 1970. */
  readonly oldest?: number;
  readonly since?: number;
}

/** Remembers what was told. */
export class Watch {
  readonly #present = new Set<string>();

  /**
   * @param minutes how long a connection may wait, and a message may be pending, before that counts
   * @returns what has begun or ended since the last look
   */
  look(all: readonly Seen[], minutes: number, now: number): TroubleEvent[] {
    const events: TroubleEvent[] = [];
    this.#forgetOthers(all, events);
    for (const seen of all) {
      // Until its outbox is open, nothing is known of it, and of one that cannot be opened only that.
      if (seen.state === 'opening') continue;
      const known: readonly Trouble[] = seen.state === 'failed' ? ['failed'] : TROUBLES;
      const troubles = troublesOf(seen, now - minutes * 60_000);
      // A deploy begins anew with trying; it is over when the messages that waited have gone.
      if (troubles.has('pending') && this.#present.has(keyOf(seen.id, 'waiting'))) troubles.add('waiting');
      for (const event of known) {
        const key = keyOf(seen.id, event);
        const isPresent = troubles.has(event);
        if (isPresent === this.#present.has(key)) continue;
        if (isPresent) this.#present.add(key);
        else this.#present.delete(key);
        events.push(eventOf(seen, event, isPresent ? 'begun' : 'ended'));
      }
    }
    return events;
  }

  /** What was wrong with a connection that is gone is over. */
  #forgetOthers(all: readonly Seen[], events: TroubleEvent[]): void {
    const ids = new Set(all.map(({ id }) => id));
    for (const key of this.#present) {
      const [connection, event] = JSON.parse(key) as [string, Trouble];
      if (ids.has(connection)) continue;
      this.#present.delete(key);
      const reason = 'The connection is no longer in the flows.';
      events.push({ event, state: 'ended', connection, name: '', reason, pending: 0, onHold: 0 });
    }
  }

  /** How many troubles there are. */
  get count(): number {
    return this.#present.size;
  }
}

function keyOf(connection: string, event: Trouble): string {
  return JSON.stringify([connection, event]);
}

/** @param before when waiting must have begun, and a pending message been stored, to count */
function troublesOf({ state, since, oldest, onHold, hasFailures }: Seen, before: number): Set<Trouble> {
  const troubles = new Set<Trouble>();
  if (state === 'waiting' && since !== undefined && since <= before) troubles.add('waiting');
  if (state === 'paused' || state === 'failed') troubles.add(state);
  if (oldest !== undefined && oldest <= before) troubles.add('pending');
  if (onHold > 0) troubles.add('onHold');
  if (hasFailures) troubles.add('notAccepted');
  return troubles;
}

function eventOf(seen: Seen, event: Trouble, state: TroubleEvent['state']): TroubleEvent {
  const { id: connection, name, reason, pending, onHold, oldest, since } = seen;
  return {
    event,
    state,
    connection,
    name,
    reason,
    pending,
    onHold,
    ...(oldest !== undefined && { oldest }),
    ...(since !== undefined && { since }),
  };
}
