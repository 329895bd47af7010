/** The pkb-letters nodes that run. */
import type { Node, Runtime } from './types.js';

/** The running pkb-letters of an id, also in a subflow; undefined where there is none. */
export function lettersNode(RED: Runtime, id: string): Node | undefined {
  const node = RED.nodes.getNode(id) as Node | null;
  return node?.type === 'pkb-letters' ? node : undefined;
}
