/** Cuts the power at many moments of a recording, and reads what is left each time. */
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Fault, faultsOf } from './checker.js';
import { Disk, type Folder } from './disk.js';
import type { RecordedEvent } from './events.js';
import { readOutbox } from './found.js';
import { Promises } from './promises.js';
import { type Dice, diceOf } from './random.js';

/** What came of a power cut. */
export interface Cut {
  /** After how many events. */
  readonly after: number;
  readonly faults: readonly Fault[];
}

/**
 * Makes folders as power cuts may leave them and has the outbox open each.
 *
 * @param count how many
 * @param seed the same seed chooses the same cuts of the same recording
 */
export async function cutPower(
  events: readonly RecordedEvent[],
  count: number,
  seed: number,
): Promise<Cut[]> {
  const dice = diceOf(seed);
  const moments = chooseMoments(events, count, dice);
  const disk = new Disk();
  const promises = new Promises();
  const cuts: Cut[] = [];
  let next = 0;
  for (const [i, event] of events.entries()) {
    if (event.kind === 'fact') promises.note(event.fact);
    else disk.apply(event);
    for (; moments[next] === i + 1; next++) {
      if (promises.isSuspended) continue;
      cuts.push({ after: i + 1, faults: await check(disk.cut(dice), promises) });
    }
  }
  return cuts;
}

/** Half of the moments anywhere; half beside those that matter: an acknowledgement, a sync, a name, a length. */
function chooseMoments(events: readonly RecordedEvent[], count: number, dice: Dice): number[] {
  const special = events.flatMap((event, i) => {
    if (event.kind === 'write' || (event.kind === 'fact' && 'begun' in event.fact)) return [];
    return [i, i + 1];
  });
  const moments = Array.from({ length: count }, (_, i) =>
    i % 2 === 0 ? 1 + dice(events.length) : Math.max(1, special[dice(special.length)] ?? 1),
  );
  return moments.toSorted((a, b) => a - b);
}

async function check(left: Folder, promises: Promises): Promise<Fault[]> {
  const folder = mkdtempSync(join(quickFolder(), 'pkb-cut-'));
  try {
    for (const [name, content] of left) writeFileSync(join(folder, name), content);
    return faultsOf(await readOutbox(folder), promises);
  } catch (error) {
    return [{ kind: 'damaged', what: String(error) }];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where syncs cost nothing, if there is such a place: what is read here has been through its power cut already. */
function quickFolder(): string {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}
