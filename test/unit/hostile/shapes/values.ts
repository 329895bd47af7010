/** Hostile values: what stands in one field, setting or argument; and texts that are nothing at all. */
import { parts, run } from './repeat.js';
import type { Shape } from './shape.js';
import { ALL, runsAt, WITHIN } from './units.js';

/** Values that have much of one thing. */
const VALUES: Readonly<Record<string, Shape>> = {
  'a path with many parts': (size) => `PID-3${run('.1', size)}`,
  'a path with a long number': (size) => `PID-${run('1', size)}`,
  'a path with many occurrences': (size) => `OBX${run('[1]', size)}`,
  'a facility with many braces': (size) => `a${run('{a}', size)}`,
  'a facility of two long aliases': (size) => `${run('a', size / 2)}{${run('a', size / 2)}}`,
  'a facility that never ends': (size) => `${run('a', size / 2)}{${run('a', size / 2)}`,
  'a message type of many components': (size) => `ADT${run('^A28', size)}`,
  'a long time stamp': (size) => `20260101${run('0', size)}`,
  'a time stamp with many decimals': (size) => `2026-01-01T12:00:00.${run('0', size)}`,
  'a time stamp with many decimals and x': (size) => `2026-01-01T12:00:00.${run('0', size)}x`,
  'digits and blanks': (size) => run('9 9 9 0', size),
  'an address of many labels': (size) => `a@${run('a.', size)}`,
  'a web address of many parts': (size) => `https://${run('a.', size / 2)}${run('/a?b', size / 2)}`,
  'a script of faults': (size) => `{"script":[${run('"ok",', size)}"ok"]}`,
  'a script of unknown faults': (size) => `{"script":[${run('"x",', size)}"ok"]}`,
  'rates of unknown faults': (size) => `{"rates":{${parts(size, (i) => `"r${i}":0,`)}"AR":1}}`,
  'a latency of many numbers': (size) => `{"latency":[${run('1,', size)}1]}`,
  'deep JSON': (size) => run('[', size / 2) + run(']', size / 2),
  'deep JSON in a plan': (size) => `{"script":${run('[', size / 2)}${run(']', size / 2)}}`,
};

/** Runs by name. */
export const RUNS: ReadonlyMap<string, Shape> = new Map(runsAt('nothing but', ALL, (text) => text));

/** Shapes by name. */
export const VALUE_SHAPES: ReadonlyMap<string, Shape> = new Map([
  ...runsAt('x behind', WITHIN, (text) => `${text}x`),
  ...Object.entries(VALUES),
]);
