/**
 * Access tokens. They carry their end and a signature, so the simulator keeps none of them.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Gives and checks access tokens. Another simulator, or the same one after a deploy, knows none of them. */
export class Tokens {
  /** How long a token is valid, in seconds. */
  readonly seconds: number;
  readonly #now: () => Date;
  readonly #key = randomBytes(32);

  constructor(seconds: number, now: () => Date) {
    this.seconds = seconds;
    this.#now = now;
  }

  /** A new token. */
  issue(): string {
    const end = Math.round(this.#now().getTime() + this.seconds * 1000);
    const body = `${end.toString(36)}.${randomBytes(12).toString('base64url')}`;
    return `${body}.${this.#sign(body)}`;
  }

  /** The state of the token in an `Authorization` header. */
  check(authorization: string | undefined): 'valid' | 'expired' | 'invalid' {
    const [, body = '', end = '', signature = ''] =
      /^Bearer (([0-9a-z]{1,12})\.[\w-]{16})\.([\w-]{43})$/i.exec(authorization ?? '') ?? [];
    const right = Buffer.from(this.#sign(body));
    const given = Buffer.from(signature);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return 'invalid';
    return this.#now().getTime() < Number.parseInt(end, 36) ? 'valid' : 'expired';
  }

  #sign(body: string): string {
    return createHmac('sha256', this.#key).update(body).digest('base64url');
  }
}
