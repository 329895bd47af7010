/**
 * pkb-connection: the Partner's credentials at one of PKB's endpoints, and the one place from which messages go there.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Dispatcher } from '../src/delivery/dispatcher.js';
import { type OpenOutbox, openOutbox } from '../src/delivery/outbox/open.js';
import type { FailedReference, NewMessage, Outbox, Replayed } from '../src/delivery/outbox/outbox.js';
import { DEFAULT_POLICY } from '../src/delivery/retry.js';
import { transportFactory, type TransportFactory } from '../src/delivery/transport.js';
import { asPkbError, PkbConfigError, PkbError, PkbOutboxError } from '../src/errors.js';
import { type Tried, tryConnection } from './common/connection-test.js';
import { networkSettings } from './common/network.js';
import { addressFor, isSimulator } from './common/address.js';
import { type Sender, Senders } from './common/senders.js';
import type { OutboxNode } from './pkb-outbox.js';
import type { Node, NodeDef, Runtime } from './common/types.js';

/** A pkb-connection node at run time. */
export interface ConnectionNode extends Node<ConnectionCredentials> {
  /** Throws what is wrong with the settings, if anything is. */
  check(): void;
  /** The open outbox. */
  outbox(): Outbox;
  /** Stores a message; resolves when it is safe. */
  submit(message: NewMessage): Promise<number>;
  /** Puts a message that ended without acceptance back, to be sent once more, as it was or corrected. */
  replay(which: FailedReference, message: NewMessage, override: boolean): Promise<Replayed>;
  /** How many messages wait or are under way, counted up to a thousand. */
  queued(): Promise<number>;
  /** How many order keys (patients, as a rule) are held behind a rejected message. */
  held(): Promise<number>;
  /** Lets held messages go on, and ends a pause. @returns how many order keys were held */
  release(): Promise<number>;
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
    const senders = new Senders();
    let fault: PkbError | undefined;
    let started: Delivery | undefined;
    const running = (): Delivery => {
      this.check();
      if (started === undefined) throw new PkbConfigError('PKB_CONNECTION', 'The connection is not started.');
      return started;
    };

    this.check = () => {
      if (fault) throw fault;
      addressFor(RED, config);
    };
    this.outbox = () => running().outbox;
    this.submit = (message) => running().dispatcher.submit(message);
    this.replay = (which, message, override) => running().dispatcher.replay(which, message, override);
    this.queued = async () => started?.outbox.queued(this.id, 1000) ?? 0;
    this.held = async () => started?.outbox.held(this.id) ?? 0;
    this.release = async () => {
      const { outbox, dispatcher } = running();
      const released = await outbox.release(this.id);
      dispatcher.resume();
      return released;
    };
    this.register = (sender) => senders.add(sender);
    this.deregister = (sender) => senders.delete(sender);

    try {
      started = prepare(RED, this, config, createTransport, senders);
    } catch (error) {
      fault = asPkbError(error);
      this.error(fault);
    }
    // Only when all nodes are there can outputs fire and the simulator be found.
    const begin = (): void => {
      started?.begin().catch((error: unknown) => this.error(asPkbError(error)));
    };
    RED.events.once('flows:started', begin);
    this.on('close', (done: () => void) => {
      RED.events.off('flows:started', begin);
      if (started === undefined) return done();
      started.end().then(done, done);
    });
  }
  RED.nodes.registerType<ConnectionNode, ConnectionDef, object, ConnectionCredentials>(
    'pkb-connection',
    PkbConnection,
    { credentials: { username: { type: 'text' }, password: { type: 'password' } } },
  );

  RED.httpAdmin.post(
    '/pkb-connection/test',
    RED.auth.needsPermission('pkb-connection.write'),
    (request, response) => {
      const tried = (request.body ?? {}) as Tried;
      const stored = (RED.nodes.getCredentials(tried.id ?? '') ?? {}) as ConnectionCredentials;
      tryConnection(RED, createTransport, tried, stored).then(
        (verdict) => response.json(verdict),
        (error: unknown) => response.status(500).json({ ok: false, text: asPkbError(error).message }),
      );
    },
  );
};

/** What delivers the messages of one connection. */
interface Delivery {
  readonly dispatcher: Dispatcher;
  readonly outbox: Outbox;
  begin(): Promise<void>;
  end(): Promise<void>;
}

function prepare(
  RED: Runtime,
  node: ConnectionNode,
  config: ConnectionDef,
  createTransport: TransportFactory,
  senders: Senders,
): Delivery {
  const transport = createTransport({
    ...credentialsOf(node, config),
    ...networkSettings(RED, config),
    concurrency: numberSetting(config.concurrency, 1, 'concurrency', 1, 64),
    timeout: numberSetting(config.timeout, 30, 'timeout', 0.1, 600),
    userAgent: USER_AGENT,
  });
  const { open, maxAgeHours } = outboxOf(RED, config);
  const { outbox } = open;
  for (const report of open.reports) node.error(new PkbOutboxError('PKB_OUTBOX', report));
  const failed = (error: unknown): void => node.error(asPkbError(error));
  let closing = false;
  const dispatcher: Dispatcher = new Dispatcher({
    connection: node.id,
    outbox,
    transport,
    concurrency: numberSetting(config.concurrency, 1, 'concurrency', 1, 64),
    url: () => addressFor(RED, config),
    policy: { ...DEFAULT_POLICY, maxAgeMs: maxAgeHours * 3_600_000 },
    events: {
      settled: (settled) => {
        senders.settled(settled, outbox).then((told) => {
          if (!told && !closing)
            node.warn(RED._('pkb-connection.warning.no-sender', { state: settled.state }));
        }, failed);
      },
      changed: () => senders.changed(dispatcher),
      failed,
    },
  });
  return {
    dispatcher,
    outbox,
    async begin() {
      await senders.tellUntold(node.id, outbox);
      dispatcher.start();
    },
    async end() {
      closing = true;
      await dispatcher.stop(CLOSE_GRACE_MS);
      transport.close();
      await open.release();
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

/** The outbox chosen, or a file in the user directory. */
function outboxOf(RED: Runtime, config: ConnectionDef): { open: OpenOutbox; maxAgeHours: number } {
  if (!config.outbox) {
    const userDir = RED.settings.userDir ?? process.cwd();
    return {
      open: openOutbox({ store: 'embedded', path: '', userDir, retentionDays: 7 }, ''),
      maxAgeHours: 72,
    };
  }
  const chosen = RED.nodes.getNode(config.outbox) as OutboxNode | null;
  if (!chosen)
    throw new PkbConfigError('PKB_SETTING', 'The outbox of the connection is missing or disabled.');
  return { open: chosen.open(), maxAgeHours: chosen.maxAgeHours };
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
