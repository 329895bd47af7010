/** A message as a row of an outbox's database: which columns hold what, in both directions. */
import { createHmac, type KeyObject } from 'node:crypto';
import type { Attempt, NewMessage, StoredMessage } from './messages.js';
import type { BodyCipher, Hidden } from './cipher.js';
import type { Row, Value } from './row.js';
import { furtherParts, type Texts } from './texts.js';

/** The columns that are written when a message is stored, and again when it is sent once more. */
export const WRITTEN = [
  'sender',
  'address',
  'order_key',
  'control_id',
  'message_type',
  'data_point_field',
  'data_point_id',
  'data_point_owner',
  'facility',
  'reference',
  'identity',
  'digest',
  'in_parts',
  'hold',
  'ask',
  'stored_at',
] as const;

/** Everything of a message but its texts, for a SELECT. */
export const COLUMNS = ['id', 'connection', ...WRITTEN, 'attempts', 'unclear'].join(', ');

const OWNERS = ['partner', 'customer', 'kept'] as const;

/** IDs and names of a message; in an encrypted file they are sealed, and their columns hold hashes. */
export interface MessageIdentity {
  readonly controlId: string;
  readonly dataPointId: string;
  readonly facility: string;
  /** Blank where it has none. */
  readonly reference: string;
}

/** Writes and reads rows. */
export class MessageRows {
  readonly #cipher: BodyCipher;
  readonly #hidden: Hidden;
  readonly #secret: KeyObject;

  constructor(cipher: BodyCipher, hidden: Hidden, secret: KeyObject) {
    this.#cipher = cipher;
    this.#hidden = hidden;
    this.#secret = secret;
  }

  /** The values of the columns {@link WRITTEN}, in their order. @param id of the row */
  writtenValues(id: number, message: NewMessage): Value[] {
    const { dataPoint, controlId, facility, reference = '' } = message;
    const identity: MessageIdentity = { controlId, facility, dataPointId: dataPoint?.id ?? '', reference };
    const values: Record<(typeof WRITTEN)[number], Value> = {
      sender: message.sender,
      address: message.address,
      order_key: message.orderKey,
      message_type: message.messageType,
      data_point_field: dataPoint?.field ?? null,
      data_point_owner: dataPoint?.owner ?? null,
      ...this.identityColumns(id, identity, dataPoint !== undefined),
      in_parts: furtherParts(message),
      hold: message.holdOnRejection ? 1 : 0,
      ask: message.askOnUnknown ? 1 : 0,
      digest: this.digestOf(message),
      stored_at: message.storedAt,
    };
    return WRITTEN.map((column) => values[column]);
  }

  /** What tells the very bytes of a message: a keyed hash. */
  digestOf({ body }: Pick<NewMessage, 'body'>): string {
    return createHmac('sha256', this.#secret).update('body').update(body).digest('hex').slice(0, 32);
  }

  /** The columns that hold an identity, plain or hidden. */
  identityColumns(
    id: number,
    identity: MessageIdentity,
    hasDataPoint: boolean,
  ): Record<'control_id' | 'data_point_id' | 'facility' | 'reference' | 'identity', Value> {
    const sealed = this.#cipher.isKeyed
      ? this.#cipher.seal(JSON.stringify(identity), placeOfIdentity(id))
      : null;
    return {
      control_id: this.#hidden.hide(identity.controlId),
      data_point_id: hasDataPoint ? this.#hidden.hide(identity.dataPointId) : null,
      facility: this.#hidden.hide(identity.facility),
      reference: identity.reference === '' ? null : this.#hidden.hide(identity.reference),
      identity: sealed,
    };
  }

  /**
   * IDs and names of a row with the columns of {@link identityColumns}. Files of the first version name no facility, those of the
   * third no reference.
   */
  identityOf(row: Row): MessageIdentity {
    if (row['identity'] === null || row['identity'] === undefined) {
      return {
        controlId: row['control_id'] as string,
        dataPointId: (row['data_point_id'] as string | null) ?? '',
        facility: (row['facility'] as string | null) ?? '',
        reference: (row['reference'] as string | null) ?? '',
      };
    }
    const text = this.#cipher.open(row['identity'], placeOfIdentity(Number(row['id'])));
    return { reference: '', ...(JSON.parse(text) as Omit<MessageIdentity, 'reference'>) };
  }

  /** A message from a row with {@link COLUMNS}, and its texts. */
  messageOf(row: Row, { body, carried }: Texts): StoredMessage {
    const field = row['data_point_field'] as string | null;
    const { controlId, dataPointId, facility, reference } = this.identityOf(row);
    return {
      id: Number(row['id']),
      connection: row['connection'] as string,
      address: (row['address'] as string | null) ?? '',
      sender: row['sender'] as string,
      orderKey: row['order_key'] as string,
      controlId,
      messageType: row['message_type'] as string,
      dataPoint: field === null ? undefined : { field, id: dataPointId, owner: ownerOf(row) },
      facility,
      ...(reference !== '' && { reference }),
      body,
      carried,
      holdOnRejection: row['hold'] === 1,
      askOnUnknown: row['ask'] === 1,
      storedAt: Number(row['stored_at']),
      attempts: Number(row['attempts']),
      refusals: Number(row['unclear']),
    };
  }
}

function placeOfIdentity(id: number): string {
  return `message.identity:${id}`;
}

/** The attempts of a message, from rows of `attempt`. */
export function historyOf(rows: readonly Row[]): Omit<Attempt, 'counts'>[] {
  return rows.map((row) => ({
    at: Number(row['at']),
    outcome: row['outcome'] as Attempt['outcome'],
    reason: row['reason'] as string,
  }));
}

/** Where the result of a message stands, for the seal. */
export function placeOfResult(id: number): string {
  return `message.result:${id}`;
}

function ownerOf(row: Row): (typeof OWNERS)[number] {
  return OWNERS.find((owner) => owner === row['data_point_owner']) ?? 'kept';
}
