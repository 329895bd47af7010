import assert from 'node:assert/strict';
import { retryAfterMs } from '../../../src/http/retry-after.js';

const NOW = Date.UTC(2026, 10, 30, 12);

describe('Retry-After', () => {
  for (const [value, milliseconds] of [
    ['0', 0],
    [' 120 ', 120_000],
    ['Mon, 30 Nov 2026 12:00:30 GMT', 30_000],
    ['Mon, 30 Nov 2026 11:00:00 GMT', 0],
    ['', undefined],
    ['-1', undefined],
    ['2026-11-30', undefined],
    ['soon', undefined],
    [undefined, undefined],
    [['1', '2'], undefined],
    ['9'.repeat(400), undefined],
  ] as const)
    it(`${JSON.stringify(value)?.slice(0, 40)} is ${milliseconds}`, () =>
      assert.equal(retryAfterMs(value, NOW), milliseconds));
});
