/**
 * Reads and writes the Parameters resource of FHIR STU3 (https://hl7.org/fhir/STU3/parameters.html), as far as the operations
 * need it. Reading is strict: a fault is refused in words that have its place and no value.
 */
import { randomInt } from 'node:crypto';
import { refuse } from './answers.js';

/** An input: an identifier, with its system if one is named. */
export interface Input {
  readonly system: string;
  readonly value: string;
}

/** One part of a result. */
export type Part = { readonly name: string } & Readonly<Record<string, unknown>>;

/** What an operation takes. */
export interface InputRule {
  /** The name of the parameter. */
  readonly name: string;
  readonly most: number;
  /** Whether `valueString` may stand for an identifier without a system. */
  readonly text: boolean;
  /** Upper limit of a value, in characters. */
  readonly longest: number;
}

/**
 * Reads the inputs of an operation. Each different one counts once.
 *
 * @param resource parsed JSON
 * @throws ApiRefusal for anything else than a Parameters resource with 1 to `most` inputs
 */
export function readInputs(resource: unknown, rule: InputRule): Input[] {
  if (!isObject(resource) || resource['resourceType'] !== 'Parameters')
    refuse('The body must be a FHIR resource with resourceType Parameters.');
  const { parameter } = resource;
  if (parameter === undefined || (Array.isArray(parameter) && parameter.length === 0))
    refuse(`At least one ${rule.name} is required.`, 'required');
  if (!Array.isArray(parameter)) refuse('parameter must be a list.');
  if (parameter.length > rule.most)
    refuse(
      `There are ${parameter.length} ${rule.name}; send at most ${rule.most} in one request.`,
      'too-costly',
    );
  const inputs = new Map<string, Input>();
  for (const [i, one] of (parameter as readonly unknown[]).entries()) {
    const input = readInput(one, `parameter[${i}]`, rule);
    inputs.set(JSON.stringify([input.system, input.value]), input);
  }
  return [...inputs.values()];
}

/** The other members that an entry may have (https://hl7.org/fhir/STU3/element.html). */
const HARMLESS = new Set(['name', 'id', 'extension']);

function readInput(one: unknown, place: string, { name, text, longest }: InputRule): Input {
  if (!isObject(one)) refuse(`${place} must be an object.`);
  if (one['name'] !== name) refuse(`${place} must have the name ${name}.`);
  const [member, ...others] = Object.keys(one).filter((key) => !HARMLESS.has(key));
  const types = text ? ['valueIdentifier', 'valueString'] : ['valueIdentifier'];
  if (member === undefined || others.length > 0 || !types.includes(member))
    refuse(`${place} must have exactly one value, as ${types.join(' or ')}.`);
  const identifier = member === 'valueString' ? { value: one[member] } : one[member];
  if (!isObject(identifier)) refuse(`${place}.${member} must be an object.`);
  const { value, system = '' } = identifier;
  if (typeof value !== 'string' || value.trim() === '')
    refuse(`${place}.${member} must have a value, as text that is not blank.`, 'required');
  if (typeof system !== 'string') refuse(`${place}.${member} must have its system as text.`);
  if (value.length > longest || system.length > longest)
    refuse(`${place}.${member} is longer than ${longest} characters.`, 'too-long');
  return { system, value };
}

/**
 * Writes the results of an operation in random order, so that no client relies on the order of its inputs.
 *
 * @param name of each result
 */
export function parametersOf(name: string, results: readonly (readonly Part[])[]): object {
  const parameter = shuffled(results).map((part) => ({ name, part }));
  // FHIR's JSON has no empty lists.
  return { resourceType: 'Parameters', ...(parameter.length > 0 && { parameter }) };
}

/** Whether a value is an object of JSON, not a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A time as PKB's examples write it (dev.patientsknowbest.com, generate-invitation-tokens, examples). */
export function timeText(time: Date): string {
  return time.toISOString().replace('Z', '+00:00');
}

/** Fisher and Yates. */
function shuffled<Item>(items: readonly Item[]): Item[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    // Both places are in the list.
    [result[i], result[j]] = [result[j] as Item, result[i] as Item];
  }
  return result;
}
