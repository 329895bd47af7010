/**
 * Copies of short texts. In JavaScript engines, a piece cut from a text refers to the whole text. As long as the piece is
 * kept, the whole text stays in memory: for an ID of 36 characters, a letter of megabytes.
 */

/** A copy that does not refer to another text. @param piece a short text, perhaps cut from a long one */
export function own(piece: string): string {
  // If every character fits into one byte, the copy takes half the memory.
  const encoding = /[^\0-\xff]/.test(piece) ? 'utf16le' : 'latin1';
  return Buffer.from(piece, encoding).toString(encoding);
}
