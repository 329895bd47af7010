/** Queries: QRY^A19 (PKB page 3365012701). */
import type { QueryFields } from '../fields.js';
import { digits } from '../patient.js';
import { time } from '../times.js';
import { components, type Raw, segment, text } from '../write.js';
import type { Draft, DraftContext, KindRow } from '../draft.js';
import schema from '../schemas/query.json';

/** QRD-11: the status to ask for (PKB page 3365012701). */
const STATUS = { registered: 'REGISTERED', 'not-registered': 'NOT_REGISTERED' } as const;

/** A query for demographics; with `registration`, for patients and their status, a page at a time. */
export const query: KindRow<QueryFields> = {
  schema,
  family: 'query',
  begins: false,
  hasContent: false,
  draft,
};

function draft(fields: QueryFields, { newId, now }: DraftContext): Draft {
  const { registration, limit, after, changedSince } = fields;
  const segments = [
    segment('QRD', {
      1: text(now),
      2: text('R'),
      3: text('I'),
      4: text(newId()),
      7: limit === undefined ? undefined : components(text(String(limit)), text('RD')),
      8: subject(fields),
      9: text(registration === undefined ? 'DEM' : 'STA'),
      11: registration === undefined ? undefined : text(STATUS[registration]),
    }),
  ];
  if (changedSince !== undefined) segments.push(segment('QRF', { 2: time(changedSince) }));
  if (after !== undefined) segments.push(segment('DSC', { 1: text(after), 2: text('I') }));
  return { messageType: 'QRY^A19', segments };
}

/** QRD-8: the identifier in the first component, its type in the thirteenth. */
function subject({ nhsNumber, identifier }: QueryFields): Raw | undefined {
  const [id, type] =
    nhsNumber === undefined
      ? [text(identifier?.value), text(identifier?.type)]
      : [digits(nhsNumber), text('NH')];
  return components(id, ...Array.from({ length: 11 }, () => undefined), type);
}
