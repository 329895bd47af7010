/**
 * Addresses within a message, in the usual notation of HL7: `PID-3[2].4.1`, `OBX[3]-5.5`, `DG1[2]`.
 */
import { PkbMessageError } from '../errors.js';
import { own } from './own.js';

/** A parsed path. Numbers count from 1, as in HL7; 0 means "all of the level above". */
export interface Path {
  /** Segment name, three characters. */
  readonly segment: string;
  /** Which of the segments with that name. */
  readonly occurrence: number;
  readonly field: number;
  readonly repetition: number;
  readonly component: number;
  readonly subcomponent: number;
}

const SYNTAX =
  /^([A-Z][A-Z0-9]{2})(?:\[([1-9]\d{0,6})\])?(?:-([1-9]\d{0,3})(?:\[([1-9]\d{0,6})\])?(?:\.([1-9]\d{0,3})(?:\.([1-9]\d{0,3}))?)?)?$/;

/**
 * Parses a path. A component without a repetition means the first repetition, as everywhere in HL7.
 *
 * @param path such as `PID-5.1`, `PID-3[2].4.1`, `OBX[3]-5`, `AL1[2]`
 * @throws PkbMessageError `PKB_HL7_PATH` with the path in the text
 */
export function parsePath(path: string): Path {
  const known = CACHE.get(path);
  if (known) return known;
  const match = typeof path === 'string' ? SYNTAX.exec(path) : null;
  if (!match) {
    throw new PkbMessageError(
      'PKB_HL7_PATH',
      `"${shown(path)}" is not a path into an HL7 message; write it like PID-3, PID-3[2].4.1 or OBX[3]-5.`,
    );
  }
  const number = (group: number): number => Number(match[group] ?? 0);
  const component = number(5);
  const parsed: Path = {
    segment: match[1] ?? '',
    occurrence: number(2) || 1,
    field: number(3),
    repetition: number(4) || (component ? 1 : 0),
    component,
    subcomponent: number(6),
  };
  if (CACHE.size < CACHE_LIMIT) CACHE.set(own(path), parsed);
  return parsed;
}

/** Paths come from code and settings, so there are few. If a flow makes paths from data, the limit protects the memory. */
const CACHE_LIMIT = 1000;
const CACHE = new Map<string, Path>();

/** A path for the text of an error: limited in length, on one line. */
export function shown(path: unknown): string {
  return String(path)
    .slice(0, 60)
    .replaceAll(/[^\x20-\x7e]/g, '?');
}
