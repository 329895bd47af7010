// The tables of fields, made from the JSON Schemas: for docs/compose.md and for the help of pkb-build.

/** What a reference points to, with what stands beside it, and the schema that its own references are of. */
function resolved(part, schema, common) {
  if (!part.$ref) return { field: part, owner: schema };
  const owner = part.$ref.startsWith('common.json') ? common : schema;
  const target = owner.$defs[part.$ref.split('/').at(-1)];
  return {
    field: { ...target, ...part, required: [...(target.required ?? []), ...(part.required ?? [])] },
    owner,
  };
}

/** Parts that are told once, in tables of their own. */
const SHARED = ['Patient', 'Professional'];

/** The fields of an object: name, whether it must be there, what it is, where it goes. */
export function rows(schema, from, common, prefix = '') {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, part]) => {
    const { field, owner } = resolved(part, from, common);
    if ('const' in field) return [];
    const path = prefix + name;
    const row = {
      name: path,
      required: required.has(name),
      description: [field.description ?? '', ...(field['x-mark'] ? [`[${field['x-mark']}]`] : [])].join(' '),
      hl7: field['x-hl7'] ?? '',
    };
    if (SHARED.includes(field.title)) return [row];
    if (field.type === 'array') {
      const items = resolved(field.items, owner, common);
      return [{ ...row, name: `${path}[]` }, ...rows(items.field, items.owner, common, `${path}[].`)];
    }
    if (field.properties && field.type === 'object') return [row, ...rows(field, owner, common, `${path}.`)];
    return [row];
  });
}

/** What a kind says of itself, with the choice that it leaves. */
function described({ description, oneOf, anyOf, 'x-fault': fault }) {
  return oneOf || anyOf ? `${description} It ${fault}.` : description;
}

/** One table for each kind, and those of patient and professional: title, description, rows. */
export function fieldTables(schemas, common) {
  const kinds = Object.entries(schemas).map(([kind, schema]) => ({
    title: kind,
    description: described(schema),
    rows: rows(schema, schema, common),
  }));
  const shared = ['patient', 'professional'].map((name) => ({
    title: common.$defs[name].title,
    description: described(common.$defs[name]),
    rows: rows(common.$defs[name], common, common),
  }));
  return { kinds, shared };
}

/** The tables as they stand in the help: short, without the HL7 fields. */
export function helpTables(schemas, common) {
  const { kinds, shared } = fieldTables(schemas, common);
  const list = ({ rows: fields }) =>
    fields
      .map(({ name, required, description }) => `- ${required ? `**${name}**` : name}: ${description}`)
      .join('\n');
  const section = (part, title) => `#### ${title}\n\n${part.description}\n\n${list(part)}\n`;
  return [
    ...kinds.map((part) => section(part, `kind: ${part.title}`)),
    ...shared.map((part) =>
      section(part, part.title === 'Patient' ? 'patient' : 'author, orderedBy, doctors'),
    ),
  ].join('\n');
}
