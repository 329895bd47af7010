/** Until when letters are watched. */
import assert from 'node:assert/strict';
import { deadlineOf, delayOf, LONGEST_MS } from '../../../src/letters/deadline.js';

const BEGIN = Date.UTC(2026, 0, 31, 12);
const HOUR_MS = 3_600_000;

describe('a deadline', () => {
  const good: [unknown, number][] = [
    ['PT72H', BEGIN + 72 * HOUR_MS],
    ['P3D', BEGIN + 72 * HOUR_MS],
    ['P1DT2H3M4S', BEGIN + 26 * HOUR_MS + 184_000],
    ['PT0S', BEGIN],
    ['2026-02-01T09:00:00Z', Date.UTC(2026, 1, 1, 9)],
    ['2026-02-01T09:00+01:00', Date.UTC(2026, 1, 1, 8)],
    ['2020-02-01T09:00:00.5Z', Date.UTC(2020, 1, 1, 9, 0, 0, 500)],
    [BEGIN + 5, BEGIN + 5],
    [new Date(BEGIN + 5), BEGIN + 5],
  ];
  for (const [given, expected] of good)
    it(`is read from ${JSON.stringify(given)}`, () => assert.equal(deadlineOf(given, BEGIN), expected));

  const bad: unknown[] = [
    'soon',
    'P',
    'PT',
    'P1DT',
    'P1Y',
    'P1W',
    'PT1.5H',
    '-PT1H',
    '2026-02-01',
    '2026-02-01T09:00:00',
    '2026-13-01T09:00:00Z',
    `PT${'9'.repeat(60)}H`,
    BEGIN + LONGEST_MS + 1,
    'P400D',
    -1,
    Number.NaN,
    new Date(Number.NaN),
    {},
    true,
  ];
  for (const given of bad)
    it(`cannot be ${typeof given === 'string' ? `“${given.slice(0, 30)}”` : String(given)}`, () =>
      assert.throws(() => deadlineOf(given, BEGIN), {
        code: 'PKB_LETTER',
        message: /msg\.deadline must be/,
      }));
});

describe('the delay of a letter', () => {
  const letter = (obx: string): string => `MSH|^~\\&|a|b|c|d|20260131||MDM^T02|1|P|2.4\rTXA|1|CL\r${obx}\r`;
  const delays: [string, number][] = [
    [`OBX|1|ED|||^A^B^Base64^${'QUJD'.repeat(1000)}||||||F||7`, 7 * 24 * HOUR_MS],
    ['OBX|1|ED|||x||||||F||7|20260101', 7 * 24 * HOUR_MS],
    ['OBX|1|ED|||x||||||F||', 0],
    ['OBX|1|ED|||x||||||F||soon', 0],
    ['OBX|1|ED|||x', 0],
    ['NTE|1||none', 0],
  ];
  for (const [obx, expected] of delays)
    it(`is ${expected / HOUR_MS} hours for ${obx.slice(-20)}`, () =>
      assert.equal(delayOf(letter(obx)), expected));
});
