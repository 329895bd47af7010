/** Chance that can be repeated. */

/** Gives whole numbers from 0 up to, and without, `n`. */
export type Dice = (n: number) => number;

/** Dice that fall the same way for the same seed (mulberry32, a public-domain generator of 32 bits). */
export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % n;
  };
}
