/**
 * Opening the store that the settings name.
 */
import { PkbConfigError } from '../../errors.js';
import { MemoryOutbox } from './memory.js';
import type { Outbox } from './outbox.js';

/** Settings of an outbox. */
export interface OutboxSettings {
  /** `embedded`, `memory` or `postgres`. */
  readonly store: string;
  /** File of the embedded store; blank = in the user directory. */
  readonly path: string;
  readonly userDir: string;
  /** How long bodies of accepted messages are kept, in days. */
  readonly retentionDays: number;
  readonly encryptionKey?: string | undefined;
}

/** Stores in memory outlive a deploy, which makes all nodes anew; so they are kept here, by the id of their outbox. */
const IN_MEMORY = new Map<string, MemoryOutbox>();

/**
 * Opens an outbox.
 *
 * @param name tells stores in memory apart
 * @throws PkbConfigError `PKB_SETTING` for a store that there is not
 */
export function openOutbox(settings: OutboxSettings, name: string): Outbox {
  if (settings.store === 'memory') {
    const known = IN_MEMORY.get(name) ?? new MemoryOutbox();
    IN_MEMORY.set(name, known);
    return known;
  }
  throw new PkbConfigError(
    'PKB_SETTING',
    `There is no outbox store "${settings.store.slice(0, 20)}"; choose memory.`,
  );
}
