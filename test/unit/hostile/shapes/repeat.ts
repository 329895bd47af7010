/** Building texts of a wanted size. */

/** A unit as often as it takes to fill `size` characters. */
export function run(unit: string, size: number): string {
  return size <= 0 ? '' : unit.repeat(Math.ceil(size / unit.length)).slice(0, size);
}

/** Whole units only, as many as fit in `size` characters, at least one. */
export function whole(unit: string, size: number): string {
  return unit.repeat(Math.max(1, Math.floor(size / unit.length)));
}

/** Numbered parts until there are `size` characters. */
export function parts(size: number, part: (i: number) => string): string {
  const all: string[] = [];
  for (let length = 0; length < size;) {
    const next = part(all.length);
    all.push(next);
    length += next.length;
  }
  return all.join('');
}
