/**
 * pkb-connection: the Partner's credentials at one of PKB's endpoints, and the one place from which messages go there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '../../src/delivery/connection.js';
import type { ConnectionState } from '../../src/delivery/dispatcher.js';
import { openOutbox } from '../../src/delivery/outbox/open.js';
import { DEFAULT_POLICY } from '../../src/delivery/retry.js';
import { transportFactory, type TransportFactory } from '../../src/delivery/transport.js';
import {
  asPkbError,
  PkbConfigError,
  PkbDeliveryError,
  type PkbError,
  PkbOutboxError,
} from '../../src/errors.js';
import { addressFor, addressKeyFor, goalOf, isSimulator } from './address.js';
import { connectionTestRoute } from './connection-test.js';
import { raiseError } from '../common/errors.js';
import { onFlows } from '../common/flow-events.js';
import { checkUserName, networkSettings } from '../common/network.js';
import { labelsOf, metricsOf } from '../common/metrics.js';
import { unfinishedSince } from '../common/unfinished.js';
import { userDirOf } from '../common/user-dir.js';
import { numberSetting, NUMBERS } from '../../src/settings.js';
import { USER_AGENT } from '../common/version.js';
import type {
  ConnectionDef,
  ConnectionNode,
  Keeping,
  LoginCredentials,
  OutboxNode,
  Sender,
} from '../common/contracts.js';
import type { Node, Runtime } from '../common/types.js';

module.exports = async function (RED: Runtime): Promise<void> {
  const createTransport = await transportFactory();

  function PkbConnection(this: ConnectionNode, config: ConnectionDef): void {
    RED.nodes.createNode(this, config);
    this.madeFrom = config;
    this.showsTexts = false;
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
      raiseError(RED, this, fault);
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
    this.on('close', (removed: boolean, done: () => void) => {
      leave();
      if (delivery === undefined) return done();
      const closing = delivery;
      const warned = removed ? warnOfPending(RED, this, closing) : Promise.resolve();
      warned.then(() => closing.close()).then(done, done);
    });
  }
  RED.nodes.registerType<ConnectionNode, ConnectionDef, object, LoginCredentials>(
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
  const concurrency = numberSetting(config.concurrency, NUMBERS.concurrency);
  const timeout = numberSetting(config.timeout, NUMBERS.timeout);
  const { open, maxAgeHours, showsTexts } = outboxOf(RED, config);
  node.showsTexts = showsTexts;
  const failed = saidOnce((error) => raiseError(RED, node, error));
  let alerted = '';
  return new Connection({
    id: node.id,
    unfinishedSince,
    open: () => open(failed),
    transport: createTransport({
      ...credentialsOf(node, config),
      ...networkSettings(RED, config, goalOf(RED, config)),
      concurrency,
      timeout,
      userAgent: USER_AGENT,
    }),
    url: () => addressFor(RED, config),
    address: addressKeyFor(config),
    concurrency,
    requestMs: timeout * 1000,
    policy: { ...DEFAULT_POLICY, maxAgeMs: maxAgeHours * 3_600_000 },
    events: {
      changed(state, inFlight) {
        for (const sender of flows.senders) sender.changed(state, inFlight);
        // A pause is reported once, when flows have started, by one of the senders, so that a Catch node on its tab gets it.
        if (!flows.haveStarted()) return;
        const reason = state.state === 'paused' && !state.byPerson ? pauseText(state) : '';
        const [first] = flows.senders;
        if (reason !== '' && reason !== alerted)
          raiseError(RED, first?.node ?? node, new PkbDeliveryError('PKB_MISCONFIGURED', reason), {});
        alerted = reason;
      },
      failed,
      report: (text) => raiseError(RED, node, new PkbOutboxError('PKB_OUTBOX', text)),
      unclaimed: (state) => node.warn(RED._('pkb-connection.warning.no-sender', { state })),
      ...metricsOf(RED).connection(labelsOf(node)),
    },
  });
}

/** How long a store may take to count what a connection that is removed leaves in it, in milliseconds. */
const COUNT_MS = 1000;

/** Says how many messages of a connection that is removed stay in its outbox. Never rejects. */
async function warnOfPending(
  RED: Runtime,
  node: ConnectionNode,
  { id, openOutbox: outbox }: Connection,
): Promise<void> {
  const counted = outbox?.counts(id).catch(() => undefined);
  // A store that does not answer must not keep the connection from closing.
  const counts = await Promise.race([counted, sleep(COUNT_MS, undefined, { ref: false })]);
  if (counts !== undefined && counts.queued > 0)
    node.warn(RED._('pkb-connection.warning.removed', { count: counts.queued, id }));
}

/** How long the same fault is not said again, in milliseconds: a store that is away fails many times a second. */
const SAY_AGAIN_MS = 60_000;

/** Says errors, but the same one not again and again. */
function saidOnce(say: (error: PkbError) => void): (error: unknown) => void {
  const last = { text: '', at: -Infinity };
  return (thrown) => {
    const error = asPkbError(thrown);
    const now = performance.now();
    if (error.message === last.text && now - last.at < SAY_AGAIN_MS) return;
    Object.assign(last, { text: error.message, at: now });
    say(error);
  };
}

function pauseText({ reason, customers }: Extract<ConnectionState, { state: 'paused' }>): string {
  const who = customers === undefined ? 'The connection is' : `Messages for ${customers.join(', ')} are`;
  return `${who} paused; nothing is lost. ${reason}`;
}

/** The simulator of one's own Node-RED lets anyone in unless told otherwise, so none need be entered for it. */
function credentialsOf({ credentials }: ConnectionNode, config: ConnectionDef): Required<LoginCredentials> {
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
function outboxOf(RED: Runtime, config: ConnectionDef): Keeping {
  if (!config.outbox) {
    const retentionDays = NUMBERS.retentionDays.fallback;
    const settings = { store: 'embedded', path: '', userDir: userDirOf(RED), retentionDays };
    return {
      open: (failed) => openOutbox(settings, '', failed),
      maxAgeHours: NUMBERS.maxAgeHours.fallback,
      showsTexts: false,
    };
  }
  const chosen = RED.nodes.getNode(config.outbox) as Node | null;
  if (chosen?.type !== 'pkb-outbox')
    throw new PkbConfigError(
      'PKB_SETTING',
      'Open the connection and choose an outbox: the one chosen is missing or disabled.',
    );
  return (chosen as OutboxNode).keeping();
}
