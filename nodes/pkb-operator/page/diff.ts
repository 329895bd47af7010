/** What was changed in a text, line by line. */

/** A line of either text, or of both. */
export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/** Beyond so many lines in between, all of them count as changed. */
const MOST = 2000;

/** Compares two texts by the longest run of lines that both have. */
export function diff(before: readonly string[], after: readonly string[]): DiffLine[] {
  let first = 0;
  while (first < before.length && first < after.length && before[first] === after[first]) first++;
  let last = 0;
  const most = Math.min(before.length, after.length) - first;
  while (last < most && before.at(-1 - last) === after.at(-1 - last)) last++;
  const same = (text: string): DiffLine => ({ kind: 'same', text });
  const middle = changes(before.slice(first, before.length - last), after.slice(first, after.length - last));
  return [...before.slice(0, first).map(same), ...middle, ...before.slice(before.length - last).map(same)];
}

function changes(before: readonly string[], after: readonly string[]): DiffLine[] {
  const removed = (text: string): DiffLine => ({ kind: 'removed', text });
  const added = (text: string): DiffLine => ({ kind: 'added', text });
  if (before.length + after.length > MOST) return [...before.map(removed), ...after.map(added)];
  // lengths[i][j]: how many lines both have, in order, from i and j on.
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--) {
      const row = lengths[i];
      if (row) row[j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push({ kind: 'same', text: before[i++] ?? '' });
      j++;
    } else if (j >= after.length || (i < before.length && at(i + 1, j) >= at(i, j + 1))) {
      lines.push(removed(before[i++] ?? ''));
    } else lines.push(added(after[j++] ?? ''));
  }
  return lines;
}
