/**
 * Connects the simulator to an HTTP server: its own, or Node-RED's.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Body, BodyReader } from './body.js';
import { TOO_LARGE } from './entry.js';
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
async function give(answer: SimulatorAnswer, response: ServerResponse): Promise<void> {
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
