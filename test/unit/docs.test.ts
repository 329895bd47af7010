import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES } from '../../src/errors.js';
import { DATA_POINT_FIELDS } from '../../src/pkb/catalogue.js';
import { compose } from '../../src/pkb/compose/compose.js';
import type { MessageFields } from '../../src/pkb/compose/fields.js';

const root = join(__dirname, '../..');
const text = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');

describe('the documentation', () => {
  it('says what the tables in the code say (scripts/docs.mjs writes it)', async () => {
    const { pages, helpOfBuild } = (await import(join(root, 'scripts/docs.mjs'))) as {
      pages(): Record<string, string>;
      helpOfBuild(): string;
    };
    for (const [file, expected] of Object.entries(pages())) assert.equal(text('docs', file), expected, file);
    assert.equal(text('nodes/locales/en-US/pkb-build.html'), helpOfBuild());
  });

  it('has types of fields that are those of the JSON Schemas (scripts/fields.mjs writes them)', async () => {
    const { fieldsSource } = (await import(join(root, 'scripts/fields.mjs'))) as {
      fieldsSource(): Promise<string>;
    };
    assert.equal(text('src/pkb/compose/fields.ts'), await fieldsSource());
  });

  it('shows examples of fields that make messages', () => {
    const examples = [...text('docs/compose.md').matchAll(/```json\n([\s\S]*?)```/g)];
    assert.ok(examples.length > 0);
    for (const [, json = ''] of examples)
      assert.ok(compose(JSON.parse(json) as MessageFields, { customer: { alias: 'trust' } }));
  });

  it('has no error code in the sources that is not in the table', () => {
    const sources = readdirSync(join(root, 'src'), { recursive: true }).concat(
      readdirSync(join(root, 'nodes'), { recursive: true }).map((f) => `../nodes/${String(f)}`),
    );
    for (const file of sources.map(String).filter((name) => name.endsWith('.ts'))) {
      for (const [, code] of text('src', file).matchAll(/'(PKB_[A-Z0-9_]+)'/g)) {
        assert.ok(
          code !== undefined && (code in ERROR_CODES || code === 'PKB_RESPONSE_TOO_LARGE'),
          `${file}: ${code}`,
        );
      }
    }
  });

  it('names in the help of pkb-build where the data point IDs of the catalogue stand', () => {
    const help = text('nodes/locales/en-US/pkb-build.html');
    for (const field of Object.values(DATA_POINT_FIELDS).flat())
      assert.ok(help.includes(field.replace(/\.1$/, '')), field);
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
