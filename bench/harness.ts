/**
 * Measures things side by side: in one process, in rotated rounds, so that a slow moment of the machine hits all alike.
 */
import { cpus, totalmem } from 'node:os';

/** Something to measure; it must return a value, so that the work is not optimised away. */
export interface Contender {
  readonly name: string;
  readonly run: () => unknown;
}

/** What was measured. */
export interface Measured {
  readonly name: string;
  /** Microseconds per run, the median of all rounds. */
  readonly microseconds: number;
  /** Microseconds of each round, so that ratios can be taken within a round. */
  readonly rounds: readonly number[];
}

const ROUNDS = 21;
const ROUND_MS = 50;
let sink: unknown;

/** Measures all contenders, each once in every round, in an order that rotates. */
export function measure(contenders: readonly Contender[]): Measured[] {
  const runs = contenders.map(({ run }) => calibrate(run));
  const rounds = contenders.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const i = (turn + round) % contenders.length;
      const { run } = contenders[i] ?? { run: () => undefined };
      const count = runs[i] ?? 1;
      // What one leaves behind is not to be cleared away in another's time. A whole collection also throws compiled code away, which
      // is compiled anew before the time is taken: a Node-RED under load has one seldom, not before each round.
      globalThis.gc?.();
      timed(run, count);
      rounds[i]?.push((1000 * timed(run, count)) / count);
    }
  }
  return contenders.map(({ name }, i) => ({
    name,
    microseconds: median(rounds[i] ?? []),
    rounds: rounds[i] ?? [],
  }));
}

/** How many times longer one took than another: the median of the ratios within each round. */
export function ratio(own: Measured | undefined, other: Measured | undefined): number {
  return median((own?.rounds ?? []).map((time, i) => time / (other?.rounds[i] ?? Number.NaN)));
}

/** How many runs fill a round, after a warm-up. */
function calibrate(run: () => unknown): number {
  let runs = 1;
  while (timed(run, runs) < ROUND_MS / 2) runs *= 2;
  return Math.max(1, Math.round((runs * ROUND_MS) / timed(run, runs)));
}

/** Milliseconds for so many runs. */
function timed(run: () => unknown, runs: number): number {
  const start = performance.now();
  for (let i = 0; i < runs; i++) sink = run();
  return performance.now() - start;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** The machine, in one line. */
export function machine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${cpu?.model.trim() ?? '?'}, ${memory} GiB, ${process.platform}, Node.js ${process.version}`;
}

/** A Markdown table, numbers right-aligned by the reader. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Microseconds in three figures. */
export function figure(microseconds: number): string {
  return microseconds >= 100 ? String(Math.round(microseconds)) : microseconds.toPrecision(3);
}

/** Keeps what was computed last, so that it counts as used. */
export function used(): unknown {
  return sink;
}

/** Node-RED's http request node in a flow, before a node `end`; keep-alive on, as a careful author sets it. */
export function httpRequest(url: string): object {
  return {
    id: 'request',
    type: 'http request',
    method: 'POST',
    ret: 'txt',
    url,
    persist: true,
    senderr: false,
    wires: [['end']],
  };
}
