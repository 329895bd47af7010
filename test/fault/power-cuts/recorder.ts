/** Lets writers work under strace and gives back what they did. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Folder } from './disk.js';
import type { Life, RecordedEvent } from './events.js';
import { CALLS, MEMORY, Overlapping, StraceReader } from './strace.js';

const WRITE_LIMIT = 2 ** 24;
const OPTIONS = [
  ...'-f -y -xx -qq --seccomp-bpf -e signal=none'.split(' '),
  `--string-limit=${WRITE_LIMIT}`,
  `--trace=${CALLS.map((call) => `?${call}`).join(',')}`,
];

/** Whether there is an strace here that may trace. */
export const hasStrace = spawnSync('strace', [...OPTIONS, '-o', '/dev/null', 'true']).status === 0;

/** What writers did, and the folder as they left it. */
export interface Recording {
  readonly events: readonly RecordedEvent[];
  readonly left: Folder;
}

/**
 * Runs writers one after the other in one fresh folder.
 *
 * @param synchronous what they ask SQLite for instead of FULL
 * @throws Error where a writer fails, or does what the model of a disk does not know
 */
export function record(lives: readonly Life[], synchronous?: string): Recording {
  for (let tries = 1; ; tries++) {
    try {
      return recordOnce(lives, synchronous);
    } catch (error) {
      if (!(error instanceof Overlapping) || tries === MOST_TRIES) throw error;
    }
  }
}

/** So often a recording is made anew of which the order of calls cannot be told. */
const MOST_TRIES = 5;

function recordOnce(lives: readonly Life[], synchronous?: string): Recording {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'pkb-cuts-')));
  const folder = mkdtempSync(join(top, 'outbox-'));
  const reader = new StraceReader(folder);
  try {
    for (const [i, life] of lives.entries()) {
      const trace = join(top, 'trace');
      const writer = [join(__dirname, 'writer.ts'), folder, String(i + 1), JSON.stringify(life)];
      const { signal, status, stderr } = spawnSync(
        'strace',
        [...OPTIONS, '-o', trace, process.execPath, '--require', require.resolve('tsx/cjs'), ...writer],
        { env: environment(synchronous), encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
      );
      const asMeant = life.ending === 'kill' ? signal === 'SIGKILL' : status === 0;
      if (!asMeant) throw new Error(`The writer ended with ${signal ?? status}: ${stderr}`);
      reader.read(readFileSync(trace, 'latin1'));
      rmSync(trace);
    }
    const names = readdirSync(folder).filter((name) => !name.endsWith(MEMORY));
    const left = names.map((name) => [name, readFileSync(join(folder, name))] as const);
    return { events: reader.events, left: new Map(left) };
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

function environment(synchronous: string | undefined): NodeJS.ProcessEnv {
  // Calls made through io_uring cannot be seen by strace.
  const plain = { ...process.env, UV_USE_IO_URING: '0' };
  if (synchronous === undefined) return plain;
  const weaker = `--require ${JSON.stringify(join(__dirname, 'weaker.cjs'))}`;
  return { ...plain, NODE_OPTIONS: weaker, PKB_SYNCHRONOUS: synchronous };
}
