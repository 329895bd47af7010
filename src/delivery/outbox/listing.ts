/** Looking for messages in the databases of outboxes: what both have in common. */
import type { Hidden } from './cipher.js';
import { FAILED_STATES, type ListedMessage, MESSAGE_STATES, type MessageFilter } from './ledger.js';
import type { MessageRows } from './message-row.js';
import type { Row, Value } from './row.js';

/** Conditions of a WHERE clause, with `?` for each value. */
export interface Conditions {
  readonly where: string[];
  readonly values: Value[];
}

/** The columns of a list, of `message m`. */
export const LISTED =
  'm.id, m.connection, m.sender, m.control_id, m.message_type, m.facility, m.data_point_id, m.reference, m.identity, m.state, m.stored_at, m.settled_at, m.attempts, m.kept, m.dismissed';

/** What a filter asks of a row of `message m`. */
export function conditionsOf(filter: MessageFilter, hidden: Hidden): Conditions {
  const where: string[] = [];
  const values: Value[] = [];
  const ask = (condition: string, value: Value | undefined): void => {
    if (value === undefined) return;
    where.push(condition);
    values.push(value);
  };
  const hide = (value: string | undefined): string | undefined => value && hidden.hide(value);
  ask('m.connection = ?', filter.connection);
  ask('m.facility = ?', hide(filter.facility));
  ask('m.message_type = ?', filter.messageType);
  ask('m.stored_at >= ?', filter.since);
  ask('m.stored_at < ?', filter.until);
  ask('m.control_id = ?', hide(filter.controlId));
  ask('m.data_point_id = ?', hide(filter.dataPointId));
  ask('m.reference = ?', hide(filter.reference));
  ask('m.order_key = ?', filter.orderKey);
  if (filter.withoutDismissed === true) where.push('m.dismissed = 0');
  // Written out, so that the databases see that an index of these states will do.
  if (filter.states !== undefined) where.push(`m.state IN (${literals(filter.states)})`);
  return { where, values };
}

/** How the rows that fit a filter are found without reading others: by an index, or not at all. */
export function indexOf({
  controlId,
  reference,
  dataPointId,
  connection,
  states,
}: MessageFilter): 'exact' | 'failed' | 'queued' | undefined {
  if (controlId !== undefined || reference !== undefined) return 'exact';
  if (dataPointId !== undefined && connection !== undefined) return 'exact';
  if (states?.length === 1 && states[0] === 'queued') return 'queued';
  const isFailed = states !== undefined && states.every((state) => FAILED_STATES.includes(state));
  return isFailed ? 'failed' : undefined;
}

/** A row with {@link LISTED} and `on_hold`. */
export function listedOf(row: Row, rows: MessageRows): ListedMessage {
  const { controlId, facility, dataPointId, reference } = rows.identityOf(row);
  const settledAt = row['settled_at'];
  return {
    id: Number(row['id']),
    connection: row['connection'] as string,
    sender: row['sender'] as string,
    controlId,
    messageType: row['message_type'] as string,
    facility,
    dataPointId,
    reference,
    state: row['state'] as ListedMessage['state'],
    isOnHold: Number(row['on_hold']) === 1,
    storedAt: Number(row['stored_at']),
    settledAt: settledAt === null ? undefined : Number(settledAt),
    attempts: Number(row['attempts']),
    kept: row['kept'] === 1,
    dismissed: row['dismissed'] === 1,
  };
}

/** States as SQL, of those that there are. */
function literals(states: MessageFilter['states'] & object): string {
  const known = MESSAGE_STATES.filter((state) => states.includes(state));
  return known.length === 0 ? 'NULL' : known.map((state) => `'${state}'`).join(', ');
}
