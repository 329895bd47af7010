// Writes src/pkb/compose/fields.ts, the TypeScript types of the fields, from the JSON Schemas. `node scripts/fields.mjs`
// after a change of a schema; a test keeps the two in step.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from 'json-schema-to-typescript';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const schemas = join(root, 'src/pkb/compose/schemas');

/** Keywords that tie fields to each other, which types cannot say; the schema checks them. */
const CONDITIONS = [
  'if',
  'then',
  'allOf',
  'oneOf',
  'dependentRequired',
  'dependentSchemas',
  'minItems',
  'maxItems',
];

/** A schema as a type can say it: no conditions, and references without further words beside them. */
function typeOf(schema) {
  if (Array.isArray(schema)) return schema.map(typeOf);
  if (typeof schema !== 'object' || schema === null) return schema;
  if ('$ref' in schema) return { $ref: schema.$ref.replace('common.json', '') };
  const alternatives = schema.anyOf?.every((part) => Object.keys(part).join() === 'required')
    ? ['anyOf']
    : [];
  const kept = Object.entries(schema).filter(
    ([name]) => ![...CONDITIONS, ...alternatives, '$id'].includes(name),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, typeOf(value)]));
}

/** The text of fields.ts. */
export async function fieldsSource() {
  const all = Object.fromEntries(
    readdirSync(schemas).map((file) => [file, JSON.parse(readFileSync(join(schemas, file), 'utf8'))]),
  );
  const { 'common.json': common, ...kinds } = all;
  const $defs = { ...common.$defs };
  for (const schema of Object.values(kinds)) Object.assign($defs, schema.$defs);
  const whole = typeOf({
    title: 'MessageFields',
    description: 'The fields of a message, of any kind.',
    anyOf: Object.values(kinds).map((schema) => ({ ...schema, $defs: undefined })),
    $defs,
  });
  const source = await compile(whole, 'MessageFields', {
    bannerComment:
      '/**\n * The fields of each kind of message. Made from the JSON Schemas by scripts/fields.mjs; change those.\n */',
    additionalProperties: false,
    format: false,
  });
  const { format, resolveConfig } = await import('prettier');
  const file = join(root, 'src/pkb/compose/fields.ts');
  return format(source, { ...(await resolveConfig(file)), filepath: file });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(root, 'src/pkb/compose/fields.ts'), await fieldsSource());
}
