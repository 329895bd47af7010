/**
 * The error with which the simulator rejects a message.
 */

/** Thrown for a message that PKB would answer with AR; its text becomes MSA-3. */
export class Rejection extends Error {
  /** @param text follows PKB's "Parsing or validation error: " (PKB page 3364848470) */
  constructor(text: string) {
    super(`Parsing or validation error: ${text}`);
  }
}

/** @throws Rejection */
export function reject(text: string): never {
  throw new Rejection(text);
}
