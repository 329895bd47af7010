/** A real HTTP server on loopback that answers as a test tells it. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { readMessage } from '../../src/hl7/input.js';
import { readRaw } from '../../src/hl7/read.js';
import { readXml } from '../../src/pkb/soap/xml.js';

/** A request as it arrived. */
export interface Arrived {
  readonly request: IncomingMessage;
  readonly body: string;
  /** The HL7 message in it. */
  readonly hl7: string;
  readonly controlId: string;
  readonly at: number;
}

/** A running server. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly arrived: Arrived[];
  /** How many requests are being answered, and the most there were at once. */
  readonly load: { now: number; most: number };
  readonly server: Server;
  close(): Promise<void>;
}

/** An acknowledgement in a SOAP response. */
export function soapAck(code: string, controlId: string, text = ''): string {
  const ack = `MSH|^~\\&amp;|HL7API|PKB|A|B|20260101||ACK^R01|PKB-1|P|2.4&#xD;MSA|${code}|${controlId}|${text}&#xD;`;
  return `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><acceptMessageResponse><return>${ack}</return></acceptMessageResponse></s:Body></s:Envelope>`;
}

/**
 * Starts a server.
 *
 * @param answer called for every request that has arrived whole
 * @param create makes the server, where it is to be another one than plain HTTP
 */
export async function startServer(
  answer: (arrived: Arrived, response: ServerResponse) => unknown,
  create: (listener: RequestListener) => Server = createServer,
): Promise<TestServer> {
  const arrived: Arrived[] = [];
  const load = { now: 0, most: 0 };
  const server = create((request, response) => {
    load.most = Math.max(load.most, ++load.now);
    response.once('close', () => load.now--);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const text = readXml(body)?.find(({ path }) => path.at(-1) === 'arg0')?.text ?? '';
      const hl7 = text === '' ? '' : readMessage(text);
      const one: Arrived = { request, body, hl7, controlId: readRaw(hl7, 'MSH-10') ?? '', at: Date.now() };
      arrived.push(one);
      Promise.resolve(answer(one, response)).catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/services/hl7`,
    port,
    arrived,
    load,
    server,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers AA to everything. */
export function acceptAll({ controlId }: Arrived, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/xml' }).end(soapAck('AA', controlId));
}
