/** From times at growing sizes to what is wrong with a reader on a shape. */
import { slowness } from '../../support/clock.js';
import type { Job, Measured } from './run.js';
import type { Stopwatch } from './stopwatch.js';

/** A reader and a shape, of which sizes are to be tried. */
export type Pair = Omit<Job, 'size' | 'runs'>;

/** What a pair took. */
export interface Timed extends Pair {
  /** The largest size that was tried. */
  readonly size: number;
  readonly ms: number;
  /** What is wrong, in words; blank for nothing. */
  readonly fault: string;
}

/** Sizes of the texts, each four times the one before; the first two are for what takes too long at the others. */
const SIZES = [4_000, 16_000, 62_500, 250_000, 1_000_000] as const;
const FIRST = 2;
/** How much longer four times the text may take. */
const FACTOR = 8;
/** Less than this, in milliseconds, is too short to tell; what grows with the square is found at the next size. */
const FLOOR = 30;
/** What the largest text may take, in milliseconds, on a machine as fast as the usual one. */
const MOST = 250;
/** After so long, in milliseconds, a reading is given up. */
const GIVEN_UP = 2000;

/** Times one reader on one shape, on as long texts as it takes to judge it. */
export async function time(stopwatch: Stopwatch, pair: Pair): Promise<Timed> {
  let last: Timed = { ...pair, size: 0, ms: 0, fault: '' };
  for (let i = FIRST; i < SIZES.length; i++) {
    const size = SIZES[i] ?? 0;
    const measured = await stopwatch.measure({ ...pair, size, runs: 1 }, GIVEN_UP);
    if (measured === undefined) return tooLong(stopwatch, pair, i);
    const { ms, threw } = measured;
    const before = last.ms;
    last = { ...pair, size, ms, fault: threw === undefined ? '' : `threw ${threw}` };
    if (last.fault !== '') return last;
    const [small = 0] = [SIZES[i - 1]];
    if ((i > FIRST && grows(before, ms)) || isLong(size, ms)) {
      const fault = await confirmed(stopwatch, pair, small, size);
      if (fault !== '') return { ...last, fault };
    }
    if (isShort(size, ms) || (i > FIRST && ms < before * 5 && ms < MOST / 6)) return last;
  }
  return last;
}

/** Whether a time would still be short at the largest size, were it to grow with the square of the length. */
function isShort(size: number, ms: number): boolean {
  return ms * ((SIZES.at(-1) ?? size) / size) ** 2 < MOST / 2;
}

function grows(before: number, ms: number): boolean {
  return ms > FLOOR && ms > FACTOR * before;
}

function isLong(size: number, ms: number, slow = 1): boolean {
  return size === SIZES.at(-1) && ms > MOST * slow;
}

/** Measures anew, several times, since other processes and the collection of garbage take time as well. */
async function confirmed(stopwatch: Stopwatch, pair: Pair, small: number, large: number): Promise<string> {
  const least = { small: Infinity, large: Infinity };
  for (let i = 0; i < 3; i++) {
    const first = await stopwatch.measure({ ...pair, size: small, runs: 3 }, GIVEN_UP * 3);
    const second = await stopwatch.measure({ ...pair, size: large, runs: 1 }, GIVEN_UP * 2);
    least.small = Math.min(least.small, msOf(first));
    least.large = Math.min(least.large, msOf(second));
    if (!grows(least.small, least.large) && !isLong(large, least.large, slowness())) return '';
  }
  return `${said(least.small)} for ${small} characters, ${said(least.large)} for ${large}`;
}

/** Says how long shorter texts take. */
async function tooLong(stopwatch: Stopwatch, pair: Pair, at: number): Promise<Timed> {
  const size = SIZES[at] ?? 0;
  const times: string[] = [];
  for (const shorter of SIZES.slice(Math.max(0, at - 2), at)) {
    const measured = await stopwatch.measure({ ...pair, size: shorter, runs: 2 }, GIVEN_UP * 2);
    times.push(`${said(msOf(measured))} for ${shorter} characters`);
  }
  return { ...pair, size, ms: GIVEN_UP, fault: `${times.join(', ')}, no end for ${size}` };
}

function msOf(measured: Measured | undefined): number {
  return measured?.ms ?? Infinity;
}

function said(ms: number): string {
  return ms === Infinity ? 'no end' : `${ms.toFixed(1)} ms`;
}
