/** The keys of a PostgreSQL outbox: what hashes identifiers, and what encrypts texts where there is a password. */
import { randomBytes } from 'node:crypto';
import { PkbConfigError } from '../../../errors.js';
import { BodyCipher, formOf } from '../cipher.js';
import type { Database, Sql } from './database.js';

/** What seals texts and hashes names. */
export interface Keys {
  readonly cipher: BodyCipher;
  readonly secret: Buffer;
}

/**
 * The keys of a database, made by whoever comes first.
 *
 * @param password blank = nothing is encrypted
 * @throws PkbOutboxError `PKB_OUTBOX` where it is another than the database was made with; PkbConfigError `PKB_SETTING` where it
 *   was made without one
 */
export async function keysOf(db: Database, schema: string, password: string): Promise<Keys> {
  return db.transaction(async (sql) => {
    await sql.all(`LOCK TABLE ${schema}.meta IN SHARE ROW EXCLUSIVE MODE`);
    const salt = await readMeta(sql, schema, 'salt');
    if (salt === undefined) return writeKeys(sql, schema, password, randomBytes(32));
    const check = (await readMeta(sql, schema, 'check')) ?? Buffer.alloc(0);
    if (password !== '' && formOf(check) === 'plain') {
      throw new PkbConfigError(
        'PKB_SETTING',
        'The outbox in this database was made without encryption. Leave the password blank, or move its messages to another database (docs/scale.md).',
      );
    }
    const cipher = new BodyCipher(password, salt);
    cipher.open(check, 'meta.check');
    const secret = cipher.open(await readMeta(sql, schema, 'secret'), 'meta.secret');
    return { cipher, secret: Buffer.from(secret, 'hex') };
  });
}

/** Gives a schema its keys. @param secret what hashes identifiers from now on */
export async function writeKeys(sql: Sql, schema: string, password: string, secret: Buffer): Promise<Keys> {
  const salt = randomBytes(16);
  const cipher = new BodyCipher(password, salt);
  await writeMeta(sql, schema, 'salt', salt);
  await writeMeta(sql, schema, 'secret', cipher.seal(secret.toString('hex'), 'meta.secret'));
  await writeMeta(sql, schema, 'check', cipher.seal('check', 'meta.check'));
  return { cipher, secret };
}

/** A value of the schema's own table of settings. */
export async function readMeta(sql: Sql, schema: string, key: string): Promise<Buffer | undefined> {
  const row = await sql.get(`SELECT value FROM ${schema}.meta WHERE key = $1`, key);
  return row?.['value'] as Buffer | undefined;
}

/** Writes a value of the schema's own table of settings. */
export async function writeMeta(sql: Sql, schema: string, key: string, value: Buffer): Promise<void> {
  await sql.all(
    `INSERT INTO ${schema}.meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    key,
    value,
  );
}
