/**
 * What people, flows and machines do while messages are being sent.
 */
import fc from 'fast-check';
import type { Fate } from './disk.js';
import type { Answer } from './pkb.js';

/** One thing that is done. */
export type Act =
  | {
      readonly do: 'send';
      readonly key: number;
      readonly hold: boolean;
      readonly ask: boolean;
      readonly poison: boolean;
    }
  | { readonly do: 'deploy'; readonly elsewhere: boolean }
  | { readonly do: 'deploy flows' }
  | { readonly do: 'crash' }
  | { readonly do: 'resume' }
  | { readonly do: 'decide'; readonly what: 'send' | 'discard' }
  | {
      readonly do: 'replay';
      readonly which: number;
      readonly corrected: boolean;
      readonly override: boolean;
      readonly byPerson: boolean;
    }
  | { readonly do: 'wait'; readonly ms: number };

/** What is done, and how many steps the rest of the world then makes. */
export interface Command {
  readonly act: Act;
  readonly steps: number;
}

/** Everything that is drawn for one schedule, but for the order of its steps. */
export interface Plan {
  readonly commands: readonly Command[];
  readonly concurrency: number;
  readonly fates: readonly Fate[];
  readonly answers: readonly Answer[];
}

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      key: fc.nat(3),
      hold: fc.boolean(),
      ask: fc.nat(3).map((n) => n === 3),
      poison: fc.nat(3).map((n) => n === 3),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('deploy' as const), elsewhere: fc.nat(3).map((n) => n === 3) }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'deploy flows' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'crash' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'resume' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('decide' as const),
      what: fc.constantFrom('send' as const, 'discard' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('replay' as const),
      which: fc.nat(5),
      corrected: fc.boolean(),
      override: fc.boolean(),
      byPerson: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 20, 60, 300, 2000, 12_000, 60_000),
    }),
  },
);

const weighted = <T>(...pairs: [number, T][]): fc.Arbitrary<T> =>
  fc.oneof(...pairs.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));

/** Plans. */
export const plans: fc.Arbitrary<Plan> = fc.noBias(
  fc.record({
    commands: fc.array(fc.record({ act, steps: fc.nat(12) }), { minLength: 1, maxLength: 40, size: 'max' }),
    concurrency: fc.constantFrom(1, 2, 4),
    fates: fc.array(weighted<Fate>([40, 'ok'], [2, 'fails'], [1, 'lost']), { maxLength: 400, size: 'max' }),
    answers: fc.array(
      weighted<Answer>(
        [16, 'AA'],
        [4, 'AR'],
        [2, 'AE'],
        [2, 'taken, no answer'],
        [2, 'lost'],
        [1, 'not reached'],
        [1, '401'],
        [2, '403'],
        [2, '503'],
        [1, '500'],
        [2, 'fault'],
        [2, 'HTML'],
        [1, 'AA for another'],
        [1, 'AA with 500'],
      ),
      { maxLength: 60, size: 'max' },
    ),
  }),
);
