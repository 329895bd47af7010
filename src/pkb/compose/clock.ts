/**
 * Plain local times in fields, made into times that say which moment they mean: taken as the Customer's clocks show them,
 * and written with the offset of that day.
 */
import { formatTimestamp } from '../../hl7/timestamp.js';
import { offsetsOf } from '../../hl7/zone.js';
import { isClockTime } from '../clock-times.js';
import type { Fault } from './faults.js';
import { COMMON, SCHEMAS } from './kinds.js';
import { readTime } from './times.js';

type Tree = Readonly<Record<string, unknown>>;

/** Definitions of the schemas that say a time of day, or may. */
const TIME = /^(?:common\.json)?#\/\$defs\/(?:time|moment|partialTime)$/;

/** Names of the fields that hold times, by the schemas. */
export const TIME_FIELDS: ReadonlySet<string> = new Set([COMMON, ...Object.values(SCHEMAS)].flatMap(namesIn));

function namesIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = Object.entries((schema as { properties?: Tree }).properties ?? {}).flatMap(([name, inner]) =>
    TIME.test(String((inner as { $ref?: unknown }).$ref)) ? [name] : [],
  );
  return [...own, ...Object.values(schema).flatMap(namesIn)];
}

/**
 * Gives every clock time of some fields an offset, where it has none.
 *
 * @param fields plain objects and lists; what is wrong with them otherwise is left to the check
 * @param zone IANA time zone of the Customer
 * @returns the fields with offsets, and the times that are none in this zone, or two
 */
export function withOffsets(fields: Tree, zone: string): { fields: Tree; faults: Fault[] } {
  const faults: Fault[] = [];
  const walk = (value: unknown, name: string, path: string): unknown => {
    if (typeof value === 'string') return TIME_FIELDS.has(name) ? written(value, path) : value;
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
    if (Array.isArray(value)) return value.map((item, i) => walk(item, name, `${path}[${i}]`));
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        walk(inner, key, path === '' ? key : `${path}.${key}`),
      ]),
    );
  };
  const written = (value: string, path: string): string => {
    const stamp = readTime(value);
    if (stamp === undefined || stamp.offset !== undefined || !isClockTime(stamp)) return value;
    const [first, second] = offsetsOf(stamp, zone);
    if (first === undefined)
      faults.push({ path, text: `does not exist in ${zone}, where clocks are set forward over it` });
    else if (second !== undefined)
      faults.push({
        path,
        text: `is twice in ${zone}, where clocks are set back; give it with an offset such as +01:00`,
      });
    return first === undefined ? value : formatTimestamp({ ...stamp, offset: first });
  };
  return { fields: walk(fields, '', '') as Tree, faults };
}
