/**
 * The simulator on a loopback address, for programs and tests.
 */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Received, Simulator, type SimulatorAnswer, type SimulatorOptions } from './simulator.js';

/** Where the simulator's endpoint is, unless told otherwise. */
export const SIMULATOR_PATH = '/pkb-simulator/services/hl7';

/** Larger requests are refused with 413. */
const MAX_REQUEST_BYTES = 64 * 1024 * 1024;

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
  /** The messages it was sent, in their order. */
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/**
 * Starts a simulator on 127.0.0.1.
 *
 * @throws the error of `listen`, such as EADDRINUSE
 */
export async function startSimulator(options: StartOptions = {}): Promise<RunningSimulator> {
  const simulator = new Simulator(options);
  const received: Received[] = [];
  const path = options.path ?? SIMULATOR_PATH;
  const listener: RequestListener = (request, response) => {
    serve(simulator, path, request, response, received).catch(() => response.destroy());
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

async function serve(
  simulator: Simulator,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  received: Received[],
): Promise<void> {
  if (request.url?.split('?')[0] !== path) return end(response, 404);
  if (request.method !== 'POST') return end(response, simulator.greet(request.headers.authorization));
  const body = await readBody(request);
  if (body === undefined) return end(response, 413);
  const answer = simulator.handle({ authorization: request.headers.authorization, body });
  if (answer.received) received.push(answer.received);
  await give(answer, response);
}

/**
 * Gives an answer in the manner that it asks for.
 *
 * @returns when all of it has been written, or the response has been closed
 */
export async function give(answer: SimulatorAnswer, response: ServerResponse): Promise<void> {
  const { status, headers, body, delay = 0, manner } = answer;
  if (delay > 0) await sleep(delay);
  switch (manner) {
    case undefined:
      response.writeHead(status, headers).end(body);
      return;
    case 'never':
      return;
    case 'drop':
      response.destroy();
      return;
    case 'half':
      response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) });
      response.write(body.slice(0, body.length / 2), () => response.destroy());
      return;
    case 'drip':
      response.writeHead(status, headers);
      for (const character of body) {
        if (response.destroyed) return;
        response.write(character);
        await sleep(DRIP_MS);
      }
      response.end();
  }
}

/** How long a dripping answer waits between its characters. */
const DRIP_MS = 200;

/**
 * Reads a request body.
 *
 * @returns undefined where it is larger than any message should be
 */
export async function readBody(request: AsyncIterable<unknown>): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > MAX_REQUEST_BYTES) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status).end();
}
