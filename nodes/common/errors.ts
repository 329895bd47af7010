/** How nodes say what is wrong: to Catch nodes and the log in words, and in their status in a few. */
import { asPkbError, type ErrorCode, PkbError } from '../../src/errors.js';
import type { Message, Node, Runtime } from './types.js';

/** Where a language may have a sentence for each code, for errors of all nodes and for the operators' page. */
const TEXTS = '@pkb-partner/node-red-pkb/pkb-operator:pkb-operator.error';

/** What to do about an error, in the few words a status has room for; keys of `status` in the locale of each node. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  PKB_CONNECTION: 'choose-connection',
  PKB_CUSTOMER: 'choose-customer',
  PKB_ALIAS: 'check-alias',
  PKB_CREDENTIALS: 'enter-credentials',
  PKB_SIMULATOR: 'add-simulator',
  PKB_URL: 'check-address',
  PKB_SETTING: 'check-settings',
  PKB_OUTBOX: 'check-outbox',
  PKB_DATA_POINT: 'check-data-point',
  PKB_CONTROL_ID: 'stamp-first',
};

/** The nodes whose status shows an error. */
const FAULTY = new WeakSet<Node>();

/** Shows in a red status what to do about an error. */
export function showError(RED: Runtime, node: Node, code: ErrorCode): void {
  const advice = ADVICE[code] ?? 'check-message';
  node.status({ fill: 'red', shape: 'ring', text: RED._(`${node.type}.status.${advice}`) });
  FAULTY.add(node);
}

/** Takes an error out of the status, where there is one: every status costs all editors that are open. */
export function clearError(node: Node): void {
  if (FAULTY.delete(node)) node.status({});
}

/**
 * Gives an error to the log and to Catch nodes, in the language of Node-RED.
 *
 * @param message what it is about; Catch nodes get only what is about a message, if need be an empty one
 */
export function raiseError(RED: Runtime, node: Node, thrown: unknown, message?: Message | object): void {
  const error = inLanguage(RED, asPkbError(thrown));
  if (message === undefined) node.error(error);
  else node.error(error, message as Message);
}

/**
 * An error with the sentence of Node-RED's language for its code before our own, which names the detail in English.
 *
 * @returns the error itself where the language has none
 */
export function inLanguage(RED: Runtime, error: PkbError): PkbError {
  const said: unknown = RED._(`${TEXTS}.${error.code}`);
  // Node-RED gives back the key of a text that there is not.
  if (typeof said !== 'string' || said === '' || said.endsWith(error.code)) return error;
  const translated = new PkbError(error.code, `${said} (${error.message})`);
  if (error.stack !== undefined) translated.stack = error.stack;
  return translated;
}
