/**
 * Reads the bodies of requests within limits.
 */
import type { IncomingMessage } from 'node:http';
import type { Limits } from './limits.js';

/** A body, or the reason for none: too large, too many others being read, or the sender is gone. */
export type Body = Buffer | 'too large' | 'busy' | 'gone';

/** Reads bodies, and counts the bytes held in memory for all of them. */
export class BodyReader {
  readonly #limits: Limits;
  #held = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Bytes of the bodies being read. */
  get held(): number {
    return this.#held;
  }

  /**
   * Reads a body to its end. Bytes that are not kept are read as well, so that the sender sees the answer.
   *
   * @param most upper limit in bytes
   */
  read(request: IncomingMessage, most = this.#limits.request): Promise<Body> {
    return new Promise((resolve) => {
      let chunks: Buffer[] = [];
      let size = 0;
      let done = false;
      const finish = (body: Body): void => {
        if (done) return;
        done = true;
        this.#held -= size;
        chunks = [];
        resolve(body);
      };
      request.on('data', (chunk: Buffer) => {
        if (done) return;
        if (size + chunk.length > most) return finish('too large');
        if (this.#held + chunk.length > this.#limits.requests) return finish('busy');
        size += chunk.length;
        this.#held += chunk.length;
        chunks.push(chunk);
      });
      request.on('end', () => finish(Buffer.concat(chunks)));
      request.on('error', () => finish('gone'));
      request.on('close', () => finish('gone'));
    });
  }
}
