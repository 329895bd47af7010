/**
 * What the dialog of a connection sends to have it tested: read, environment variables filled in, and compared with what
 * is deployed.
 */
import type { ConnectionNode } from '../common/contracts.js';
import { isSimulator, type Way } from './address.js';
import type { Node, Runtime } from '../common/types.js';

const FIELDS = ['id', 'environment', 'url', 'tls', 'proxy', 'username', 'password'] as const;

/** A connection as it is entered; blank where nothing is. */
export type Entered = Readonly<Record<(typeof FIELDS)[number], string>>;

/** What the dialog sends of a password that was not changed. */
const UNCHANGED = '__PWRD__';

/**
 * Reads what was sent.
 *
 * @returns undefined where a setting is no text
 */
export function readEntered(body: unknown): Entered | undefined {
  const given = (body ?? {}) as Record<string, unknown>;
  const entries = FIELDS.map((field) => [field, given[field] ?? ''] as const);
  if (entries.some(([, value]) => typeof value !== 'string')) return undefined;
  const entered = Object.fromEntries(entries) as Entered;
  return entered.password === UNCHANGED ? { ...entered, password: '' } : entered;
}

/** The running connection that an id names; undefined for any other node. */
export function deployedConnection(RED: Runtime, id: string): ConnectionNode | undefined {
  const node = RED.nodes.getNode(id) as Node | null;
  return node?.type === 'pkb-connection' ? (node as ConnectionNode) : undefined;
}

/**
 * Fills in environment variables where a whole setting names one, as Node-RED does before it makes a node
 * (`runtime/lib/flows/util.js`): those of the connection's own flow, then global ones, then the process's.
 */
export function resolveEntered(
  RED: Runtime,
  entered: Entered,
  deployed: ConnectionNode | undefined,
): Entered {
  const from = deployed ?? anyGlobalNode(RED);
  const resolved = FIELDS.map((field) => [
    field,
    field === 'id' ? entered.id : resolve(RED, entered[field], from),
  ]);
  return Object.fromEntries(resolved) as Entered;
}

function resolve(RED: Runtime, value: string, from: Node | undefined): string {
  const name = /^\$\((\S+)\)$/.exec(value)?.[1] ?? /^\$\{(\S+)\}$/.exec(value)?.[1];
  if (name === undefined || from === undefined) return value;
  const found = RED.util.getSetting(from, name) as unknown;
  if (found === undefined) return value;
  return typeof found === 'string' ? found : JSON.stringify(found);
}

/** A configuration node that is on no flow, and so sees the global variables and no others. */
function anyGlobalNode(RED: Runtime): Node | undefined {
  let found: Node | undefined;
  RED.nodes.eachNode(({ id, ...config }) => {
    if (found === undefined && !('z' in config && config.z))
      found = (RED.nodes.getNode(id) as Node | null) ?? undefined;
  });
  return found;
}

/** Whether what is entered leads to the same place, on the same way, as what is deployed. */
export function leadsToTheSame(entered: Entered, deployed: Way): boolean {
  const way = ({ environment, url, tls, proxy }: Way): string[] => {
    if (isSimulator({ environment })) return ['simulator'];
    return [environment, environment === 'custom' ? url : '', tls, proxy].map((setting) => setting ?? '');
  };
  return JSON.stringify(way(entered)) === JSON.stringify(way(deployed));
}
