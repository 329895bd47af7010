/**
 * TLS and proxy settings from Node-RED's own `tls-config` and `http proxy` nodes.
 */
import { bypassesProxy, type ProxyOptions, type TlsOptions } from '../../src/http/agents.js';
import { PkbConfigError } from '../../src/errors.js';
import type { Node, Runtime } from './types.js';

/** The settings that say by which way an address is reached: ids of nodes, blank for none. */
export interface NetworkDef {
  readonly tls: string;
  readonly proxy: string;
}

/** Where it leads, and whether that is the simulator of this Node-RED. */
export interface Goal {
  readonly address: () => URL;
  readonly isSimulator: boolean;
}

interface TlsNode extends Node {
  readonly valid: boolean;
  addTLSOptions(options: TlsOptions): TlsOptions;
}

interface ProxyNode extends Node<{ username?: string; password?: string }> {
  readonly url: string;
  readonly noproxy?: string[];
}

/**
 * Reads what the connection's network settings name.
 *
 * @throws PkbConfigError `PKB_SETTING` where a node is missing, its certificate cannot be read, or its address is none
 */
export function networkSettings(
  RED: Runtime,
  config: NetworkDef,
  goal: Goal,
): { tls: TlsOptions | undefined; proxy: ProxyOptions | undefined } {
  return { tls: tlsOptions(RED, config, goal), proxy: proxyOptions(RED, config, goal) };
}

function tlsOptions(RED: Runtime, config: NetworkDef, { isSimulator }: Goal): TlsOptions | undefined {
  if (isSimulator) {
    // The simulator is this very process on a loopback address, whatever certificate Node-RED was given.
    return { rejectUnauthorized: false };
  }
  if (!config.tls) return undefined;
  const node = RED.nodes.getNode(config.tls) as TlsNode | null;
  if (!node)
    throw new PkbConfigError(
      'PKB_SETTING',
      'The TLS configuration of the connection is missing or disabled.',
    );
  if (!node.valid) {
    throw new PkbConfigError(
      'PKB_SETTING',
      'The TLS configuration of the connection has a file that is missing or unreadable.',
    );
  }
  return node.addTLSOptions({});
}

function proxyOptions(
  RED: Runtime,
  config: NetworkDef,
  { address: addressOf, isSimulator }: Goal,
): ProxyOptions | undefined {
  if (!config.proxy || isSimulator) return undefined;
  const node = RED.nodes.getNode(config.proxy) as ProxyNode | null;
  if (!node || !URL.canParse(node.url)) {
    throw new PkbConfigError(
      'PKB_SETTING',
      'The proxy of the connection is missing, disabled, or has no usable address.',
    );
  }
  const address = addressOf();
  // Plain HTTP is for this machine itself; a proxy would be handed the credentials and the message in clear.
  if (address.protocol === 'http:' || bypassesProxy(address, node.noproxy ?? [])) return undefined;
  return { url: node.url, ...node.credentials };
}

/** @throws PkbConfigError `PKB_CREDENTIALS` for a user name with a colon, which ends it (RFC 7617, 2) */
export function checkUserName(username: string): void {
  if (!username.includes(':')) return;
  throw new PkbConfigError(
    'PKB_CREDENTIALS',
    'Open the connection and enter the user name that PKB issued: it must not contain a colon (HTTP Basic).',
  );
}
