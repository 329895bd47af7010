/**
 * Inputs that nodes which store are still working on. An outcome counts as told only when all that came of it is stored: a crash before
 * would otherwise lose what the flow had begun, such as the watching of an accepted letter.
 */

/** By an object for each, when it came, by the process's steady clock; the first is the oldest. */
const UNFINISHED = new Map<object, number>();

/** An input has come. @returns notes that it is stored, refused or given to another node; may be called more than once */
export function beginInput(): () => void {
  const input = {};
  UNFINISHED.set(input, performance.now());
  return () => UNFINISHED.delete(input);
}

/** Since when the oldest input is worked on, by `performance.now()`; undefined where none is. */
export function unfinishedSince(): number | undefined {
  const [oldest] = UNFINISHED.values();
  return oldest;
}
