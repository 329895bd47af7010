/** What a Catch node adds to a message. */
import type { Message } from './types.js';

/** What was caught. */
export interface Caught {
  readonly code?: unknown;
  readonly source: unknown;
}

/** What a Catch node says of a message; undefined where it comes from none. */
export function caughtIn(message: Message): Caught | undefined {
  const { error } = message as { error?: unknown };
  return typeof error === 'object' && error !== null && 'source' in error ? error : undefined;
}

/** Whether a message is an error of a node of a type: a Catch node that catches all would bring it back to that node. */
export function isErrorOf(message: Message, type: string): boolean {
  return (caughtIn(message)?.source as { type?: unknown } | undefined)?.type === type;
}
