/** What a server that is busy asks for. */

/**
 * Reads the header `Retry-After` (RFC 9110, 10.2.3).
 *
 * @param value seconds, or an HTTP date; not trusted
 * @param now milliseconds since 1970, from which a date counts
 * @returns milliseconds, 0 for a date that is past; undefined where it says neither
 */
export function retryAfterMs(value: unknown, now: number): number | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // All three forms begin with the day of the week; Node.js would take much else for a date.
  const date = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
