/**
 * hl7-standard's view of a message: a plain object for Switch, Change and Function nodes to read. It is never used for
 * sending, because the library alters some messages when it writes them.
 */
import { createRequire } from 'node:module';

/** One segment as hl7-standard shows it: its fields by name, such as `data['PID.5']['PID.5.1']`. */
export interface ParsedSegment {
  readonly type: string;
  readonly index: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The segments of a message by name, each a list. */
export type ParsedMessage = Readonly<Record<string, readonly ParsedSegment[]>>;

interface Hl7Standard {
  readonly transformed: ParsedMessage;
  transform(): void;
}

const HL7 = createRequire(__filename)('hl7-standard') as new (
  text: string,
  options: { lineEndings: string },
) => Hl7Standard;

/**
 * Limits for messages that the library parses. Its time grows with the number of parts, and with the square of the number
 * of different segment names.
 */
const MOST = { parts: 20_000, segments: 1_000, names: 60 } as const;

/**
 * Parses a message into the view.
 *
 * @param hl7 a message; segments end with CR
 * @returns undefined if hl7-standard cannot read the message or would take too long: for more than 20,000 fields and
 *   components, 1,000 segments, or 60 names of segments. Such a message can still be sent
 */
export function parsedView(hl7: string): ParsedMessage | undefined {
  if (!isQuick(hl7)) return undefined;
  try {
    const message = new HL7(hl7, { lineEndings: '\r' });
    message.transform();
    return message.transformed;
  } catch {
    return undefined;
  }
}

function isQuick(hl7: string): boolean {
  const segments = hl7.split('\r', MOST.segments + 2);
  if (segments.length > MOST.segments + 1) return false;
  if (new Set(segments.map((segment) => segment.slice(0, 3))).size > MOST.names) return false;
  let parts = 0;
  for (let i = 0; i < hl7.length && parts <= MOST.parts; i++) if (isDelimiter(hl7.charCodeAt(i))) parts++;
  return parts <= MOST.parts;
}

/** One of `| ^ ~ &` or a line end. */
function isDelimiter(unit: number): boolean {
  return unit === 124 || unit === 94 || unit === 126 || unit === 38 || unit === 13 || unit === 10;
}
