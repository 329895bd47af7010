/**
 * The table of rules, in the order of display and execution.
 */
import type { Rule } from '../rule.js';
import { APPOINTMENTS } from './appointments.js';
import { DATA_POINTS } from './data-points.js';
import { DOCUMENTS } from './documents.js';
import { FORM } from './form.js';
import { HEADER } from './header.js';
import { IDENTIFIERS } from './identifiers.js';
import { OVERWRITING } from './overwriting.js';
import { PERSON } from './person.js';
import { RESULTS } from './results.js';
import { TIMES } from './times.js';

/** All rules. */
export const RULES: readonly Rule[] = [
  ...OVERWRITING,
  ...IDENTIFIERS,
  ...PERSON,
  ...HEADER,
  ...DATA_POINTS,
  ...DOCUMENTS,
  ...APPOINTMENTS,
  ...RESULTS,
  ...TIMES,
  ...FORM,
];

const BY_ID: ReadonlyMap<string, Rule> = new Map(RULES.map((rule) => [rule.id, rule]));

/** The rule with an id, or undefined. */
export function ruleWithId(id: string): Rule | undefined {
  return BY_ID.get(id);
}
