/**
 * How far the processor time of a thread may lag behind, in milliseconds: Linux counts a running thread's time at its ticks
 * only, of which there are 100 to 1000 in a second.
 */
const TICK_MS = 10;

/** The processor time that this thread has used, in milliseconds, as of the last tick. */
function processorTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/**
 * How long work takes, in milliseconds: by the clock, but not what the machine does for others meanwhile, where that is more
 * than a tick.
 */
export function timed(work: () => unknown): number {
  const used = processorTime();
  const begun = performance.now();
  work();
  const passed = performance.now() - begun;
  return Math.min(passed, processorTime() - used + TICK_MS);
}

/** What {@link yardstick} takes on the core for which limits in milliseconds are set. */
const YARDSTICK_MS = 20;

/** Reads a text in the ways in which the readers of this package do, always the same. */
function yardstick(): number {
  const text = 'PID|1||9990000018^^^NHS^NH~A\\F\\B^x&y\r'.repeat(20_000);
  const seen = new Map<string, number>();
  let sum = text.replaceAll('\\F\\', '|').length;
  for (const segment of text.split('\r')) {
    for (const field of segment.split('|')) {
      seen.set(field, (seen.get(field) ?? 0) + 1);
      for (let i = 0; i < field.length; i++) sum ^= field.charCodeAt(i);
    }
  }
  return sum + seen.size;
}

/**
 * How many times slower this machine is at this moment than the one for which limits are set; 1 where it is as fast or faster,
 * 3 at most. What takes longer than its limit times this takes too long on any machine.
 */
export function slowness(): number {
  const least = Math.min(timed(yardstick), timed(yardstick), timed(yardstick));
  return Math.min(3, Math.max(1, least / YARDSTICK_MS));
}

/**
 * How long work takes at best, in milliseconds of the machine for which limits are set: of three runs, each beside the yardstick,
 * since other work slows a machine down for a moment.
 */
export function paced(work: () => unknown): number {
  yardstick();
  let least = Infinity;
  for (let i = 0; i < 3; i++) {
    const before = slowness();
    const took = timed(work);
    least = Math.min(least, took / Math.max(before, slowness()));
  }
  return least;
}
