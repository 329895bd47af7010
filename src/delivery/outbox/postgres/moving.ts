/** A PostgreSQL outbox as the source or the target of a move. */
import type { BodyCipher } from '../cipher.js';
import { placeOfResult } from '../message-row.js';
import { PkbOutboxError } from '../../../errors.js';
import {
  holdsMessages,
  inUseError,
  MOVED,
  type MovedItem,
  type MovedMessage,
  type MovedQueue,
  type MovedRun,
  type MoveSource,
  type MoveTarget,
  refuseMoved,
} from '../move.js';
import { type MovedPause, openPause, PAUSE_KEY, pauseKey, sealPause } from '../pause.js';
import { MOVED_COLUMNS, movedMessage, movedValues, letterRowsOf, rowsOf, runRowsOf } from '../moved-row.js';
import { type LetterRows, MOVED_LETTER_COLUMNS, type MovedLetter } from '../letter-rows.js';
import { MOVED_ITEM_COLUMNS, RUN_COLUMNS, type RunRows } from '../run-rows.js';
import type { Row, Value } from '../row.js';
import { Bodies, TEXT_COLUMNS } from './bodies.js';
import { columnArrays } from './columns.js';
import { Database, type Sql } from './database.js';
import { type Keys, keysOf, readMeta, writeKeys, writeMeta } from './keys.js';
import { migrate, SCHEMA, schemaName } from './schema.js';
import { insertRecord, readTrail } from './trail.js';
import type { TrailRecord } from '../trail.js';

/** Messages that are in memory at a time; letters may be of megabytes. */
const BATCH = 100;

/** In place of a process, where none has accepted a message or may send. */
const NO_INSTANCE = 'moved';

/** Which database, and what encrypts it. */
export interface DatabaseToMove {
  readonly connectionString: string;
  readonly schema?: string | undefined;
  /** Blank for none. */
  readonly password: string;
}

/**
 * Opens a database to be left.
 *
 * @throws PkbConfigError `PKB_SETTING`, PkbOutboxError `PKB_OUTBOX` where it cannot be reached or read, was left before, or the
 *   password is wrong
 */
export async function databaseToLeave(options: DatabaseToMove): Promise<MoveSource> {
  const schema = schemaName(options.schema ?? SCHEMA);
  const db = new Database(options.connectionString, 3);
  let release: (() => Promise<void>) | undefined;
  try {
    await migrate(db, schema);
    release = await holdAlone(db, schema);
    const mark = await readMeta(db, schema, MOVED);
    if (mark?.toString() === 'done') refuseMoved(mark);
    const keys = await keysOf(db, schema, options.password);
    return new DatabaseToLeave(db, schema, keys, mark !== undefined, release);
  } catch (error) {
    await release?.();
    await db.close();
    throw error;
  }
}

/** The secret of what was made with another key: no outbox has it. */
const UNKNOWN = Buffer.alloc(0);

/** Any number that no other program is likely to lock by. */
const MOVE_LOCK = 502_244_103;

/** Keeps other commands from moving the same schema, until what it gives back is called. */
async function holdAlone(db: Database, schema: string): Promise<() => Promise<void>> {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  let holding: Promise<void> = Promise.resolve();
  const isHeld = await new Promise<boolean>((resolve, reject) => {
    // The lock is the transaction's, so that it works behind a pooler, and ends with this process.
    holding = db.transaction(async (sql) => {
      const row = await sql.get(
        'SELECT pg_try_advisory_xact_lock($1, hashtext($2)) AS got',
        MOVE_LOCK,
        schema,
      );
      resolve(row?.['got'] === true);
      if (row?.['got'] === true) await ended;
    });
    holding.catch(reject);
  });
  if (!isHeld)
    throw new PkbOutboxError('PKB_OUTBOX', 'Another command is moving this outbox now. Wait for its end.');
  return async () => {
    end();
    await holding.catch(() => undefined);
  };
}

class DatabaseToLeave implements MoveSource {
  readonly secret: Buffer;
  readonly wasBegun: boolean;
  readonly #db: Database;
  readonly #schema: string;
  readonly #cipher: BodyCipher;
  readonly #rows;
  readonly #bodies: Bodies;
  readonly #runs: RunRows;
  readonly #letters: LetterRows;
  readonly #release: () => Promise<void>;

  constructor(
    db: Database,
    schema: string,
    { cipher, secret }: Keys,
    wasBegun: boolean,
    release: () => Promise<void>,
  ) {
    this.#db = db;
    this.#release = release;
    this.#schema = schema;
    this.#cipher = cipher;
    this.secret = secret;
    this.wasBegun = wasBegun;
    this.#rows = rowsOf(cipher, secret);
    this.#bodies = new Bodies(schema, cipher);
    this.#runs = runRowsOf(cipher, secret);
    this.#letters = letterRowsOf(cipher, secret);
  }

  /**
   * A Node-RED that opens the outbox first reports that it is running, then looks for the mark. So one sees the other. One that was
   * frozen, or cut off from the database, finds its lease gone and the mark there: every statement that stores looks for it, and the
   * lock lets those end that have begun.
   */
  async mark(state: 'begun' | 'done'): Promise<void> {
    const s = this.#schema;
    await this.#db.transaction(async (sql) => {
      await sql.all(`LOCK TABLE ${s}.message IN EXCLUSIVE MODE`);
      await writeMeta(sql, s, MOVED, Buffer.from(state));
      await sql.all(`UPDATE ${s}.lease SET holder = '${NO_INSTANCE}', epoch = epoch + 1, until = 'infinity'`);
    });
    if (state === 'done' || !(await isInUse(this.#db, s))) return;
    await this.unmark();
    throw inUseError();
  }

  async unmark(): Promise<void> {
    const s = this.#schema;
    await this.#db.transaction(async (sql) => {
      await sql.all(`DELETE FROM ${s}.meta WHERE key = $1`, MOVED);
      await sql.all(
        `UPDATE ${s}.lease SET until = clock_timestamp() WHERE holder = '${NO_INSTANCE}' AND until = 'infinity'`,
      );
    });
  }

  eachMessages(take: (messages: readonly MovedMessage[]) => Promise<void>): Promise<void> {
    const s = this.#schema;
    const query = `SELECT m.*, ${TEXT_COLUMNS} FROM ${s}.message m LEFT JOIN ${s}.text t ON t.message = m.id ORDER BY m.position`;
    return this.#each(query, async (sql, rows) => {
      const moved: MovedMessage[] = [];
      for (const row of rows) moved.push(await this.#messageOf(sql, row));
      await take(moved);
    });
  }

  eachQueues(take: (queues: readonly MovedQueue[]) => Promise<void>): Promise<void> {
    const s = this.#schema;
    const query = `SELECT q.connection, q.order_key, q.turn, q.due, q.held_by IS NOT NULL AS held, m.position
      FROM ${s}.queue q LEFT JOIN ${s}.message m ON m.id = q.held_by WHERE q.waiting > 0 OR q.held_by IS NOT NULL`;
    return this.#each(query, async (_, rows) => {
      await take(
        rows.map((row) => ({
          connection: row['connection'] as string,
          orderKey: row['order_key'] as string,
          turn: Number(row['turn']),
          due: Number(row['due']),
          heldBy: row['held'] === true ? Number(row['position'] ?? 0) : null,
        })),
      );
    });
  }

  async runs(): Promise<readonly MovedRun[]> {
    const rows = await this.#db.all(`SELECT * FROM ${this.#schema}.run`);
    return rows.map((row) => this.#runs.movedRun(row));
  }

  eachItems(take: (items: readonly MovedItem[]) => Promise<void>): Promise<void> {
    const s = this.#schema;
    // In a file messages are known by their positions.
    const query = `SELECT i.run, i.item_key, i.reference_key, i.content, i.occurrence, i.position, i.label, i.message_type, m.position AS message, o.position AS same, i.ending,
        i.code, i.at, i.arrivals, r.label AS run_label
      FROM ${s}.item i JOIN ${s}.run r ON r.name = i.run LEFT JOIN ${s}.message m ON m.id = i.message
        LEFT JOIN ${s}.message o ON o.id = i.same ORDER BY i.id`;
    return this.#each(query, (_, rows) => take(rows.map((row) => this.#runs.movedItem(row))));
  }

  eachLetters(take: (letters: readonly MovedLetter[]) => Promise<void>): Promise<void> {
    const query = `SELECT * FROM ${this.#schema}.letter ORDER BY id`;
    return this.#each(query, (_, rows) => take(rows.map((row) => this.#letters.movedOf(row))));
  }

  async pauses(): Promise<readonly MovedPause[]> {
    const rows = await this.#db.all(
      `SELECT key, value FROM ${this.#schema}.meta WHERE key LIKE '${PAUSE_KEY}%'`,
    );
    return rows.map((row) => {
      const connection = (row['key'] as string).slice(PAUSE_KEY.length);
      return { connection, ...openPause(row['value'] as Buffer, connection, this.#cipher) };
    });
  }

  trail(): Promise<readonly TrailRecord[]> {
    return readTrail(this.#db, this.#schema, this.#cipher, 0, Number.MAX_SAFE_INTEGER);
  }

  async close(): Promise<void> {
    await this.#release();
    await this.#db.close();
  }

  /** Goes through the rows of a query, some at a time, as they are at its beginning. */
  #each(query: string, use: (sql: Sql, rows: readonly Row[]) => Promise<void>): Promise<void> {
    return this.#db.transaction(async (sql) => {
      await sql.all(`DECLARE moving NO SCROLL CURSOR FOR ${query}`);
      for (;;) {
        const rows = await sql.all(`FETCH ${BATCH} FROM moving`);
        if (rows.length === 0) return;
        await use(sql, rows);
      }
    });
  }

  async #messageOf(sql: Sql, row: Row): Promise<MovedMessage> {
    const id = Number(row['id']);
    const history = await sql.all(
      `SELECT at, outcome, reason FROM ${this.#schema}.attempt WHERE message = $1 ORDER BY at, ctid`,
      id,
    );
    return movedMessage({
      // In a file the order is that of the ids.
      id: Number(row['position']),
      row,
      rows: this.#rows,
      texts:
        row['kept'] === 1 ? await this.#bodies.read(sql, row).catch(() => 'unreadable' as const) : 'erased',
      result: row['result'] === null ? null : this.#cipher.open(row['result'], placeOfResult(id)),
      history,
    });
  }
}

/** Prepares a database to be filled. */
export function databaseToFill(options: DatabaseToMove): MoveTarget {
  const schema = schemaName(options.schema ?? SCHEMA);
  return new DatabaseToFill(new Database(options.connectionString, 2), schema, options.password);
}

class DatabaseToFill implements MoveTarget {
  readonly #db: Database;
  readonly #schema: string;
  readonly #password: string;

  constructor(db: Database, schema: string, password: string) {
    this.#db = db;
    this.#schema = schema;
    this.#password = password;
  }

  async contents(): Promise<{ secret: Buffer; count: number } | undefined> {
    await migrate(this.#db, this.#schema);
    const row = await this.#db.get(`SELECT count(*) AS n FROM ${this.#schema}.message`);
    const count = Number(row?.['n']);
    const mark = await readMeta(this.#db, this.#schema, MOVED);
    if (count === 0 && mark === undefined) return undefined;
    const keys = await keysOf(this.#db, this.#schema, this.#password).catch(() => undefined);
    return { secret: keys?.secret ?? UNKNOWN, count };
  }

  /** In one transaction. */
  receive(source: MoveSource): Promise<number> {
    const s = this.#schema;
    return this.#db.transaction(async (sql) => {
      // Who opens it now waits for its keys.
      await sql.all(`LOCK TABLE ${s}.meta IN ACCESS EXCLUSIVE MODE`);
      if (await isInUse(sql, s)) throw inUseError();
      // Another move may have been faster.
      if ((await sql.get(`SELECT 1 FROM ${s}.message LIMIT 1`)) !== undefined) throw holdsMessages();
      const { cipher } = await writeKeys(sql, s, this.#password, source.secret);
      const filler = new Filler(sql, s, cipher, source.secret);
      await source.eachMessages((messages) => filler.store(messages));
      await source.eachQueues((queues) => filler.queue(queues));
      await filler.runs(await source.runs());
      await source.eachItems((items) => filler.items(items));
      await source.eachLetters((letters) => filler.letters(letters));
      await filler.end();
      for (const { connection, ...pause } of await source.pauses())
        await writeMeta(sql, s, pauseKey(connection), sealPause(pause, connection, cipher));
      for (const record of await source.trail()) await insertRecord(sql, s, cipher, record);
      return filler.count;
    });
  }

  close(): Promise<void> {
    return this.#db.close();
  }
}

/** Types of the columns, where not text. */
const COLUMN_TYPES: Readonly<Record<string, string>> = {
  id: 'bigint',
  identity: 'bytea',
  in_parts: 'integer',
  hold: 'integer',
  ask: 'integer',
  stored_at: 'bigint',
  attempts: 'integer',
  unclear: 'integer',
  corrections: 'integer',
  settled_at: 'bigint',
  told: 'integer',
  expired: 'integer',
  result: 'bytea',
  kept: 'integer',
  dismissed: 'integer',
  occurrence: 'bigint',
  position: 'bigint',
  label: 'bytea',
  message: 'bigint',
  same: 'bigint',
  at: 'bigint',
  arrivals: 'integer',
  expected: 'bigint',
  exact: 'integer',
  started_at: 'bigint',
  closed_at: 'bigint',
  reported: 'integer',
  claimed_until: 'bigint',
  ask_patient: 'integer',
  deadline: 'bigint',
  next_ask: 'bigint',
  watched_at: 'bigint',
  given: 'integer',
  read_at: 'bigint',
  ended_at: 'bigint',
};

/** Writes what is moved into an empty schema. */
class Filler {
  count = 0;
  readonly #sql: Sql;
  readonly #schema: string;
  readonly #cipher: BodyCipher;
  readonly #rows;
  readonly #bodies: Bodies;
  readonly #runs: RunRows;
  readonly #letters: LetterRows;

  constructor(sql: Sql, schema: string, cipher: BodyCipher, secret: Buffer) {
    this.#sql = sql;
    this.#schema = schema;
    this.#cipher = cipher;
    this.#rows = rowsOf(cipher, secret);
    this.#bodies = new Bodies(schema, cipher);
    this.#runs = runRowsOf(cipher, secret);
    this.#letters = letterRowsOf(cipher, secret);
  }

  async store(messages: readonly MovedMessage[]): Promise<void> {
    const columns = MOVED_COLUMNS.join(', ');
    const values = messages.map((moved) => movedValues(moved, this.#rows, this.#sealed(moved)));
    const { arrays, unnest } = columnArrays(MOVED_COLUMNS, COLUMN_TYPES, values);
    await this.#sql.all(
      `INSERT INTO ${this.#schema}.message (${columns}, position, instance)
        SELECT ${columns}, id, '${NO_INSTANCE}' FROM ${unnest} AS g (${columns})`,
      ...arrays,
    );
    const there = messages.filter(({ texts }) => texts === 'there');
    await this.#bodies.store(
      this.#sql,
      there.map(({ id, message: { body, carried } }) => ({ id, body, carried })),
    );
    const history = messages.flatMap(({ id, history: all }) =>
      all.map(({ at, outcome, reason }) => [id, at, outcome, reason]),
    );
    const attempts = columnArrays(
      ['message', 'at', 'outcome', 'reason'],
      { message: 'bigint', at: 'bigint' },
      history,
    );
    await this.#sql.all(
      `INSERT INTO ${this.#schema}.attempt (message, at, outcome, reason) SELECT * FROM ${attempts.unnest} AS g`,
      ...attempts.arrays,
    );
    this.count += messages.length;
  }

  async runs(runs: readonly MovedRun[]): Promise<void> {
    await this.#insert(
      'run',
      RUN_COLUMNS,
      runs.map((run) => this.#runs.movedRunValues(run)),
    );
  }

  async items(items: readonly MovedItem[]): Promise<void> {
    await this.#insert(
      'item',
      MOVED_ITEM_COLUMNS,
      items.map((item) => this.#runs.movedItemValues(item)),
    );
  }

  async letters(letters: readonly MovedLetter[]): Promise<void> {
    await this.#insert(
      'letter',
      MOVED_LETTER_COLUMNS,
      letters.map((letter) => this.#letters.movedValues(letter)),
    );
  }

  async #insert(
    table: string,
    columns: readonly string[],
    values: readonly (readonly Value[])[],
  ): Promise<void> {
    const { arrays, unnest } = columnArrays(columns, COLUMN_TYPES, values);
    const names = columns.join(', ');
    await this.#sql.all(
      `INSERT INTO ${this.#schema}.${table} (${names}) SELECT ${names} FROM ${unnest} AS g (${names})`,
      ...arrays,
    );
  }

  async queue(queues: readonly MovedQueue[]): Promise<void> {
    const types = { turn: 'bigint', due: 'bigint', held_by: 'bigint' };
    const { arrays, unnest } = columnArrays(
      ['connection', 'order_key', 'turn', 'due', 'held_by'],
      types,
      queues.map(({ connection, orderKey, turn, due, heldBy }) => [connection, orderKey, turn, due, heldBy]),
    );
    await this.#sql.all(
      `INSERT INTO ${this.#schema}.queue (connection, order_key, turn, due, held_by, waiting)
        SELECT g.*, (SELECT count(*) FROM ${this.#schema}.message m WHERE m.connection = g.connection
          AND m.order_key = g.order_key AND m.state = 'queued')
        FROM ${unnest} AS g (connection, order_key, turn, due, held_by)`,
      ...arrays,
    );
  }

  /** What is stored from now on goes behind what was moved. */
  async end(): Promise<void> {
    const s = this.#schema;
    for (const [sequence, column] of [
      ['message_id', 'id'],
      ['position', 'position'],
    ])
      await this.#sql.all(`SELECT setval('${s}.${sequence}', (SELECT max(${column}) FROM ${s}.message))`);
    await this.#sql.all(`SELECT setval('${s}.turn', (SELECT max(turn) + 1 FROM ${s}.queue))`);
  }

  #sealed({ id, result }: MovedMessage): Buffer | null {
    return result === null ? null : this.#cipher.seal(result, placeOfResult(id));
  }
}

/** Whether a Node-RED has been seen a short while ago. */
async function isInUse(sql: Sql, schema: string): Promise<boolean> {
  const seen = await sql.get(
    `SELECT 1 FROM ${schema}.instance WHERE seen > clock_timestamp() - interval '30 seconds' LIMIT 1`,
  );
  return seen !== undefined;
}
