/** Timing in a process of its own, which is ended where a reading takes too long, and started anew for the next. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Job, Measured } from './run.js';

/** Memory that readers share, in MB: many times what a text of 1 MB may need. */
const MEMORY_MB = 512;

/** Measures readings. */
export class Stopwatch {
  #child: ChildProcess | undefined;

  /**
   * Measures one reading.
   *
   * @param limit milliseconds after which it is given up
   * @returns undefined where it took longer, or the process ran out of memory
   */
  async measure(job: Job, limit: number): Promise<Measured | undefined> {
    this.#child ??= await start();
    const child = this.#child;
    child.send(job);
    const measured = await answerOf(child, limit);
    if (measured === undefined) {
      child.kill('SIGKILL');
      this.#child = undefined;
    }
    return measured;
  }

  /** Ends the process. */
  stop(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}

async function start(): Promise<ChildProcess> {
  const child = fork(join(__dirname, 'run.ts'), {
    execArgv: [
      '--require',
      require.resolve('tsx/cjs'),
      `--max-old-space-size=${MEMORY_MB}`,
      '--max-semi-space-size=64',
    ],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  await once(child, 'message');
  return child;
}

function answerOf(child: ChildProcess, limit: number): Promise<Measured | undefined> {
  return new Promise((resolve) => {
    const end = (measured?: Measured): void => {
      clearTimeout(timer);
      child.off('message', end);
      child.off('exit', gone);
      resolve(measured);
    };
    const gone = (): void => end();
    const timer = setTimeout(gone, limit);
    child.on('message', end);
    child.on('exit', gone);
  });
}
