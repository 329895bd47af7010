/** The keys of a PostgreSQL outbox: what hashes identifiers, and what encrypts texts where there is a password. */
import { randomBytes } from 'node:crypto';
import { PkbConfigError } from '../../../errors.js';
import { BodyCipher, formOf } from '../cipher.js';
import type { Database } from './database.js';

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
    const read = async (key: string): Promise<Buffer | undefined> =>
      (await sql.get(`SELECT value FROM ${schema}.meta WHERE key = $1`, key))?.['value'] as
        Buffer | undefined;
    const write = async (key: string, value: Buffer): Promise<void> => {
      await sql.all(`INSERT INTO ${schema}.meta (key, value) VALUES ($1, $2)`, key, value);
    };
    const salt = await read('salt');
    if (salt === undefined) {
      const newSalt = randomBytes(16);
      const cipher = new BodyCipher(password, newSalt);
      const secret = randomBytes(32);
      await write('salt', newSalt);
      await write('secret', cipher.seal(secret.toString('hex'), 'meta.secret'));
      await write('check', cipher.seal('check', 'meta.check'));
      return { cipher, secret };
    }
    const check = (await read('check')) ?? Buffer.alloc(0);
    if (password !== '' && formOf(check) === 'plain') {
      throw new PkbConfigError(
        'PKB_SETTING',
        'The outbox in this database was made without encryption. Leave the password blank, or move its messages to another schema (docs/scale.md).',
      );
    }
    const cipher = new BodyCipher(password, salt);
    cipher.open(check, 'meta.check');
    return { cipher, secret: Buffer.from(cipher.open(await read('secret'), 'meta.secret'), 'hex') };
  });
}
