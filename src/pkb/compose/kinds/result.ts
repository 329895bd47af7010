/** Laboratory reports: ORU^R01 (PKB pages 3364848908 and 3991405648). */
import { coded, inWords, professional } from '../datatypes.js';
import type { Draft, DraftContext, KindRow } from '../draft.js';
import type { Observation, Panel, ResultFields } from '../fields.js';
import { pid } from '../patient.js';
import schema from '../schemas/result.json';
import { time } from '../times.js';
import { components, type Raw, segment, text } from '../write.js';
import { visit } from './visit.js';

/** A laboratory report: single results, one text, or several panels of results. */
export const result: KindRow<ResultFields> = {
  schema,
  family: 'result',
  begins: true,
  hasContent: false,
  draft,
};

function draft(fields: ResultFields, { id }: DraftContext): Draft {
  return {
    messageType: 'ORU^R01',
    segments: [
      pid(fields.patient),
      ...visit(fields.specialty),
      segment('ORC', { 1: text('RE'), 3: text(id), 13: inWords(fields.laboratory) }),
      ...panelsOf(fields).flatMap((panel, i) => panelSegments(fields, id, panel, i)),
    ],
  };
}

/** The panels of a report; results without panels form one. */
function panelsOf({ panels, test, results, comment }: ResultFields): readonly Panel[] {
  if (panels !== undefined) return panels;
  // The schema requires a test if there are no panels.
  return [
    { test: test as Panel['test'], results: results ?? [], ...(comment === undefined ? {} : { comment }) },
  ];
}

/** One OBR and its segments. All panels of a report have its filler order number. */
function panelSegments(fields: ResultFields, id: string, panel: Panel, i: number): string[] {
  const status = fields.status ?? 'F';
  const delay = fields.delayDays === undefined ? undefined : text(String(fields.delayDays));
  const segments = [
    segment('OBR', {
      1: text(String(i + 1)),
      3: text(id),
      4: coded(panel.test),
      7: time(panel.time ?? fields.time),
      16: professional(fields.orderedBy),
      25: text(status),
    }),
  ];
  if (panel.comment !== undefined) segments.push(segment('NTE', { 3: text(panel.comment) }));
  if (fields.report !== undefined) {
    // PKB recognises a textual report by one OBX of at least two lines. OBR-4 names the test.
    segments.push(
      segment('OBX', {
        1: text('1'),
        2: text('TX'),
        3: coded(panel.test),
        5: text(fields.report),
        11: text(status),
        13: delay,
      }),
    );
  }
  for (const [n, entry] of panel.results.entries()) {
    const { type, value } = observed(entry.value);
    segments.push(
      segment('OBX', {
        1: text(String(n + 1)),
        2: text(type),
        3: coded(entry.test),
        5: value,
        6: text(entry.units),
        7: text(entry.range),
        8: text(entry.flag),
        11: text(entry.status ?? status),
        13: delay,
        14: time(entry.time),
      }),
    );
    if (entry.comment !== undefined) segments.push(segment('NTE', { 3: text(entry.comment) }));
  }
  return segments;
}

/** OBX-2 and OBX-5 (HL7 chapter 2): numbers as NM, compared numbers as SN, everything else as ST. */
function observed(value: Observation['value']): { type: 'NM' | 'SN' | 'ST'; value: Raw | undefined } {
  if (typeof value === 'object')
    return { type: 'SN', value: components(text(value.comparator), text(String(value.number))) };
  const written = String(value);
  return { type: /^[+-]?\d+(?:\.\d+)?$/.test(written) ? 'NM' : 'ST', value: text(written) };
}
