/**
 * Where a connection posts to.
 */
import { PkbConfigError } from '../../src/errors.js';
import {
  addressKey,
  checkUrl,
  type Environment,
  isEnvironment,
  PUBLISHED_URLS,
} from '../../src/pkb/environments.js';
import type { ConnectionDef } from '../common/contracts.js';
import type { Goal } from '../common/network.js';
import { simulatorUrl } from '../common/simulator.js';
import type { Runtime } from '../common/types.js';

/** The settings that say where a connection goes, and by which way. */
export type Way = Pick<ConnectionDef, 'environment' | 'url' | 'tls' | 'proxy'>;

/**
 * The address of a connection's environment.
 *
 * @throws PkbConfigError `PKB_URL`, `PKB_SIMULATOR` or `PKB_SETTING`
 */
export function addressFor(RED: Runtime, config: Way): URL {
  const { environment, url } = environmentOf(config);
  return environment === 'simulator'
    ? simulatorUrl(RED, 'The connection')
    : checkUrl(PUBLISHED_URLS[environment] ?? url);
}

/**
 * What the messages of a connection are bound to.
 *
 * @throws PkbConfigError `PKB_URL` or `PKB_SETTING`
 */
export function addressKeyFor(config: Way): string {
  const { environment, url } = environmentOf(config);
  if (environment === 'simulator') return addressKey(environment, undefined);
  return addressKey(environment, checkUrl(PUBLISHED_URLS[environment] ?? url));
}

/** Whether a connection goes to the simulator. */
export function isSimulator({ environment }: Pick<Way, 'environment'>): boolean {
  return environment === 'simulator';
}

/** Where a connection leads, for its TLS and proxy settings. */
export function goalOf(RED: Runtime, config: Way): Goal {
  return { address: () => addressFor(RED, config), isSimulator: isSimulator(config) };
}

/** A blank or unknown environment is refused: guessing one could send messages where nobody meant them to go. */
function environmentOf({ environment, url }: Way): { environment: Environment; url: string } {
  if (isEnvironment(environment)) return { environment, url };
  throw new PkbConfigError(
    'PKB_SETTING',
    'Open the connection and choose an environment: none is chosen, or it is unknown.',
  );
}
