/** What a store has counted is kept for a while, so that pages that are open cost the store next to nothing. */

/** What was counted, or is being counted. Times are those of `performance.now()`. */
export interface Kept<T> {
  readonly counting: Promise<T>;
  /** Undefined until it is counted. */
  counted: { readonly value: T; readonly at: number; readonly took: number } | undefined;
}

/** Where it is kept: a Map, or a WeakMap. */
export interface Keeper<Key, T> {
  get(key: Key): Kept<T> | undefined;
  set(key: Key, kept: Kept<T>): unknown;
  delete(key: Key): unknown;
}

/**
 * What was counted a while ago, or is counted now. All that ask meanwhile get the same; what failed is counted anew.
 *
 * @param goodFor for how long a value is good, in milliseconds, by how long it took to count
 */
export function keptOrCounted<Key, T>(
  keeper: Keeper<Key, T>,
  key: Key,
  count: () => Promise<T>,
  goodFor: (value: T, took: number) => number,
): Promise<T> {
  const known = keeper.get(key);
  if (known !== undefined && isGood(known, goodFor)) return known.counting;
  const begun = performance.now();
  const kept: Kept<T> = { counting: count(), counted: undefined };
  keeper.set(key, kept);
  kept.counting.then(
    (value) => {
      const at = performance.now();
      kept.counted = { value, at, took: at - begun };
    },
    () => keeper.delete(key),
  );
  return kept.counting;
}

function isGood<T>({ counted }: Kept<T>, goodFor: (value: T, took: number) => number): boolean {
  if (counted === undefined) return true;
  return performance.now() < counted.at + goodFor(counted.value, counted.took);
}
