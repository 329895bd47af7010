/** The examples as a test runs them: what a person presses and looks at is replaced by what a test can press and read. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningFlow, start } from './runtime.js';

/** Where the examples are. */
export const EXAMPLES = join(__dirname, '../../examples');

/** A node of an exported flow. */
export interface FlowNode {
  id: string;
  type: string;
  name?: string;
  info?: string;
  payload?: string;
  payloadType?: string;
  props?: { p: string; v?: string }[];
  x?: number;
  y?: number;
  wires?: string[][];
  [key: string]: unknown;
}

/** Nodes of Node-RED's own that the examples use. */
const CORE = [
  'common/60-link',
  'function/10-function',
  'function/10-switch',
  'function/15-change',
  'function/80-template',
  'network/21-httpin',
  'network/21-httprequest',
  'parsers/70-CSV',
  'parsers/70-JSON',
  'sequence/17-split',
  'storage/10-file',
];

/** An example that is running. */
export interface RunningExample extends RunningFlow {
  /** Does what pressing an inject node does. */
  press(name: string): void;
  /** What an inject node holds. */
  held(name: string): unknown;
}

/** Reads an example as it is. */
export function read(file: string): FlowNode[] {
  return JSON.parse(readFileSync(join(EXAMPLES, file), 'utf8')) as FlowNode[];
}

/**
 * Starts an example.
 *
 * @param change is given each node, and gives back the node to run in its place
 * @param more further nodes
 * @param credentials by the id of a node
 */
export async function run(
  file: string,
  change: (node: FlowNode) => object = (node) => node,
  more: object[] = [],
  credentials: Record<string, object> = {},
): Promise<RunningExample> {
  const all = read(file);
  const injects = all.filter(({ type }) => type === 'inject');
  const nodes = all
    .filter(({ type }) => !['tab', 'group', 'comment'].includes(type))
    .map((node) => {
      const { g: _group, ...rest } = node;
      if (node.type === 'debug') return { id: node.id, type: 'helper', z: 'tab', wires: [] };
      if (node.type === 'inject') return { id: node.id, type: 'helper', z: 'tab', wires: node.wires };
      return change(node['z'] === undefined ? (rest as FlowNode) : { ...(rest as FlowNode), z: 'tab' });
    });
  const flow = await start([...nodes, ...more], credentials, CORE);
  const named = (name: string): FlowNode => {
    const inject = injects.find((node) => node.name === name);
    if (inject === undefined) throw new Error(`${file} has no inject node "${name}".`);
    return inject;
  };
  const held = (name: string): unknown => {
    const { payload = '', payloadType } = named(name);
    return payloadType === 'json' ? JSON.parse(payload) : payload;
  };
  return {
    ...flow,
    held,
    press(name) {
      const { id, props = [] } = named(name);
      const message: Record<string, unknown> = { payload: held(name) };
      for (const { p, v } of props) if (v !== undefined) message[p] = v;
      flow.node(id).send(message);
    },
  };
}
