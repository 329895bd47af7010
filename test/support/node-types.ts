/** The node types of the package, as the folders of `nodes/` have them: tests that look at all find a new one by themselves. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const nodes = join(__dirname, '../../nodes');

/** Every node type. */
export const NODE_TYPES = readdirSync(nodes).filter((type) => existsSync(join(nodes, type, 'editor.html')));

/** Those of configuration nodes. */
export const CONFIG_TYPES = NODE_TYPES.filter((type) =>
  readFileSync(join(nodes, type, 'editor.ts'), 'utf8').includes("category: 'config'"),
);

/** Those with a place on the canvas. */
export const FLOW_TYPES = NODE_TYPES.filter((type) => !CONFIG_TYPES.includes(type));
