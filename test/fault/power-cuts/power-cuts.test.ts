import assert from 'node:assert/strict';
import type { FaultKind } from './checker.js';
import { type Cut, cutPower } from './cuts.js';
import { Disk } from './disk.js';
import type { Life } from './events.js';
import { hasStrace, record, type Recording } from './recorder.js';

/** How many power cuts there are: some here, as many as you like with PKB_CUTS. */
const CUTS = Number(process.env['PKB_CUTS'] ?? 300);
const SEED = Number(process.env['PKB_SEED'] ?? 7);
const CONTROL_CUTS = 60;

/** The second life opens what a killed process left, the third what was closed. */
const LIVES: readonly Life[] = [
  { messages: 90, ending: 'kill' },
  { messages: 60, ending: 'close' },
  { messages: 30, ending: 'kill' },
];

if (hasStrace) describe(`an outbox file after ${CUTS} power cuts`, powerCuts);
else
  describe('an outbox file after power cuts (needs strace and the right to trace, not run)', () =>
    it('is run on Linux where strace is installed and may trace'));

function powerCuts(this: Mocha.Suite): void {
  this.timeout(120_000 + CUTS * 1000);
  let recording: Recording;

  before(() => {
    recording = record(LIVES);
  });

  it('was recorded whole: the calls that were seen make the files that are there', () => {
    const disk = new Disk();
    for (const event of recording.events) if (event.kind !== 'fact') disk.apply(event);
    assert.deepEqual(disk.seen(), recording.left);
  });

  it('is undamaged, holds all that was acknowledged, byte for byte, and keeps the order', async () => {
    const cuts = await cutPower(recording.events, CUTS, SEED);
    report(`${recording.events.length} events`, cuts);
    assert.deepEqual(broken(cuts).slice(0, 5), []);
  });

  it('is so too where its log has grown beyond what it is cut back to (16 MB)', async () => {
    const { events } = record([{ messages: 12, ending: 'kill', longest: 24_000_000 }]);
    const cuts = await cutPower(events, CUTS / 10, SEED);
    report('long log', cuts);
    assert.deepEqual(broken(cuts).slice(0, 5), []);
  });

  it('is so again from the first acknowledgement after it, or its log, was removed in use', async () => {
    const { events } = record([
      { messages: 40, ending: 'kill', removes: '' },
      { messages: 40, ending: 'kill', removes: '-wal' },
    ]);
    const written = events.filter(({ kind }) => kind === 'rename');
    assert.equal(written.length, 3, 'it was made, and written anew each time');
    const cuts = await cutPower(events, CUTS / 3, SEED);
    report('removed', cuts);
    assert.deepEqual(broken(cuts).slice(0, 5), []);
  });

  it('would have lost acknowledged messages with synchronous=NORMAL, and this test sees it', async () => {
    const { events } = record([{ messages: 60, ending: 'kill' }], 'NORMAL');
    const cuts = await cutPower(events, CONTROL_CUTS, SEED);
    report('NORMAL', cuts);
    assert.ok(kindsOf(cuts).has('lost'));
    assert.ok(!kindsOf(cuts).has('damaged'), 'NORMAL forgets, and does not damage');
  });

  it('would be damaged by a disk that does not sync, and this test sees it', async () => {
    const unsynced = recording.events.filter(({ kind }) => kind !== 'sync');
    const cuts = await cutPower(unsynced, CONTROL_CUTS, SEED);
    report('no syncs', cuts);
    assert.ok(kindsOf(cuts).has('lost'));
    assert.ok(kindsOf(cuts).has('damaged'));
  });
}

function broken(cuts: readonly Cut[]): Cut[] {
  return cuts.filter(({ faults }) => faults.length > 0);
}

function kindsOf(cuts: readonly Cut[]): Set<FaultKind> {
  return new Set(cuts.flatMap(({ faults }) => faults.map(({ kind }) => kind)));
}

function report(what: string, cuts: readonly Cut[]): void {
  const kinds = [...kindsOf(cuts)].toSorted().join(', ') || 'none';
  console.log(`      ${what}: ${cuts.length} power cuts, ${broken(cuts).length} with faults (${kinds})`);
}
