/** The simulator of this Node-RED. */
import { PkbConfigError } from '../../src/errors.js';
import type { SimulatorNode } from './contracts.js';
import type { Runtime } from './types.js';

/**
 * Where the one simulator node of this Node-RED listens.
 *
 * @param who is set to the simulator, for an error
 * @throws PkbConfigError `PKB_SIMULATOR` where there is none, or more than one
 */
export function simulatorUrl(RED: Runtime, who: 'The connection' | 'pkb api'): URL {
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
      ? `${who} is set to the simulator, but there is no pkb-simulator node: add one and deploy.`
      : `There are ${found.length} pkb-simulator nodes: delete all but one, and deploy.`,
  );
}
