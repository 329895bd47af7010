/**
 * The beginning of a message in bytes. Only the part needed is decoded, because messages can be large.
 */

const CR = 13;
const LF = 10;

/**
 * The first segment of a message.
 *
 * @returns its text, one character for each byte
 */
export function firstSegment(bytes: Buffer): string {
  for (let size = 1024; ; size *= 4) {
    const text = bytes.toString('latin1', 0, size);
    const end = text.search(/[\r\n]/);
    if (end >= 0) return text.slice(0, end);
    if (size >= bytes.length) return text;
  }
}

/**
 * Finds the end of the first segment with a name.
 *
 * @param from an offset before it, such as the end of the first segment
 * @returns the offset of its line end; -1 if there is no such segment
 */
export function endOfSegment(bytes: Buffer, name: string, separator: string, from: number): number {
  for (let at = bytes.indexOf(name, from, 'latin1'); at >= 0; at = bytes.indexOf(name, at + 1, 'latin1')) {
    const before = bytes[at - 1];
    if (before !== CR && before !== LF) continue;
    const after = bytes[at + name.length];
    if (after === undefined || after === CR || after === LF || after === separator.charCodeAt(0))
      return lineEnd(bytes, at);
  }
  return -1;
}

function lineEnd(bytes: Buffer, from: number): number {
  let end = from;
  while (end < bytes.length && bytes[end] !== CR && bytes[end] !== LF) end++;
  return end;
}
