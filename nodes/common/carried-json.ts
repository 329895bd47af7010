/** What of a flow's message outlives a restart. */
import type { Message } from './types.js';

/**
 * Properties that belong to a request of this process: they mean nothing after a restart, and may hold somebody's password,
 * cookie or token, which is not to be written to a disk.
 */
const NOT_STORED = new Set(['payload', 'req', 'res', 'headers', 'cookies', 'responseCookies', '_session']);

/** The properties of a message that outlive a restart, as JSON; what JSON cannot hold is left out. @param without others that are not kept */
export function carriedJson(message: Message, without: readonly string[] = []): string {
  const members: string[] = [];
  for (const name of Object.keys(message)) {
    const isKept = !NOT_STORED.has(name) && !without.includes(name);
    const json = isKept ? jsonOf(message, name) : undefined;
    if (json !== undefined) members.push(`${JSON.stringify(name)}:${json}`);
  }
  return `{${members.join(',')}}`;
}

function jsonOf(message: Message, name: string): string | undefined {
  try {
    return JSON.stringify(message[name]);
  } catch {
    return undefined;
  }
}
