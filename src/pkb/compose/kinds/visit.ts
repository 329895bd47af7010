import { segment, text } from '../write.js';

/** PV1 with the specialty (PV1-10.1) of a report, if given. */
export function visit(specialty: string | undefined): string[] {
  return specialty === undefined ? [] : [segment('PV1', { 10: text(specialty) })];
}
