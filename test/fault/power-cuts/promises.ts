/**
 * What an outbox has promised so far, told from the writer's facts: for every message the states in which it may be found. An
 * operation that has begun may have happened; one that was acknowledged must have.
 */
import type { Fact, Operation } from './events.js';

/** A message that was handed in. */
export interface Promised {
  /** Known once it has been acknowledged. */
  id: number | undefined;
  readonly key: string;
  readonly life: number;
  /** Place in the order in which messages were handed in. */
  readonly place: number;
  /** SHA-256 of the text by control ID: it may have been corrected. */
  readonly texts: Map<string, string>;
  /** Such as `absent`, `waiting <control ID> <attempts>`, `rejected <control ID>`. */
  states: ReadonlySet<string>;
  /** Whether the sender must be told of its fate, as far as that is known. */
  untold: boolean;
  /** Whether it holds its order key. */
  holds: 'yes' | 'no' | 'perhaps';
}

/** How a message that was never stored is found. */
export const ABSENT = 'absent';

/** How a message is found that waits. */
export function waiting(controlId: string, attempts: number): string {
  return `waiting ${controlId} ${attempts}`;
}

/** Keeps the account of all messages. */
export class Promises {
  /** Whether a file was removed and nothing has been acknowledged since: then nothing is promised. */
  isSuspended = false;
  /** By the control ID that a message had at first. */
  readonly messages = new Map<string, Promised>();
  readonly #begun = new Map<number, Operation>();

  /** Takes a line of the writer's into account. */
  note(fact: Fact): void {
    if ('begun' in fact) {
      this.#begun.set(fact.n, fact.begun);
      return this.#begin(fact.begun);
    }
    const operation = this.#begun.get(fact.n);
    if (operation === undefined) throw new Error(`Operation ${fact.n} has not begun.`);
    this.#begun.delete(fact.n);
    this.#finish(operation, fact.id);
  }

  /** Whether what waits for an order key must stay where it is. */
  isHeld(key: string): boolean {
    return [...this.messages.values()].some((message) => message.key === key && message.holds === 'yes');
  }

  #begin(operation: Operation): void {
    if (operation.op === 'remove') {
      this.isSuspended = true;
      return;
    }
    if (operation.op === 'release') return this.#letGo('perhaps');
    if (operation.op === 'add') {
      const { message, key, life, text } = operation;
      this.messages.set(message, {
        id: undefined,
        key,
        life,
        place: this.messages.size,
        texts: new Map([[message, text]]),
        states: new Set([ABSENT, waiting(message, 0)]),
        untold: false,
        holds: 'no',
      });
      return;
    }
    const message = this.#message(operation.message);
    switch (operation.op) {
      case 'told':
        message.untold = false;
        return;
      case 'settle':
        if (operation.hold) message.holds = 'perhaps';
        break;
      case 'replay':
        message.texts.set(operation.version, operation.text);
        message.untold = false;
        if (message.holds === 'yes') message.holds = 'perhaps';
        break;
      case 'postpone':
    }
    message.states = new Set([...message.states, stateAfter(operation)]);
  }

  #finish(operation: Operation, id: number | undefined): void {
    if (operation.op === 'remove') {
      this.isSuspended = false;
      return;
    }
    if (operation.op === 'release') return this.#letGo('no');
    const message = this.#message(operation.message);
    switch (operation.op) {
      case 'told':
        return;
      case 'add':
        message.id = id;
        break;
      case 'settle':
        message.untold = true;
        if (operation.hold) message.holds = 'yes';
        break;
      case 'replay':
        message.holds = 'no';
        break;
      case 'postpone':
    }
    message.states = new Set([stateAfter(operation)]);
  }

  #letGo(holds: 'perhaps' | 'no'): void {
    for (const message of this.messages.values()) if (message.holds !== 'no') message.holds = holds;
  }

  #message(name: string): Promised {
    const message = this.messages.get(name);
    if (message === undefined) throw new Error(`${name} was never handed in.`);
    return message;
  }
}

function stateAfter(operation: Exclude<Operation, { op: 'told' | 'release' | 'remove' }>): string {
  switch (operation.op) {
    case 'add':
      return waiting(operation.message, 0);
    case 'replay':
      return waiting(operation.version, 0);
    case 'postpone':
      return waiting(operation.version, operation.attempts);
    case 'settle':
      return `${operation.state} ${operation.version}`;
  }
}
