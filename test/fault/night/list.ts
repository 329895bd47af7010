/** The list of a night: letters, some of which are rejected, stopped by the guard, or make no message. */
import { randomUUID } from 'node:crypto';
import { formatUtc } from '../../../src/hl7/timestamp.js';

/** What becomes of a row. */
export function kindOf(n: number): 'accepted' | 'rejected' | 'stopped' | 'unbuilt' {
  if (n % 50 === 7) return 'rejected';
  if (n % 50 === 17) return 'stopped';
  return n % 50 === 27 ? 'unbuilt' : 'accepted';
}

/** Whether somebody reads it before its deadline. */
export function isRead(n: number): boolean {
  return n % 3 === 0;
}

/** The integrator's own reference. */
export function referenceOf(n: number): string {
  return `L-${n}`;
}

/** TXA-12. */
export function documentOf(n: number): string {
  return `doc-${n}`;
}

/** The row of a document. */
export function rowOf(document: string): number {
  return Number(document.slice('doc-'.length));
}

/** A letter, with a new control ID each time, as pkb-build stamps it. The Customer of rejected ones is not authorised. */
export function hl7Of(n: number): string {
  const facility = kindOf(n) === 'rejected' ? 'p{other}' : 'p{t}';
  return [
    `MSH|^~\\&|app|${facility}|HL7API|PKB|${formatUtc(new Date())}||MDM^T02|${randomUUID()}|P|2.4`,
    'PID|||9990000018^^^NHS^NH||Example^Alex||19700131|F',
    `TXA||CL||||||||||${documentOf(n)}||||letter.txt|AU`,
    `OBX|1|ED|||^TEXT^PLAIN^Base64^${Buffer.from(`Dear Alex, letter ${n}`).toString('base64')}`,
    '',
  ].join('\r');
}
