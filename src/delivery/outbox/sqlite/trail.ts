/** The trail in an outbox file. */
import type { KeyObject } from 'node:crypto';
import type { BodyCipher } from '../cipher.js';
import { recordOf, type TrailEntry, type TrailRecord } from '../trail.js';
import { TRAIL_COLUMNS, trailRecord, trailValues } from '../trail-row.js';
import type { Statements } from './statements.js';

/** Writes a record behind the last; to be called within a transaction. */
export function writeRecord(sql: Statements, cipher: BodyCipher, secret: KeyObject, entry: TrailEntry): void {
  const [last] = sql
    .all('SELECT * FROM trail ORDER BY n DESC LIMIT 1')
    .map((row) => trailRecord(row, cipher));
  insertRecord(sql, cipher, recordOf(entry, last, secret));
}

/** Writes a record as it is. */
export function insertRecord(sql: Statements, cipher: BodyCipher, record: TrailRecord): void {
  sql.run(`INSERT INTO trail (${TRAIL_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`, ...trailValues(record, cipher));
}

/** Records behind a number, the first first. */
export function readTrail(sql: Statements, cipher: BodyCipher, after: number, most: number): TrailRecord[] {
  const rows = sql.all('SELECT * FROM trail WHERE n > ? ORDER BY n LIMIT ?', after, most);
  return rows.map((row) => trailRecord(row, cipher));
}
