/**
 * Opening the store that the settings name, once for all that use it.
 */
import { resolve } from 'node:path';
import { PkbConfigError, type PkbError } from '../../errors.js';
import type { Outbox } from './contract.js';
import { MemoryOutbox } from './memory.js';
import { PostgresOutbox } from './postgres/postgres-outbox.js';
import { canonical } from './sqlite/lock.js';
import { SqliteOutbox } from './sqlite/sqlite-outbox.js';

/** Settings of an outbox. */
export interface OutboxSettings {
  /** `embedded`, `postgres` or `memory`. */
  readonly store: string;
  /** File of the embedded store, relative to the user directory; blank = `pkb-outbox.sqlite` in it. */
  readonly path: string;
  readonly userDir: string;
  /** How long bodies of accepted messages are kept, in days. */
  readonly retentionDays: number;
  readonly encryptionKey?: string | undefined;
  /** Of the store postgres, such as `postgresql://user:password@host/database?sslmode=verify-full`. */
  readonly connectionString?: string | undefined;
  /** Connections of the store postgres at most. */
  readonly poolSize?: number | undefined;
}

/** An open outbox, shared by all connections that name it. */
export interface OpenOutbox {
  readonly outbox: Outbox;
  /** What was found wrong and mended, for a person to read. */
  readonly reports: readonly string[];
  /** To be called by each that opened it; the last one closes it. */
  release(): Promise<void>;
}

const DAY_MS = 24 * 3_600_000;

/** Stores in memory outlive a deploy, which makes all nodes anew; so they are kept here, by the id of their outbox. */
const IN_MEMORY = new Map<string, MemoryOutbox>();

/** A file that is open, being opened or being closed. */
interface SharedFile {
  readonly outbox: Promise<SqliteOutbox>;
  /** Retention and key, which all that share it must agree on. */
  readonly terms: string;
  readonly users: Set<(error: PkbError) => void>;
  /** Set when the last user has left: when the file may be opened again. */
  closed?: Promise<void>;
}

/** Files by path: connections share one, since the file is locked for one opener. */
const FILES = new Map<string, SharedFile>();

/**
 * Opens an outbox.
 *
 * @param name tells stores in memory apart
 * @param failed is told when an open store fails by itself
 * @throws PkbConfigError `PKB_SETTING` for a store that there is not, or a file that is open with another retention or key;
 *   PkbOutboxError where it cannot be opened
 */
export async function openOutbox(
  settings: OutboxSettings,
  name: string,
  failed: (error: PkbError) => void = () => undefined,
): Promise<OpenOutbox> {
  switch (settings.store) {
    case 'memory':
      return inMemory(name);
    case 'embedded':
      return inFile(settings, failed);
    case 'postgres':
      return inPostgres(settings);
    default:
      throw new PkbConfigError(
        'PKB_SETTING',
        'The store of the outbox must be embedded, postgres or memory.',
      );
  }
}

function inMemory(name: string): OpenOutbox {
  const outbox = IN_MEMORY.get(name) ?? new MemoryOutbox();
  IN_MEMORY.set(name, outbox);
  return { outbox, reports: [], release: async () => undefined };
}

/** Each that names the same database and terms shares one pool. */
interface SharedDatabase {
  readonly outbox: Promise<PostgresOutbox>;
  users: number;
}

const DATABASES = new Map<string, SharedDatabase>();

async function inPostgres(settings: OutboxSettings): Promise<OpenOutbox> {
  const { connectionString = '', retentionDays, encryptionKey, poolSize } = settings;
  const terms = JSON.stringify([connectionString, retentionDays, encryptionKey, poolSize]);
  let shared = DATABASES.get(terms);
  if (shared === undefined) {
    const outbox = PostgresOutbox.open({
      connectionString,
      poolSize,
      retentionMs: retentionDays * DAY_MS,
      encryptionKey,
    });
    shared = { outbox, users: 0 };
    DATABASES.set(terms, shared);
  }
  const mine = shared;
  mine.users++;
  let left = false;
  const leave = async (): Promise<void> => {
    if (left) return;
    left = true;
    if (--mine.users > 0) return;
    if (DATABASES.get(terms) === mine) DATABASES.delete(terms);
    await mine.outbox.then((outbox) => outbox.close()).catch(() => undefined);
  };
  try {
    return { outbox: await mine.outbox, reports: [], release: leave };
  } catch (error) {
    await leave();
    throw error;
  }
}

async function inFile(settings: OutboxSettings, failed: (error: PkbError) => void): Promise<OpenOutbox> {
  const { path, userDir, retentionDays, encryptionKey = '' } = settings;
  const file = canonical(resolve(userDir, path || 'pkb-outbox.sqlite'));
  const terms = JSON.stringify([retentionDays, encryptionKey]);
  // A thread that is closing still has the file; the next one waits for its end.
  for (let open = FILES.get(file); open?.closed !== undefined; open = FILES.get(file)) await open.closed;
  const shared = FILES.get(file) ?? share(file, terms, settings);
  if (shared.terms !== terms) {
    throw new PkbConfigError(
      'PKB_SETTING',
      'Two pkb-outbox nodes use the same file, but not the same Keep text or Encryption. Enter the same values, or use one.',
    );
  }
  const first = shared.users.size === 0;
  // Each user is a function of its own, so that the set counts them.
  const user = (error: PkbError): void => failed(error);
  shared.users.add(user);
  const leave = async (): Promise<void> => {
    if (!shared.users.delete(user) || shared.users.size > 0) return;
    shared.closed = shared.outbox.then((outbox) => outbox.close()).catch(() => undefined);
    await shared.closed;
    FILES.delete(file);
  };
  try {
    const outbox = await shared.outbox;
    return { outbox, reports: first ? outbox.reports : [], release: leave };
  } catch (error) {
    await leave();
    throw error;
  }
}

function share(file: string, terms: string, { retentionDays, encryptionKey }: OutboxSettings): SharedFile {
  const users = new Set<(error: PkbError) => void>();
  const outbox = SqliteOutbox.open(
    { path: file, retentionMs: retentionDays * DAY_MS, encryptionKey },
    { failed: (error) => [...users].slice(0, 1).forEach((user) => user(error)) },
  );
  const shared: SharedFile = { outbox, terms, users };
  FILES.set(file, shared);
  return shared;
}
