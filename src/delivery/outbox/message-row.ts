/** A message as a row of the embedded outbox: which columns hold what, in both directions. */
import { Bodies, type Texts } from './bodies.js';
import type { NewMessage, StoredMessage } from './outbox.js';
import type { Row, Value } from './statements.js';

/** The columns that are written when a message is stored, and again when it is sent once more. */
export const WRITTEN = [
  'sender',
  'order_key',
  'control_id',
  'message_type',
  'data_point_field',
  'data_point_id',
  'data_point_owner',
  'facility',
  'in_parts',
  'hold',
  'stored_at',
] as const;

/** Everything of a message but its texts, for a SELECT. */
export const COLUMNS = ['id', 'connection', ...WRITTEN, 'attempts', 'unclear'].join(', ');

/** The values of the columns {@link WRITTEN}, in their order. */
export function writtenValues(message: NewMessage): Value[] {
  const { dataPoint } = message;
  const values: Record<(typeof WRITTEN)[number], Value> = {
    sender: message.sender,
    order_key: message.orderKey,
    control_id: message.controlId,
    message_type: message.messageType,
    data_point_field: dataPoint?.field ?? null,
    data_point_id: dataPoint?.id ?? null,
    data_point_owner: dataPoint?.owner ?? null,
    facility: message.facility,
    in_parts: Bodies.parts(message),
    hold: message.holdOnRejection ? 1 : 0,
    stored_at: message.storedAt,
  };
  return WRITTEN.map((column) => values[column]);
}

/** A message from a row with {@link COLUMNS}, and its texts. */
export function messageOf(row: Row, { body, carried }: Texts): StoredMessage {
  const field = row['data_point_field'] as string | null;
  return {
    id: Number(row['id']),
    connection: row['connection'] as string,
    sender: row['sender'] as string,
    orderKey: row['order_key'] as string,
    controlId: row['control_id'] as string,
    messageType: row['message_type'] as string,
    dataPoint:
      field === null
        ? undefined
        : { field, id: row['data_point_id'] as string, owner: row['data_point_owner'] as 'kept' },
    // Files of the first version do not say.
    facility: (row['facility'] as string | null) ?? '',
    body,
    carried,
    holdOnRejection: row['hold'] === 1,
    storedAt: Number(row['stored_at']),
    attempts: Number(row['attempts']),
    unclear: Number(row['unclear']),
  };
}
