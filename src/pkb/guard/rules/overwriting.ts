/** Rules against overwriting the Customer's data (PKB page 3365078168). */
import type { Report, Rule } from '../rule.js';
import { codeOf, type Scan } from '../scan.js';

/** Whether a message is an A28 or A31, whose clinical segments replace PKB's lists. */
export function isDemographics({ messageType }: Scan): boolean {
  return messageType === 'ADT^A28' || messageType === 'ADT^A31';
}

/** Reports every segment with one of these names in an A28 or A31. */
function segments(...names: string[]): (message: Scan, report: Report) => void {
  const codes = names.map(codeOf);
  return (message, report) => {
    if (!isDemographics(message)) return;
    for (const code of codes) {
      for (let i = message.first(code); i >= 0; i = message.codes.indexOf(code, i + 1)) report(i);
    }
  };
}

function replaces(name: string, subject: string, list: string, source: string): Rule {
  return {
    id: `overwriting.${list}`,
    area: 'overwriting',
    title: `${subject} segments (${name})`,
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'ADT^A28, ADT^A31',
    text: `${name} in an ADT^A28 or A31 replaces the Customer's whole list of ${list} in PKB; send demographics without it.`,
    why: `PKB replaces the entire list of ${list} that the Customer holds for the patient, including entries typed in by its professionals, with what an A28 or A31 carries. PKB discourages Partners from sending them.`,
    source,
    mark: 'D',
    strips: { with: ['NTE'] },
    check: segments(name),
  };
}

/** Segments of an A28 or A31 that change more than the patient's details. */
function changes(
  name: string,
  id: string,
  title: string,
  text: string,
  why: string,
  source: string,
  defaultAction: 'block' | 'flag',
): Rule {
  return {
    id: `overwriting.${id}`,
    area: 'overwriting',
    title: `${title} (${name})`,
    severity: defaultAction === 'block' ? 'error' : 'warning',
    defaultAction,
    appliesTo: 'ADT^A28, ADT^A31',
    text,
    why,
    source,
    // A plan for a segment does not yet say what PKB does with it.
    mark: defaultAction === 'block' ? 'D' : 'I',
    strips: { with: [] },
    check: segments(name),
  };
}

const AL1 = codeOf('AL1');

/** The rules, in the order in which they are shown. */
export const OVERWRITING: readonly Rule[] = [
  replaces('AL1', 'Allergy', 'allergies', '3365078168, 3736141825'),
  replaces('DG1', 'Diagnosis', 'diagnoses', '3365078168, 4716855297'),
  replaces('ZRX', 'Medication', 'medication', '3365078168, 3738402817'),
  changes(
    'ZTM',
    'teams',
    'Team membership',
    'ZTM in an ADT^A28 or A31 changes which of the Customer’s teams see the patient; leave it out unless the Customer has asked for it.',
    'PKB adds and removes teams as ZTM says, for Partners as for Customers, and answers AR where the default team is missing.',
    '4251353138, 3890315355',
    'block',
  ),
  changes(
    'NK1',
    'next-of-kin',
    'Next of kin',
    'NK1 in an ADT^A28 or A31 may change the next of kin that the Customer holds; leave it out unless the Customer has asked for it.',
    'PKB’s pages show NK1, and NK1|"" to delete it, as a plan for A28 and A31; what a Partner’s does is not documented.',
    '3365078168',
    'flag',
  ),
  changes(
    'PD1',
    'gp',
    'General practitioner',
    'PD1 in an ADT^A28 or A31 may change the general practitioner that the Customer holds; leave it out unless the Customer has asked for it.',
    'PKB’s pages show PD1 as a plan for A28 and A31; what a Partner’s does is not documented.',
    '3365078168',
    'flag',
  ),
  {
    id: 'overwriting.ignored',
    area: 'overwriting',
    title: 'Other clinical segments (IAM, PRB, RX…, ORC)',
    severity: 'note',
    defaultAction: 'flag',
    appliesTo: 'ADT^A28, ADT^A31',
    text: 'PKB ignores this clinical segment in an ADT^A28 or A31; do not rely on it, and leave it out.',
    why: 'They are not in PKB’s definition of these messages. A sender who includes them may believe that PKB stores them.',
    source: '3365078168',
    mark: 'I',
    strips: { with: ['NTE'] },
    check: segments('IAM', 'PRB', 'RXA', 'RXC', 'RXD', 'RXE', 'RXG', 'RXO', 'RXR', 'ORC'),
  },
  {
    id: 'overwriting.duplicate-allergy',
    area: 'overwriting',
    title: 'The same allergy twice',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'ADT^A28, ADT^A31',
    text: 'This allergy stands twice (same AL1-3 and AL1-6); PKB rejects the whole message. Send it once.',
    why: 'PKB rejects a message with duplicate AL1 segments as a whole.',
    source: '3365078168',
    mark: 'D',
    check: (message, report) => {
      if (!isDemographics(message) || message.first(AL1) < 0) return;
      const seen = new Set<string>();
      for (const [i, code] of message.codes.entries()) {
        if (code !== AL1) continue;
        const key = `${message.field(i, 3)}|${message.field(i, 6)}`;
        if (seen.has(key)) report(i);
        seen.add(key);
      }
    },
  },
];
