/**
 * The table of rules, in the order in which they are shown and run.
 */
import type { Rule } from '../rule.js';
import { DATA_POINTS } from './data-points.js';
import { FORM } from './form.js';
import { HEADER } from './header.js';
import { IDENTITY } from './identity.js';
import { OVERWRITING } from './overwriting.js';
import { TYPES } from './types.js';

/** All rules. */
export const RULES: readonly Rule[] = [
  ...OVERWRITING,
  ...IDENTITY,
  ...HEADER,
  ...DATA_POINTS,
  ...TYPES,
  ...FORM,
];

const BY_ID: ReadonlyMap<string, Rule> = new Map(RULES.map((rule) => [rule.id, rule]));

/** The rule with an id, or undefined. */
export function ruleWithId(id: string): Rule | undefined {
  return BY_ID.get(id);
}
