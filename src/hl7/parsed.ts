/**
 * hl7-standard's view of a message: a plain object to look into from Switch, Change and Function nodes. It is never on
 * the path of what is sent, since the library alters some messages when it writes them.
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

/** Characters and segments up to which a message is parsed where that must not take long: the library's time grows with their square. */
export const QUICKLY_PARSED = { characters: 64 * 1024, segments: 1_000 } as const;

/**
 * Parses a message for looking, unless it is large enough to hold up the process.
 *
 * @param hl7 segments ended by CR
 * @returns undefined for a message beyond {@link QUICKLY_PARSED}, too
 */
export function parsedQuickly(hl7: string): ParsedMessage | undefined {
  const { characters, segments } = QUICKLY_PARSED;
  if (hl7.length > characters || hl7.split('\r', segments + 2).length > segments + 1) return undefined;
  return parsedView(hl7);
}

/**
 * Parses a message for looking.
 *
 * @param hl7 segments ended by CR
 * @returns undefined where hl7-standard cannot read the message, though it may well be sent
 */
export function parsedView(hl7: string): ParsedMessage | undefined {
  try {
    const message = new HL7(hl7, { lineEndings: '\r' });
    message.transform();
    return message.transformed;
  } catch {
    return undefined;
  }
}
