/** An outbox file as the source or the target of a move. */
import { closeSync, existsSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { PkbConfigError, PkbOutboxError } from '../../../errors.js';
import { type BodyCipher, formOf } from '../cipher.js';
import { type MessageRows, placeOfResult } from '../message-row.js';
import {
  holdsMessages,
  MOVED,
  type MovedItem,
  type MovedMessage,
  type MovedQueue,
  type MovedRun,
  type MoveSource,
  type MoveTarget,
  refuseMoved,
} from '../move.js';
import { type MovedPause, pauseKey, sealPause } from '../pause.js';
import { MOVED_COLUMNS, movedMessage, movedValues, letterRowsOf, rowsOf, runRowsOf } from '../moved-row.js';
import { type LetterRows, MOVED_LETTER_COLUMNS, type MovedLetter } from '../letter-rows.js';
import { MOVED_ITEM_COLUMNS, RUN_COLUMNS, type RunRows } from '../run-rows.js';
import type { Row } from '../row.js';
import { Bodies } from './bodies.js';
import { openFile, syncFile } from './file.js';
import { keysOf, readMeta, readPauses, writeKeys, writeMeta } from './keys.js';
import { KeyQueues } from './key-queues.js';
import { type FileLock, lockFile } from './lock.js';
import { sealAnew } from './reseal.js';
import { Statements } from './statements.js';
import { insertRecord, readTrail } from './trail.js';
import type { TrailRecord } from '../trail.js';

/** Messages that are in memory at a time; letters may be of megabytes. */
const BATCH = 100;

/** Where a new file is made before it is put into its place. */
const UNFINISHED = '.moving';

/**
 * Opens a file to be left.
 *
 * @param path absolute
 * @param password with which it is encrypted; blank for none
 * @throws PkbOutboxError `PKB_OUTBOX` where it is missing, damaged, in use, was left before, or the password is wrong
 */
export async function fileToLeave(path: string, password: string): Promise<MoveSource> {
  if (!existsSync(path)) throw new PkbOutboxError('PKB_OUTBOX', `There is no outbox file ${path}.`);
  const lock = await lockAlone(path);
  try {
    const { db, reports } = openFile(path);
    const sql = new Statements(db);
    try {
      const [report] = reports;
      if (report !== undefined) throw new PkbOutboxError('PKB_OUTBOX', report);
      const mark = readMeta(sql, MOVED);
      if (mark?.toString() === 'done') refuseMoved(mark);
      // A key would be written into a file without one, and be needed from then on.
      const check = readMeta(sql, 'check');
      if (password !== '' && check !== undefined && formOf(check) === 'plain') {
        throw new PkbConfigError(
          'PKB_SETTING',
          'The outbox file is not encrypted. Unset PKB_OUTBOX_KEY; PKB_OUTBOX_NEW_KEY gives the new outbox a key.',
        );
      }
      return new FileToLeave(sql, password, mark !== undefined, () => lock.release());
    } catch (error) {
      sql.close();
      throw error;
    }
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The lock of a file, with words for a command where somebody has it. */
async function lockAlone(path: string): Promise<FileLock> {
  try {
    return await lockFile(path);
  } catch {
    throw new PkbOutboxError(
      'PKB_OUTBOX',
      `A Node-RED, or another command, has ${path} open. Stop it first.`,
    );
  }
}

class FileToLeave implements MoveSource {
  readonly secret: Buffer;
  readonly wasBegun: boolean;
  readonly #sql: Statements;
  readonly #cipher: BodyCipher;
  readonly #rows: MessageRows;
  readonly #bodies: Bodies;
  readonly #runs: RunRows;
  readonly #letters: LetterRows;
  readonly #unlock: () => Promise<void>;

  constructor(sql: Statements, password: string, wasBegun: boolean, unlock: () => Promise<void>) {
    const { cipher, secret, mustSeal } = keysOf(sql, password);
    this.#sql = sql;
    this.#cipher = cipher;
    this.secret = secret;
    this.#rows = rowsOf(cipher, secret);
    this.#bodies = new Bodies(sql, cipher);
    this.#runs = runRowsOf(cipher, secret);
    this.#letters = letterRowsOf(cipher, secret);
    this.wasBegun = wasBegun;
    this.#unlock = unlock;
    if (!mustSeal) return;
    sql.exec('BEGIN IMMEDIATE');
    sealAnew(sql, cipher, this.#rows, this.#runs, this.#letters);
    writeKeys(sql, cipher, secret);
    sql.exec('COMMIT');
  }

  /** The lock of the file keeps all others out meanwhile; the mark does so from then on. */
  async mark(state: 'begun' | 'done'): Promise<void> {
    writeMeta(this.#sql, MOVED, Buffer.from(state));
  }

  async unmark(): Promise<void> {
    this.#sql.run('DELETE FROM meta WHERE key = ?', MOVED);
  }

  async eachMessages(take: (messages: readonly MovedMessage[]) => Promise<void>): Promise<void> {
    for (let last = 0; ;) {
      const rows = this.#sql.all(`SELECT * FROM message WHERE id > ? ORDER BY id LIMIT ${BATCH}`, last);
      if (rows.length === 0) return;
      await take(rows.map((row) => this.#messageOf(row)));
      last = Number(rows.at(-1)?.['id']);
    }
  }

  async eachQueues(take: (queues: readonly MovedQueue[]) => Promise<void>): Promise<void> {
    for (let last = 0; ;) {
      const heads = this.#sql.all(
        `SELECT * FROM message WHERE head = 1 AND id > ? ORDER BY id LIMIT ${BATCH}`,
        last,
      );
      if (heads.length === 0) break;
      await take(heads.map((row) => queueOf(row, Number(row['turn']), Number(row['due']), null)));
      last = Number(heads.at(-1)?.['id']);
    }
    const held = this.#sql.all('SELECT connection, order_key, message FROM held');
    await take(held.map((row) => queueOf(row, 0, 0, Number(row['message'] ?? 0))));
  }

  async runs(): Promise<readonly MovedRun[]> {
    return this.#sql.all('SELECT * FROM run').map((row) => this.#runs.movedRun(row));
  }

  async eachItems(take: (items: readonly MovedItem[]) => Promise<void>): Promise<void> {
    for (let last = 0; ;) {
      const rows = this.#sql.all(
        `SELECT i.*, r.label AS run_label FROM item i JOIN run r ON r.name = i.run WHERE i.id > ? ORDER BY i.id LIMIT ${BATCH}`,
        last,
      );
      if (rows.length === 0) return;
      await take(rows.map((row) => this.#runs.movedItem(row)));
      last = Number(rows.at(-1)?.['id']);
    }
  }

  async eachLetters(take: (letters: readonly MovedLetter[]) => Promise<void>): Promise<void> {
    for (let last = 0; ;) {
      const rows = this.#sql.all(`SELECT * FROM letter WHERE id > ? ORDER BY id LIMIT ${BATCH}`, last);
      if (rows.length === 0) return;
      await take(rows.map((row) => this.#letters.movedOf(row)));
      last = Number(rows.at(-1)?.['id']);
    }
  }

  async pauses(): Promise<readonly MovedPause[]> {
    return readPauses(this.#sql, this.#cipher);
  }

  async trail(): Promise<readonly TrailRecord[]> {
    return readTrail(this.#sql, this.#cipher, 0, Number.MAX_SAFE_INTEGER);
  }

  async close(): Promise<void> {
    this.#sql.close();
    await this.#unlock();
  }

  #messageOf(row: Row): MovedMessage {
    const id = Number(row['id']);
    const history = this.#sql.all(
      'SELECT at, outcome, reason FROM attempt WHERE message = ? ORDER BY at, rowid',
      id,
    );
    const result = row['result'] === null ? null : this.#cipher.open(row['result'], placeOfResult(id));
    return movedMessage({
      id,
      row,
      rows: this.#rows,
      texts: row['kept'] === 1 ? this.#texts(id) : 'erased',
      result,
      history,
    });
  }

  #texts(id: number): ReturnType<Bodies['read']> | 'unreadable' {
    try {
      return this.#bodies.read(id);
    } catch {
      return 'unreadable';
    }
  }
}

/**
 * Prepares a file to be filled.
 *
 * @param path absolute
 * @param password with which it is to be encrypted; blank for none
 */
export function fileToFill(path: string, password: string): MoveTarget {
  return new FileToFill(path, password);
}

class FileToFill implements MoveTarget {
  readonly #path: string;
  readonly #password: string;

  constructor(path: string, password: string) {
    this.#path = path;
    this.#password = password;
  }

  async contents(): Promise<{ secret: Buffer; count: number } | undefined> {
    mustBeFolder(dirname(this.#path));
    if (!existsSync(this.#path)) return undefined;
    const lock = await lockAlone(this.#path);
    try {
      const sql = new Statements(openFile(this.#path).db);
      try {
        const count = Number(sql.get('SELECT count(*) AS n FROM message')?.['n']);
        return { secret: this.#secretOf(sql), count };
      } finally {
        sql.close();
      }
    } finally {
      await lock.release();
    }
  }

  /** The secret of a file; that of none where it was made with another key. */
  #secretOf(sql: Statements): Buffer {
    try {
      return keysOf(sql, this.#password).secret;
    } catch {
      return Buffer.alloc(0);
    }
  }

  /** Makes the file beside its place, and puts it there when all of it is on disk. */
  async receive(source: MoveSource): Promise<number> {
    const unfinished = `${this.#path}${UNFINISHED}`;
    const lock = await lockAlone(unfinished);
    try {
      removeFile(unfinished);
      const count = await this.#fill(unfinished, source);
      syncFile(unfinished);
      // Whoever made a file here meanwhile keeps it.
      closeSync(openSync(this.#path, 'wx', 0o600));
      renameSync(unfinished, this.#path);
      syncFile(dirname(this.#path));
      return count;
    } catch (error) {
      if ((error as { code?: unknown }).code === 'EEXIST') throw holdsMessages();
      throw error;
    } finally {
      removeFile(unfinished);
      await lock.release();
    }
  }

  async #fill(file: string, source: MoveSource): Promise<number> {
    const sql = new Statements(openFile(file).db);
    try {
      const { cipher } = keysOf(sql, this.#password);
      writeKeys(sql, cipher, source.secret);
      const filler = new Filler(sql, cipher, source.secret);
      let count = 0;
      await source.eachMessages(async (messages) => {
        filler.store(messages);
        count += messages.length;
      });
      await source.eachQueues(async (queues) => filler.queue(queues));
      filler.runs(await source.runs());
      await source.eachItems(async (items) => filler.items(items));
      await source.eachLetters(async (letters) => filler.letters(letters));
      for (const { connection, ...pause } of await source.pauses())
        writeMeta(sql, pauseKey(connection), sealPause(pause, connection, cipher));
      for (const record of await source.trail()) insertRecord(sql, cipher, record);
      sql.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      return count;
    } finally {
      sql.close();
    }
  }

  async close(): Promise<void> {
    // It is closed when it has been filled.
  }
}

const INSERT = `INSERT INTO message (${MOVED_COLUMNS.join(', ')}, head, due, turn)
  VALUES (${MOVED_COLUMNS.map(() => '?').join(', ')}, 0, 0, 0)`;

/** Writes what is moved into a new file. */
class Filler {
  readonly #sql: Statements;
  readonly #rows: MessageRows;
  readonly #cipher: BodyCipher;
  readonly #bodies: Bodies;
  readonly #queues: KeyQueues;
  readonly #runs: RunRows;
  readonly #letters: LetterRows;

  constructor(sql: Statements, cipher: BodyCipher, secret: Buffer) {
    this.#sql = sql;
    this.#runs = runRowsOf(cipher, secret);
    this.#letters = letterRowsOf(cipher, secret);
    this.#cipher = cipher;
    this.#rows = rowsOf(cipher, secret);
    this.#bodies = new Bodies(sql, cipher);
    this.#queues = new KeyQueues(sql);
  }

  store(messages: readonly MovedMessage[]): void {
    this.#transaction(() => {
      for (const moved of messages) this.#store(moved);
    });
  }

  #store(moved: MovedMessage): void {
    const { id, message, texts, result, history } = moved;
    const sealed = result === null ? null : this.#cipher.seal(result, placeOfResult(id));
    this.#sql.run(INSERT, ...movedValues(moved, this.#rows, sealed));
    if (texts === 'there') this.#bodies.store(id, message);
    const note = 'INSERT INTO attempt (message, at, outcome, reason) VALUES (?, ?, ?, ?)';
    for (const { at, outcome, reason } of history) this.#sql.run(note, id, at, outcome, reason);
  }

  runs(runs: readonly MovedRun[]): void {
    this.#transaction(() => {
      for (const run of runs)
        this.#sql.run(insertInto('run', RUN_COLUMNS), ...this.#runs.movedRunValues(run));
    });
  }

  items(items: readonly MovedItem[]): void {
    const sql = insertInto('item', MOVED_ITEM_COLUMNS);
    this.#transaction(() => {
      for (const item of items) this.#sql.run(sql, ...this.#runs.movedItemValues(item));
    });
  }

  letters(letters: readonly MovedLetter[]): void {
    const sql = insertInto('letter', MOVED_LETTER_COLUMNS);
    this.#transaction(() => {
      for (const letter of letters) this.#sql.run(sql, ...this.#letters.movedValues(letter));
    });
  }

  queue(queues: readonly MovedQueue[]): void {
    this.#transaction(() => {
      for (const { connection, orderKey, turn, due, heldBy } of queues) {
        if (heldBy === null) this.#queues.begin(connection, orderKey, turn, due);
        else this.#queues.hold(connection, orderKey, heldBy || null);
      }
    });
  }

  #transaction(work: () => void): void {
    this.#sql.exec('BEGIN IMMEDIATE');
    work();
    this.#sql.exec('COMMIT');
  }
}

function insertInto(table: string, columns: readonly string[]): string {
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
}

/** @throws PkbOutboxError where the new file can have no place */
function mustBeFolder(folder: string): void {
  if (!existsSync(folder))
    throw new PkbOutboxError('PKB_OUTBOX', `There is no folder ${folder}. Make it first.`);
}

function removeFile(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
}

function queueOf(row: Row, turn: number, due: number, heldBy: number | null): MovedQueue {
  return { connection: row['connection'] as string, orderKey: row['order_key'] as string, turn, due, heldBy };
}
