/**
 * The fields as JSON would hold them: a copy that nothing outside can change while it is read, with dates as text.
 */

/** Deeper than any field is; what lies below is faulty anyway. */
const DEEPEST = 8;

/**
 * Copies plain objects and lists; a Date becomes ISO text, bytes are kept as they are, undefined counts as not given.
 *
 * @param given anything; a Buffer that went through JSON (`{ type: 'Buffer', data: [...] }`) becomes bytes again
 */
export function plainCopy(given: unknown, depth = 0): unknown {
  if (typeof given !== 'object' || given === null || given instanceof Uint8Array) return given;
  if (given instanceof Date) return Number.isNaN(given.getTime()) ? '' : given.toISOString();
  if (depth >= DEEPEST) return null;
  if (Array.isArray(given)) return given.map((item) => plainCopy(item, depth + 1));
  const { type, data } = given as { type?: unknown; data?: unknown };
  if (type === 'Buffer' && Array.isArray(data)) return Buffer.from(data as number[]);
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    // `__proto__` from parsed JSON would set the copy's prototype instead of a field.
    if (value !== undefined && name !== '__proto__') copy[name] = plainCopy(value, depth + 1);
  }
  return copy;
}
