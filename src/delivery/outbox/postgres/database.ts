/**
 * A PostgreSQL database: a pool of connections, transactions that are tried again where two got in each other's way, and
 * errors in words that quote nothing. Statements are not prepared by name and no session state is used, so that it works
 * behind a pooler that gives each transaction another session (PgBouncer, `pool_mode = transaction`).
 */
import type { Client, ClientConfig, Pool, PoolClient, QueryResult } from 'pg';
import { PkbConfigError, PkbOutboxError } from '../../../errors.js';
import type { Row, Value } from '../row.js';

/** Parameters of a statement; arrays are for `unnest` and `ANY`. */
export type Parameters = readonly (Value | readonly (string | number | null)[])[];

/** Thrown where the answer of the server did not come: what was asked may have been done all the same. */
export class AnswerLost extends PkbOutboxError {
  constructor(text: string) {
    super('PKB_OUTBOX', text);
  }
}

/** Thrown where a row with the same key is there already. */
export class AlreadyThere extends PkbOutboxError {
  constructor() {
    super('PKB_OUTBOX', 'The PostgreSQL server of the outbox has this row already.');
  }
}

/** Runs SQL, in a transaction or by itself. */
export interface Sql {
  /** @throws PkbOutboxError `PKB_OUTBOX` */
  all(sql: string, ...values: Parameters): Promise<Row[]>;
  /** The first row; undefined where there is none. */
  get(sql: string, ...values: Parameters): Promise<Row | undefined>;
}

/** How long one statement may take, and how long getting a connection may, in milliseconds. */
const QUERY_MS = 30_000;
const CONNECT_MS = 10_000;

/** How often a transaction is tried that got in another's way. */
const TRIES = 5;

/** Connections of a pool where the setting does not say how many. */
export const POOL_SIZE = 8;

/** Opens the optional package. @throws PkbConfigError `PKB_SETTING` with what to install */
function loadPg(): typeof import('pg') {
  try {
    return require('pg') as typeof import('pg');
  } catch {
    throw new PkbConfigError(
      'PKB_SETTING',
      'The store postgres needs the package pg: run "npm install pg" in Node-RED’s user directory and restart Node-RED.',
    );
  }
}

/** A pool of connections to one database. */
export class Database implements Sql {
  readonly #pg: typeof import('pg');
  readonly #config: ClientConfig;
  readonly #pool: Pool;

  /**
   * @param connectionString such as `postgresql://user:password@host:5432/database?sslmode=verify-full`
   * @throws PkbConfigError `PKB_SETTING` where it is none, or the package pg is missing
   */
  constructor(connectionString: string, poolSize = POOL_SIZE) {
    if (!/^postgres(ql)?:\/\//.test(connectionString)) {
      throw new PkbConfigError(
        'PKB_SETTING',
        'The connection string of the outbox must begin with postgresql://; open pkb outbox and enter it.',
      );
    }
    this.#pg = loadPg();
    this.#config = { connectionString, keepAlive: true, connectionTimeoutMillis: CONNECT_MS };
    try {
      this.#pool = new this.#pg.Pool({
        ...this.#config,
        max: poolSize,
        query_timeout: QUERY_MS,
        // What Node-RED waits for when it ends is closed by hand.
        idleTimeoutMillis: 60_000,
      });
    } catch {
      throw new PkbConfigError(
        'PKB_SETTING',
        'The connection string of the outbox is not valid; open pkb outbox and correct it.',
      );
    }
    // A connection that breaks while nobody uses it, or between two statements: whoever wants one next gets a new one. An
    // 'error' that nobody listens to would end the process.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** Runs one statement in a transaction of its own. */
  async all(sql: string, ...values: Parameters): Promise<Row[]> {
    return this.#retried(() => this.#pool.query(sql, [...values]));
  }

  async get(sql: string, ...values: Parameters): Promise<Row | undefined> {
    return (await this.all(sql, ...values))[0];
  }

  /** Runs several statements as one transaction; what `work` throws undoes it. */
  async transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      const client = await this.#connect();
      let broken: Error | undefined;
      try {
        await client.query('BEGIN');
        const result = await work(sqlOf(client));
        await client.query('COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch((failure: Error) => (broken = failure));
        if (tries < TRIES && isCollision(error)) continue;
        throw asOutboxError(error);
      } finally {
        client.release(broken);
      }
    }
  }

  /** A connection of its own, for LISTEN; the caller connects and ends it. */
  client(): Client {
    return new this.#pg.Client(this.#config);
  }

  async close(): Promise<void> {
    await this.#pool.end().catch(() => undefined);
  }

  async #connect(): Promise<PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw asOutboxError(error);
    }
  }

  async #retried(run: () => Promise<QueryResult>): Promise<Row[]> {
    for (let tries = 1; ; tries++) {
      try {
        return (await run()).rows as Row[];
      } catch (error) {
        if (tries >= TRIES || !isCollision(error)) throw asOutboxError(error);
      }
    }
  }
}

function sqlOf(client: PoolClient): Sql {
  const all = async (sql: string, ...values: Parameters): Promise<Row[]> =>
    (await client.query(sql, [...values])).rows as Row[];
  return { all, get: async (sql, ...values) => (await all(sql, ...values))[0] };
}

/** Whether two transactions got in each other's way, so that one was undone and may be tried again. */
function isCollision(error: unknown): boolean {
  return ['40001', '40P01'].includes(codeOf(error));
}

/** SQLSTATE, or the code of a failed connection; blank where there is none. */
function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** What a person is told, by SQLSTATE (PostgreSQL, appendix A) or by the code of a failed connection. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'cannot be reached (connection refused). Check host, port and whether it runs.',
  ENOTFOUND: 'cannot be reached: its host name is not known. Check the connection string.',
  EAI_AGAIN: 'cannot be reached: its host name could not be looked up.',
  ECONNRESET: 'cut the connection.',
  EPIPE: 'cut the connection.',
  ERR_INVALID_URL:
    'cannot be asked: the connection string is no URL. Write # / ? @ : and % of a user name or password as %23 %2F %3F %40 %3A and %25.',
  ETIMEDOUT: 'cannot be reached (timeout). Check host, port and firewall.',
  ENOENT:
    'cannot be reached: a file in the connection string is not there. Check sslrootcert, sslcert and sslkey.',
  ...Object.fromEntries(
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT'].map(
      (code) => [
        code,
        'has a certificate of an authority that is not trusted. Name the authority’s file as sslrootcert in the connection string.',
      ],
    ),
  ),
  ERR_TLS_CERT_ALTNAME_INVALID:
    'has a certificate for another host name. Use the name in its certificate as host, beside sslrootcert, in the connection string.',
  CERT_HAS_EXPIRED: 'has a certificate that has expired; renew it on the server.',
  '28P01': 'refused the user name or password of the connection string.',
  '28000': 'refused the user of the connection string; check pg_hba.conf and TLS.',
  '3D000': 'has no database with the name in the connection string; correct the name, or create it.',
  '42P01': 'holds no outbox in this schema, or one that this user may not see.',
  '42501': 'does not give this user the permissions that the outbox needs; docs/scale.md lists the grants.',
  '53100': 'has a full disk. Nothing was stored; free space on its server.',
  '53300': 'has no connection to spare; raise max_connections, or put a pooler before it.',
  '57P01': 'is being shut down, or an administrator ended the connection.',
  '57P03': 'is starting up or shutting down.',
  '25006': 'is read-only, as a replica is; connect to the primary.',
};

/** SQLSTATE of a key that is there already. */
const UNIQUE = '23505';

/** Codes of failures after which nobody knows whether the server did what it was asked; blank: the driver gave up waiting. */
const LOST: ReadonlySet<string> = new Set([
  '',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  '57P01',
  '57P02',
  '08006',
  '08003',
]);

/** An error of the driver as one of ours: its own words may quote values, so only its code is used. */
export function asOutboxError(error: unknown): Error {
  if (error instanceof PkbOutboxError || error instanceof PkbConfigError) return error;
  if (error instanceof Error && /does not support SSL/.test(error.message)) {
    return new PkbOutboxError(
      'PKB_OUTBOX',
      'The PostgreSQL server of the outbox does not support TLS; turn it on there. The connection string asks for it (sslmode).',
    );
  }
  if (error instanceof Error && /password must be a string/.test(error.message)) {
    return new PkbOutboxError(
      'PKB_OUTBOX',
      'The PostgreSQL server of the outbox asks for a password, and the connection string has none. Enter it as postgresql://user:password@host/database.',
    );
  }
  const code = codeOf(error);
  if (code === UNIQUE) return new AlreadyThere();
  // Errors of other kinds than the driver's are defects or ours, and are told as they are.
  if (code === '' && !(error instanceof Error && /timeout|terminated|Connection/i.test(error.message)))
    return error instanceof Error ? error : new Error('The database failed.');
  const known = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  const reason =
    known ?? (code === '' ? 'did not answer in time, or cut the connection.' : `failed (${code}).`);
  const text = `The PostgreSQL server of the outbox ${reason}`;
  return LOST.has(code) ? new AnswerLost(text) : new PkbOutboxError('PKB_OUTBOX', text);
}
