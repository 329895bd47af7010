/**
 * pkb-send: stores a message in the outbox, and notifies the flow of its outcome.
 */
import type { Connection } from '../../src/delivery/connection.js';
import { runItem } from '../../src/delivery/run-item.js';
import { isOrder, type OrderBy, orderKey } from '../../src/delivery/order-key.js';
import type { Outbox } from '../../src/delivery/outbox/contract.js';
import type { NewMessage, StoredMessage } from '../../src/delivery/outbox/messages.js';
import type { SameMessage } from '../../src/delivery/outbox/runs.js';
import type { Unacknowledged, Withdrawn } from '../../src/delivery/outcome.js';
import {
  asPkbError,
  type CodeOf,
  PkbConfigError,
  PkbDeliveryError,
  type PkbError,
  PkbMessageError,
} from '../../src/errors.js';
import { readMessage } from '../../src/hl7/input.js';
import { QUERY, readQueryAnswer } from '../../src/pkb/query-answer.js';
import { SendableMessage } from '../../src/pkb/sendable-message.js';
import { mustFitXml } from '../../src/pkb/soap/request.js';
import { CarriedMessages } from './carried.js';
import { raiseError, showError } from '../common/errors.js';
import { carriedJson } from '../common/carried-json.js';
import { onFlows } from '../common/flow-events.js';
import { onInput } from '../common/input.js';
import { pkbFor, replay, replayWish, textOf } from './replay.js';
import { sendEndpoints } from './endpoints.js';
import type { SendNode } from '../common/contracts.js';
import { SendStatus } from './status.js';
import { positionOf, referenceOf, runOf } from '../common/run-properties.js';
import type { Message, NodeDef, NodeMessage, Runtime, Send } from '../common/types.js';
import type { ConnectionNode, Sender } from '../common/contracts.js';

interface SendDef extends NodeDef {
  connection: string;
  orderBy: string;
  onRejected: string;
  /** What to do where PKB may have a message whose resending does harm. */
  onUnknown: string;
}

/** How many messages that were not accepted the dialog shows. */
const SHOWN = 50;

module.exports = function (RED: Runtime): void {
  function PkbSend(this: SendNode, config: SendDef): void {
    RED.nodes.createNode(this, config);
    const carried = new CarriedMessages();
    const connection = (RED.nodes.getNode(config.connection) as ConnectionNode | null) ?? undefined;
    const status = new SendStatus(RED, this, () => connection?.delivery());
    const delivery = (): Connection => {
      if (connection === undefined) {
        throw new PkbConfigError(
          'PKB_CONNECTION',
          'No connection is chosen, or it is disabled; open the node and choose one.',
        );
      }
      connection.check();
      return connection.delivery();
    };
    checkSettings(config, (error) => raiseError(RED, this, error));

    const sender: Sender = {
      node: this,
      id: this.id,
      changed: (state, inFlight) => status.show(state, inFlight),
      noted: (id) => carried.release(id),
      tell: ({ message: stored, outcome, expired }) => {
        const message = carried.recall(stored);
        status.count(outcome);
        const { id, controlId: sentAs } = stored;
        const outbox = connection?.delivery().openOutbox?.name ?? '';
        const failed =
          outcome.outcome === 'accepted' || outcome.outcome === 'discarded'
            ? undefined
            : { id, controlId: sentAs, outbox };
        const pkb = pkbFor(message, failed);
        if (!('ack' in outcome)) {
          const error = failureOf(outcome, expired, stored);
          raiseError(RED, this, error, { ...message, payload: stored.body, pkb });
          return;
        }
        const { outcome: name, code, controlId, text, ack } = outcome;
        const isAnswer = name === 'accepted' && stored.messageType === QUERY;
        const found = isAnswer ? readQueryAnswer(ack) : {};
        const payload = { outcome: name, code, controlId, text, attempts: stored.attempts, ...found };
        const result = { ...message, payload, hl7: stored.body, ack, pkb };
        this.send(name === 'accepted' ? [result, null] : [null, result]);
      },
    };

    const take = async (message: Message, send: Send): Promise<void> => {
      const open = delivery();
      // Without waiting where it is open already: what one turn may do is counted up to the first wait.
      const outbox = open.openOutbox ?? (await open.outbox());
      const hl7 = new SendableMessage(readMessage(textOf(message)));
      const reference = referenceOf(message);
      const stored = {
        ...describe(hl7, config, outbox),
        ...(reference !== '' && { reference }),
        sender: this.id,
        carried: carriedJson(message),
      };
      const run = runOf(message);
      const item =
        run === ''
          ? undefined
          : runItem(run, hl7, { reference, position: positionOf(message) }, outbox.secret);
      const wish = replayWish(message, outbox);
      const replayed = wish && (await replay(open, wish, false, stored));
      if (replayed !== undefined) carried.keep(replayed, message);
      else if (item === undefined) carried.keep(await open.submit(stored), message);
      else {
        const placed = await open.submitItem(stored, item);
        if ('id' in placed) carried.keep(placed.id, message);
        else {
          status.countDuplicate();
          send([null, duplicateOf(message, stored, placed.same)]);
        }
      }
      status.refresh();
    };
    onInput(RED, this, take, 'see to');

    this.release = async () => {
      const released = await delivery().resume();
      status.refresh();
      return released;
    };

    this.elsewhere = () => connection?.delivery().elsewhere ?? [];

    this.decide = async (what) => {
      const count = await delivery().decide(what);
      status.refresh();
      return count;
    };

    this.failed = async () => {
      if (connection === undefined) return [];
      const outbox = await delivery().outbox();
      return outbox.failed(connection.id, this.id, SHOWN);
    };

    this.again = async (which, override, text) => {
      const open = delivery();
      const outbox = await open.outbox();
      const failed = await outbox.findFailed(connection?.id ?? '', which);
      if (failed?.sender !== this.id) return false;
      const changed =
        text === undefined ? failed : describe(new SendableMessage(readMessage(text)), config, outbox);
      const stored = { ...failed, ...changed, sender: this.id, storedAt: Date.now() };
      return (await replay(open, { which, override }, true, stored)) !== undefined;
    };

    if (connection === undefined) showError(RED, this, 'PKB_CONNECTION');
    connection?.add(sender);
    const leave = onFlows(RED, { flowsStarted: () => status.refresh() });
    this.on('close', () => {
      leave();
      connection?.delete(sender);
      status.close();
    });
  }
  RED.nodes.registerType<SendNode, SendDef, object, object>('pkb-send', PkbSend);
  sendEndpoints(RED);
};

/** @throws PkbConfigError `PKB_SETTING` */
function orderOf(config: SendDef): OrderBy {
  const orderBy = config.orderBy || 'patient';
  const isKnown = (value: string | undefined, values: readonly string[]): boolean =>
    !value || values.includes(value);
  const rest =
    isKnown(config.onRejected, ['continue', 'hold']) && isKnown(config.onUnknown, ['resend', 'ask']);
  if (isOrder(orderBy) && rest) return orderBy;
  throw new PkbConfigError(
    'PKB_SETTING',
    'Open pkb send and correct Order, If rejected or No answer: one of them has a value that is not allowed.',
  );
}

/** Says at the deploy what is wrong with the settings; messages are refused with the same error. */
function checkSettings(config: SendDef, say: (error: PkbError) => void): void {
  try {
    orderOf(config);
  } catch (error) {
    say(asPkbError(error));
  }
}

/** Checks that a message can be sent and answered at all, and describes it for the outbox. */
function describe(message: SendableMessage, config: SendDef, outbox: Outbox) {
  const orderBy = orderOf(config);
  const { text: hl7 } = message;
  const { controlId, messageType, dataPoint, facility } = message;
  if (controlId === '') {
    throw new PkbMessageError(
      'PKB_CONTROL_ID',
      'The message has no control ID (MSH-10); let pkb-build stamp it first.',
    );
  }
  mustFitXml(hl7);
  return {
    orderKey: orderKey(message, orderBy, outbox.secret),
    controlId,
    messageType,
    dataPoint,
    facility,
    body: hl7,
    holdOnRejection: config.onRejected === 'hold',
    askOnUnknown: config.onUnknown === 'ask' && message.harmOfResending !== undefined,
    storedAt: Date.now(),
  };
}

/** What output 2 gives for an item of a run that was not stored, since the same is there. */
function duplicateOf(
  message: Message,
  { controlId, body }: Pick<NewMessage, 'controlId' | 'body'>,
  { controlId: sameAs, state, storedAt }: SameMessage,
): NodeMessage {
  const of = { controlId: sameAs, state: state === 'queued' ? 'pending' : state, storedAt };
  return { ...message, payload: { outcome: 'duplicate', controlId, of }, hl7: body } as NodeMessage;
}

const CODES: Partial<Record<(Unacknowledged | Withdrawn)['outcome'], CodeOf<'PkbDeliveryError'>>> = {
  notSent: 'PKB_NOT_SENT',
  unknown: 'PKB_UNKNOWN',
  busy: 'PKB_BUSY',
  refused: 'PKB_REFUSED',
};

function failureOf(
  outcome: Unacknowledged | Withdrawn,
  expired: boolean,
  { attempts, askOnUnknown, body }: StoredMessage,
): PkbDeliveryError {
  if (outcome.outcome === 'discarded') return new PkbDeliveryError('PKB_DISCARDED', outcome.reason);
  const code = expired ? 'PKB_TOO_OLD' : (CODES[outcome.outcome] ?? 'PKB_UNKNOWN');
  const before = attempts > 1 ? ` It was tried ${attempts} times; an earlier try may have reached PKB.` : '';
  const harm = code === 'PKB_UNKNOWN' || attempts > 1 ? new SendableMessage(body).harmOfResending : undefined;
  const careful =
    harm === undefined ? '' : ` PKB may have it, and sending it again does harm: ${harm} Ask PKB first.`;
  const what = askOnUnknown && code === 'PKB_UNKNOWN' ? 'waits for a person' : 'could not be delivered';
  return new PkbDeliveryError(
    code,
    `The message ${what} and is kept as undeliverable. ${outcome.reason}${before}${careful}`,
  );
}
