/**
 * The table of rules.
 */
import type { Report, Rule } from './rule.js';
import type { Scan } from './scan.js';

/** Reports every segment of a name in an ADT^A28 or A31, the two messages whose clinical segments replace PKB's lists. */
function inDemographics(name: string): (message: Scan, report: Report) => void {
  return (message, report) => {
    if (message.messageType !== 'ADT^A28' && message.messageType !== 'ADT^A31') return;
    let occurrence = 0;
    for (const found of message.names) {
      if (found === name) report(`${name}[${++occurrence}]`);
    }
  };
}

function overwriting(
  name: string,
  subject: string,
  list: string,
  source: string,
  notes: readonly string[] = [],
): Rule {
  return {
    id: `overwriting.${list}`,
    area: 'overwriting',
    title: `${subject} segments (${name}) in A28/A31`,
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'ADT^A28, ADT^A31',
    text: `${name} in an ADT^A28 or A31 replaces the Customer's whole list of ${list} in PKB; send demographics without it.`,
    why: `PKB replaces the entire set of ${list} that the Customer holds for the patient, including entries typed in by its professionals, with what an A28 or A31 carries. PKB discourages Partners from sending them.`,
    source,
    strips: { with: notes },
    check: inDemographics(name),
  };
}

/** All rules, in the order in which they are shown. */
export const RULES: readonly Rule[] = [
  overwriting('AL1', 'Allergy', 'allergies', '3365078168, 3736141825', ['NTE']),
  overwriting('DG1', 'Diagnosis', 'diagnoses', '3365078168, 4716855297', ['NTE']),
  overwriting('ZRX', 'Medication', 'medication', '3365078168, 3738402817', ['NTE']),
];

const BY_ID: ReadonlyMap<string, Rule> = new Map(RULES.map((rule) => [rule.id, rule]));

/** The rule with an id, or undefined. */
export function ruleWithId(id: string): Rule | undefined {
  return BY_ID.get(id);
}
