/** A connection that a person has paused: noted in the outbox, so that neither a deploy nor a restart resumes it. */
import type { BodyCipher } from './cipher.js';

/** Who paused a connection, and when. */
export interface Pause {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly user: string;
}

/** A pause on its way from one outbox to another. */
export interface MovedPause extends Pause {
  readonly connection: string;
}

/** How the keys of `meta` begin that hold pauses. */
export const PAUSE_KEY = 'pause:';

/** Under which key of `meta` the pause of a connection stands. */
export function pauseKey(connection: string): string {
  return `${PAUSE_KEY}${connection}`;
}

/** A pause as a value of `meta`. */
export function sealPause(pause: Pause, connection: string, cipher: BodyCipher): Buffer {
  const { at, user } = pause;
  return cipher.seal(JSON.stringify({ at, user }), placeOf(connection));
}

/** From a value of `meta`, also of a file that is just given a key. */
export function openPause(value: Uint8Array, connection: string, cipher: BodyCipher): Pause {
  return JSON.parse(cipher.openEarlier(value, placeOf(connection))) as Pause;
}

function placeOf(connection: string): string {
  return `meta.${pauseKey(connection)}`;
}
