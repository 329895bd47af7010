/** The pkb-letters nodes that run. */
import type { Node, Runtime } from './types.js';

/** All of them. */
export function lettersNodes(RED: Runtime): Node[] {
  const all: Node[] = [];
  RED.nodes.eachNode(({ id, type }) => {
    if (type !== 'pkb-letters') return;
    const node = RED.nodes.getNode(id) as Node | null;
    if (node?.type === type) all.push(node);
  });
  return all;
}
