/** The trail in a PostgreSQL outbox. */
import type { KeyObject } from 'node:crypto';
import type { BodyCipher } from '../cipher.js';
import type { Row } from '../row.js';
import { placeOfDetails, recordOf, type TrailEntry, type TrailRecord } from '../trail.js';
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
  { n, at, user, event, details, hash }: TrailRecord,
): Promise<void> {
  await sql.all(
    `INSERT INTO ${schema}.trail (n, at, username, event, details, hash) VALUES ($1, $2, $3, $4, $5, $6)`,
    n,
    at,
    user,
    event,
    cipher.seal(details, placeOfDetails(n)),
    hash,
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

function trailRecord(row: Row, cipher: BodyCipher): TrailRecord {
  const n = Number(row['n']);
  return {
    n,
    at: Number(row['at']),
    user: row['username'] as string,
    event: row['event'] as string,
    details: cipher.open(row['details'], placeOfDetails(n)),
    hash: row['hash'] as string,
  };
}
