/**
 * `POST fhir/simulator/read`, which PKB does not have: marks letters as read, so that a flow can try what follows.
 */
import type { HttpAnswer } from '../answer.js';
import { FHIR_JSON, refuse } from './answers.js';
import type { Documents } from './documents.js';
import type { Grant } from './organisations.js';
import { isObject } from './parameters.js';

/** Its path. */
export const READ_PATH = '/fhir/simulator/read';

/** The media types of its request. */
export const READ_TYPES: readonly string[] = ['application/json', FHIR_JSON];

/** Upper limit of identifiers in one request. */
const MOST = 5000;

/**
 * Marks the letters as read.
 *
 * @param resource parsed JSON: `{"documentIdentifier": ["…"]}`, and `readTime` if it is not now
 * @returns how many letters there are, and how many identifiers are unknown
 * @throws ApiRefusal
 */
export function markRead(
  resource: unknown,
  documents: Documents,
  { facility }: Grant,
  longest: number,
): HttpAnswer {
  const { documentIdentifier, readTime } = isObject(resource) ? resource : {};
  if (!Array.isArray(documentIdentifier) || documentIdentifier.length === 0)
    refuse('The body must be {"documentIdentifier": ["…"]}, with at least one identifier.', 'required');
  if (documentIdentifier.length > MOST)
    refuse(`Send at most ${MOST} identifiers in one request.`, 'too-costly');
  const ids = (documentIdentifier as readonly unknown[]).map((id, i) =>
    typeof id === 'string' && id !== '' && id.length <= longest
      ? id
      : refuse(`documentIdentifier[${i}] must be text of 1 to ${longest} characters.`),
  );
  const at = readTime === undefined ? undefined : timeOf(readTime);
  const found = ids.filter((id) => documents.markRead(id, at, facility));
  const body = JSON.stringify({ read: found.length, notFound: ids.length - found.length });
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}

/** A time with its offset, as FHIR writes it (https://hl7.org/fhir/STU3/datatypes.html#instant). */
function timeOf(text: unknown): Date {
  const written = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
  const time = new Date(typeof text === 'string' && written.test(text) ? text : Number.NaN);
  if (Number.isNaN(time.getTime()))
    refuse('readTime must be a time with its offset, such as 2026-01-31T09:30:00+00:00.', 'value');
  return time;
}
