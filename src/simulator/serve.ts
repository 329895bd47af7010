/**
 * Connects the simulator to an HTTP server: its own, or Node-RED's.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpAnswer } from './answer.js';
import { type Body, BodyReader } from './body.js';
import { TOO_LARGE } from './entry.js';
import type { ApiBody, ApiHead } from './fhir/request.js';
import type { Received, Simulator, SimulatorAnswer } from './simulator.js';

/** Serves the requests of one simulator. */
export class Service {
  readonly #simulator: Simulator;
  readonly #bodies: BodyReader;
  readonly #take: (received: Received) => void;

  /** @param take called with each message that was taken, before the answer */
  constructor(simulator: Simulator, take: (received: Received) => void) {
    this.#simulator = simulator;
    this.#bodies = new BodyReader(simulator.limits);
    this.#take = take;
  }

  /** Answers one request. Never throws. A response that cannot be written is closed. */
  async serve(request: IncomingMessage & { originalUrl?: string }, response: ServerResponse): Promise<void> {
    try {
      await give(await this.#answer(request), response);
    } catch {
      response.destroy();
    }
  }

  /**
   * Answers one request to the token endpoint or a FHIR operation. Never throws.
   *
   * @param path below the path of the HL7 endpoint, decoded
   */
  async serveApi(request: ParsedMessage, response: ServerResponse, path: string): Promise<void> {
    try {
      await give(await this.#answerApi(request, path), response);
    } catch {
      response.destroy();
    }
  }

  async #answerApi(request: ParsedMessage, path: string): Promise<HttpAnswer> {
    const { api } = this.#simulator;
    const head = apiHeadOf(request, path);
    const greeting = api.greet(head);
    if (greeting !== undefined) return greeting;
    const parsed = parsedBody(request);
    if (parsed !== undefined) return api.handle(head, parsed);
    const body = await this.#bodies.read(request, api.most(path));
    if (body === 'too large') return api.tooLarge(path);
    return typeof body === 'string' ? refused(body) : api.handle(head, body);
  }

  async #answer(request: IncomingMessage & { originalUrl?: string }): Promise<SimulatorAnswer> {
    const { headers, method, socket } = request;
    const [path = '', query = ''] = (request.originalUrl ?? request.url ?? '').split('?', 2);
    const head = {
      method,
      wsdl: /^wsdl(?:$|[=&])/i.test(query),
      authorization: headers.authorization,
      contentType: headers['content-type'],
      contentEncoding: headers['content-encoding'],
      contentLength: headers['content-length'],
      remoteAddress: socket.remoteAddress,
    };
    const scheme = 'encrypted' in socket ? 'https' : 'http';
    const greeting = this.#simulator.greet(head, `${scheme}://${headers.host ?? 'localhost'}${path}`);
    if (greeting !== undefined) return greeting;
    const body = await this.#bodies.read(request);
    if (typeof body === 'string') return refused(body);
    const { authorization, contentType } = head;
    const answer = this.#simulator.handle({ authorization, contentType, body });
    if (answer.received) this.#take(answer.received);
    return answer;
  }
}

function apiHeadOf({ headers, method, socket }: IncomingMessage, path: string): ApiHead {
  const organisation = headers['x-org-public-id'];
  return {
    method,
    path,
    authorization: headers.authorization,
    organisation: Array.isArray(organisation) ? organisation.join() : organisation,
    contentType: headers['content-type'],
    contentEncoding: headers['content-encoding'],
    contentLength: headers['content-length'],
    remoteAddress: socket.remoteAddress,
  };
}

/** A request whose body may have been read already: Node-RED's admin API, on the same server, parses forms and JSON of all. */
type ParsedMessage = IncomingMessage & { readonly body?: unknown };

/** The body of such a request; undefined if it is still to be read. */
function parsedBody({ body, readableEnded }: ParsedMessage): ApiBody | undefined {
  if (!readableEnded) return undefined;
  return Buffer.isBuffer(body) ? body : { parsed: body };
}

function refused(why: Exclude<Body, Buffer>): SimulatorAnswer {
  if (why === 'too large') return TOO_LARGE;
  if (why === 'busy') return { status: 503, headers: { 'retry-after': '1' }, body: '' };
  return { status: 400, headers: {}, body: '', manner: 'drop' };
}

/**
 * Sends an answer, with its delay or fault.
 *
 * @returns when all of it is written, or the response is closed
 */
async function give(answer: HttpAnswer, response: ServerResponse): Promise<void> {
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

/** The pause between the characters of a dripping answer. */
const DRIP_MS = 200;
