/**
 * pkb-connection: the Partner's credentials at one of PKB's endpoints, and the one place from which messages go there.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '../src/delivery/connection.js';
import type { ConnectionState } from '../src/delivery/dispatcher.js';
import { openOutbox } from '../src/delivery/outbox/open.js';
import { DEFAULT_POLICY } from '../src/delivery/retry.js';
import type { Recipient } from '../src/delivery/telling.js';
import { transportFactory, type TransportFactory } from '../src/delivery/transport.js';
import {
  asPkbError,
  PkbConfigError,
  PkbDeliveryError,
  type PkbError,
  PkbOutboxError,
} from '../src/errors.js';
import { addressFor, addressKeyFor, isSimulator } from './common/address.js';
import { connectionTestRoute } from './common/connection-test.js';
import { onFlows } from './common/flow-events.js';
import { checkUserName, networkSettings } from './common/network.js';
import { userDirOf } from './common/user-dir.js';
import type { OutboxNode } from './pkb-outbox.js';
import type { Node, NodeDef, Runtime } from './common/types.js';

/** A pkb-connection node at run time. */
export interface ConnectionNode extends Node<ConnectionCredentials> {
  /** The settings it was made from, environment variables filled in. */
  madeFrom: ConnectionDef;
  /** Throws what is wrong with the settings, if anything is. */
  check(): void;
  /** What delivers its messages. @throws PkbError what is wrong with the settings */
  delivery(): Connection;
  /** Who is told of fates, and shown how the connection stands. */
  add(sender: Sender): void;
  delete(sender: Sender): void;
}

/** A pkb-send node, as its connection knows it. */
export interface Sender extends Recipient {
  readonly node: Node;
  /** The connection's state, or what waits on it, has changed. */
  changed(state: ConnectionState, inFlight: number): void;
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

module.exports = async function (RED: Runtime): Promise<void> {
  const createTransport = await transportFactory();

  function PkbConnection(this: ConnectionNode, config: ConnectionDef): void {
    RED.nodes.createNode(this, config);
    this.madeFrom = config;
    const senders = new Set<Sender>();
    let fault: PkbError | undefined;
    let delivery: Connection | undefined;
    let started = false;

    this.check = () => {
      if (fault) throw fault;
      addressFor(RED, config);
    };
    this.delivery = () => {
      if (fault) throw fault;
      if (delivery === undefined)
        throw new PkbConfigError('PKB_CONNECTION', 'The connection is not started.');
      return delivery;
    };
    this.add = (sender) => {
      senders.add(sender);
      delivery?.add(sender);
    };
    this.delete = (sender) => {
      senders.delete(sender);
      delivery?.delete(sender);
    };

    try {
      delivery = connect(RED, this, config, createTransport, { senders, haveStarted: () => started });
    } catch (error) {
      fault = asPkbError(error);
      this.error(fault);
    }
    // Only when all nodes are there can outputs fire and the simulator be found.
    const leave = onFlows(RED, {
      flowsStarted: () => {
        started = true;
        delivery?.flowsStarted();
      },
      flowsStopping: () => {
        started = false;
        delivery?.flowsStopping();
      },
    });
    this.on('close', (done: () => void) => {
      leave();
      if (delivery === undefined) return done();
      delivery.close().then(done, done);
    });
  }
  RED.nodes.registerType<ConnectionNode, ConnectionDef, object, ConnectionCredentials>(
    'pkb-connection',
    PkbConnection,
    { credentials: { username: { type: 'text' }, password: { type: 'password' } } },
  );

  connectionTestRoute(RED, createTransport);
};

function connect(
  RED: Runtime,
  node: ConnectionNode,
  config: ConnectionDef,
  createTransport: TransportFactory,
  flows: { readonly senders: ReadonlySet<Sender>; readonly haveStarted: () => boolean },
): Connection {
  const concurrency = numberSetting(config.concurrency, 1, 'concurrency', 1, 64);
  const { open, maxAgeHours } = outboxOf(RED, config);
  const failed = (error: unknown): void => node.error(asPkbError(error));
  let alerted = '';
  return new Connection({
    id: node.id,
    open: () => open(failed),
    transport: createTransport({
      ...credentialsOf(node, config),
      ...networkSettings(RED, config),
      concurrency,
      timeout: numberSetting(config.timeout, 30, 'timeout', 0.1, 600),
      userAgent: USER_AGENT,
    }),
    url: () => addressFor(RED, config),
    address: addressKeyFor(config),
    concurrency,
    policy: { ...DEFAULT_POLICY, maxAgeMs: maxAgeHours * 3_600_000 },
    events: {
      changed(state, inFlight) {
        for (const sender of flows.senders) sender.changed(state, inFlight);
        // A pause is alerted once, when there can be a Catch node, and through one of the senders, on whose tab it is.
        if (!flows.haveStarted()) return;
        const reason = state.state === 'paused' ? pauseText(state) : '';
        const [first] = flows.senders;
        if (reason !== '' && reason !== alerted)
          (first?.node ?? node).error(new PkbDeliveryError('PKB_MISCONFIGURED', reason), {});
        alerted = reason;
      },
      failed,
      report: (text) => node.error(new PkbOutboxError('PKB_OUTBOX', text)),
      unclaimed: (state) => node.warn(RED._('pkb-connection.warning.no-sender', { state })),
    },
  });
}

function pauseText({ reason, customers }: Extract<ConnectionState, { state: 'paused' }>): string {
  const who = customers === undefined ? 'The connection is' : `Messages for ${customers.join(', ')} are`;
  return `${who} paused; nothing is lost. ${reason}`;
}

/** The simulator of one's own Node-RED lets anyone in unless told otherwise, so none need be entered for it. */
function credentialsOf(
  { credentials }: ConnectionNode,
  config: ConnectionDef,
): Required<ConnectionCredentials> {
  const { username = '', password = '' } = credentials ?? {};
  checkUserName(username);
  if (username !== '' && password !== '') return { username, password };
  if (username === '' && password === '' && isSimulator(config))
    return { username: 'simulator', password: 'simulator' };
  throw new PkbConfigError(
    'PKB_CREDENTIALS',
    'The connection has no user name or no password; open it and enter both.',
  );
}

/** How to open the outbox chosen, or a file in the user directory. */
function outboxOf(RED: Runtime, config: ConnectionDef): Pick<OutboxNode, 'open' | 'maxAgeHours'> {
  if (!config.outbox) {
    const settings = { store: 'embedded', path: '', userDir: userDirOf(RED), retentionDays: 7 };
    return { open: (failed) => openOutbox(settings, '', failed), maxAgeHours: 72 };
  }
  const chosen = RED.nodes.getNode(config.outbox) as OutboxNode | null;
  if (!chosen)
    throw new PkbConfigError('PKB_SETTING', 'The outbox of the connection is missing or disabled.');
  chosen.check();
  return chosen;
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
