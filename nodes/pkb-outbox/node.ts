/**
 * pkb-outbox: keeps messages safe until their outcome is known.
 */
import { openOutbox } from '../../src/delivery/outbox/open.js';
import { asPkbError, PkbError } from '../../src/errors.js';
import { numberSetting, NUMBERS } from '../../src/settings.js';
import { raiseError } from '../common/errors.js';
import type { Keeping, OutboxNode } from '../common/contracts.js';
import type { Node, NodeDef, Runtime } from '../common/types.js';
import { userDirOf } from '../common/user-dir.js';

interface OutboxCredentials {
  connectionString?: string;
  encryptionKey?: string;
}

interface OutboxDef extends NodeDef {
  store: string;
  path: string;
  poolSize?: number | string;
  retentionDays: number | string;
  maxAgeHours: number | string;
  showTexts?: boolean;
}

module.exports = function (RED: Runtime): void {
  function PkbOutbox(this: OutboxNode & Node<OutboxCredentials>, config: OutboxDef): void {
    RED.nodes.createNode(this, config);
    let keeping: Keeping | PkbError;
    try {
      keeping = keepingOf(config, this.credentials, userDirOf(RED));
    } catch (error) {
      keeping = asPkbError(error);
      raiseError(RED, this, keeping);
    }
    this.keeping = () => {
      if (keeping instanceof PkbError) throw keeping;
      return keeping;
    };
  }
  RED.nodes.registerType<OutboxNode & Node<OutboxCredentials>, OutboxDef, object, OutboxCredentials>(
    'pkb-outbox',
    PkbOutbox,
    { credentials: { connectionString: { type: 'password' }, encryptionKey: { type: 'password' } } },
  );
};

/** @throws PkbConfigError `PKB_SETTING` */
function keepingOf(config: OutboxDef, credentials: OutboxCredentials | undefined, userDir: string): Keeping {
  const settings = {
    store: config.store || 'embedded',
    path: config.path || '',
    userDir,
    retentionDays: numberSetting(config.retentionDays, NUMBERS.retentionDays),
    encryptionKey: credentials?.encryptionKey,
    connectionString: credentials?.connectionString,
    poolSize: numberSetting(config.poolSize, NUMBERS.poolSize),
  };
  return {
    maxAgeHours: numberSetting(config.maxAgeHours, NUMBERS.maxAgeHours),
    showsTexts: config.showTexts === true,
    open: (failed) => openOutbox(settings, config.id, failed),
  };
}
