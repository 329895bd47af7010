/**
 * pkb-outbox: where messages are safe until their fate is known.
 */
import { PkbConfigError, PkbError } from '../src/errors.js';
import { type OpenOutbox, openOutbox, type OutboxSettings } from '../src/delivery/outbox/open.js';
import type { Node, NodeDef, Runtime } from './common/types.js';
import { userDirOf } from './common/user-dir.js';

/** A pkb-outbox node at run time. */
export interface OutboxNode extends Node<OutboxCredentials> {
  /** Throws what is wrong with the settings, if anything is. */
  check(): void;
  /**
   * Opens the store.
   *
   * @param failed is told when the open store fails by itself
   * @throws PkbError where it cannot be opened
   */
  open(failed: (error: PkbError) => void): Promise<OpenOutbox>;
  /** How long a message is kept trying, in hours. */
  maxAgeHours: number;
}

interface OutboxCredentials {
  connectionString?: string;
  encryptionKey?: string;
}

interface OutboxDef extends NodeDef {
  store: string;
  path: string;
  retentionDays: number | string;
  maxAgeHours: number | string;
}

module.exports = function (RED: Runtime): void {
  function PkbOutbox(this: OutboxNode, config: OutboxDef): void {
    RED.nodes.createNode(this, config);
    let settings: OutboxSettings | undefined;
    let fault: PkbError | undefined;
    try {
      settings = settingsOf(config, this.credentials, userDirOf(RED));
      this.maxAgeHours = positive(config.maxAgeHours, 72, 'maximum age');
    } catch (error) {
      if (!(error instanceof PkbError)) throw error;
      fault = error;
      this.error(error);
    }
    this.check = () => {
      if (fault) throw fault;
    };
    this.open = async (failed) => {
      if (settings === undefined)
        throw fault ?? new PkbConfigError('PKB_SETTING', 'The outbox has no settings.');
      return openOutbox(settings, config.id, failed);
    };
  }
  RED.nodes.registerType<OutboxNode, OutboxDef, object, OutboxCredentials>('pkb-outbox', PkbOutbox, {
    credentials: { connectionString: { type: 'password' }, encryptionKey: { type: 'password' } },
  });
};

function settingsOf(config: OutboxDef, credentials: OutboxCredentials, userDir: string): OutboxSettings {
  return {
    store: config.store || 'embedded',
    path: config.path || '',
    userDir,
    retentionDays: positive(config.retentionDays, 7, 'retention'),
    encryptionKey: credentials?.encryptionKey,
  };
}

function positive(value: unknown, fallback: number, name: string): number {
  if (value === undefined || value === null || value === '') return fallback;
  const number = Number(value);
  if (Number.isFinite(number) && number >= 0) return number;
  throw new PkbConfigError('PKB_SETTING', `The ${name} of the outbox must be a number, 0 or more.`);
}
