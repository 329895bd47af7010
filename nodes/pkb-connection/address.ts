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
import type { ConnectionDef, SimulatorNode } from '../common/contracts.js';
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
  return environment === 'simulator' ? theSimulator(RED) : checkUrl(PUBLISHED_URLS[environment] ?? url);
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

/** A blank or unknown environment is refused: guessing one could send messages where nobody meant them to go. */
function environmentOf({ environment, url }: Way): { environment: Environment; url: string } {
  if (isEnvironment(environment)) return { environment, url };
  throw new PkbConfigError(
    'PKB_SETTING',
    'Open the connection and choose an environment: none is chosen, or it is unknown.',
  );
}

/** Where the one simulator node of this Node-RED listens. */
function theSimulator(RED: Runtime): URL {
  const found: (() => URL)[] = [];
  RED.nodes.eachNode(({ id, type }) => {
    const node = type === 'pkb-simulator' ? (RED.nodes.getNode(id) as SimulatorNode | null) : null;
    if (node?.url) found.push(node.url);
  });
  const [only] = found;
  if (only && found.length === 1) return only();
  throw new PkbConfigError(
    'PKB_SIMULATOR',
    found.length === 0
      ? 'The connection is set to the simulator, but there is no pkb-simulator node: add one and deploy.'
      : `There are ${found.length} pkb-simulator nodes: delete all but one, and deploy.`,
  );
}
