/**
 * How late the process's event loop is: what holds it up holds up every flow, and every answer of PKB's that has arrived.
 *
 * Measured by a timer, and not by `monitorEventLoopDelay` of `node:perf_hooks`: that one must be reset to tell of a later time
 * than the whole life of the process, which loses what happens around the reset, and spoils it for a second one who asks.
 */

/** How often it is measured, in milliseconds. */
const EVERY_MS = 50;

/**
 * Begins to measure, for as long as the process lives. Keeps no process alive.
 *
 * @param observe is told each delay, in seconds
 */
export function watchLoop(observe: (seconds: number) => void): void {
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    observe(Math.max(0, now - last - EVERY_MS) / 1000);
    last = now;
  }, EVERY_MS);
  timer.unref();
}
