import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Plan, plans } from './schedules/commands.js';
import type { Promised } from './schedules/known.js';
import type { Ledger } from './schedules/ledger.js';
import { carryOut, type Wrong } from './schedules/world.js';

/** How many schedules: 3,000 here, 100,000 in the long form. */
const SCHEDULES = Number(process.env['PKB_SCHEDULES'] ?? 3000);
const SEED = Number(process.env['PKB_SEED'] ?? 7);

/** What schedules must have come to, so that a promise kept is a promise tried. */
const REACHED = [
  'accepted',
  'rejected',
  'errored',
  'undeliverable',
  'discard',
  'send',
  'crash',
  'deploy',
  'replayed',
  'released',
  'a refusal counts',
  'a person is asked',
  'dropped on its way',
  'heard',
  'open fails',
  'settle fails',
  'told fails',
];

/** Too few schedules reach not everything. */
const ENOUGH = 1000;

interface Options {
  readonly schedules: number;
  readonly wrong?: Wrong;
  /** Whether the first schedule found will do, however long. */
  readonly anyLength?: boolean;
}

/** Carries schedules out until a check of one fails, and makes that one as short as it can. */
function look(options: Options, check: (ledger: Ledger) => void) {
  const property = fc.asyncProperty(fc.scheduler(), plans, async (scheduler, plan: Plan) => {
    check(await carryOut(scheduler, plan, options.wrong));
  });
  return fc.check(property, {
    numRuns: options.schedules,
    seed: SEED,
    endOnFailure: options.anyLength ?? false,
  });
}

describe(`schedules (PKB_SEED=${SEED})`, function () {
  this.timeout(120_000 + SCHEDULES * 50);

  it(`are kept to in every order of events: ${SCHEDULES} of them break no promise`, async () => {
    const reached = new Map<string, number>();
    const details = await look({ schedules: SCHEDULES }, ({ broken, trace, seen }) => {
      for (const [what, times] of seen) reached.set(what, (reached.get(what) ?? 0) + times);
      const [first] = broken;
      if (first !== undefined) throw new Error([`${first.promise}: ${first.how}`, ...trace].join('\n'));
    });
    if (details.failed) {
      const why = details.errorInstance instanceof Error ? details.errorInstance.message : 'it stopped';
      assert.fail(`Schedule ${details.numRuns}: ${why}\n${fc.stringify(details.counterexample?.[1])}`);
    }
    if (SCHEDULES < ENOUGH) return;
    assert.deepEqual(
      REACHED.filter((what) => !reached.has(what)),
      [],
    );
  });

  const controls: [Wrong, Promised][] = [
    ['takes what is in flight', 'alone'],
    ['does not hold', 'order'],
    ['forgets what is due', 'kept'],
    ['notes at once', 'told'],
    ['forgets a fate', 'once'],
  ];
  for (const [wrong, promise] of controls)
    it(`show what is wrong with a store or a flow that ${wrong}`, async () => {
      const details = await look({ schedules: 500, wrong, anyLength: true }, ({ broken }) =>
        assert.ok(!broken.some((one) => one.promise === promise)),
      );
      assert.ok(details.failed);
    });
});
