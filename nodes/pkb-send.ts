/**
 * pkb-send: hands a message to the outbox, and tells the flow what became of it.
 */
import { isOrder, orderKey } from '../src/delivery/order-key.js';
import type { Outcome } from '../src/delivery/outcome.js';
import { PkbConfigError, PkbDeliveryError, PkbMessageError, type ErrorCode } from '../src/errors.js';
import { fieldOf, messageTypeOf, readHeader } from '../src/hl7/header.js';
import { readMessage } from '../src/hl7/input.js';
import { unescape } from '../src/hl7/escape.js';
import { dataPointOf } from '../src/pkb/data-point.js';
import { mustFitXml } from '../src/pkb/soap/request.js';
import { CarriedMessages } from './common/carried.js';
import { onInput, showError } from './common/input.js';
import { pkbFor, replay, replayWish, textOf } from './common/replay.js';
import { sendEndpoints, type SendNode } from './common/send-endpoints.js';
import { SendStatus } from './common/send-status.js';
import type { NodeDef, Runtime } from './common/types.js';
import type { Sender } from './common/senders.js';
import type { ConnectionNode } from './pkb-connection.js';

interface SendDef extends NodeDef {
  connection: string;
  orderBy: string;
  onRejected: string;
}

/** How many messages that were not accepted the dialog shows. */
const SHOWN = 50;

module.exports = function (RED: Runtime): void {
  function PkbSend(this: SendNode, config: SendDef): void {
    RED.nodes.createNode(this, config);
    const carried = new CarriedMessages();
    const connection = (RED.nodes.getNode(config.connection) as ConnectionNode | null) ?? undefined;
    const status = new SendStatus(RED, this, {
      queued: async () => connection?.queued() ?? 0,
      held: async () => connection?.held() ?? 0,
    });

    this.release = async () => {
      const released = (await connection?.release()) ?? 0;
      status.refresh();
      return released;
    };

    const sender: Sender = {
      node: this,
      changed: (state, inFlight) => status.show(state, inFlight),
      settled: ({ message: stored, outcome, expired }) => {
        const message = carried.recall(stored);
        const { id, controlId: sentAs } = stored;
        const outbox = connection?.outbox().name ?? '';
        const failed = outcome.outcome === 'accepted' ? undefined : { id, controlId: sentAs, outbox };
        const pkb = pkbFor(message, failed);
        if (!('ack' in outcome))
          return this.error(failureOf(outcome, expired, stored.attempts), {
            ...message,
            payload: stored.body,
            pkb,
          });
        const { outcome: name, code, controlId, text, ack } = outcome;
        const payload = { outcome: name, code, controlId, text, attempts: stored.attempts };
        const result = { ...message, payload, hl7: stored.body, ack, pkb };
        this.send(name === 'accepted' ? [result, null] : [null, result]);
        status.refresh();
      },
    };

    onInput(RED, this, async (message) => {
      if (connection === undefined) {
        throw new PkbConfigError(
          'PKB_CONNECTION',
          'No connection is chosen, or it is disabled; open the node and choose one.',
        );
      }
      connection.check();
      const hl7 = readMessage(textOf(message));
      const stored = {
        ...describe(hl7, config, connection),
        sender: this.id,
        carried: CarriedMessages.toJson(message),
      };
      const wish = replayWish(message, connection.outbox());
      const replayed = wish && (await replay(connection, wish, stored));
      carried.keep(replayed ?? (await connection.submit(stored)), message);
    });

    this.failed = async () =>
      connection === undefined ? [] : connection.outbox().failed(connection.id, this.id, SHOWN);

    this.again = async (which, override, text) => {
      if (connection === undefined) throw new PkbConfigError('PKB_CONNECTION', 'No connection is chosen.');
      const failed = await connection.outbox().findFailed(connection.id, which);
      if (failed?.sender !== this.id) return false;
      const changed = text === undefined ? failed : describe(readMessage(text), config, connection);
      const stored = { ...failed, ...changed, sender: this.id, storedAt: Date.now() };
      return (await replay(connection, { which, override }, stored)) !== undefined;
    };

    if (connection === undefined) showError(RED, this, 'PKB_CONNECTION');
    connection?.register(sender);
    const refresh = (): void => status.refresh();
    if (connection) RED.events.once('flows:started', refresh);
    this.on('close', () => {
      RED.events.off('flows:started', refresh);
      connection?.deregister(sender);
      status.close();
    });
  }
  RED.nodes.registerType<SendNode, SendDef, object, object>('pkb-send', PkbSend);
  sendEndpoints(RED);
};

/** Checks that a message can be sent and answered at all, and describes it for the outbox. */
function describe(hl7: string, config: SendDef, connection: ConnectionNode) {
  const orderBy = config.orderBy || 'patient';
  if (!isOrder(orderBy) || !['continue', 'hold', '', undefined].includes(config.onRejected)) {
    throw new PkbConfigError(
      'PKB_SETTING',
      'Order or what to do on rejection has a value that is not offered.',
    );
  }
  const header = readHeader(hl7);
  const controlId = unescape(fieldOf(hl7, header, 10)).trim();
  if (controlId === '') {
    throw new PkbMessageError(
      'PKB_CONTROL_ID',
      'The message has no control ID (MSH-10); let pkb-build stamp it first.',
    );
  }
  mustFitXml(hl7);
  const messageType = messageTypeOf(fieldOf(hl7, header, 9));
  const dataPoint = dataPointOf(hl7, messageType);
  return {
    connection: connection.id,
    orderKey: orderKey(hl7, orderBy, dataPoint, connection.outbox().secret),
    controlId,
    messageType,
    dataPoint,
    facility: fieldOf(hl7, header, 4),
    body: hl7,
    holdOnRejection: config.onRejected === 'hold',
    storedAt: Date.now(),
  };
}

const CODES: Partial<Record<Outcome['outcome'], ErrorCode>> = {
  notSent: 'PKB_NOT_SENT',
  unknown: 'PKB_UNKNOWN',
  busy: 'PKB_BUSY',
  refused: 'PKB_REFUSED',
};

function failureOf(
  outcome: Exclude<Outcome, { ack: string }>,
  expired: boolean,
  attempts: number,
): PkbDeliveryError {
  const code = expired ? 'PKB_TOO_OLD' : (CODES[outcome.outcome] ?? 'PKB_UNKNOWN');
  const before = attempts > 1 ? ` It was tried ${attempts} times; an earlier try may have reached PKB.` : '';
  return new PkbDeliveryError(
    code,
    `The message could not be delivered and is kept as undeliverable. ${outcome.reason}${before}`,
  );
}
