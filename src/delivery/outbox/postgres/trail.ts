/** The trail in a PostgreSQL outbox. */
import type { KeyObject } from 'node:crypto';
import type { BodyCipher } from '../cipher.js';
import { recordOf, type TrailEntry, type TrailRecord } from '../trail.js';
import { TRAIL_COLUMNS, trailRecord, trailValues } from '../trail-row.js';
import type { Database, Sql } from './database.js';

/** Writes a record behind the last, one process after the other. */
export function writeRecord(
  db: Database,
  schema: string,
  cipher: BodyCipher,
  secret: KeyObject,
  entry: TrailEntry,
): Promise<void> {
  return db.transaction(async (sql) => {
    await sql.all(`LOCK TABLE ${schema}.trail IN SHARE ROW EXCLUSIVE MODE`);
    const row = await sql.get(`SELECT * FROM ${schema}.trail ORDER BY n DESC LIMIT 1`);
    await insertRecord(sql, schema, cipher, recordOf(entry, row && trailRecord(row, cipher), secret));
  });
}

/** Writes a record as it is. */
export async function insertRecord(
  sql: Sql,
  schema: string,
  cipher: BodyCipher,
  record: TrailRecord,
): Promise<void> {
  await sql.all(
    `INSERT INTO ${schema}.trail (${TRAIL_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)`,
    ...trailValues(record, cipher),
  );
}

/** Records behind a number, the first first. */
export async function readTrail(
  sql: Sql,
  schema: string,
  cipher: BodyCipher,
  after: number,
  most: number,
): Promise<TrailRecord[]> {
  const rows = await sql.all(`SELECT * FROM ${schema}.trail WHERE n > $1 ORDER BY n LIMIT $2`, after, most);
  return rows.map((row) => trailRecord(row, cipher));
}
