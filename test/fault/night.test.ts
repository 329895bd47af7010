/** A night's letters through kills and faults: each is accounted for, sent once, and read or posted once. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRaw } from '../../src/hl7/read.js';
import { type RunningSimulator, startSimulator } from '../../src/simulator/server.js';
import { until } from '../support/wait.js';
import { documentOf, isRead, kindOf, rowOf } from './night/list.js';
import type { Line, NightPlan } from './night/worker.js';

/** How many letters, and how often the process is killed: few here, many in `npm run test:night`. */
const LETTERS = Number(process.env['PKB_LETTERS'] ?? 400);
const KILLS = Number(process.env['PKB_KILLS'] ?? 4);

describe(`${LETTERS} letters through ${KILLS} kills (SIGKILL), with faults of PKB`, function () {
  this.timeout(120_000 + LETTERS * 60 + KILLS * 20_000);
  let simulator: RunningSimulator;
  let folder: string;
  let child: ChildProcess | undefined;
  let seen = 0;
  let random = 7;
  const dice = (n: number): number => (random = (random * 1_103_515_245 + 12_345) % 2 ** 31) % n;
  /** When a letter was read, by row. */
  const readAt = new Map<number, number>();

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pkb-night-'));
    simulator = await startSimulator({
      username: 'client',
      password: 'secret',
      aliases: ['p{t}'],
      faults: { rates: { 'drop-before': 0.03, 'drop-after': 0.03, '503': 0.03 }, retryAfter: 0 },
      // A third of all questions fails.
      apiFaults: { rates: { '500': 0.12, html: 0.06, 'no-fhir': 0.05, drop: 0.1 } },
    });
  });
  after(async () => {
    child?.kill('SIGKILL');
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const log = (): string => join(folder, 'log.jsonl');
  const lines = (): Line[] => {
    if (!existsSync(log())) return [];
    const all = readFileSync(log(), 'utf8').split('\n');
    // The last line may have been cut by a kill.
    return all.flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as Line] : []));
  };
  const of = <What extends Line['what']>(what: What): Extract<Line, { what: What }>[] =>
    lines().filter((line): line is Extract<Line, { what: What }> => line.what === what);

  function start(run: string): ChildProcess {
    const plan: NightPlan = {
      file: join(folder, 'outbox.sqlite'),
      log: log(),
      url: simulator.url,
      run,
      letters: LETTERS,
      deadlineMs: 3000,
    };
    const worker = join(__dirname, 'night/worker.ts');
    child = spawn(process.execPath, ['--import', 'tsx', worker], {
      env: { ...process.env, PKB_NIGHT_PLAN: JSON.stringify(plan) },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return child;
  }

  /** The patients: read what has come since, some of it. */
  function read(): void {
    for (; seen < simulator.received.length; seen++) {
      const document = readRaw(simulator.received[seen]?.hl7 ?? '', 'TXA-12') ?? '';
      const n = rowOf(document);
      // One that is sent again after an unknown answer is unread again: the simulator takes it for a new version.
      if (!isRead(n)) continue;
      const now = new Date();
      if (simulator.markRead(document, now)) readAt.set(n, now.getTime());
    }
  }

  /** Waits, while patients read. */
  const wait = (what: string, condition: () => unknown, limit = 60_000 + LETTERS * 30): Promise<void> =>
    until(
      what,
      () => {
        read();
        return condition();
      },
      limit,
    );

  async function kill(process: ChildProcess): Promise<void> {
    const ended = new Promise((resolve) => process.once('exit', resolve));
    process.kill('SIGKILL');
    await ended;
  }

  it('has lost, doubled and forgotten none, and closed each run once', async () => {
    for (let n = 0; n < KILLS; n++) {
      const process = start('night');
      const taken = simulator.received.length;
      const ends = of('end').length;
      const more = 1 + dice(Math.ceil(LETTERS / KILLS) + 1);
      // Later kills come while letters end, when all are sent.
      await wait('there is something to be killed in', () => {
        const isSent = simulator.received.length - taken >= more;
        return isSent || of('end').length - ends >= Math.min(more, 20) || of('fed').length > n;
      });
      await kill(process);
    }
    let process = start('night');
    const accepted = Array.from({ length: LETTERS }, (_, n) => n).filter((n) => kindOf(n) === 'accepted');
    await wait('the run is reported', () => of('report').some(({ run }) => run === 'night'));
    await wait(
      'every letter has an end',
      () => new Set(of('end').map(({ document }) => document)).size >= accepted.length,
    );
    await kill(process);

    // The same list once more, and the next day.
    const before = simulator.received.length;
    process = start('night');
    await wait('it is fed again', () => of('fed').length >= 1 && of('look').length > 0);
    await wait('the second feed has ended', () => linesSince('fed') >= 1);
    await kill(process);
    process = start('next day');
    await wait('the next day is reported', () => of('report').some(({ run }) => run === 'next day'));
    await kill(process);
    check(accepted, before);
  });

  /** How often the list was fed whole since the run was reported. */
  function linesSince(what: 'fed'): number {
    const all = lines();
    const reported = all.findIndex((line) => line.what === 'report');
    return all.slice(reported).filter((line) => line.what === what).length;
  }

  function check(accepted: readonly number[], before: number): void {
    const byDocument = Map.groupBy(simulator.received, ({ hl7 }) => readRaw(hl7, 'TXA-12') ?? '');
    // A letter that PKB has accepted under two control IDs was sent twice.
    const twice = accepted.filter(
      (n) => new Set(byDocument.get(documentOf(n))?.map(({ controlId }) => controlId)).size !== 1,
    );
    assert.deepEqual(twice, [], 'each accepted letter has reached PKB as one message');
    const resent = accepted.filter((n) => (byDocument.get(documentOf(n))?.length ?? 0) > 1).length;
    const later = simulator.received.slice(before).filter(({ code }) => code === 'AA');
    assert.deepEqual(later, [], 'the same list sends nothing that was accepted');

    const count = (kind: ReturnType<typeof kindOf>): number =>
      Array.from({ length: LETTERS }, (_, n) => n).filter((n) => kindOf(n) === kind).length;
    const nights = of('report').filter(({ run }) => run === 'night');
    const [night] = nights;
    assert.ok(night?.closed);
    assert.deepEqual(night.states, {
      ...NOTHING,
      accepted: accepted.length,
      rejected: count('rejected'),
      stopped: count('stopped'),
      unbuilt: count('unbuilt'),
    });
    const [day] = of('report').filter(({ run }) => run === 'next day');
    assert.ok(day?.closed);
    const { duplicate, rejected, ...rest } = day.states as typeof NOTHING;
    // What was rejected is tried again, and is a duplicate where it has just been tried again by the second feed.
    assert.ok(duplicate >= accepted.length);
    assert.equal(duplicate + rejected, accepted.length + count('rejected'));
    const { duplicate: _duplicate, rejected: _rejected, ...nothing } = NOTHING;
    assert.deepEqual(rest, { ...nothing, stopped: count('stopped'), unbuilt: count('unbuilt') });

    const ends = Map.groupBy(of('end'), ({ document }) => rowOf(document));
    const deadlines = new Map(of('end').map(({ document, deadline }) => [rowOf(document), deadline]));
    const wrong: string[] = [];
    for (const n of accepted) {
      const all = new Set(ends.get(n)?.map(({ end, reason }) => `${end} ${reason}`));
      const [end] = all;
      const inTime = (readAt.get(n) ?? Infinity) < (deadlines.get(n) ?? 0);
      const expected =
        isRead(n) && inTime ? ['read read'] : isRead(n) ? ['read read', 'post unread'] : ['post unread'];
      if (all.size !== 1 || end === undefined || !expected.includes(end))
        wrong.push(`${n}: ${[...all].join(', ')}`);
    }
    assert.deepEqual(wrong, [], 'each accepted letter has one end, which is right');
    assert.equal(
      [...ends.keys()].every((n) => kindOf(n) === 'accepted'),
      true,
    );
    assert.deepEqual(of('failed'), []);

    const last = Math.max(
      ...of('told')
        .filter(({ at }) => at <= night.at)
        .map(({ at }) => at),
    );
    const [queries, looks] = [of('query').length, of('look').length];
    const given = of('end').length - accepted.length;
    console.log(
      `      ${accepted.length} accepted, ${resent} of them sent again after an unknown answer, 0 doubled; ` +
        `report ${night.at - last} ms after the last fate, given ${nights.length} time(s); ` +
        `${[...ends.values()].length} ends, ${given} given once more; ${queries} queries in ${looks} looks, with their repetitions`,
    );
    assert.ok(queries <= 2 * Math.ceil(LETTERS / 5000) * (looks + 2 * KILLS + 6));
  }
});

const NOTHING = {
  waiting: 0,
  accepted: 0,
  rejected: 0,
  errored: 0,
  undeliverable: 0,
  discarded: 0,
  stopped: 0,
  unbuilt: 0,
  duplicate: 0,
};
