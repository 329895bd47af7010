/** Hostile acknowledgements. */
import { run } from './repeat.js';
import type { Shape } from './shape.js';
import { runsAt, WITHIN } from './units.js';

const ACK = 'MSH|^~\\&|HL7API|PKB|MAILCO|trust{trust}|20260101120000||ACK^R01|P1|P|2.4\rMSA|AA|A1';

/** Where a run stands in an acknowledgement. */
const ACK_PLACES: Readonly<Record<string, (text: string) => string>> = {
  'before an ACK,': (text) => `${text}\r${ACK}`,
  'behind an ACK,': (text) => ACK + text,
  'behind an ACK, x behind,': (text) => `${ACK}${text}x`,
  'in MSA-2,': (text) => ACK.replace('|A1', () => `|${text}`),
};

/** Acknowledgements that have much of one thing. */
const ACKS: Readonly<Record<string, Shape>> = {
  'an ACK with many segments': (size) => `${ACK}\r${run('ERR|\r', size)}`,
  'an ACK with many MSA': (size) => `${ACK}\r${run('MSA|AA|A1\r', size)}`,
  'an ACK with many MSH': (size) => `${ACK}\r${run(' MSH\r', size)}`,
  'an ACK behind lines that look like one': (size) => `${run('\rMSH', size)}\r${ACK}`,
  'an ACK behind indented lines': (size) => `${run('\r \t \t', size)}${ACK}`,
  'an ACK with blanks in its MSA-1': (size) => ACK.replace('AA', () => `A${run(' ', size)}A`),
  'an ACK with a long text': (size) => `${ACK}|${run('\\T\\a\\', size)}`,
};

/** Shapes by name. */
export const ACK_SHAPES: ReadonlyMap<string, Shape> = new Map([
  ...Object.entries(ACK_PLACES).flatMap(([place, put]) => runsAt(place, WITHIN, put)),
  ...Object.entries(ACKS),
]);
