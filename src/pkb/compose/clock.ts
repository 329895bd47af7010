/**
 * Gives plain local times in fields an offset. They are read as local times of the Customer, and written with the offset of
 * that day.
 */
import { formatTimestamp } from '../../hl7/timestamp.js';
import { offsetsOf } from '../../hl7/zone.js';
import { isClockTime } from '../clock-times.js';
import type { Fault } from './faults.js';
import { COMMON, SCHEMAS } from './kinds.js';
import { readTime } from './times.js';

type Tree = Readonly<Record<string, unknown>>;

/** Definitions of the schemas whose values have, or may have, a time of day. */
const TIME = /^(?:common\.json)?#\/\$defs\/(?:time|moment|partialTime)$/;

/** Names of the fields that hold times, taken from the schemas. */
export const TIME_FIELDS: ReadonlySet<string> = new Set([COMMON, ...Object.values(SCHEMAS)].flatMap(namesIn));

function namesIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = Object.entries((schema as { properties?: Tree }).properties ?? {}).flatMap(([name, inner]) =>
    TIME.test(String((inner as { $ref?: unknown }).$ref)) ? [name] : [],
  );
  return [...own, ...Object.values(schema).flatMap(namesIn)];
}

/**
 * Adds an offset to every clock time that has none.
 *
 * @param fields plain objects and lists; other faults in them are left to the check
 * @param zone IANA time zone of the Customer
 * @returns the fields with offsets, and a fault for each time that this zone does not have, or has twice
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
