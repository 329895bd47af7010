/**
 * A real Node-RED runtime for flow tests: Node-RED 5, or the one that NODE_RED names. Runs the built nodes (dist/nodes).
 */
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import helper from 'node-red-node-test-helper';
import { CONFIG_TYPES, NODE_TYPES } from '../support/node-types.js';
import { until } from '../support/wait.js';

const require_ = createRequire(__filename);
const runtime = process.env['NODE_RED'] ?? 'node-red';
const root = join(__dirname, '../..');
const dist = join(root, 'dist/nodes');

helper.init(require_.resolve(runtime));

/** The version of Node-RED that the tests run on. */
export const version: string = (require_(`${runtime}/package.json`) as { version: string }).version;

/** The operators' routes, which are a plugin's and no node's. */
const operator = require_(join(dist, 'pkb-operator/plugin.js')) as never;

/** Puts the HTTP endpoints of nodes on the runtime's server, as Node-RED does and the helper does not. */
function mountHttpNode(RED: { httpNode: unknown }): void {
  const { _app: app } = helper as unknown as { _app?: { use(handler: unknown): void } };
  app?.use(RED.httpNode);
}

/** A flow that is running. */
export interface RunningFlow {
  /** Sends a message into a node. */
  receive(id: string, message: object): void;
  /** What has reached a `helper` node so far. */
  seen(id: string): any[]; // oxlint-disable-line typescript/no-explicit-any -- tests look into messages of any shape
  /** Waits until so many messages have reached a `helper` node. */
  wait(id: string, count?: number): Promise<any>; // oxlint-disable-line typescript/no-explicit-any
  /** Everything that was logged, as one text. */
  log(): string;
  /** The statuses a node has shown. */
  statuses(id: string): { fill?: string; shape?: string; text?: string }[];
  node(id: string): any; // oxlint-disable-line typescript/no-explicit-any
}

interface StatusSpy {
  readonly args: [object][];
  readonly thisValues: { readonly id: string }[];
}

/** Each flow gets an outbox in memory of its own, unless it brings one. */
let outboxes = 0;

/** A node of Node-RED's own that the test helper does not load by itself, such as `function/15-change`. */
function coreNode(name: string): never {
  const from = dirname(require_.resolve(`${runtime}/package.json`));
  const nodes = dirname(require_.resolve('@node-red/nodes/package.json', { paths: [from] }));
  return require_(join(nodes, 'core', `${name}.js`)) as never;
}

/** The helper loads `catch`, `status` and `complete` once for each node of the type, which Node-RED refuses. */
function loadOnce(): void {
  const { _nodeModules: modules } = helper as unknown as {
    _nodeModules: Record<string, (RED: object) => unknown>;
  };
  for (const [type, load] of Object.entries(modules)) {
    let loadedInto: object | undefined;
    modules[type] = (RED) => {
      if (loadedInto === RED) return undefined;
      loadedInto = RED;
      return load(RED);
    };
  }
}
loadOnce();

/** Node-RED starts no node of a flow in which one has a type that it does not know, and says nothing. */
function mustKnow(types: ReadonlySet<string>): void {
  const { _redNodes: registry } = helper as unknown as {
    _redNodes: { getType(type: string): unknown };
  };
  const unknown = [...types].filter((type) => type !== 'tab' && !registry.getType(type));
  assert.deepEqual(
    unknown,
    [],
    'types of nodes that are not loaded: add those of Node-RED to what start() is given (for an example: CORE of test/flow/examples.ts)',
  );
}

/** Starts a flow. `helper` nodes collect; `tab`, `catch`, `complete` and `status` nodes are the runtime's own. */
export async function start(
  flow: object[],
  credentials: Record<string, object> = {},
  core: readonly string[] = [],
): Promise<RunningFlow> {
  const nodes = NODE_TYPES.map((type) => require_(join(dist, type, 'node.js')) as never);
  const all = [mountHttpNode as never, ...core.map(coreNode), ...nodes, operator];
  const own = { id: `outbox-${++outboxes}`, type: 'pkb-outbox', store: 'memory' };
  const named = new Set((flow as { id: string }[]).map(({ id }) => id));
  const withOutbox = (flow as { type: string; outbox?: string }[]).map((node) =>
    node.type === 'pkb-connection' && !named.has(node.outbox ?? '') ? { ...node, outbox: own.id } : node,
  );
  // Node-RED takes what has no place on the canvas for a config node.
  const configs = new Set(['tab', ...CONFIG_TYPES, 'tls-config', 'http proxy']);
  const placed = [{ id: 'tab', type: 'tab' }, own, ...withOutbox].map((node) => {
    const { z: _z, ...rest } = node as { z?: string; type: string };
    return configs.has(rest.type) ? rest : { wires: [], ...rest, z: 'tab', x: 10, y: 10 };
  });
  const seen = new Map<string, object[]>();
  await helper.load(all, placed as never, credentials as never);
  mustKnow(new Set((placed as { type: string }[]).map(({ type }) => type)));
  for (const { id, type } of placed as { id: string; type: string }[]) {
    if (type !== 'helper') continue;
    seen.set(id, []);
    helper.getNode(id).on('input', (message: object) => seen.get(id)?.push(message));
  }
  return {
    receive: (id, message) => helper.getNode(id).receive(message as never),
    seen: (id) => seen.get(id) ?? [],
    async wait(id, count = 1) {
      await until(`${count} message(s) reach ${id}`, () => (seen.get(id)?.length ?? 0) >= count);
      return seen.get(id)?.[count - 1];
    },
    log: () =>
      helper
        .log()
        .args.map(([entry]) => `${String((entry as { msg?: unknown }).msg)} ${JSON.stringify(entry)}`)
        .join('\n'),
    statuses(id) {
      // The helper watches all nodes of a type by one spy.
      const { args, thisValues } = (helper.getNode(id) as unknown as { status: StatusSpy }).status;
      return args.filter((_call, n) => thisValues[n]?.id === id).map(([status]) => status);
    },
    node: (id) => helper.getNode(id),
  };
}

/** The runtime's HTTP server, for nodes that need one. Call in `before` and `after`. */
export const server = {
  start: () => helper.startServer() as unknown as Promise<void>,
  stop: () => helper.stopServer() as unknown as Promise<void>,
  /** Makes all nodes anew, as a deploy does. */
  unload: () => helper.unload() as unknown as Promise<void>,
  url: () => helper.url(),
  /** What answers the requests, to be put behind a server at another address. */
  app: () => (helper as unknown as { _app: RequestListener })._app,
  /** Reads an admin endpoint of a node. */
  read: async (path: string): Promise<{ status: number; body: Record<string, unknown> }> =>
    helper.request().get(path) as unknown as Promise<{ status: number; body: Record<string, unknown> }>,
  /** Reads an admin endpoint that answers with text. */
  text: async (path: string): Promise<string> => {
    const { text } = (await (helper.request().get(path) as unknown)) as { text: string };
    return text;
  },
  /** Posts to an admin endpoint of a node. */
  admin: async (path: string, body: object): Promise<{ status: number; body: Record<string, unknown> }> =>
    helper.request().post(path).send(body) as unknown as Promise<{
      status: number;
      body: Record<string, unknown>;
    }>,
};
