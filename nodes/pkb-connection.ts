/**
 * pkb-connection: the Partner's credentials at one of PKB's endpoints, and the one place from which messages go there.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Dispatcher, type ConnectionState } from '../src/delivery/dispatcher.js';
import { openOutbox } from '../src/delivery/outbox/open.js';
import type { NewMessage, Outbox, StoredMessage } from '../src/delivery/outbox/outbox.js';
import type { Outcome } from '../src/delivery/outcome.js';
import { DEFAULT_POLICY } from '../src/delivery/retry.js';
import { transportFactory, type TransportFactory } from '../src/delivery/transport.js';
import { asPkbError, PkbConfigError, PkbDeliveryError, PkbError } from '../src/errors.js';
import { networkSettings } from './common/network.js';
import { addressFor, isSimulator } from './common/address.js';
import type { OutboxNode } from './pkb-outbox.js';
import type { Node, NodeDef, Runtime } from './common/types.js';

/** What a pkb-send node gives its connection, to be told of its messages. */
export interface Sender {
  readonly node: Node;
  /** A message's fate is known. */
  settled(message: StoredMessage, outcome: Outcome, expired: boolean): void;
  /** The connection's state, or what waits on it, has changed. */
  changed(state: ConnectionState, inFlight: number): void;
}

/** A pkb-connection node at run time. */
export interface ConnectionNode extends Node<ConnectionCredentials> {
  /** Throws what is wrong with the settings, if anything is. */
  check(): void;
  /** The open outbox. */
  outbox(): Outbox;
  /** Stores a message; resolves when it is safe. */
  submit(message: NewMessage): Promise<number>;
  register(sender: Sender): void;
  deregister(sender: Sender): void;
}

interface ConnectionCredentials {
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

/** Node-RED gives nodes 15 seconds to close; what is still in flight then is aborted before. */
const CLOSE_GRACE_MS = 10_000;

module.exports = async function (RED: Runtime): Promise<void> {
  const createTransport = await transportFactory();

  function PkbConnection(this: ConnectionNode, config: ConnectionDef): void {
    RED.nodes.createNode(this, config);
    const senders = new Set<Sender>();
    let fault: PkbError | undefined;
    let started: { dispatcher: Dispatcher; outbox: Outbox; close(): Promise<void> } | undefined;

    this.check = () => {
      if (fault) throw fault;
      addressFor(RED, config);
    };
    const running = (): NonNullable<typeof started> => {
      this.check();
      if (started === undefined) throw new PkbConfigError('PKB_CONNECTION', 'The connection is not started.');
      return started;
    };
    this.outbox = () => running().outbox;
    this.submit = (message) => running().dispatcher.submit(message);
    this.register = (sender) => {
      senders.add(sender);
      started?.dispatcher.wake();
    };
    this.deregister = (sender) => senders.delete(sender);

    try {
      started = start(RED, this, config, createTransport, senders);
    } catch (error) {
      fault = asPkbError(error);
      this.error(fault);
    }
    this.on('close', (done: () => void) => {
      if (started === undefined) return done();
      started.close().then(done, done);
    });
  }
  RED.nodes.registerType<ConnectionNode, ConnectionDef, object, ConnectionCredentials>(
    'pkb-connection',
    PkbConnection,
    { credentials: { username: { type: 'text' }, password: { type: 'password' } } },
  );
};

function start(
  RED: Runtime,
  node: ConnectionNode,
  config: ConnectionDef,
  createTransport: TransportFactory,
  senders: ReadonlySet<Sender>,
): { dispatcher: Dispatcher; outbox: Outbox; close(): Promise<void> } {
  const { username, password } = credentialsOf(node, config);
  const concurrency = numberSetting(config.concurrency, 1, 'concurrency', 1, 64);
  const { outbox, maxAgeHours } = outboxOf(RED, config);
  const transport = createTransport({
    username,
    password,
    concurrency,
    timeout: numberSetting(config.timeout, 30, 'timeout', 0.1, 600),
    userAgent: USER_AGENT,
    ...networkSettings(RED, config),
  });
  const dispatcher: Dispatcher = new Dispatcher({
    connection: node.id,
    outbox,
    transport,
    concurrency,
    url: () => addressFor(RED, config),
    policy: { ...DEFAULT_POLICY, maxAgeMs: maxAgeHours * 3_600_000 },
    events: {
      settled(message, _state, outcome, expired) {
        for (const sender of senders) {
          if (sender.node.id === message.sender) sender.settled(message, outcome, expired);
        }
      },
      changed: announceChanges(() => dispatcher, senders),
      failed: (error) => node.error(asPkbError(error)),
    },
  });
  return {
    dispatcher,
    outbox,
    async close() {
      await dispatcher.stop(CLOSE_GRACE_MS);
      transport.close();
    },
  };
}

/** The simulator of one's own Node-RED lets anyone in unless told otherwise, so none need be entered for it. */
function credentialsOf(
  { credentials }: ConnectionNode,
  config: ConnectionDef,
): Required<ConnectionCredentials> {
  const { username = '', password = '' } = credentials ?? {};
  if (username !== '' && password !== '') return { username, password };
  if (username === '' && password === '' && isSimulator(config))
    return { username: 'simulator', password: 'simulator' };
  throw new PkbConfigError(
    'PKB_CREDENTIALS',
    'The connection has no user name or no password; open it and enter both.',
  );
}

/** Tells the senders of a change, and alerts once, through one of them, when the connection is paused. */
function announceChanges(dispatcher: () => Dispatcher, senders: ReadonlySet<Sender>): () => void {
  let alerted = false;
  return () => {
    const { state, inFlight } = dispatcher();
    for (const sender of senders) sender.changed(state, inFlight);
    const [first] = senders;
    if (state.state === 'paused' && !alerted && first) {
      first.node.error(
        new PkbDeliveryError('PKB_MISCONFIGURED', `The connection is paused. ${state.reason}`),
        {},
      );
    }
    alerted = state.state === 'paused';
  };
}

function outboxOf(RED: Runtime, config: ConnectionDef): { outbox: Outbox; maxAgeHours: number } {
  if (!config.outbox) {
    const settings = { store: 'memory', path: '', userDir: RED.settings.userDir ?? '', retentionDays: 7 };
    return { outbox: openOutbox(settings, ''), maxAgeHours: 72 };
  }
  const chosen = RED.nodes.getNode(config.outbox) as OutboxNode | null;
  if (!chosen)
    throw new PkbConfigError('PKB_SETTING', 'The outbox of the connection is missing or disabled.');
  return { outbox: chosen.open(), maxAgeHours: chosen.maxAgeHours };
}

function numberSetting(value: unknown, fallback: number, name: string, least: number, most: number): number {
  if (value === undefined || value === null || value === '') return fallback;
  const number = Number(value);
  if (number >= least && number <= most) return number;
  throw new PkbConfigError(
    'PKB_SETTING',
    `The ${name} of the connection must be a number from ${least} to ${most}.`,
  );
}

const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
  version: string;
};
const USER_AGENT = `node-red-pkb/${version}`;
