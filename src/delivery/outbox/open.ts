/**
 * Opening the store that the settings name, once for all that use it.
 */
import { resolve } from 'node:path';
import { PkbConfigError } from '../../errors.js';
import { MemoryOutbox } from './memory.js';
import type { Outbox } from './outbox.js';
import { SqliteOutbox } from './sqlite.js';

/** Settings of an outbox. */
export interface OutboxSettings {
  /** `embedded` or `memory`. */
  readonly store: string;
  /** File of the embedded store, relative to the user directory; blank = `pkb-outbox.sqlite` in it. */
  readonly path: string;
  readonly userDir: string;
  /** How long bodies of accepted messages are kept, in days. */
  readonly retentionDays: number;
  readonly encryptionKey?: string | undefined;
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

/** Open files by path: connections share one, since the file is locked for one opener. */
const FILES = new Map<string, { outbox: SqliteOutbox; users: number }>();

/**
 * Opens an outbox.
 *
 * @param name tells stores in memory apart
 * @throws PkbConfigError `PKB_SETTING` for a store that there is not; PkbOutboxError where it cannot be opened
 */
export function openOutbox(settings: OutboxSettings, name: string): OpenOutbox {
  switch (settings.store) {
    case 'memory':
      return inMemory(name);
    case 'embedded':
      return inFile(settings);
    default:
      throw new PkbConfigError('PKB_SETTING', 'The store of the outbox is none of those offered.');
  }
}

function inMemory(name: string): OpenOutbox {
  const outbox = IN_MEMORY.get(name) ?? new MemoryOutbox();
  IN_MEMORY.set(name, outbox);
  return { outbox, reports: [], release: async () => undefined };
}

function inFile({ path, userDir, retentionDays, encryptionKey }: OutboxSettings): OpenOutbox {
  const file = resolve(userDir, path || 'pkb-outbox.sqlite');
  const open = FILES.get(file) ?? {
    outbox: new SqliteOutbox({ path: file, retentionMs: retentionDays * DAY_MS, encryptionKey }),
    users: 0,
  };
  FILES.set(file, open);
  const reports = open.users === 0 ? open.outbox.reports : [];
  open.users++;
  return {
    outbox: open.outbox,
    reports,
    async release() {
      if (--open.users > 0) return;
      FILES.delete(file);
      await open.outbox.close();
    },
  };
}
