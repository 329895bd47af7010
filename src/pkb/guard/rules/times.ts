/** The rule about time stamps in any field (PKB page 3365013095). */
import { readTimestamp } from '../../../hl7/timestamp.js';
import { CLOCK_FIELDS } from '../../clock-times.js';
import type { Rule } from '../rule.js';
import { codeOf } from '../scan.js';

const PLACES = CLOCK_FIELDS.map(([segment, field, component]) => ({
  code: codeOf(segment),
  field,
  component,
  place: component === 1 ? `-${field}` : `-${field}.${component}`,
}));

const isHalf = (raw: string): boolean => raw !== '' && raw !== '""' && readTimestamp(raw) === undefined;

/** The rules, in the order in which they are shown. */
export const TIMES: readonly Rule[] = [
  {
    id: 'type.time-stamps',
    area: 'type',
    title: 'Time stamp is half specified or impossible',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'all',
    text: 'Write yyyyMMdd or yyyyMMddHHmm[ss], with an offset such as +0100: this time stamp is incomplete or does not exist.',
    why: 'PKB rejects half-specified time stamps.',
    source: '3365013095',
    mark: 'D',
    check: (message, report) => {
      if (isHalf(message.msh(7))) report(0, '-7');
      for (const { code, field, component, place } of PLACES) {
        for (let i = message.first(code); i >= 0; i = message.codes.indexOf(code, i + 1))
          if (isHalf(message.component(i, field, component))) report(i, place);
      }
    },
  },
];
