/**
 * Where a connection posts to.
 */
import { PkbConfigError } from '../../src/errors.js';
import { checkUrl, isEnvironment, PUBLISHED_URLS } from '../../src/pkb/environments.js';
import type { ConnectionDef } from '../pkb-connection.js';
import type { SimulatorNode } from '../pkb-simulator.js';
import type { Runtime } from './types.js';

/**
 * The address of a connection's environment.
 *
 * @throws PkbConfigError `PKB_URL`, `PKB_SIMULATOR` or `PKB_SETTING`
 */
export function addressFor(RED: Runtime, config: ConnectionDef): URL {
  if (isSimulator(config)) return theSimulator(RED).url();
  const { environment, url } = config;
  if (!isEnvironment(environment)) {
    throw new PkbConfigError('PKB_SETTING', 'The environment of the connection is none of those offered.');
  }
  return checkUrl(PUBLISHED_URLS[environment] ?? url ?? '');
}

/** Whether a connection goes to the simulator, which is also what a connection without an environment does. */
export function isSimulator({ environment }: ConnectionDef): boolean {
  return !environment || environment === 'simulator';
}

/** The one simulator node of this Node-RED. */
function theSimulator(RED: Runtime): SimulatorNode {
  const found: SimulatorNode[] = [];
  RED.nodes.eachNode(({ id, type }) => {
    const node = type === 'pkb-simulator' ? (RED.nodes.getNode(id) as SimulatorNode | null) : null;
    if (node?.url) found.push(node);
  });
  const [only] = found;
  if (only && found.length === 1) return only;
  throw new PkbConfigError(
    'PKB_SIMULATOR',
    found.length === 0
      ? 'The connection is set to the simulator, but there is no pkb-simulator node: add one and deploy.'
      : `There are ${found.length} pkb-simulator nodes: delete all but one, and deploy.`,
  );
}
