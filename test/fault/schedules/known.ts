/**
 * What is known of messages and of lives of the process, by one who looks on.
 */
import type { FinalState, NewMessage } from '../../../src/delivery/outbox/messages.js';

/** A message that is on the disk. */
export interface Entry {
  readonly id: number;
  message: NewMessage;
  /** How often it was sent once more by a person. */
  round: number;
  state: 'pending' | FinalState;
  /** Whether a caller was told that it is stored. */
  acknowledged: boolean;
  /** What went over the wire in this round. */
  bytes: string | undefined;
  /** Refusals that an answer brought in this round, whatever was made of them. */
  refusals: number;
  /** Whether it was being sent when a message before it was put back. */
  readonly overtakes: Set<number>;
  /** The rounds whose end has arrived in the flow. */
  readonly heard: Set<number>;
}

/** One life of the process, or of the connection in it, until a crash or a deploy. */
export interface Life {
  readonly name: string;
  readonly address: string;
  /** What it has posted and got no answer to, by id. */
  readonly asked: Set<number>;
  /** When a message was refused first in this life, in events. */
  readonly refusedAt: Map<number, number>;
  /** When PKB acknowledged a message last, by id, in events. */
  readonly acknowledgedAt: Map<number, number>;
  /** Whether something was refused for the first time, and nothing acknowledged since: then one message at a time is tried. */
  inDoubt: boolean;
  /** The Customers that PKB refused, and has not been told to try again. */
  readonly refused: Set<string>;
  /** Those it refused since it acknowledged something; two of them mean that it is the connection that is refused. */
  readonly suspects: Set<string>;
  /** How many people are just telling it to go on, which ends the doubt. */
  resuming: number;
  /** Its connection has closed. */
  closed: boolean;
  /** The process is gone: nothing that its code does has an effect. */
  crashed: boolean;
}

/** What was promised and not kept. */
export interface Broken {
  readonly promise: Promised;
  readonly how: string;
}

/** The promises by name. */
export type Promised =
  | 'kept'
  | 'ends by the rule'
  | 'order'
  | 'alone'
  | 'limit'
  | 'AA'
  | 'told'
  | 'bytes'
  | 'once'
  | 'address'
  | 'paused'
  | 'answered';

/** A life that begins. */
export function newLife(name: string, address: string): Life {
  return {
    name,
    address,
    asked: new Set(),
    refusedAt: new Map(),
    acknowledgedAt: new Map(),
    inDoubt: false,
    refused: new Set(),
    suspects: new Set(),
    resuming: 0,
    closed: false,
    crashed: false,
  };
}
