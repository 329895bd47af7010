/**
 * Checks fields against the schema of their kind. Reports all faults at once, each with its path, none with a value.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { formatTimestamp, momentOf, type Precision, type Timestamp } from '../../hl7/timestamp.js';
import { identifierOf, meansNhs } from '../identifiers.js';
import { isNhsNumber } from '../nhs-number.js';
import { illegalAt } from '../soap/characters.js';
import { isSnomedCt } from '../snomed-ct.js';
import { contentFaults } from './content.js';
import type { Fault } from './faults.js';
import { COMMON, type Kind, KINDS, SCHEMAS } from './kinds.js';
import { isDay, readTime } from './times.js';

const precision = (written: string): string => readTime(written)?.precision ?? '';

const FORMATS: Readonly<Record<string, (written: string) => boolean>> = {
  'pkb-date': isDay,
  'pkb-time': (written) => !['', 'year', 'month'].includes(precision(written)),
  'pkb-moment': (written) => ['minute', 'second', 'fraction'].includes(precision(written)),
  'pkb-partial-time': (written) => readTime(written) !== undefined,
  'pkb-nhs-number': isNhsNumber,
  'pkb-snomed-ct': isSnomedCt,
  'pkb-email': (written) =>
    written.length <= 254 && /^[^\s@"]+@[^\s@".|^~\\&]+(?:\.[^\s@".|^~\\&]+)+$/.test(written),
  'pkb-web-address': (written) => /^https:\/\/[^\s/][^\s]*$/i.test(written) && URL.canParse(written),
};

/** Our own keywords in the schemas, which check nothing. */
const ANNOTATIONS = ['x-fault', 'x-hl7', 'x-mark', 'tsType'];

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

/**
 * Checks the fields of one kind.
 *
 * @param fields a copy that nothing else changes
 * @param now the current time, to find times in the future
 * @returns all faults, in the order of the fields; an empty list if the message can be written
 */
export function faultsOf(kind: Kind, fields: Readonly<Record<string, unknown>>, now: Date): Fault[] {
  let validate = VALIDATORS.get(kind);
  if (validate === undefined) {
    validate = ajv.compile(KINDS[kind].schema);
    VALIDATORS.set(kind, validate);
  }
  const long = longLists(fields);
  // Checking thousands of wrong items would take minutes.
  if (long.length > 0) return long;
  const faults = validate(fields) ? [] : (validate.errors ?? []).flatMap(schemaFault);
  if (KINDS[kind].hasContent) faults.push(...contentFaults(fields));
  return distinct([...faults, ...characterFaults(fields), ...crossFaults(fields, now)]);
}

/** Longer than any list may be. */
const LONG = 1000;

/** Lists, at any depth, that are too long to check. */
function longLists(value: unknown, path = ''): Fault[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  if (Array.isArray(value) && value.length > LONG) return [{ path, text: `is a list of more than ${LONG}` }];
  return Object.entries(value).flatMap(([name, inner]) =>
    longLists(inner, Array.isArray(value) ? `${path}[${name}]` : within(path, nameable(name))),
  );
}

/** Keywords that only report that one of their parts failed. The part is reported itself. */
const WRAPPERS = new Set(['if', 'allOf', '$ref', 'dependentSchemas']);

function schemaFault(error: ErrorObject): Fault[] {
  const { keyword, instancePath, schemaPath, params, parentSchema } = error;
  // A fault within an alternative is reported by the alternative as a whole.
  if (WRAPPERS.has(keyword) || /\/(?:oneOf|anyOf|not)\/\d+\//.test(schemaPath)) return [];
  const path = pathOf(instancePath);
  const custom: unknown = parentSchema?.['x-fault'];
  switch (keyword) {
    case 'required':
      return [{ path: within(path, String(params['missingProperty'])), text: 'is missing' }];
    case 'dependentRequired':
      return [{ path: within(path, String(params['missingProperty'])), text: 'is missing' }];
    case 'additionalProperties':
      return [unknownField(path, String(params['additionalProperty']), parentSchema?.['properties'])];
    case 'enum':
      return [{ path, text: `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}` }];
    case 'type':
      return [
        {
          path,
          text:
            typeof custom === 'string' && params['type'] !== 'array'
              ? custom
              : `must be ${typeName(params['type'])}`,
        },
      ];
    default:
      return [{ path, text: typeof custom === 'string' ? custom : 'is not allowed here' }];
  }
}

function unknownField(path: string, name: string, known: unknown): Fault {
  const names = Object.keys((known as object | undefined) ?? {});
  const meant = names.find((one) => one.toLowerCase() === name.toLowerCase());
  const text = meant ? `is written ${meant}` : `is an unknown field; known here are ${names.join(', ')}`;
  return { path: within(path, nameable(name)), text };
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

/** The names of all known fields. */
const KNOWN: ReadonlyMap<string, string> = new Map(
  namesIn([COMMON, SCHEMAS]).map((name) => [name.toLowerCase(), name]),
);

function namesIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties } = schema as { properties?: object };
  const own = typeof properties === 'object' ? Object.keys(properties) : [];
  return [...own, ...Object.values(schema).flatMap(namesIn)];
}

/** Makes the name of an unknown field safe for an error. It may come from data, so only names of known fields are shown. */
function nameable(name: string): string {
  return KNOWN.has(name.toLowerCase()) ? name : '(a name not shown)';
}

/** Characters that XML cannot carry. The content of documents is sent in base64 and may hold any character. */
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

/** Faults that a schema cannot find: fields that contradict each other, and impossible days. */
function crossFaults(fields: Readonly<Record<string, unknown>>, now: Date): Fault[] {
  const faults: Fault[] = [];
  const { clinical, patient } = fields as {
    clinical?: { allergies?: unknown; medication?: unknown };
    patient?: Record<string, unknown>;
  };
  const order = (
    path: string,
    of: Record<string, unknown> | undefined,
    earlier: string,
    later: string,
  ): void => {
    if (isBefore(of?.[later], of?.[earlier]))
      faults.push({ path: within(path, later), text: `lies before ${earlier}` });
  };
  order('', fields, 'start', 'end');
  order('', fields, 'admitted', 'discharged');
  order('patient', patient, 'birthDate', 'diedAt');
  if (Array.isArray(clinical?.medication))
    for (const [i, entry] of clinical.medication.entries())
      order(`clinical.medication[${i}]`, entry as Record<string, unknown>, 'start', 'end');
  faults.push(...teamFaults(fields['teams']));
  faults.push(...birthDateFaults(patient?.['birthDate'], now), ...nhsNumberFaults(patient));
  const lists = [
    ['measurements', fields['measurements'], measurementKey, 'is the same as another one of the same time'],
    ['clinical.allergies', clinical?.allergies, allergyKey, 'stands twice; PKB rejects the whole message'],
  ] as const;
  for (const [path, list, keyOf, text] of lists) {
    for (const i of repeated(list, keyOf)) faults.push({ path: `${path}[${i}]`, text });
  }
  faults.push(...resultFaults(fields));
  for (const [path, value] of numbersOf(fields)) {
    if (/e/i.test(String(value)))
      faults.push({ path, text: 'is too large or too small to be written without an exponent' });
  }
  return faults;
}

/** PKB answers AR if a message adds and removes the same team (PKB page 4251353138). */
function teamFaults(teams: unknown): Fault[] {
  const { add, remove } = (teams ?? {}) as { add?: unknown; remove?: unknown };
  if (!Array.isArray(add) || !Array.isArray(remove)) return [];
  const added = new Set<unknown>(add);
  return remove.flatMap((alias: unknown, i) =>
    added.has(alias) ? [{ path: `teams.remove[${i}]`, text: 'is in teams.add, too' }] : [],
  );
}

/** Higher than any real age, in years. */
const OLDEST = 150;

function birthDateFaults(birthDate: unknown, now: Date): Fault[] {
  const day = typeof birthDate === 'string' ? readTime(birthDate) : undefined;
  if (day === undefined) return [];
  const path = 'patient.birthDate';
  // Other zones can be a day ahead of UTC.
  if (momentOf(day).getTime() > now.getTime() + 24 * 3_600_000) return [{ path, text: 'lies in the future' }];
  if (day.year < now.getUTCFullYear() - OLDEST)
    return [{ path, text: `lies more than ${OLDEST} years back` }];
  return [];
}

/** The NHS number is allowed once, because a second one could contradict it. */
function nhsNumberFaults(patient: Record<string, unknown> | undefined): Fault[] {
  if (!Array.isArray(patient?.['identifiers'])) return [];
  const own = (patient['identifiers'] as unknown[]).flatMap((identifier, i) => {
    const { authority, type } = (identifier ?? {}) as { authority?: unknown; type?: unknown };
    const text = (value: unknown): string => (typeof value === 'string' ? value : '');
    const read = identifierOf(['', '', '', text(authority), text(type)]);
    return meansNhs(read) ? [i] : [];
  });
  const extra = patient['nhsNumber'] === undefined ? own.slice(1) : own;
  return extra.map((i) => ({
    path: `patient.identifiers[${i}]`,
    text: 'is a second NHS number; give one only',
  }));
}

type Item = Readonly<Record<string, unknown>>;
const codeOf = (value: unknown): unknown => {
  const { code, text } = (value ?? {}) as { code?: unknown; text?: unknown };
  return code ?? text;
};
const resultKey = ({ test }: Item): unknown[] => [codeOf(test)];
const measurementKey = ({ code, time }: Item): unknown[] => [code, time];
const allergyKey = ({ allergen, onset }: Item): unknown[] => {
  const { code, text } = (allergen ?? {}) as Item;
  return [code, text, onset];
};

/** Whether a time is before another, compared as precisely as both allow. */
function isBefore(later: unknown, earlier: unknown): boolean {
  if (typeof later !== 'string' || typeof earlier !== 'string') return false;
  const [a, b] = [readTime(earlier), readTime(later)];
  if (!a || !b) return false;
  const exact = ['hour', 'minute', 'second', 'fraction'];
  if (exact.includes(a.precision) && exact.includes(b.precision)) {
    return (a.offset === undefined) === (b.offset === undefined) && momentOf(b) < momentOf(a);
  }
  return (
    dayOf(b) <
    dayOf(a)
      .slice(0, DIGITS[a.precision] ?? 8)
      .slice(0, DIGITS[b.precision] ?? 8)
  );
}

/** The number of digits in a date without a day. */
const DIGITS: Readonly<Partial<Record<Precision, number>>> = { year: 4, month: 6 };

function dayOf(stamp: Timestamp): string {
  return formatTimestamp({ ...stamp, precision: 'day', offset: undefined });
}

/** Indexes of the items with the same key as an earlier one. */
function repeated(list: unknown, keyOf: (item: Item) => unknown[]): number[] {
  if (!Array.isArray(list)) return [];
  const seen = new Set<string>();
  return list.flatMap((item: unknown, i) => {
    if (typeof item !== 'object' || item === null) return [];
    const key = JSON.stringify(keyOf(item as Item).map((part) => part ?? null));
    if (seen.has(key)) return [i];
    seen.add(key);
    return [];
  });
}

function numbersOf(fields: Readonly<Record<string, unknown>>): [string, number][] {
  const lists: [string, unknown][] = [...resultLists(fields), ['measurements', fields['measurements']]];
  return lists.flatMap(([path, items]) => {
    if (!Array.isArray(items)) return [];
    return items.flatMap((item: unknown, i): [string, number][] => {
      const value = (item as { value?: unknown } | null)?.value;
      const number = typeof value === 'object' ? (value as { number?: unknown } | null)?.number : value;
      return typeof number === 'number' ? [[`${path}[${i}].value`, number]] : [];
    });
  });
}

/** The lists of single results with their paths: the report's own, and those of its panels. */
function resultLists({ results, panels }: Readonly<Record<string, unknown>>): [string, unknown][] {
  const inPanels = Array.isArray(panels)
    ? panels.map((panel: unknown, i): [string, unknown] => [
        `panels[${i}].results`,
        (panel as { results?: unknown } | null)?.results,
      ])
    : [];
  return [['results', results], ...inPanels];
}

/** The same test twice in a report, even in two panels: PKB keeps one value per test and filler order number (3991405648). */
function resultFaults(fields: Readonly<Record<string, unknown>>): Fault[] {
  const placed = resultLists(fields).flatMap(([path, items]) =>
    Array.isArray(items) ? items.map((item: unknown, i) => ({ item, path: `${path}[${i}]` })) : [],
  );
  return repeated(
    placed.map(({ item }) => item),
    resultKey,
  ).map((i) => ({
    path: placed[i]?.path ?? '',
    text: 'is the same test as another one; PKB keeps one value of each',
  }));
}

function distinct(faults: readonly Fault[]): Fault[] {
  const byText = new Map(faults.map((fault) => [`${fault.path} ${fault.text}`, fault]));
  // A field that fails in two ways (not text, and so not a date) is reported once.
  const byPath = new Map<string, Fault>();
  for (const fault of byText.values()) if (!byPath.has(fault.path)) byPath.set(fault.path, fault);
  return [...byPath.values()];
}
