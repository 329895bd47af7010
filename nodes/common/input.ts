/**
 * The one way in which all nodes take a message and report what went wrong. An input handler that rejects would end the
 * Node-RED process, so nothing gets past this.
 */
import { asPkbError, type PkbError } from '../../src/errors.js';
import { inLanguage, showError } from './errors.js';
import { Inbox } from './inbox.js';
import { beginInput } from './unfinished.js';
import type { Message, Node, Runtime, Send } from './types.js';

/**
 * Registers a node's input handler.
 *
 * @param handle does the work and sends; what it throws goes to Catch with the original message, and into the status
 * @param atClose who processes messages whose turn has not come when the node closes: the node that replaces it (at a deploy),
 *   or this one at once, if the work is to store them
 */
export function onInput(
  RED: Runtime,
  node: Node,
  handle: (message: Message, send: Send) => void | Promise<void>,
  atClose: 'pass on' | 'see to' = 'pass on',
): void {
  const inbox = new Inbox(RED, node);
  const stores = atClose === 'see to';
  node.on('input', (message, send, done) => {
    const finish = stores ? beginInput() : () => undefined;
    const end = (error?: PkbError): void => {
      finish();
      try {
        done(error);
      } catch {
        // Node-RED copies the message for the Catch node, which a message that cannot be copied makes fail.
        if (error) node.error(error);
      }
    };
    const fail = (thrown: unknown): void => {
      const error = asPkbError(thrown);
      showError(RED, node, error.code);
      end(inLanguage(RED, error));
    };
    const begin = (): void => {
      try {
        const working = handle(message, inbox.sender(send as Send));
        if (working === undefined) end();
        else working.then(() => end(), fail);
      } catch (error) {
        fail(error);
      }
    };
    inbox.give(message, begin, finish);
  });
  node.on('close', () => inbox.close(atClose === 'see to'));
}
