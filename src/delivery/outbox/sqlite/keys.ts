/** The keys of an outbox file: what hashes identifiers, and what encrypts texts where there is a password. */
import { randomBytes } from 'node:crypto';
import { BodyCipher, formOf } from '../cipher.js';
import { type MovedPause, openPause, PAUSE_KEY } from '../pause.js';
import type { Statements } from './statements.js';

/** What seals texts and hashes names. */
export interface Keys {
  readonly cipher: BodyCipher;
  readonly secret: Buffer;
  /** Whether all that the file holds must be sealed anew, and then {@link writeKeys} called. */
  readonly mustSeal: boolean;
}

/**
 * The keys of a file; made where it has none yet.
 *
 * @param password blank = nothing is encrypted
 * @throws PkbOutboxError `PKB_OUTBOX` where the password is not the one that the file was encrypted with
 */
export function keysOf(sql: Statements, password: string): Keys {
  const salt = readMeta(sql, 'salt') ?? randomBytes(16);
  const cipher = new BodyCipher(password, salt);
  const check = readMeta(sql, 'check');
  const stored = readMeta(sql, 'secret');
  if (check === undefined || stored === undefined) {
    const secret = randomBytes(32);
    writeMeta(sql, 'salt', salt);
    writeKeys(sql, cipher, secret);
    return { cipher, secret, mustSeal: false };
  }
  cipher.openEarlier(check, 'meta.check');
  const mustSeal = needsSealing(check, cipher);
  const secret = cipher.isKeyed && !mustSeal ? openSecret(cipher, stored) : stored;
  return { cipher, secret, mustSeal };
}

/** Writes the secret of a file, sealed where there is a key, and what a key is checked by. */
export function writeKeys(sql: Statements, cipher: BodyCipher, secret: Buffer): void {
  writeMeta(sql, 'secret', cipher.isKeyed ? cipher.seal(secret.toString('hex'), 'meta.secret') : secret);
  writeMeta(sql, 'check', cipher.seal('check', 'meta.check'));
}

/** A value of the file's own table of settings. */
export function readMeta(sql: Statements, key: string): Buffer | undefined {
  const value = sql.get('SELECT value FROM meta WHERE key = ?', key)?.['value'];
  return value instanceof Uint8Array ? Buffer.from(value) : undefined;
}

/** Writes a value of the file's own table of settings. */
export function writeMeta(sql: Statements, key: string, value: Buffer): void {
  sql.run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', key, value);
}

/** The connections that a person has paused. */
export function readPauses(sql: Statements, cipher: BodyCipher): MovedPause[] {
  const rows = sql.all(`SELECT key, value FROM meta WHERE key LIKE '${PAUSE_KEY}%'`);
  return rows.map((row) => {
    const connection = (row['key'] as string).slice(PAUSE_KEY.length);
    return { connection, ...openPause(row['value'] as Uint8Array, connection, cipher) };
  });
}

function openSecret(cipher: BodyCipher, stored: Buffer): Buffer {
  return Buffer.from(cipher.open(stored, 'meta.secret'), 'hex');
}

/** Whether a file must be sealed anew before it is used with a key. */
function needsSealing(check: Uint8Array, cipher: BodyCipher): boolean {
  return cipher.isKeyed && formOf(check) !== 'bound';
}
