/**
 * What a connection's answers say about it: whether it is known to work, and whether a refusal is therefore about the
 * connection, about one Customer, or about the message that was refused.
 *
 * States of a connection's standing, and what moves it on:
 *
 * - *working*: nothing has been refused, or PKB has acknowledged a message since. A refusal of a message that was not
 *   refused before makes it *doubtful*.
 * - *doubtful*: something was refused, and nothing has been acknowledged since. An acknowledgement makes it *working* again.
 *
 * A refusal counts against the message only if the message was refused before and the connection is working: then PKB has
 * acknowledged another message in between. A crash loses this state: the next refusal of a message then counts as its first.
 */
import { type RefusalRow, refusalRow } from './refusal.js';
import type { Outcome } from './outcome.js';

/** What is needed to know of a message. */
export interface Sent {
  readonly id: number;
  /** MSH-4: on behalf of which Customer it is sent. */
  readonly facility: string;
}

/** What an attempt means, seen together with those before it. */
export interface Evidence {
  /** Whether the refusal counts against the message. */
  readonly counts: boolean;
  readonly failures: number;
  readonly unreadable: number;
}

/** Judges the attempts of one connection. */
export class Standing {
  #failures = 0;
  #unreadable = 0;
  #working = true;
  /** Messages that were refused while nothing said that the connection works. */
  readonly #refused = new Set<number>();
  /** Customers that PKB refused, with the reason; their messages are not sent. */
  readonly #customers = new Map<string, string>();
  /** Customers that were refused since the last acknowledgement. */
  readonly #suspects = new Set<string>();

  /** How many attempts in a row have failed; above 0, one message at a time is tried. */
  get failures(): number {
    return this.#failures;
  }

  /** The Customers whose messages are not to be sent, with PKB's refusal in our words. */
  get refusedCustomers(): ReadonlyMap<string, string> {
    return this.#customers;
  }

  /** Whether it is open if a refusal is about one Customer or about all. */
  get isProbingCustomers(): boolean {
    return this.#suspects.size > 0;
  }

  /**
   * Takes note of an attempt.
   *
   * @param together whether the connection was waiting already: messages that were sent at the same time fail together,
   *   which counts as one failure
   */
  note(message: Sent, outcome: Outcome, together: boolean): Evidence {
    if (!('refusal' in outcome)) return this.#acknowledged(message);
    const row: RefusalRow = refusalRow(outcome.refusal);
    const counts =
      row.ends === 'at once' || (row.blames === 'message' && this.#working && this.#refused.has(message.id));
    if (!counts) {
      this.#working = false;
      if (row.blames === 'message') this.#refused.add(message.id);
      if (!together || this.#failures === 0) this.#failures++;
      this.#unreadable = row.maybeTaken ? this.#unreadable + 1 : this.#unreadable;
    }
    return { counts, failures: this.#failures, unreadable: this.#unreadable };
  }

  #acknowledged({ id }: Sent): Evidence {
    this.#failures = 0;
    this.#unreadable = 0;
    this.#working = true;
    this.#suspects.clear();
    this.#refused.delete(id);
    return { counts: false, failures: 0, unreadable: 0 };
  }

  /**
   * PKB has refused a Customer.
   *
   * @returns whether that is about this Customer, as far as is known, or about the connection, since a second Customer was
   *   refused and nothing acknowledged in between
   */
  refuseCustomer({ facility }: Sent, reason: string): 'customer' | 'connection' {
    this.#suspects.add(facility);
    if (this.#suspects.size > 1) {
      this.#suspects.clear();
      this.#customers.clear();
      return 'connection';
    }
    this.#customers.set(facility, reason);
    return 'customer';
  }

  /** Nothing more needs to be known of a message. */
  forget(id: number): void {
    this.#refused.delete(id);
  }

  /** Begins anew, after a person has seen to the connection. */
  reset(): void {
    this.#failures = 0;
    this.#unreadable = 0;
    this.#suspects.clear();
    this.#customers.clear();
  }
}
