/** Hostile messages: with a good header and much of one thing behind, in or before it. */
import { parts, run } from './repeat.js';
import type { Shape } from './shape.js';
import { runsAt, WITHIN } from './units.js';

/** MSH as pkb-build leaves it, up to its line end. */
export function msh(type: string, controlId = 'A1'): string {
  return `MSH|^~\\&|MAILCO|trust{trust}|HL7API|PKB|20260101120000||${type}|${controlId}|P|2.4\r`;
}

const PID = 'PID|||9990000018^^^NHS^NH||Example^Alex||19700101|U\r';
const A28 = msh('ADT^A28') + PID;
const ORU = msh('ORU^R01') + PID;
const MDM = `${msh('MDM^T02')}${PID}TXA||CL||20260101|||||||||D1||||AU\r`;

/** Where a run stands in a message. */
const PLACES: Readonly<Record<string, (text: string) => string>> = {
  'before a message,': (text) => text + A28,
  'behind the PID of an A28,': (text) => A28 + text,
  'in NTE-3 of an ORU,': (text) => `${ORU}OBR|1||A\rNTE|||${text}\rOBX|1|ST|A||1\r`,
  'in MSH-10,': (text) => msh('ADT^A28', text) + PID,
  'in PID-3,': (text) => `${msh('ADT^A28')}PID|||${text}||Example^Alex||19700101|U\r`,
  'in PID-13,': (text) => `${A28.trimEnd()}|||||${text}\r`,
};

/** Messages that have much of one thing. */
const MESSAGES: Readonly<Record<string, Shape>> = {
  'backslashes, then NTE': (size) => `${A28}${run('\\', size / 2)}\r${run('NTE|\r', size / 2)}`,
  'NTE, then backslashes': (size) => `${A28}${run('NTE|\r', size / 2)}NTE|${run('\\', size / 2)}`,
  'NTE with a backslash each': (size) => A28 + run('NTE|\\\r', size),
  'NTE with an unknown escape each': (size) => A28 + run('NTE|\\H\\\r', size),
  'bad time stamps and NTE': (size) => ORU + run('OBX|1|ST|A||1|||||||||2026011\rNTE|\r', size),
  'NTE without fields': (size) => A28 + run('NTE\r', size),
  'NTE ended by LF': (size) => A28.replaceAll('\r', '\n') + run('NTE|\n', size),
  'NTE ended by LF, behind a CR': (size) => A28 + run('NTE|\n', size),
  'NTE ended by LF, before a CR': (size) => `${A28.replaceAll('\r', '\n')}${run('NTE|\n', size)}\r`,
  'NTE ended by CR, before an LF': (size) => `${A28}${run('NTE|\r', size)}\n`,
  'NTE ended by CRLF': (size) => A28.replaceAll('\r', '\r\n') + run('NTE|\r\n', size),
  'NTE ended by each line end in turn': (size) => A28 + run('NTE|\r\nNTE|\nNTE|\r', size),
  'lines of text ended by LF, in a message ended by CR': (size) => A28 + run('NTE|1||a\nb\nc\r', size),
  'segments of different names': (size) => A28 + parts(size, (i) => `${nameOf(i)}|\r`),
  'segments of different names ended by LF': (size) => A28 + parts(size, (i) => `${nameOf(i)}|\n`),
  'different names, then NTE': (size) =>
    A28 + parts(size / 2, (i) => `${nameOf(i)}|\r`) + run('NTE|\r', size / 2),
  'lines that are no segments': (size) => A28 + run('x\r', size),
  'lines that are no segments, and segments, in turn': (size) => A28 + run('x\rNTE|\r', size),
  'PID many times': (size) => msh('ADT^A28') + run(PID, size),
  'AL1 of one allergy': (size) => A28 + run('AL1|1||A\r', size),
  'AL1 of different allergies': (size) => A28 + parts(size, (i) => `AL1|1||A${i}\r`),
  'AL1 alternately the same and different': (size) =>
    A28 + parts(size, (i) => `AL1|1||A${i % 2 === 0 ? 'A' : i}\r`),
  'AL1 with many fields': (size) => A28 + run(`AL1${run('|', 500)}\r`, size),
  'AL1 with notes': (size) => A28 + run('AL1|1||A\rNTE|\r', size),
  'AL1 and a thousand notes each': (size) => A28 + run(`AL1|1||A\r${run('NTE|\r', 5000)}`, size),
  'DG1 without a code': (size) => A28 + run('DG1|\r', size),
  'DG1 of different diagnoses': (size) => A28 + parts(size, (i) => `DG1|1||D${i}^x\r`),
  'ZRX of different medication': (size) => A28 + parts(size, (i) => `ZRX|1|M${i}^x\r`),
  'all clinical segments in turn': (size) =>
    A28 + run('AL1|\rDG1|\rZRX|\rIAM|\rPRB|\rRXA|\rRXC|\rRXD|\rRXE|\rRXG|\rRXO|\rRXR|\rORC|\r', size),
  'OBX with time': (size) => `${ORU}ORC|RE||1\rOBR|1||1||||20260101\r${run('OBX|1|ST|A||1\r', size)}`,
  'OBX without time': (size) => `${ORU}ORC|RE||1\rOBR|1||1\r${run('OBX|1|ST|A||1\r', size)}`,
  'ORC, OBR and OBX of one report': (size) => ORU + run('ORC|RE||1\rOBR|1||1||||2026\rOBX|1\r', size),
  'ORC, OBR and OBX without an ID': (size) => ORU + run('ORC|RE\rOBR|1\rOBX|1\r', size),
  'ORC, OBR and OBX of different reports': (size) =>
    ORU + parts(size, (i) => `ORC|RE||${i}\rOBR|1||${i}||||2026\rOBX|1\r`),
  'OBX without fields': (size) => `${ORU}OBR|1||1\r${run('OBX\r', size)}`,
  'OBR without fields': (size) => ORU + run('OBR\r', size),
  'AL1 without fields': (size) => A28 + run('AL1\r', size),
  'DG1 without fields': (size) => A28 + run('DG1\r', size),
  'ORC alone': (size) => ORU + run('ORC|\r', size),
  'OBR alone': (size) => ORU + run('OBR|\r', size),
  'text that holds OBR, in a result': (size) => `${ORU}NTE|||${run('OBR', size)}`,
  'text that holds TXA, in a document': (size) =>
    MDM.replace('TXA|', () => `NTE|||${run('TXA', size)}\rTXA|`),
  'a document in base64': (size) => `${MDM}OBX|1|ED|||^TEXT^PDF^Base64^${run('QUJD', size)}\r`,
  'a document in base64 in short lines': (size) =>
    `${MDM}OBX|1|ED|||^TEXT^PDF^Base64^${run('QUJDQUJD\n', size)}\r`,
  'identifiers in PID-3': (size) =>
    A28.replace('9990000018', () => `${parts(size, (i) => `${i}^^^RXX^MR~`)}1`),
  'NHS numbers in PID-3': (size) => A28.replace('9990000018', () => `${run('1^^^NHS^NH~', size)}1`),
  'NHS numbers with a long status in PID-3': (size) =>
    A28.replace('9990000018^^^NHS^NH', () => `1^^^NHS^NH${run('{', size)}`),
  'components in PID-3': (size) => A28.replace('9990000018', () => run('1^', size)),
  'subcomponents in PID-3': (size) => A28.replace('9990000018', () => run('1&', size)),
  'blanks within an NHS number': (size) => A28.replace('9990000018', () => `9${run(' ', size)}990000018`),
  'fields in PID': (size) => A28.replace('U\r', () => `U${run('|a', size)}\r`),
  'fields in MSH': (size) => A28.replace('2.4\r', () => `2.4${run('|a', size)}\r`),
  'MSH many times': (size) => run(A28, size),
  'MSH many times, in a batch': (size) => `FHS|^~\\&\rBHS|^~\\&\r${run(A28, size)}BTS|\rFTS|\r`,
  'MSH| in a batch': (size) => `FHS|^~\\&\r${run('MSH|\r', size)}`,
  'MSH many times, each in a batch': (size) => run(`BHS|^~\\&\r${A28}BTS|1\r`, size),
  'MSH many times in MLLP frames': (size) => run(`\v${A28}\x1c\r`, size),
  'trailers of a batch': (size) => `FHS|\r${A28}${run('BTS|\r', size)}`,
  'blank lines before a second message': (size) => `${A28}${run('\r', size)}${A28}`,
  'MSH with blanks before its second field': (size) => `MSH|^~\\&${run(' ', size)}|`,
  'MSH with other delimiters': (size) =>
    `MSH!@#$%!A!B!C!D!20260101!!ADT@A28!1!P!2.4\rPID!!!${run('1@2#3$', size)}`,
  'MSH with letters for delimiters': (size) => `MSH-aaaa-${run('a', size)}`,
};

/** The `i`-th of 33,696 names that a segment can have. */
function nameOf(i: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  const at = (n: number): string => letters.charAt(n % 36);
  return letters.charAt(i % 26) + at(Math.floor(i / 26)) + at(Math.floor(i / 936));
}

/** Shapes by name. */
export const MESSAGE_SHAPES: ReadonlyMap<string, Shape> = new Map([
  ...Object.entries(PLACES).flatMap(([place, put]) => runsAt(place, WITHIN, put)),
  ...Object.entries(MESSAGES),
]);
