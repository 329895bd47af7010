/** A field that can be given must say something in the message: one that is taken and then dropped would be lost unseen. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { compose } from '../../../../src/pkb/compose/compose.js';
import type { MessageFields } from '../../../../src/pkb/compose/fields.js';
import { COMMON, type Kind, SCHEMAS } from '../../../../src/pkb/compose/kinds.js';
import { COMPOSED_SITUATIONS } from '../situations.js';
import { DISCOURAGED, EVERY } from './fields.js';

const OPTIONS = {
  customer: { alias: 'trustalias' },
  newId: () => '00000000-0000-4000-8000-000000000000',
  now: () => new Date('2026-03-01T00:00:00Z'),
};

/** A value within some fields. */
interface Leaf {
  /** Its path as the tables of fields have it, such as `results[].value`. */
  readonly name: string;
  /** The fields without it. */
  without(): unknown;
}

type Holder = Record<string | number, unknown>;

function leavesOf(fields: object): Leaf[] {
  const found: Leaf[] = [];
  const walk = (at: unknown, name: string, keys: readonly (string | number)[]): void => {
    if (Array.isArray(at)) for (const [i, item] of at.entries()) walk(item, `${name}[]`, [...keys, i]);
    else if (typeof at === 'object' && at !== null && !(at instanceof Uint8Array)) {
      for (const [key, inner] of Object.entries(at))
        walk(inner, name === '' ? key : `${name}.${key}`, [...keys, key]);
    } else found.push({ name, without: () => without(fields, keys) });
  };
  walk(fields, '', []);
  return found;
}

function without(fields: object, keys: readonly (string | number)[]): unknown {
  const copy = structuredClone(fields) as Holder;
  const last = keys.at(-1) ?? '';
  const holder = keys.slice(0, -1).reduce((inner, key) => inner[key] as Holder, copy);
  if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else delete holder[last];
  return copy;
}

/** The message that fields make; undefined where they make none. */
function composed(fields: unknown): string | undefined {
  try {
    return compose(fields as MessageFields, OPTIONS);
  } catch {
    return undefined;
  }
}

describe('every field that can be given', () => {
  const given: readonly { readonly kind: string }[] = [
    ...EVERY,
    ...DISCOURAGED,
    ...Object.values(COMPOSED_SITUATIONS).flatMap((all) =>
      all.map(({ fields }) => fields as { kind: string }),
    ),
  ];
  for (const kind of Object.keys(SCHEMAS) as Kind[]) {
    it(`of the kind ${kind} is given in a set or a situation, and changes the message`, async () => {
      const { fieldTables } = (await import(join(__dirname, '../../../../scripts/field-tables.mjs'))) as {
        fieldTables(
          schemas: object,
          common: object,
        ): { kinds: { title: string; rows: { name: string }[] }[] };
      };
      const table = fieldTables(SCHEMAS, COMMON).kinds.find(({ title }) => title === kind);
      const own = given.filter((fields) => fields.kind === kind && composed(fields) !== undefined);
      assert.ok(
        table !== undefined && own.length > 0,
        `${kind} has no set in EVERY of test/unit/pkb/compose/fields.ts`,
      );
      const leaves = own.map((fields) => ({ whole: composed(fields), leaves: leavesOf(fields) }));
      const used = leaves.flatMap((one) => one.leaves.map(({ name }) => name));
      const isUsed = (name: string): boolean =>
        used.some((one) => one === name || one.startsWith(`${name}.`) || one.startsWith(`${name}[]`));
      const unused = table.rows.map(({ name }) => name).filter((name) => !isUsed(name));
      const idle = leaves.flatMap((one) =>
        one.leaves
          .filter(({ name, without: less }) => name !== 'kind' && composed(less()) === one.whole)
          .map(({ name }) => name),
      );
      assert.deepEqual(unused, [], `fields of ${kind} without a value in test/unit/pkb/compose/fields.ts`);
      assert.deepEqual(
        [...new Set(idle)],
        [],
        `fields of ${kind} without which the message is the same: does its draft write them?`,
      );
    });
  }
});
