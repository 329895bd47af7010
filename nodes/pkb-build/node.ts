/**
 * pkb-build: prepares a message that the Partner sends on behalf of one Customer, from HL7 text or from plain fields.
 */
import { PkbConfigError, PkbMessageError } from '../../src/errors.js';
import { readMessage, readMessages } from '../../src/hl7/input.js';
import { parsedView } from '../../src/hl7/parsed.js';
import { composeMessage } from '../../src/pkb/compose/compose.js';
import type { DataPointId } from '../../src/pkb/data-point.js';
import { stamp, type Stamped, type StampOptions } from '../../src/pkb/stamp.js';
import { clearError, raiseError, showError } from '../common/errors.js';
import { chooseCustomer } from '../common/customers.js';
import { onInput } from '../common/input.js';
import type { Message, Node, NodeDef, Runtime, Send } from '../common/types.js';

interface BuildDef extends NodeDef {
  customer: string;
  sendingApplication: string;
  processingId: string;
  /** Whether the processing ID is set always, or only where MSH-11 is empty. */
  processingIdWhere: 'empty' | 'always';
  controlId: 'new' | 'keep';
  dataPointId: 'keep' | 'new' | 'derive' | 'property';
  dataPointKey: string;
  dataPointKeyType: string;
  /** Name of the Partner, part of every derived ID. */
  partner: string;
  /** What to do with a batch. */
  batch: 'refuse' | 'split';
  parsed: boolean;
}

module.exports = function (RED: Runtime): void {
  function PkbBuild(this: Node, config: BuildDef): void {
    RED.nodes.createNode(this, config);
    const fault = settingsFault(config);
    if (fault) {
      raiseError(RED, this, fault);
      showError(RED, this, fault.code);
    }
    onInput(RED, this, (message, send) => {
      if (fault) throw fault;
      const { customer } = chooseCustomer(RED, config.customer, message['customer']);
      const go = (dataPointId: DataPointId): void =>
        build(RED, this, config, { customer, dataPointId }, message, send);
      // Awaits nothing if possible: the work of a turn is measured only up to the first await.
      const dataPointId = dataPointIdFor(RED, this, config, message);
      return dataPointId instanceof Promise ? dataPointId.then(go) : go(dataPointId);
    });
  }
  RED.nodes.registerType('pkb-build', PkbBuild);
};

function build(
  RED: Runtime,
  node: Node,
  config: BuildDef,
  chosen: Pick<StampOptions, 'customer' | 'dataPointId'>,
  message: Message,
  send: Send,
): void {
  const { customer } = chosen;
  const options = {
    ...chosen,
    sendingApplication: config.sendingApplication,
    processingId: config.processingId,
    processingIdWhere: config.processingIdWhere || 'empty',
  };
  // All are made before the first is sent, so that a faulty message in a batch holds back the whole batch.
  const stamped: Stamped<string>[] = isFields(message.payload)
    ? [composeMessage(message.payload, options)]
    : textsOf(config, message.payload).map((text) =>
        stamp(text, { ...options, controlId: config.controlId }),
      );
  const built = stamped.map(({ hl7, ...about }) => {
    const pkb = { ...pkbOf(message), customer: customer.alias, ...about };
    return { payload: hl7, pkb, ...(config.parsed ? { parsed: parsedView(hl7) } : {}) };
  });
  const last = built.pop();
  for (const part of built) send({ ...RED.util.cloneMessage(message), ...part });
  send(Object.assign(message, last));
  clearError(node);
}

/** Whether a payload is fields to compose from, rather than HL7 text. */
function isFields(payload: unknown): boolean {
  return typeof payload === 'object' && payload !== null && !(payload instanceof Uint8Array);
}

function textsOf(config: BuildDef, payload: unknown): string[] {
  return config.batch === 'split' ? readMessages(payload) : [readMessage(payload)];
}

function pkbOf(message: Message): object {
  const { pkb } = message as { pkb?: unknown };
  return typeof pkb === 'object' && pkb !== null ? pkb : {};
}

/** What is wrong with the settings; undefined where nothing is. */
function settingsFault(config: BuildDef): PkbConfigError | undefined {
  const allowed: [keyof BuildDef, readonly string[]][] = [
    ['controlId', ['new', 'keep']],
    ['dataPointId', ['keep', 'new', 'derive', 'property']],
    ['batch', ['refuse', 'split']],
    ['processingIdWhere', ['empty', 'always']],
  ];
  for (const [name, values] of allowed) {
    const value = config[name] ?? values[0];
    if (values.includes(String(value)) || value === '') continue;
    return new PkbConfigError('PKB_SETTING', `The setting ${name} must be one of: ${values.join(', ')}.`);
  }
  if (/[\r\n]/.test(`${config.processingId ?? ''}${config.sendingApplication ?? ''}`)) {
    return new PkbConfigError('PKB_SETTING', 'Processing ID and Sender must not contain line breaks.');
  }
  return undefined;
}

/** @returns at once where nothing must be evaluated */
function dataPointIdFor(
  RED: Runtime,
  node: Node,
  config: BuildDef,
  message: Message,
): DataPointId | Promise<DataPointId> {
  if (config.dataPointId === 'new') return 'new';
  if (config.dataPointId !== 'derive' && config.dataPointId !== 'property') return 'keep';
  return evaluatedId(RED, node, config, message);
}

async function evaluatedId(
  RED: Runtime,
  node: Node,
  config: BuildDef,
  message: Message,
): Promise<DataPointId> {
  const found = await evaluate(RED, node, config, message);
  const value = typeof found === 'string' || typeof found === 'number' ? String(found) : '';
  // Fields are told all their faults at once, of which this is one.
  if (value.trim() === '' && !isFields(message.payload)) {
    throw new PkbMessageError(
      'PKB_DATA_POINT',
      'Check “ID or key” in pkb build: the data point ID, or the key it is derived from, is missing there.',
    );
  }
  if (config.dataPointId === 'property') return { own: value };
  return { derive: value, partner: config.partner ?? '' };
}

function evaluate(RED: Runtime, node: Node, config: BuildDef, message: Message): Promise<unknown> {
  return new Promise((resolve, reject) => {
    RED.util.evaluateNodeProperty(
      config.dataPointKey ?? '',
      config.dataPointKeyType || 'msg',
      node,
      message,
      (error: Error | null, value: unknown) => {
        if (error)
          reject(
            new PkbMessageError(
              'PKB_DATA_POINT',
              'The data point key could not be evaluated; check the expression.',
            ),
          );
        else resolve(value);
      },
    );
  });
}
