/**
 * The simulator on a loopback address, for programs and tests.
 */
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { DEFAULT_PATIENTS } from './known-patients.js';
import { Service } from './serve.js';
import { type Received, Simulator, type SimulatorOptions } from './simulator.js';

/** Where the simulator's endpoint is, unless told otherwise. */
export const SIMULATOR_PATH = '/pkb-simulator/services/hl7';

/** Characters of received messages that are kept; beyond it, the oldest is forgotten. */
const KEPT = 64 * 1024 * 1024;

/** What {@link startSimulator} is told. */
export interface StartOptions extends SimulatorOptions {
  /** 0, the default, takes a free port. */
  readonly port?: number;
  readonly path?: string;
  /** Certificate and key as PEM: the simulator then speaks HTTPS. One that is expired, or for another host, is a fault, too. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A running simulator. */
export interface RunningSimulator {
  /** Where to post to. */
  readonly url: string;
  /** The messages it was sent, in their order; of many megabytes, the latest. */
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/**
 * Starts a simulator on 127.0.0.1.
 *
 * @throws PkbConfigError `PKB_SETTING` for options that cannot be; the error of `listen`, such as EADDRINUSE
 */
export async function startSimulator(options: StartOptions = {}): Promise<RunningSimulator> {
  const received: Received[] = [];
  let kept = 0;
  const service = new Service(
    new Simulator({ ...options, patients: options.patients ?? DEFAULT_PATIENTS }),
    (one) => {
      received.push(one);
      kept += one.hl7.length;
      while (kept > KEPT && received.length > 1) kept -= received.shift()?.hl7.length ?? 0;
    },
  );
  const path = options.path ?? SIMULATOR_PATH;
  const listener: RequestListener = (request, response) => {
    if (request.url?.split('?')[0] === path) void service.serve(request, response);
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
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
