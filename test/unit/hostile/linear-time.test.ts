/** Everything that reads text from outside takes time in proportion to the text, whatever stands in it. */
import { deepEqual } from 'node:assert/strict';
import { READERS } from './readers/readers.js';
import type { Kind } from './shapes/shape.js';
import { SHAPES } from './shapes/shapes.js';
import { Stopwatch } from './stopwatch.js';
import { time, type Timed } from './timing.js';

/** A reader is told of no more shapes than these, and then left. */
const TOLD = 5;

describe('Hostile texts', () => {
  const stopwatch = new Stopwatch();
  const results = new Map<string, Timed[]>();

  /** One shape after the other, so that each text is made once for all readers. */
  before(async function () {
    this.timeout(600_000);
    for (const [kind, shapes] of Object.entries(SHAPES) as [Kind, ReadonlyMap<string, unknown>][]) {
      for (const shape of shapes.keys()) {
        for (const reader of readersOf(kind)) {
          const timed = results.get(reader) ?? [];
          results.set(reader, timed);
          if (faultsIn(timed).length < TOLD) timed.push(await time(stopwatch, { reader, kind, shape }));
        }
      }
    }
  });

  after(() => {
    stopwatch.stop();
    const perMegabyte = ({ ms, size }: Timed): number => (ms / size) * 1_000_000;
    const worst = [...results.values()].flat().toSorted((a, b) => perMegabyte(b) - perMegabyte(a));
    console.log('    The worst ten, in milliseconds for a million characters:');
    for (const timed of worst.slice(0, 10))
      console.log(`    ${perMegabyte(timed).toFixed(0).padStart(6)}  ${timed.reader}, on ${timed.shape}`);
  });

  for (const { readers } of READERS) {
    for (const reader of Object.keys(readers)) {
      it(`are read in linear time: ${reader}`, () => {
        deepEqual(faultsIn(results.get(reader) ?? []), []);
      });
    }
  }
});

function readersOf(kind: Kind): string[] {
  return READERS.flatMap(({ kinds, readers }) => (kinds.includes(kind) ? Object.keys(readers) : []));
}

function faultsIn(timed: readonly Timed[]): string[] {
  return timed.flatMap(({ shape, fault }) => (fault === '' ? [] : [`${shape}: ${fault}`]));
}
