/**
 * The file of the embedded outbox: opened for one process, checked, migrated; and SQLite's errors in our words.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { PkbOutboxError } from '../../../errors.js';
import { APPLICATION_ID, MIGRATIONS } from './schema.js';

/** Suffix of a damaged file that was set aside, followed by the time. */
const DAMAGED = '.damaged-';

/**
 * Opens an outbox file for this process alone, and makes it where there is none. A damaged one is set aside; one that is not
 * ours is left untouched.
 *
 * @returns the database, and what a person should be told
 * @throws PkbOutboxError `PKB_OUTBOX` where it cannot be opened or written, is no outbox, or is of a newer version
 */
export function openFile(path: string): { db: DatabaseSync; reports: string[] } {
  const reports: string[] = [];
  mustBeLocal(dirname(path));
  mustBeOurs(path);
  const isNew = sizeOf(path) === 0;
  try {
    if (isNew) create(path, reports);
    else closeSync(openSync(path, 'a'));
    // SQLite gives its other files the mode of this one.
    chmodSync(path, 0o600);
  } catch (error) {
    if (error instanceof PkbOutboxError) throw error;
    throw new PkbOutboxError(
      'PKB_OUTBOX',
      `The outbox file cannot be written (${codeOf(error)}); check its folder and its rights.`,
    );
  }
  if (!isNew && isDamaged(path)) {
    const aside = `${path}${DAMAGED}${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
    for (const suffix of ['', '-wal'])
      if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
    reports.push(
      `The outbox file was damaged and was set aside as ${aside}. A new one was created; messages in the old one are not sent.`,
    );
    return { ...openFile(path), reports };
  }
  const db = connect(path);
  try {
    migrate(db);
  } catch (error) {
    db.close();
    throw storeError(error);
  }
  return { db, reports };
}

/**
 * Makes a new file beside its place and puts it there when all of it is on disk: a power cut leaves no file or a whole one.
 */
function create(path: string, reports: string[]): void {
  const fresh = `${path}.new`;
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(fresh + suffix, { force: true });
  closeSync(openSync(fresh, 'wx', 0o600));
  const { DatabaseSync } = loadSqlite();
  const db = new DatabaseSync(fresh);
  try {
    db.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA synchronous = FULL');
    migrate(db);
    db.exec('PRAGMA journal_mode = WAL');
  } catch (error) {
    throw storeError(error);
  } finally {
    db.close();
  }
  syncFile(fresh);
  setLogAside(path, reports);
  renameSync(fresh, path);
  syncFile(dirname(path));
}

/** A log without its file would be taken for the new one's. */
function setLogAside(path: string, reports: string[]): void {
  const log = `${path}-wal`;
  if (sizeOf(log) === 0) return rmSync(log, { force: true });
  const aside = `${path}${DAMAGED}${new Date().toISOString().replaceAll(/[:.]/g, '-')}-wal`;
  renameSync(log, aside);
  reports.push(
    `The outbox file was missing, but its log was there. The log was set aside as ${aside}, and a new file was created. Messages in the log are not sent.`,
  );
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Writes a file, or the names in a folder, to the disk. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Removes damaged files that were set aside before a time, since they hold texts, too. @param before in milliseconds since 1970 */
export function removeDamagedCopies(path: string, before: number): void {
  const folder = dirname(path);
  const prefix = `${basename(path)}${DAMAGED}`;
  for (const name of readdirSync(folder)) {
    const copy = join(folder, name);
    if (name.startsWith(prefix) && statSync(copy).ctimeMs < before) rmSync(copy, { force: true });
  }
}

/** How every SQLite file begins, and where its header says whose it is (SQLite file format, 1.3). */
const SQLITE = 'SQLite format 3\0';
const APPLICATION_ID_AT = 68;
const HEADER_BYTES = 100;

/**
 * Refuses a file that is no outbox, so that a wrong path never costs another program its data.
 *
 * @throws PkbOutboxError where there is a file with anything else in it
 */
function mustBeOurs(path: string): void {
  if (sizeOf(path) === 0) return;
  const header = Buffer.alloc(HEADER_BYTES);
  try {
    const file = openSync(path, 'r');
    readSync(file, header, 0, HEADER_BYTES, 0);
    closeSync(file);
  } catch (error) {
    throw new PkbOutboxError(
      'PKB_OUTBOX',
      `The outbox file cannot be written (${codeOf(error)}); check its folder and its rights.`,
    );
  }
  const isSqlite = header.toString('latin1', 0, SQLITE.length) === SQLITE;
  if (isSqlite && (header.readUInt32BE(APPLICATION_ID_AT) === APPLICATION_ID || holdsOurTables(path))) return;
  throw new PkbOutboxError(
    'PKB_OUTBOX',
    'Choose another file for the outbox: this one is another program’s, or no outbox. It was left untouched.',
  );
}

/** Files of the first versions, and ours whose header is still in the log, do not say whose they are. */
function holdsOurTables(path: string): boolean {
  const { DatabaseSync } = loadSqlite();
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true });
    const id = Number(db.prepare('PRAGMA application_id').get()?.['application_id']);
    if (id !== 0) return id === APPLICATION_ID;
    const names = db.prepare(`SELECT name FROM sqlite_master WHERE type = 'table'`).all();
    const found = new Set(names.map(({ name }) => name));
    return found.size === 0 || ['meta', 'message', 'attempt', 'held'].every((name) => found.has(name));
  } catch (error) {
    // Another Node-RED has it open, so it is one of ours; opening it says so.
    return (error as { errcode?: number }).errcode === SQLITE_BUSY;
  } finally {
    db?.close();
  }
}

const SQLITE_BUSY = 5;

/** Network file systems by the number that Linux gives them (statfs(2)); their locks and syncs cannot be relied on. */
const NETWORK: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB',
  0x01021997: '9P',
  0x5346414f: 'AFS',
  0x00c36400: 'Ceph',
};

/** @throws PkbOutboxError where a folder is known to lie on the network */
function mustBeLocal(folder: string): void {
  let type: number;
  try {
    ({ type } = statfsSync(folder));
  } catch {
    // That the folder is not there is told where the file is opened.
    return;
  }
  const network = NETWORK[type >>> 0];
  if (network === undefined) return;
  throw new PkbOutboxError(
    'PKB_OUTBOX',
    `Choose a folder on a local disk for the outbox file. On a network file system (${network}), locks and syncs are not reliable: messages could be lost.`,
  );
}

/** What the log is cut back to after it grew with a large message. */
const WAL_BYTES = 16 * 2 ** 20;

/** Opens the file for this process alone: the lock is the file system's, and dies with the process. */
export function connect(path: string): DatabaseSync {
  const { DatabaseSync } = loadSqlite();
  const db = new DatabaseSync(path);
  try {
    db.exec(
      'PRAGMA auto_vacuum = INCREMENTAL; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;' +
        `PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA journal_size_limit = ${WAL_BYTES}`,
    );
    db.exec('BEGIN IMMEDIATE; COMMIT');
    return db;
  } catch (error) {
    db.close();
    throw storeError(error);
  }
}

function isDamaged(path: string): boolean {
  let db: DatabaseSync | undefined;
  try {
    db = connect(path);
    const [first] = db.prepare('PRAGMA quick_check(1)').all();
    return first?.['quick_check'] !== 'ok';
  } catch (error) {
    if (error instanceof PkbOutboxError && error.message.includes('damaged')) return true;
    throw error;
  } finally {
    db?.close();
  }
}

function migrate(db: DatabaseSync): void {
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > MIGRATIONS.length) {
    throw new PkbOutboxError(
      'PKB_OUTBOX',
      'The outbox file was written by a newer version of this package; install that version.',
    );
  }
  for (const [i, sql] of MIGRATIONS.entries()) {
    if (i >= version) db.exec(`BEGIN; ${sql}; PRAGMA user_version = ${i + 1}; COMMIT`);
  }
}

function loadSqlite(): typeof import('node:sqlite') {
  try {
    return createRequire(__filename)('node:sqlite') as typeof import('node:sqlite');
  } catch {
    throw new PkbOutboxError(
      'PKB_OUTBOX',
      'Update to Node.js 22.13 or newer, or choose another Store: a file needs SQLite, which this Node.js does not have.',
    );
  }
}

/** What is said of a file that is open elsewhere. */
export const IN_USE = 'another Node-RED has the file open; give each its own outbox file';

/** SQLite's errors in our words; their own text may quote values. */
export function storeError(error: unknown): PkbOutboxError {
  if (error instanceof PkbOutboxError) return error;
  const { errcode } = error as { errcode?: number };
  const words: Record<number, string> = {
    5: IN_USE,
    8: 'the file cannot be written; check its rights',
    10: 'reading or writing the file failed; check the disk',
    11: 'the file is damaged',
    13: 'the disk is full',
    14: 'the file cannot be opened; check its folder and its rights',
    26: 'the file is damaged or is no outbox',
  };
  const words_ = words[(errcode ?? 0) & 0xff] ?? `SQLite error ${errcode ?? codeOf(error)}`;
  return new PkbOutboxError(
    'PKB_OUTBOX',
    `The outbox failed: ${words_}. Messages not stored yet were not accepted.`,
  );
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : 'unknown error';
}
