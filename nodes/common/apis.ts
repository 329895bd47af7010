/** The pkb-api nodes of the flows. */
import { PkbConfigError } from '../../src/errors.js';
import type { ApiNode } from './contracts.js';
import type { Node, Runtime } from './types.js';

/**
 * The running pkb-api that is chosen in a node.
 *
 * @param id of the pkb-api
 * @param chosenIn name of the node's type, for the error
 * @throws PkbConfigError `PKB_SETTING` where there is none
 */
export function apiNode(RED: Runtime, id: string, chosenIn: string): ApiNode {
  const node = RED.nodes.getNode(id) as Node | null;
  if (node?.type === 'pkb-api') return node as ApiNode;
  throw new PkbConfigError(
    'PKB_SETTING',
    `No pkb api is chosen, or it is disabled; open ${chosenIn} and choose one.`,
  );
}
