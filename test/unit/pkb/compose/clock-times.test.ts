import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Customer } from '../../../../src/pkb/alias.js';
import { compose } from '../../../../src/pkb/compose/compose.js';
import { PkbFieldsError } from '../../../../src/pkb/compose/faults.js';
import type { MessageFields } from '../../../../src/pkb/compose/fields.js';
import { instantOf, readingAt } from '../../../support/reading.js';
import { PATIENT } from './fields.js';

const ZONE = 'Europe/London';
const YEAR = 2026;
const ID = '0b8a6e0e-8f0b-4f7e-9d7e-0d6a3f2b1c4d';
const RUNS = 10_000;

/** The zone as it stands in a Customer; what is left out is Europe/London. */
type ZonedCustomer = Customer & { readonly timeZone?: string };
const customerIn = (timeZone?: string): ZonedCustomer =>
  timeZone === undefined ? { alias: 'trustalias' } : { alias: 'trustalias', timeZone };

/** A kind of message: fields with two times, of which the second is not before the first, and where each time stands. */
interface Clocked {
  readonly of: (first: string, second: string) => MessageFields;
  /** For each time, its field and its place in the message. */
  readonly first: readonly [field: string, path: string][];
  readonly second?: readonly [field: string, path: string][];
}

const KINDS: Readonly<Record<string, Clocked>> = {
  document: {
    of: (time) => ({ kind: 'document', id: ID, patient: PATIENT, type: 'CL', text: 'x', time }),
    first: [['time', 'TXA-4']],
  },
  'care-plan': {
    of: (time) => ({ kind: 'care-plan', id: ID, patient: PATIENT, title: 'Plan', html: '<p>x</p>', time }),
    first: [['time', 'TXA-4']],
  },
  appointment: {
    of: (start, end) => ({
      kind: 'appointment',
      event: 'new',
      id: ID,
      patient: PATIENT,
      location: 'Ward',
      start,
      end,
    }),
    first: [['start', 'SCH-11.4']],
    second: [['end', 'SCH-11.5']],
  },
  demographics: {
    of: (first, second) => ({
      kind: 'demographics',
      event: 'update',
      patient: { ...PATIENT, died: true, diedAt: second },
      clinical: {
        diagnoses: [{ diagnosis: { text: 'Asthma' }, time: first }],
        medication: [{ product: 'Aspirin', start: first, end: second }],
      },
    }),
    first: [
      ['clinical.diagnoses[0].time', 'DG1-5'],
      ['clinical.medication[0].start', 'ZRX-1.4'],
    ],
    second: [
      ['clinical.medication[0].end', 'ZRX-1.5'],
      ['patient.diedAt', 'PID-29'],
    ],
  },
  result: {
    of: (first, second) => ({
      kind: 'result',
      id: ID,
      patient: PATIENT,
      test: { code: 'TFT' },
      time: first,
      results: [{ test: { code: 'TSH' }, value: 4.2, units: 'mU/L', time: second }],
    }),
    first: [['time', 'OBR-7']],
    second: [['results[0].time', 'OBX-14']],
  },
  'result, of panels': {
    of: (first, second) => ({
      kind: 'result',
      id: ID,
      patient: PATIENT,
      time: first,
      panels: [
        { test: { code: 'FBC' }, results: [{ test: { code: 'HB' }, value: 140 }] },
        { test: { code: 'TFT' }, time: second, results: [{ test: { code: 'TSH' }, value: 4, time: second }] },
      ],
    }),
    first: [['time', 'OBR[1]-7']],
    second: [
      ['panels[1].time', 'OBR[2]-7'],
      ['panels[1].results[0].time', 'OBX[2]-14'],
    ],
  },
  radiology: {
    of: (time) => ({
      kind: 'radiology',
      id: ID,
      patient: PATIENT,
      test: { text: 'Chest X-ray' },
      time,
      report: 'Clear.',
    }),
    first: [['time', 'OBR-7']],
  },
  measurement: {
    of: (first, second) => ({
      kind: 'measurement',
      id: ID,
      patient: PATIENT,
      time: first,
      measurements: [{ code: '271649006', value: 120, units: 'mmHg', time: second }],
    }),
    first: [['time', 'OBR-7']],
    second: [['measurements[0].time', 'OBX-14']],
  },
  'result-deletion': {
    of: (time) => ({ kind: 'result-deletion', id: ID, patient: PATIENT, test: { code: 'TFT' }, time }),
    first: [['time', 'OBR-7']],
  },
  encounter: {
    of: (first, second) => ({
      kind: 'encounter',
      event: 'discharge',
      id: ID,
      patient: PATIENT,
      admitted: first,
      discharged: second,
      occurred: second,
    }),
    first: [['admitted', 'PV1-44']],
    second: [
      ['discharged', 'PV1-45'],
      ['occurred', 'EVN-6'],
    ],
  },
  query: {
    of: (time) => ({ kind: 'query', changedSince: time }),
    first: [['changedSince', 'QRF-2']],
  },
};

/** Wall clock time, as milliseconds that UTC would have at it. */
type Wall = number;

/** Every offset that a zone has in the year, in milliseconds, asked of Intl day by day. */
function offsetsIn(zone: string): number[] {
  const offsets = new Set<number>();
  for (let day = 0; day < 366; day++) {
    const instant = Date.UTC(YEAR, 0, 1 + day, 12);
    offsets.add(wallAt(zone, instant) - instant);
  }
  return [...offsets];
}

const CLOCKS = new Map<string, Intl.DateTimeFormat>();

/** What a clock in a zone shows at an instant (whole seconds). */
function wallAt(zone: string, instant: number): Wall {
  let clock = CLOCKS.get(zone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    CLOCKS.set(zone, clock);
  }
  const [day = 0, month = 0, year = 0, hour = 0, minute = 0, second = 0] = (
    clock.format(instant).match(/\d+/g) ?? []
  ).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

const OFFSETS = new Map<string, number[]>();

/** The instants at which a clock in a zone shows a time: mostly one; none in March's hour, two in October's. */
function instantsOf(shown: Wall, zone = ZONE): number[] {
  const offsets = OFFSETS.get(zone) ?? offsetsIn(zone);
  OFFSETS.set(zone, offsets);
  const whole = Math.floor(shown / 1000) * 1000;
  return offsets
    .map((offset) => whole - offset)
    .filter((instant) => wallAt(zone, instant) === whole)
    .map((instant) => instant + (shown - whole));
}

/** The ways in which a time is written without an offset, and how exact each is, in milliseconds. */
const WAYS: readonly (readonly [exact: number, write: (iso: string) => string])[] = [
  [60_000, (iso) => iso.slice(0, 16)],
  [1000, (iso) => iso.slice(0, 19).replace('T', ' ')],
  [1, (iso) => iso],
  [60_000, (iso) => iso.replaceAll(/\D/g, '').slice(0, 12)],
  [1000, (iso) => iso.replaceAll(/\D/g, '').slice(0, 14)],
];

/** A local time: as it is written, and the wall clock time that this says. */
interface LocalTime {
  readonly written: string;
  readonly wall: Wall;
}

function localTime(shown: Wall, way: number): LocalTime {
  const [exact, write] = WAYS[way] ?? [1, (iso: string): string => iso];
  const cut = Math.floor(shown / exact) * exact;
  return { written: write(new Date(cut).toISOString().slice(0, -1)), wall: cut };
}

/** A wall clock time of the year that exists once. */
const wall = fc
  .integer({ min: Date.UTC(YEAR, 0, 1), max: Date.UTC(YEAR + 1, 0, 1) - 1 })
  .filter((shown) => instantsOf(shown).length === 1);

/** Two such times, the earlier one first, written in one way. */
const pairs: fc.Arbitrary<readonly [LocalTime, LocalTime]> = fc
  .tuple(wall, wall, fc.nat({ max: WAYS.length - 1 }))
  .map(([a, b, way]) => [localTime(Math.min(a, b), way), localTime(Math.max(a, b), way)]);

/** What looks like a time of day of the year without an offset, in any segment but MSH. */
function withoutOffset(hl7: string): string[] {
  const [, ...segments] = hl7.split('\r');
  return segments
    .flatMap((text) => text.split(/[|^~]/))
    .filter((text) => new RegExp(`^${YEAR}\\d{6,10}(?:\\.\\d+)?$`).test(text));
}

function checkPlaces(hl7: string, places: Clocked['first'] = [], { wall: shown, written }: LocalTime): void {
  const at = readingAt(hl7);
  for (const [, path] of places)
    assert.deepEqual([instantOf(at(path))], instantsOf(shown), `${path} is "${at(path)}" for ${written}`);
}

/** The minutes of an hour, as local times. */
function hourOf(year: number, month: number, day: number, hour: number): string[] {
  return Array.from({ length: 60 }, (_, minute) =>
    new Date(Date.UTC(year, month - 1, day, hour, minute)).toISOString().slice(0, 16),
  );
}

const EARLIER = '2026-01-01T00:00Z';
const LATER = '2026-12-31T00:00Z';
const OCTOBER = hourOf(YEAR, 10, 25, 1);
const MARCH = hourOf(YEAR, 3, 29, 1);

/** The faults of fields that must be refused. */
function faultsOf(fields: MessageFields, customer: ZonedCustomer): PkbFieldsError['faults'] {
  try {
    compose(fields, { customer });
  } catch (error) {
    assert.ok(error instanceof PkbFieldsError, String(error));
    return error.faults;
  }
  return assert.fail('the fields were not refused');
}

describe('clock times of composed messages, given without an offset', () => {
  const customer = customerIn(ZONE);

  for (const [kind, { of, first, second }] of Object.entries(KINDS)) {
    it(`are the instants meant, in ${kind}, at any time of the year, and each carries an offset`, () => {
      fc.assert(
        fc.property(pairs, ([earlier, later]) => {
          const hl7 = compose(of(earlier.written, later.written), { customer });
          assert.deepEqual(withoutOffset(hl7), []);
          checkPlaces(hl7, first, earlier);
          checkPlaces(hl7, second, later);
        }),
        { numRuns: RUNS },
      );
    });

    for (const [name, places, put] of [
      ['first', first, (time: string): MessageFields => of(time, LATER)],
      ['second', second, (time: string): MessageFields => of(EARLIER, time)],
    ] as const) {
      if (places === undefined) continue;
      const paths = places.map(([field]) => field);

      it(`are refused in the hour of October that exists twice, in ${kind} (${name} time)`, () => {
        for (const time of OCTOBER) {
          const faults = faultsOf(put(time), customer);
          assert.deepEqual(faults.map(({ path }) => path).toSorted(), paths.toSorted(), time);
          assert.ok(!JSON.stringify(faults).includes(time), 'no value is named');
        }
      });

      it(`are taken in that hour with an offset, in ${kind} (${name} time)`, () => {
        for (const time of OCTOBER) {
          for (const offset of ['+00:00', '+01:00', 'Z']) {
            const at = readingAt(compose(put(`${time}${offset}`), { customer }));
            for (const [, path] of places)
              assert.equal(instantOf(at(path)), Date.parse(`${time}${offset}`), path);
          }
        }
      });

      it(`are refused in the hour of March that does not exist, in ${kind} (${name} time)`, () => {
        for (const time of MARCH) {
          const faults = faultsOf(put(time), customer);
          assert.deepEqual(faults.map(({ path }) => path).toSorted(), paths.toSorted(), time);
        }
      });

      it(`are taken in the minutes around both hours, in ${kind} (${name} time)`, () => {
        for (const time of ['2026-03-29T00:59', '2026-03-29T02:00', '2026-10-25T00:59', '2026-10-25T02:00']) {
          const hl7 = compose(put(time), { customer });
          checkPlaces(hl7, places, { written: time, wall: Date.parse(`${time}Z`) });
        }
      });

      // An appointment has a time of day.
      if (kind === 'appointment') continue;

      it(`stay days where they are days, in ${kind} (${name} time)`, () => {
        const at = readingAt(compose(put('2026-07-15'), { customer }));
        for (const [, path] of places) assert.equal(at(path), '20260715', path);
      });
    }
  }

  it('are those of Europe/London where the Customer names no zone', () => {
    const of = KINDS['appointment']?.of;
    assert.ok(of);
    const fields = of('2026-07-15T10:00', '2026-07-15T10:30');
    const at = readingAt(compose(fields, { customer: customerIn() }));
    assert.equal(instantOf(at('SCH-11.4')), Date.parse('2026-07-15T10:00+01:00'));
    assert.equal(instantOf(at('SCH-11.5')), Date.parse('2026-07-15T10:30+01:00'));
  });

  it('are hours where no minutes are given', () => {
    const of = KINDS['document']?.of;
    assert.ok(of);
    const at = readingAt(compose(of('2026071509', ''), { customer }));
    assert.equal(instantOf(at('TXA-4')), Date.parse('2026-07-15T09:00+01:00'));
  });

  for (const zone of ['Europe/Paris', 'America/St_Johns', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'UTC']) {
    it(`are those of the Customer’s own zone, such as ${zone}`, () => {
      const of = KINDS['document']?.of;
      assert.ok(of);
      for (const time of ['2026-01-15T10:00', '2026-03-29T01:30', '2026-07-15T10:00', '2026-12-31T23:59']) {
        const expected = instantsOf(Date.parse(`${time}Z`), zone);
        assert.equal(expected.length, 1);
        const at = readingAt(compose(of(time, ''), { customer: customerIn(zone) }));
        assert.deepEqual([instantOf(at('TXA-4'))], expected, `${time} is ${at('TXA-4')}`);
      }
    });
  }

  for (const zone of ['Europe/Londn', 'Mars/Base', 'London', '+25:00', 'x'.repeat(10_000)]) {
    it(`are refused for a Customer in a zone that does not exist, such as ${zone.slice(0, 12)}`, () => {
      const of = KINDS['document']?.of;
      assert.ok(of);
      assert.throws(
        () => compose(of('2026-07-15T10:00', ''), { customer: customerIn(zone) }),
        (error: Error & { code?: string }) => ['PKB_SETTING', 'PKB_FIELDS'].includes(error.code ?? ''),
      );
    });
  }
});

describe('the search for instants that these tests rest on', () => {
  it('finds none in the hour of March, two in that of October, and one in others', () => {
    const counts = (times: string[]): number[] => [
      ...new Set(times.map((time) => instantsOf(Date.parse(`${time}Z`)).length)),
    ];
    assert.deepEqual(counts(MARCH), [0]);
    assert.deepEqual(counts(OCTOBER), [2]);
    assert.deepEqual(
      counts([...hourOf(YEAR, 3, 29, 2), ...hourOf(YEAR, 10, 25, 2), ...hourOf(YEAR, 7, 1, 1)]),
      [1],
    );
  });
});
