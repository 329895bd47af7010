/** What a flow's message says of the run that it belongs to, and the integrator's own reference. */
import { PkbMessageError } from '../../src/errors.js';
import type { Message } from './types.js';

/** How long a reference, or the name of a run, may be. */
const LONGEST = 200;

/** The largest number of items of a run. */
const MOST = 10_000_000;

/** `msg.reference`, by which operators find the message; blank for none. @throws PkbMessageError `PKB_REFERENCE` */
export function referenceOf(message: Message): string {
  const text = shortText((message as { reference?: unknown }).reference);
  if (text !== undefined) return text;
  throw new PkbMessageError(
    'PKB_REFERENCE',
    `msg.reference must be text or a number of at most ${LONGEST} characters, without control characters.`,
  );
}

/** `msg.run`, the name of the run that it is an item of; blank for none. @throws PkbMessageError `PKB_RUN` */
export function runOf(message: Message): string {
  const text = shortText((message as { run?: unknown }).run)?.trim();
  if (text !== undefined) return text;
  throw new PkbMessageError(
    'PKB_RUN',
    `msg.run must be text or a number of at most ${LONGEST} characters, without control characters.`,
  );
}

/**
 * How many items the run is to have: `msg.expected`, or `msg.parts.count` of a Split or CSV node, of which the largest counts.
 *
 * @throws PkbMessageError `PKB_RUN`
 */
export function expectedOf(message: Message): { expected: number | undefined; isExact: boolean } {
  const { expected, parts } = message as { expected?: unknown; parts?: { count?: unknown } };
  if (expected !== undefined && expected !== null && expected !== '') {
    const number = Number(expected);
    if (Number.isInteger(number) && number >= 0 && number <= MOST) return { expected: number, isExact: true };
    throw new PkbMessageError('PKB_RUN', 'msg.expected must be a whole number: how many items the run has.');
  }
  const count = parts?.count;
  const isCount = typeof count === 'number' && Number.isInteger(count) && count >= 0 && count <= MOST;
  return { expected: isCount ? count : undefined, isExact: false };
}

/** Where an item stands in its list, by `msg.parts.index` of a Split or CSV node, from 0; undefined where that is not known. */
export function positionOf({ parts }: Message & { parts?: { index?: unknown } }): number | undefined {
  const index = parts?.index;
  return typeof index === 'number' && Number.isInteger(index) && index >= 0 && index <= MOST
    ? index
    : undefined;
}

/** A short text; blank where there is none; undefined where it is none. */
function shortText(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return '';
  const text = typeof value === 'number' ? String(value) : value;
  // A database of PostgreSQL stores no NUL, and control characters can be seen by nobody.
  return typeof text === 'string' && text.length <= LONGEST && !/\p{Cc}/u.test(text) ? text : undefined;
}
