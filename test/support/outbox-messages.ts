/** Messages as they are handed to an outbox. */
import type { NewMessage } from '../../src/delivery/outbox/messages.js';
import { stamped } from './messages.js';

/**
 * A message for an outbox, of the connection `c` and the pkb-send node `s`; its order key is `one`.
 *
 * @param more what is to be otherwise
 */
export function newMessage(controlId: string, more: Partial<NewMessage> = {}): NewMessage {
  return {
    connection: 'c',
    address: 'custom x',
    sender: 's',
    orderKey: 'one',
    controlId,
    messageType: 'ADT^A28',
    dataPoint: undefined,
    facility: 'trustalias{trustalias}',
    body: stamped(controlId),
    carried: '{}',
    holdOnRejection: false,
    askOnUnknown: false,
    storedAt: Date.now(),
    ...more,
  };
}
