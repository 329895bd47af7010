/** No regular expression of ours takes more than linear time, whatever it is given. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { createContext, Script } from 'node:vm';
import { attacksOn, textOf } from './attacks.js';
import { findAll, type Found, literalsIn } from './find.js';

const SIZE = 5_000;
/** How much longer four times the text may take. */
const FACTOR = 8;
/** Less than this, in milliseconds, is too short to tell. */
const FLOOR = 3;
/** After so long, in milliseconds, an expression is given up. */
const GIVEN_UP = 500;

const context = createContext({ performance });
/** Runs in a context of its own, because there it can be stopped. */
const script = new Script(`
  for (const text of texts) {
    const regex = new RegExp(source, flags);
    const start = performance.now();
    if (regex.global) text.replaceAll(regex, '');
    else regex.exec(text);
    times.push(performance.now() - start);
  }
`);

type Pattern = Omit<Found, 'where'>;

/** The time that an expression takes for each text, in milliseconds; of the one at which it was given up, the last. */
function timesOf({ source, flags }: Pattern, texts: readonly string[]): number[] {
  const times: number[] = [];
  Object.assign(context, { source, flags, texts, times });
  try {
    script.runInContext(context, { timeout: GIVEN_UP });
  } catch {
    times.push(GIVEN_UP);
  }
  return times;
}

/** Where an expression is slow: the first text, with the times at a size and at four times it. */
function slowness(pattern: Pattern): string | undefined {
  const attacks = attacksOn(pattern.source);
  const times = timesOf(
    pattern,
    attacks.map((attack) => textOf(attack, SIZE)),
  );
  for (const [i, ms] of times.entries()) {
    // Were it to take sixteen times as long for four times the text, it would still be too short to tell.
    if (ms * 16 < FLOOR) continue;
    const attack = attacks[i];
    if (attack === undefined) continue;
    const small = leastOf(pattern, textOf(attack, SIZE));
    const large = leastOf(pattern, textOf(attack, SIZE * 4));
    if (small >= GIVEN_UP || (large > FLOOR && large > FACTOR * small))
      return `${small.toFixed(1)} ms, and ${large.toFixed(1)} ms for four times the text, at ${JSON.stringify(attack)}`;
  }
  return undefined;
}

/** The least time of several runs, since other processes and the collection of garbage take time as well. */
function leastOf(pattern: Pattern, text: string): number {
  let least = GIVEN_UP;
  for (let i = 0; i < 4; i++) {
    const [ms = GIVEN_UP] = timesOf(pattern, [text]);
    least = Math.min(least, ms);
    if (ms > GIVEN_UP / 4) break;
  }
  return least;
}

describe('Regular expressions', () => {
  const all = findAll();

  it('are found in code, and not in comments, strings, templates and divisions', () => {
    const code = [
      'const a = /b[/]c/g; // not /this/',
      "const d = 'nor /this/' + x / y / z; /* nor /this/ */",
      'return /^e$/.test(`nor /this/ ${f(/g/)} nor /this/`) && (1 + 2) / 3 / 4;',
    ].join('\n');
    deepEqual(
      literalsIn(code, 'a.ts').map(({ where, source, flags }) => `${where} ${source} ${flags}`),
      ['a.ts:1 b[/]c g', 'a.ts:3 ^e$ ', 'a.ts:3 g '],
    );
    ok(all.length > 60, `${all.length} were found`);
    ok(all.every(({ source, flags }) => new RegExp(source, flags)));
  });

  for (const source of ['[\\s\\x1c]+$', '^(a+)+$', '^[ab]*[bc]*[ab]*$', '<.*>$', '(\\d+\\.?)+x$']) {
    it(`would be told of, were they as slow as ${source}`, () => {
      ok(slowness({ source, flags: '' }));
    });
  }

  for (const found of all) {
    it(`take linear time: ${found.where} ${found.source.slice(0, 60)}`, () => {
      equal(slowness(found), undefined);
    });
  }
});
