/**
 * FHIR Parameters (STU3, https://hl7.org/fhir/STU3/parameters.html), written strictly and read leniently: PKB's own examples are not
 * always valid FHIR.
 */
import { PkbApiError } from '../errors.js';

/** What PKB gives of one thing that was asked: its parts by name. Parts with one name that differ have no value. */
export type Parts = ReadonlyMap<string, unknown>;

/** One input parameter of an operation. */
export interface Parameter {
  readonly name: string;
  readonly valueIdentifier?: { readonly system?: string; readonly value: string };
}

/** The body of a request. */
export function parametersOf(parameters: readonly Parameter[]): object {
  return { resourceType: 'Parameters', parameter: parameters };
}

/**
 * Reads an answer.
 *
 * @param name of the parameters whose parts are asked for, such as `readReceipt`
 * @returns one map for each, from the name of a part to its value: text, number, boolean or an object
 * @throws PkbApiError `PKB_API_ANSWER` where it is no Parameters resource
 */
export function partsOf(answer: unknown, name: string): Parts[] {
  const { resourceType, parameter = [] } = objectOf(answer) as {
    resourceType?: unknown;
    parameter?: unknown;
  };
  if (resourceType !== 'Parameters' || !Array.isArray(parameter)) {
    throw new PkbApiError(
      'PKB_API_ANSWER',
      'PKB’s answer is not a FHIR Parameters resource: check the FHIR address in pkb api. Nothing was concluded from it.',
    );
  }
  return parameter
    .map(objectOf)
    .filter((one) => one['name'] === name)
    .map((one) => {
      const { part } = one;
      const parts = new Map<string, unknown>();
      for (const each of Array.isArray(part) ? part.map(objectOf) : []) {
        const { name: partName } = each;
        if (typeof partName !== 'string') continue;
        const value = valueIn(each);
        // Two that differ say nothing.
        const isSame = !parts.has(partName) || JSON.stringify(parts.get(partName)) === JSON.stringify(value);
        parts.set(partName, isSame ? value : undefined);
      }
      return parts;
    });
}

/** The value of a token or text: of an identifier its `value`. Undefined where it is neither. */
export function tokenIn(parts: Parts, name: string): string | undefined {
  const value = parts.get(name);
  if (typeof value === 'string') return value;
  const { value: inner } = objectOf(value);
  return typeof inner === 'string' ? inner : undefined;
}

/** A yes or no, also as the text that PKB has for the status of a document: `READ` or `UNREAD`. Undefined where it is neither. */
export function yesOrNoIn(parts: Parts, name: string): boolean | undefined {
  const value = parts.get(name);
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  const word = value.trim().toUpperCase();
  if (word === 'TRUE' || word === 'READ') return true;
  return word === 'FALSE' || word === 'UNREAD' ? false : undefined;
}

/** A point in time, in milliseconds since 1970. Undefined where it is none with an offset. */
export function timeIn(parts: Parts, name: string): number | undefined {
  const value = parts.get(name);
  if (
    typeof value !== 'string' ||
    !/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/.test(value)
  )
    return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : time;
}

/** The value of a part, whatever its type: FHIR has one member `value…`. */
function valueIn(part: Readonly<Record<string, unknown>>): unknown {
  const name = Object.keys(part).find((member) => /^value[A-Z]/.test(member));
  return name === undefined ? undefined : part[name];
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
