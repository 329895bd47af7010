/**
 * The simulator on a loopback address, for programs and tests.
 */
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { apiPathOf } from './fhir/request.js';
import { DEFAULT_PATIENTS } from './known-patients.js';
import { Service } from './serve.js';
import { type Received, Simulator, type SimulatorOptions } from './simulator.js';

/** The default path of the simulator's endpoint. */
export const SIMULATOR_PATH = '/pkb-simulator/services/hl7';

/** Number of characters kept of received messages; beyond it, the oldest is forgotten. */
const KEPT = 64 * 1024 * 1024;

/** Options of {@link startSimulator}. */
export interface StartOptions extends SimulatorOptions {
  /** 0, the default, takes a free port. */
  readonly port?: number;
  readonly path?: string;
  /** Certificate and key as PEM, for HTTPS. A certificate that is expired or for another host can serve as a fault. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A running simulator. */
export interface RunningSimulator {
  /** The address to post to. */
  readonly url: string;
  /** The received messages, in order; beyond many megabytes, only the latest. */
  readonly received: readonly Received[];
  /**
   * Has a letter be read by its patient, so that its read receipt says so.
   *
   * @param documentId TXA-12.1
   * @param at when; default now. In the future, it is unread until then. The first time counts
   * @returns whether there is such a letter
   * @throws PkbConfigError `PKB_SETTING` for a time that is none
   */
  markRead(documentId: string, at?: Date): boolean;
  close(): Promise<void>;
}

/**
 * Starts a simulator on 127.0.0.1.
 *
 * @throws PkbConfigError `PKB_SETTING` for options that are not allowed; the error of `listen`, such as EADDRINUSE
 */
export async function startSimulator(options: StartOptions = {}): Promise<RunningSimulator> {
  const received: Received[] = [];
  let kept = 0;
  const simulator = new Simulator({ ...options, patients: options.patients ?? DEFAULT_PATIENTS });
  const service = new Service(simulator, (one) => {
    received.push(one);
    kept += one.hl7.length;
    while (kept > KEPT && received.length > 1) kept -= received.shift()?.hl7.length ?? 0;
  });
  const path = options.path ?? SIMULATOR_PATH;
  const listener: RequestListener = (request, response) => {
    const { url = '' } = request;
    const apiPath = apiPathOf(url, path);
    if (url.split('?')[0] === path) void service.serve(request, response);
    else if (apiPath !== undefined) void service.serveApi(request, response, apiPath);
    else response.writeHead(404).end();
  };
  const server = options.tls ? createSecureServer(options.tls, listener) : createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls ? 'https' : 'http'}://${options.tls ? 'localhost' : '127.0.0.1'}:${port}${path}`,
    received,
    markRead: (documentId, at) => simulator.markRead(documentId, at),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
