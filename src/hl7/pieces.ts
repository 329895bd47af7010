/** Long texts in pieces, so that a message of megabytes is not copied as a whole. */

/**
 * Cuts a text into pieces, but never between the two halves of a surrogate pair.
 *
 * @param length of a piece, in UTF-16 units, 2 or more
 * @returns at least one piece
 */
export function* piecesOf(text: string, length: number): Generator<string, void, undefined> {
  let start = 0;
  do {
    let end = Math.min(start + length, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end--;
    yield text.slice(start, end);
    start = end;
  } while (start < text.length);
}
