/** The trail in an outbox file. */
import type { KeyObject } from 'node:crypto';
import type { BodyCipher } from '../cipher.js';
import type { Row } from '../row.js';
import { placeOfDetails, recordOf, type TrailEntry, type TrailRecord } from '../trail.js';
import type { Statements } from './statements.js';

/** Writes a record behind the last; to be called within a transaction. */
export function writeRecord(sql: Statements, cipher: BodyCipher, secret: KeyObject, entry: TrailEntry): void {
  const [last] = sql
    .all('SELECT * FROM trail ORDER BY n DESC LIMIT 1')
    .map((row) => trailRecord(row, cipher));
  insertRecord(sql, cipher, recordOf(entry, last, secret));
}

/** Writes a record as it is. */
export function insertRecord(
  sql: Statements,
  cipher: BodyCipher,
  { n, at, user, event, details, hash }: TrailRecord,
): void {
  const sealed = cipher.seal(details, placeOfDetails(n));
  const insert = 'INSERT INTO trail (n, at, user, event, details, hash) VALUES (?, ?, ?, ?, ?, ?)';
  sql.run(insert, n, at, user, event, sealed, hash);
}

/** Records behind a number, the first first. */
export function readTrail(sql: Statements, cipher: BodyCipher, after: number, most: number): TrailRecord[] {
  const rows = sql.all('SELECT * FROM trail WHERE n > ? ORDER BY n LIMIT ?', after, most);
  return rows.map((row) => trailRecord(row, cipher));
}

function trailRecord(row: Row, cipher: BodyCipher): TrailRecord {
  const n = Number(row['n']);
  return {
    n,
    at: Number(row['at']),
    user: row['user'] as string,
    event: row['event'] as string,
    details: cipher.open(row['details'], placeOfDetails(n)),
    hash: row['hash'] as string,
  };
}
