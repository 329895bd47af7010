/**
 * What nodes offer to other nodes at run time. Whoever takes a node from `RED.nodes.getNode` asks for its type first: an id
 * in a setting may be any node's.
 */
import type { PkbApi } from '../../src/api/client.js';
import type { ReceiptParts } from '../../src/api/receipt-parts.js';
import type { Connection } from '../../src/delivery/connection.js';
import type { ConnectionState } from '../../src/delivery/dispatcher.js';
import type { Addressed, FailedMessage, FailedReference } from '../../src/delivery/outbox/contract.js';
import type { OpenOutbox } from '../../src/delivery/outbox/open.js';
import type { Recipient } from '../../src/delivery/telling.js';
import type { PkbError } from '../../src/errors.js';
import type { Customer } from '../../src/pkb/alias.js';
import type { Node, NodeDef } from './types.js';

/** User name and password, as they are entered. */
export interface LoginCredentials {
  username?: string;
  password?: string;
}

/** The settings of a pkb-connection. */
export interface ConnectionDef extends NodeDef {
  environment: string;
  url: string;
  timeout: number | string;
  concurrency: number | string;
  tls: string;
  proxy: string;
  outbox: string;
}

/** A pkb-connection node. */
export interface ConnectionNode extends Node<LoginCredentials> {
  /** The settings it was made from, environment variables filled in. */
  madeFrom: ConnectionDef;
  /** Throws what is wrong with the settings, if anything is. */
  check(): void;
  /** What delivers its messages. @throws PkbError what is wrong with the settings */
  delivery(): Connection;
  /** Whether texts of messages may be shown to everybody where Node-RED has no `adminAuth`. */
  showsTexts: boolean;
  /** Adds a sender, which is notified of outcomes and of the state of the connection. */
  add(sender: Sender): void;
  delete(sender: Sender): void;
}

/** A pkb-send node, as operators' views and its dialog use it. */
export interface SendNode extends Node {
  /** Resumes sending on its connection. @returns how many order keys were on hold */
  release(): Promise<number>;
  /** Pending messages for another address than its connection has now. */
  elsewhere(): readonly Addressed[];
  /** Sends these messages to the new address, or discards them. @returns how many */
  decide(what: 'send' | 'discard'): Promise<number>;
  /** Its messages that ended without acceptance, for a person to see. */
  failed(): Promise<FailedMessage[]>;
  /** Sends one of them once more, as it was or with another text. @returns false where there is no such message */
  again(which: FailedReference, override: boolean, text: string | undefined): Promise<boolean>;
}

/** A pkb-send node, as its connection knows it. */
export interface Sender extends Recipient {
  readonly node: Node;
  /** The connection's state, or what waits on it, has changed. */
  changed(state: ConnectionState, inFlight: number): void;
}

/** A pkb-customer node. */
export interface CustomerNode extends Node {
  /** The alias as it was entered. */
  alias: string;
  /** Checked when the node was made; undefined where its settings cannot be used. */
  customer: Customer | undefined;
  /** Why it cannot be used; undefined where it can. */
  fault: PkbError | undefined;
}

/** A pkb-api node. */
export interface ApiNode extends Node<ApiCredentials> {
  /** Asks PKB's FHIR operations. @throws PkbError what is wrong with the settings */
  api(): PkbApi;
  /** Names of the parts of a read receipt. */
  parts: ReceiptParts;
}

/** Client ID and secret, as they are entered. */
export interface ApiCredentials {
  clientId?: string;
  clientSecret?: string;
}

/** How messages are kept, as a connection asks for it. */
export interface Keeping {
  /** How long a message is kept trying, in hours. */
  readonly maxAgeHours: number;
  /** Whether texts of messages may be shown to everybody where Node-RED has no `adminAuth`. */
  readonly showsTexts: boolean;
  /**
   * Opens the store.
   *
   * @param failed is told when the open store fails by itself
   * @throws PkbError where it cannot be opened
   */
  readonly open: (failed: (error: PkbError) => void) => Promise<OpenOutbox>;
}

/** A pkb-outbox node. */
export interface OutboxNode extends Node {
  /** How it keeps messages. @throws PkbError what is wrong with the settings */
  keeping(): Keeping;
}

/** A pkb-simulator node. */
export interface SimulatorNode extends Node<LoginCredentials> {
  /** Where it listens, as this process itself reaches it; undefined where its settings cannot be used. */
  url: (() => URL) | undefined;
}
