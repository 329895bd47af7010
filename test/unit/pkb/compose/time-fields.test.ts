/** The time fields of the schemas: each is known where clock times are looked for, and no other field is taken for one. */
import assert from 'node:assert/strict';
import { CLOCK_FIELDS } from '../../../../src/pkb/clock-times.js';
import { TIME_FIELDS } from '../../../../src/pkb/compose/clock.js';
import { COMMON, SCHEMAS } from '../../../../src/pkb/compose/kinds.js';

/** The parts of JSON Schema that these tests look at. */
interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly format?: string;
  readonly 'x-hl7'?: string;
}

interface Field {
  readonly name: string;
  /** The kind (or `common`) and the name, such as `document: time`. */
  readonly place: string;
  readonly hl7: string;
  readonly isTime: boolean;
}

/** The formats that never have a time of day. Any other format is taken for one that may. */
const NO_TIMES = ['pkb-date', 'pkb-nhs-number', 'pkb-email', 'pkb-web-address', 'pkb-snomed-ct'];

/** Conditions, which only limit fields that stand outside of them. */
const CONDITIONS = ['if', 'then', 'else', 'allOf', 'anyOf', 'oneOf', 'not'];

/** The fields of a schema, however deep. @param whole the schema whose definitions it may refer to */
function fieldsOf(kind: string, schema: Schema, whole: Schema): Field[] {
  const resolved = ({ $ref = '', ...own }: Schema): Schema => {
    const [, file, name = ''] = /^(common\.json)?#\/\$defs\/(\w+)$/.exec($ref) ?? [];
    return (file === undefined ? whole : (COMMON as Schema)).$defs?.[name] ?? own;
  };
  const own = Object.entries(schema.properties ?? {}).map(([name, property]): Field => {
    const { format } = resolved(property.items ?? property);
    const isTime = format !== undefined && !NO_TIMES.includes(format);
    return { name, place: `${kind}: ${name}`, hl7: property['x-hl7'] ?? 'no x-hl7', isTime };
  });
  const parts = Object.entries(schema).filter(([key]) => !CONDITIONS.includes(key));
  const inner = parts.flatMap(([key, part]) =>
    key === 'properties' || key === '$defs' ? Object.values(part as object) : [part],
  );
  const objects = inner.filter((part): part is Schema => typeof part === 'object' && part !== null);
  return [...own, ...objects.flatMap((part) => fieldsOf(kind, part, whole))];
}

const FIELDS = [['common', COMMON as Schema] as const, ...Object.entries<Schema>(SCHEMAS)].flatMap(
  ([kind, schema]) => fieldsOf(kind, schema, schema),
);

describe('the time fields of the schemas', () => {
  const times = FIELDS.filter(({ isTime }) => isTime);

  it('go to places where clock times are looked for', () => {
    const known = new Set(CLOCK_FIELDS.map((place) => place.join(' ')));
    const isKnown = (path: string): boolean => {
      const [segment = '', field = '', component = '1'] = path.split(/[-.]/);
      return known.has(`${segment} ${field} ${component}`);
    };
    const unknown = times.filter(({ hl7 }) => !hl7.split(', ').every(isKnown));
    assert.deepEqual(
      unknown.map(({ place, hl7 }) => `${place} (${hl7})`),
      [],
      'time fields whose place in HL7 has no row in CLOCK_FIELDS of src/pkb/clock-times.ts',
    );
  });

  it('are given an offset, each of them', () =>
    assert.deepEqual(
      times.filter(({ name }) => !TIME_FIELDS.has(name)).map(({ place }) => place),
      [],
      'time fields whose names TIME_FIELDS of src/pkb/compose/clock.ts does not find',
    ));

  it('share their names with no other field, whose text would be rewritten as a time', () =>
    assert.deepEqual(
      FIELDS.filter(({ name, isTime }) => TIME_FIELDS.has(name) && !isTime).map(({ place }) => place),
      [],
      'fields that need another name: a time field of another kind has it, and times go by name (compose/clock.ts)',
    ));

  it('are found by these tests', () => {
    const found = times.map(({ place }) => place);
    for (const place of ['common: diedAt', 'appointment: start', 'measurement: time', 'encounter: admitted'])
      assert.ok(found.includes(place), place);
  });
});
