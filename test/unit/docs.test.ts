import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '../../src/delivery/outcome.js';
import { END_REASONS } from '../../src/letters/decide.js';
import { type RefusalName, REFUSALS } from '../../src/delivery/refusal.js';
import { DEFAULT_POLICY, type NextStep, nextStep } from '../../src/delivery/retry.js';
import { ERROR_CODES } from '../../src/errors.js';
import { DATA_POINT_FIELDS } from '../../src/pkb/catalogue.js';
import { compose } from '../../src/pkb/compose/compose.js';
import type { MessageFields } from '../../src/pkb/compose/fields.js';
import { dialogTexts, flow, PICTURED, states, TAKEN } from '../editor/pictures.js';
import { NODE_TYPES } from '../support/node-types.js';

const root = join(__dirname, '../..');
const text = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');

const isPause = (next: NextStep, whose: 'customer' | 'connection'): boolean =>
  next.step === 'pause' && next.whose === whose;

describe('the documentation', () => {
  it('says what the tables in the code say (scripts/docs.mjs writes it)', async () => {
    const { pages, helpOfBuild } = (await import(join(root, 'scripts/docs.mjs'))) as {
      pages(): Record<string, string>;
      helpOfBuild(): string;
    };
    for (const [file, expected] of Object.entries(pages()))
      assert.ok(text('docs', file) === expected, `docs/${file} is not what the tables say: npm run docs`);
    const help = 'nodes/pkb-build/locales/en-US/node.html';
    assert.ok(text(help) === helpOfBuild(), `${help} is not what the schemas say: npm run docs`);
  });

  it('has every reason for which the watching of a letter ends, in docs/letters.md and in the help', () => {
    const reasons = Object.keys(END_REASONS);
    const rows = (part: string, row: RegExp): string[] =>
      [...part.matchAll(row)].map(([, reason = '']) => reason).toSorted();
    const [, section = ''] = /## Why a letter ended\n(.*?)\n## /s.exec(text('docs/letters.md')) ?? [];
    assert.deepEqual(rows(section, /^\| `(\w+)` \|/gm), reasons.toSorted());
    const inHelp = rows(text('nodes/pkb-letters/locales/en-US/node.html'), /<tr><td><code>(\w+)<\/code>/g);
    assert.deepEqual(inHelp, reasons.toSorted());
  });

  it('has pictures of the dialogs as they are now (npm run pictures takes them)', () => {
    const taken = JSON.parse(readFileSync(TAKEN, 'utf8')) as Record<string, string>;
    for (const [type, state] of Object.entries(states()))
      assert.ok(
        taken[type] === state,
        `the dialog of ${type} has changed: npm run pictures (needs Chromium)`,
      );
    for (const type of PICTURED) assert.ok(existsSync(join(root, 'docs/images', `${type}.png`)), type);
  });

  it('shows each dialog in docs/dialogs.md, and takes its picture from a node of the flow for pictures', () => {
    const isShown = (type: string): boolean => text('docs/dialogs.md').includes(`](images/${type}.png)`);
    assert.deepEqual(
      PICTURED.filter((type) => !isShown(type)),
      [],
      'node types without a picture in docs/dialogs.md',
    );
    const types = flow().map(({ type }) => type);
    assert.deepEqual(
      NODE_TYPES.filter((type) => !types.includes(type)),
      [],
      'node types without a node in flow() of test/editor/pictures.ts',
    );
  });

  it('needs new pictures for texts that a dialog shows, and for no other', () => {
    const catalogue = JSON.stringify({
      'pkb-x': { label: { a: 'A' }, status: { b: 'B' }, reason: { c: 'C' } },
    });
    const shown = (sources: string): unknown => JSON.parse(dialogTexts('pkb-x', sources, () => catalogue));
    assert.deepEqual(shown('<span data-i18n="pkb-x.label.a">'), { label: { a: 'A' } });
    assert.deepEqual(shown('node._(`pkb-x.status.${code}`)'), { status: { b: 'B' } });
    assert.deepEqual(shown(''), {});
  });

  it('has types of fields that are those of the JSON Schemas (scripts/fields.mjs writes them)', async () => {
    const { fieldsSource } = (await import(join(root, 'scripts/fields.mjs'))) as {
      fieldsSource(): Promise<string>;
    };
    const isSame = text('src/pkb/compose/fields.ts') === (await fieldsSource());
    assert.ok(isSame, 'src/pkb/compose/fields.ts is not what the schemas say: npm run docs');
  });

  it('shows examples of fields that make messages', () => {
    const examples = [...text('docs/compose.md').matchAll(/```json\n([\s\S]*?)```/g)];
    assert.ok(examples.length > 0);
    for (const [, json = ''] of examples)
      assert.ok(compose(JSON.parse(json) as MessageFields, { customer: { alias: 'trust' } }));
  });

  it('has no error code in the table that is never raised', () => {
    const files = globSync(['src/**/*.ts', 'nodes/**/*.ts'], { cwd: root }).filter(
      (file) => !file.endsWith('errors.ts'),
    );
    const sources = files.map((file) => text(file)).join('\n');
    const unused = Object.keys(ERROR_CODES).filter((code) => !sources.includes(`'${code}'`));
    // The one that asPkbError makes of what is not ours.
    assert.deepEqual(unused, ['PKB_INTERNAL'], 'codes of src/errors.ts that nothing in src/ or nodes/ names');
  });

  it('has no error code in the sources that is not in the table', () => {
    const sources = readdirSync(join(root, 'src'), { recursive: true }).concat(
      readdirSync(join(root, 'nodes'), { recursive: true }).map((f) => `../nodes/${String(f)}`),
    );
    for (const file of sources.map(String).filter((name) => name.endsWith('.ts'))) {
      for (const [, code] of text('src', file).matchAll(/'(PKB_[A-Z0-9_]+)'/g)) {
        assert.ok(
          code !== undefined && (code in ERROR_CODES || code === 'PKB_RESPONSE_TOO_LARGE'),
          `${file} names ${code}, which has no row in src/errors.ts`,
        );
      }
    }
  });

  it('names in the help of pkb-build where the data point IDs of the catalogue stand', () => {
    const help = text('nodes/pkb-build/locales/en-US/node.html');
    for (const field of Object.values(DATA_POINT_FIELDS).flat())
      assert.ok(
        help.includes(field.replace(/\.1$/, '')),
        `the help of pkb-build does not name ${field} among the data point IDs`,
      );
  });

  it('tells of every refusal what was seen and how the attempt is named', () => {
    const [, refusals = ''] = text('docs/outcomes.md').split('## Refusals');
    const rows = refusals.split('\n').filter((line) => /^\| (?!---|what was seen)/.test(line));
    assert.deepEqual(
      rows.map((row) => row.split(' | ').slice(0, 2)),
      Object.values(REFUSALS).map(({ seen, outcome }) => [`| ${seen}`, `\`${outcome}\``]),
      'docs/outcomes.md has other refusals than refusal.ts: npm run docs',
    );
  });

  it('says of refusals what the next step after an attempt is', () => {
    const [, refusals = ''] = text('docs/outcomes.md').split('## Refusals');
    const row = (seen: string): string => refusals.split('\n').find((line) => line.includes(seen)) ?? '';
    for (const [name, { seen, outcome }] of Object.entries(REFUSALS)) {
      const refused = { outcome, refusal: name as RefusalName, reason: '' } as Outcome;
      const often = { refusals: 99, failures: 1, unreadable: 0, age: 0, asks: false };
      const step = (counts: boolean, more = {}): NextStep =>
        nextStep(refused, { ...often, counts, ...more }, DEFAULT_POLICY, 0, 0);
      // What is about nothing but the message always counts against it, and ends it at the first time.
      const atOnce = REFUSALS[name as RefusalName].ends === 'at once';
      const unproven = step(atOnce);
      assert.equal(/connection waits, then/.test(row(seen)), unproven.step === 'retry', name);
      assert.equal(/connection pauses until/.test(row(seen)), isPause(unproven, 'connection'), name);
      assert.equal(/Customer’s messages pause/.test(row(seen)), isPause(unproven, 'customer'), name);
      assert.equal(
        /in a row it pauses/.test(row(seen)),
        isPause(step(false, { unreadable: 5 }), 'connection') && unproven.step === 'retry',
        name,
      );
      const first = step(true, { refusals: 1 });
      assert.equal(/at once/.test(row(seen)), first.step === 'settle', name);
      assert.equal(/more times while/.test(row(seen)), step(true).step === 'settle' && !atOnce, name);
      const aged = step(false, { age: Infinity });
      assert.equal(/by its age/.test(row(seen)), aged.step === 'settle' && !atOnce, name);
    }
  });

  it('names each node in README and in the changelog', () => {
    for (const file of ['README.md', 'CHANGELOG.md'])
      assert.deepEqual(
        NODE_TYPES.map((type) => type.replace('-', ' ')).filter((name) => !text(file).includes(name)),
        [],
        `nodes that ${file} does not name`,
      );
  });

  it('has a row for each example in the table of README, and each example is run by a test', () => {
    const examples = readdirSync(join(root, 'examples')).map((file) => file.replace(/\.json$/, ''));
    const rows = [...text('README.md').matchAll(/^\| \*(\d\d - [^*]+)\* \|/gm)].map(([, name]) => name);
    assert.deepEqual(rows, examples.toSorted(), 'rows of README (actual), and files in examples/ (expected)');
    const tests = globSync('test/flow/*.test.ts', { cwd: root }).map((file) => text(file));
    const named = (name: string): boolean =>
      [`'${name}.json'`, `"${name}.json"`].some((file) => tests.some((test) => test.includes(file)));
    assert.deepEqual(
      examples.filter((name) => !named(name)),
      [],
      'examples that no test in test/flow names, and so none runs',
    );
  });

  it('links to files that exist', () => {
    for (const file of ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']) {
      for (const [, link] of text(file).matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        assert.doesNotThrow(
          () => readFileSync(join(root, decodeURIComponent(link ?? ''))),
          `${file}: ${link}`,
        );
      }
    }
  });
});
