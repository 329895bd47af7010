/** The texts of a message as the stores that outlive a process keep them: sealed, and long ones in parts. */
import { piecesOf } from '../../hl7/pieces.js';

/** Length of a part, in UTF-16 units. */
export const PART = 2 ** 19;

/** What is kept of a message in words. */
export interface Texts {
  readonly body: string;
  readonly carried: string;
}

/** Where the texts of a message stand, for the seal. */
export const places = {
  body: (id: number): string => `text.body:${id}`,
  carried: (id: number): string => `text.carried:${id}`,
  part: (id: number, n: number): string => `part.bytes:${id}:${n}`,
} as const;

/** How many parts follow the first. */
export function furtherParts({ body }: Pick<Texts, 'body'>): number {
  return body.length <= PART ? 0 : [...piecesOf(body, PART)].length - 1;
}
