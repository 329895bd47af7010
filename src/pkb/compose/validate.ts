/**
 * Checking fields against the schema of their kind: all faults at once, each with its path, none with a value.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { momentOf } from '../../hl7/timestamp.js';
import { isNhsNumber } from '../nhs-number.js';
import { illegalAt } from '../soap/characters.js';
import { isSnomedCt } from './codes.js';
import { contentFaults } from './content.js';
import type { Fault } from './faults.js';
import { COMMON, type Kind, SCHEMAS } from './schemas.js';
import { readTime } from './times.js';

const FORMATS: Readonly<Record<string, (written: string) => boolean>> = {
  'pkb-date': (written) =>
    ['day', 'hour', 'minute', 'second', 'fraction'].includes(readTime(written)?.precision ?? ''),
  'pkb-time': (written) => readTime(written) !== undefined,
  'pkb-nhs-number': isNhsNumber,
  'pkb-snomed-ct': isSnomedCt,
  'pkb-email': (written) =>
    written.length <= 254 && /^[^\s@"|^~\\&]+@[^\s@"|^~\\&.]+(?:\.[^\s@"|^~\\&.]+)+$/.test(written),
  'pkb-web-address': (written) => /^https:\/\/[^\s/]/i.test(written) && URL.canParse(written),
};

/** Words of ours in the schemas that check nothing. */
const ANNOTATIONS = ['x-fault', 'x-hl7', 'tsType'];

const ajv = new Ajv2020({
  allErrors: true,
  verbose: true,
  allowUnionTypes: true,
  strictTypes: false,
  formats: FORMATS,
});
ajv.addVocabulary(ANNOTATIONS);
ajv.addSchema(COMMON);

const VALIDATORS = new Map<Kind, ValidateFunction>();

/** The kinds of message, for texts. */
export const KINDS: readonly string[] = Object.keys(SCHEMAS);

/** Whether a text names a kind of message. */
export function isKind(kind: unknown): kind is Kind {
  return typeof kind === 'string' && Object.hasOwn(SCHEMAS, kind);
}

/**
 * Checks the fields of one kind.
 *
 * @param fields a copy that nothing else changes
 * @returns all faults, in the order of the fields; none where the message can be written
 */
export function faultsOf(kind: Kind, fields: Readonly<Record<string, unknown>>): Fault[] {
  let validate = VALIDATORS.get(kind);
  if (validate === undefined) {
    validate = ajv.compile(SCHEMAS[kind]);
    VALIDATORS.set(kind, validate);
  }
  const faults = validate(fields) ? [] : (validate.errors ?? []).flatMap(schemaFault);
  if (kind === 'document' || kind === 'care-plan') faults.push(...contentFaults(fields));
  faults.push(...characterFaults(fields), ...crossFaults(fields));
  return distinct(faults);
}

/** Keywords that only report that a part of theirs failed, which reports itself. */
const WRAPPERS = new Set(['if', 'allOf', '$ref', 'dependentSchemas']);

function schemaFault(error: ErrorObject): Fault[] {
  const { keyword, instancePath, schemaPath, params, parentSchema } = error;
  // What failed within an alternative is told by the alternative as a whole.
  if (WRAPPERS.has(keyword) || /\/(?:oneOf|anyOf|not)\/\d+\//.test(schemaPath)) return [];
  const path = pathOf(instancePath);
  const custom: unknown = parentSchema?.['x-fault'];
  switch (keyword) {
    case 'required':
      return [{ path: within(path, String(params['missingProperty'])), text: 'is missing' }];
    case 'dependentRequired':
      return [{ path: within(path, String(params['missingProperty'])), text: 'is missing' }];
    case 'additionalProperties':
      return [
        { path: within(path, nameable(String(params['additionalProperty']))), text: 'is not a field here' },
      ];
    case 'enum':
      return [{ path, text: `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}` }];
    case 'type':
      return [{ path, text: typeof custom === 'string' ? custom : `must be ${typeName(params['type'])}` }];
    default:
      return [{ path, text: typeof custom === 'string' ? custom : 'cannot be what it is' }];
  }
}

function typeName(type: unknown): string {
  const names: Record<string, string> = {
    string: 'text',
    object: 'an object',
    array: 'a list',
    boolean: 'true or false',
    number: 'a number',
    integer: 'a whole number',
  };
  return names[String(type)] ?? String(type);
}

/** `/patient/identifiers/0/value` as `patient.identifiers[0].value`. */
function pathOf(pointer: string): string {
  let path = '';
  for (const part of pointer.split('/').slice(1))
    path = /^\d+$/.test(part) ? `${path}[${part}]` : within(path, part);
  return path;
}

function within(path: string, name: string): string {
  return path ? `${path}.${name}` : name;
}

/** A field that is not ours may be named by data; only what looks like the name of a field is repeated. */
function nameable(name: string): string {
  return /^[A-Za-z_]{1,40}$/.test(name) ? name : '(a name not shown)';
}

/** Characters that XML cannot carry; the content of documents travels in base64 and may hold anything. */
function characterFaults(fields: Readonly<Record<string, unknown>>): Fault[] {
  const faults: Fault[] = [];
  const look = (value: unknown, path: string): void => {
    if (typeof value === 'string') {
      if (illegalAt(value) >= 0)
        faults.push({ path, text: 'holds a control character or half a character; remove it' });
    } else if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) look(item, `${path}[${i}]`);
    } else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
      for (const [name, inner] of Object.entries(value)) {
        if (path === '' && CONTENT.has(name)) continue;
        look(inner, within(path, nameable(name)));
      }
    }
  };
  look(fields, '');
  return faults;
}

const CONTENT = new Set(['pdf', 'html', 'text']);

/** What no schema can say: fields that contradict each other. */
function crossFaults(fields: Readonly<Record<string, unknown>>): Fault[] {
  const faults: Fault[] = [];
  for (const [earlier, later] of [
    ['start', 'end'],
    ['admitted', 'discharged'],
  ] as const) {
    if (isBefore(fields[later], fields[earlier]))
      faults.push({ path: later, text: `lies before ${earlier}` });
  }
  const { clinical } = fields as { clinical?: { allergies?: unknown } };
  const lists = [
    ['results', fields['results'], ['test'], 'is the same test as another one; PKB keeps one value of each'],
    ['measurements', fields['measurements'], ['code', 'time'], 'is the same as another one of the same time'],
    [
      'clinical.allergies',
      clinical?.allergies,
      ['allergen', 'onset'],
      'stands twice; PKB rejects the whole message',
    ],
  ] as const;
  for (const [path, list, names, text] of lists) {
    for (const i of repeated(list, names)) faults.push({ path: `${path}[${i}]`, text });
  }
  for (const [path, value] of numbersOf(fields)) {
    if (/e/i.test(String(value)))
      faults.push({ path, text: 'is too large or too small to be written without an exponent' });
  }
  return faults;
}

function isBefore(later: unknown, earlier: unknown): boolean {
  if (typeof later !== 'string' || typeof earlier !== 'string') return false;
  const [a, b] = [readTime(earlier), readTime(later)];
  if (!a || !b || (a.offset === undefined) !== (b.offset === undefined)) return false;
  return momentOf(b) < momentOf(a);
}

/** Indexes of the items that agree with an earlier one in the fields named. */
function repeated(list: unknown, names: readonly string[]): number[] {
  if (!Array.isArray(list)) return [];
  const seen = new Set<string>();
  return list.flatMap((item: unknown, i) => {
    if (typeof item !== 'object' || item === null) return [];
    const key = JSON.stringify(names.map((name) => (item as Record<string, unknown>)[name] ?? null));
    if (seen.has(key)) return [i];
    seen.add(key);
    return [];
  });
}

function numbersOf(fields: Readonly<Record<string, unknown>>): [string, number][] {
  return ['results', 'measurements'].flatMap((list) => {
    const items: unknown = fields[list];
    if (!Array.isArray(items)) return [];
    return items.flatMap((item: unknown, i): [string, number][] => {
      const value = (item as { value?: unknown } | null)?.value;
      const number = typeof value === 'object' ? (value as { number?: unknown } | null)?.number : value;
      return typeof number === 'number' ? [[`${list}[${i}].value`, number]] : [];
    });
  });
}

function distinct(faults: readonly Fault[]): Fault[] {
  const byText = new Map(faults.map((fault) => [`${fault.path} ${fault.text}`, fault]));
  // A field that fails in two ways (not text, so neither a date) is told once.
  const byPath = new Map<string, Fault>();
  for (const fault of byText.values()) if (!byPath.has(fault.path)) byPath.set(fault.path, fault);
  return [...byPath.values()];
}
