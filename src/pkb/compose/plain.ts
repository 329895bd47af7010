/**
 * A copy of the fields as plain data, with dates as text. Nothing outside can change it while it is read.
 */
import { writeDate } from './times.js';

/** Deeper than any field; anything below is a fault anyway. */
const DEEPEST = 8;
/** More than any message needs. The check reports every fault, and must not take minutes. */
const MOST = 10_000;

/** Thrown if fields cannot be copied. */
export class Uncopyable extends Error {}

/**
 * Copies plain objects and lists. A Date becomes ISO text. Bytes are kept where content is allowed. Undefined = not given.
 *
 * @param given anything; a Buffer converted by JSON (`{ type: 'Buffer', data: [...] }`) becomes bytes again
 * @throws Uncopyable if there are too many fields, or reading one throws
 */
export function plainCopy(given: unknown): unknown {
  let count = 0;
  const copy = (value: unknown, depth: number, name: string): unknown => {
    if (++count > MOST) throw new Uncopyable('are more than any message has');
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Uint8Array) return depth === 1 && name === 'pdf' ? value : null;
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : writeDate(value);
    if (depth >= DEEPEST) return null;
    if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1, ''));
    const { type, data } = value as { type?: unknown; data?: unknown };
    if (type === 'Buffer' && Array.isArray(data)) return Buffer.from(data as number[]);
    const out: Record<string, unknown> = {};
    for (const [key, inner] of Object.entries(value)) {
      // `__proto__` from parsed JSON would set the copy's prototype instead of a field.
      if (inner !== undefined && key !== '__proto__') out[key] = copy(inner, depth + 1, key);
    }
    return out;
  };
  try {
    return copy(given, 0, '');
  } catch (error) {
    if (error instanceof Uncopyable) throw error;
    throw new Uncopyable('cannot be read');
  }
}
