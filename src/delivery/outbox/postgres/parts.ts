/** What the parts of a PostgreSQL outbox share. */
import type { KeyObject } from 'node:crypto';
import type { BodyCipher, Hidden } from '../cipher.js';
import type { StoredMessage } from '../messages.js';
import type { MessageRows } from '../message-row.js';
import type { Row } from '../row.js';
import type { Bodies } from './bodies.js';
import type { Database } from './database.js';

/** A database, how it is written and read, and which process this is. */
export interface StoreParts {
  readonly db: Database;
  readonly schema: string;
  readonly cipher: BodyCipher;
  readonly hidden: Hidden;
  /** What hashes identifiers, and chains the trail. */
  readonly secret: KeyObject;
  readonly rows: MessageRows;
  readonly bodies: Bodies;
  /** Id of this process. */
  readonly instance: string;
  /** A process that has not been seen for so long, in milliseconds, is taken for dead. */
  readonly deadMs: number;
}

/**
 * A message with its texts.
 *
 * @param row with all columns, and `elsewhere` where another process has accepted it that lives
 * @throws UnreadableText
 */
export async function messageOf({ db, rows, bodies }: StoreParts, row: Row): Promise<StoredMessage> {
  const message = rows.messageOf(row, await bodies.read(db, row));
  return row['elsewhere'] === true ? { ...message, toldElsewhere: true } : message;
}
