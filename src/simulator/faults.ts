/**
 * Faults that the simulator makes on purpose, to test that a flow handles them.
 */
import { PkbConfigError } from '../errors.js';

/** The faults. `before` and `after` mean: before or after PKB has taken the message. */
export const FAULT_KINDS = {
  'drop-before': 'the line breaks before PKB has taken the message',
  'drop-after': 'the line breaks after PKB has taken the message, before its answer',
  'half-response': 'the answer breaks off in the middle',
  'no-answer': 'PKB takes the message and never answers',
  drip: 'the answer comes a byte at a time',
  401: 'the credentials are refused',
  403: 'the sender is refused',
  413: 'the message is too large',
  429: 'too many requests, with Retry-After',
  500: 'a SOAP fault',
  503: 'PKB is out of order, with Retry-After',
  html: 'a login page instead of an answer',
  'wrong-id': 'an acknowledgement of another message',
  'no-msa': 'an answer without an acknowledgement',
  AR: 'PKB rejects the message',
  AE: 'PKB fails on the message',
} as const;

/** One of {@link FAULT_KINDS}. */
export type FaultKind = `${keyof typeof FAULT_KINDS}`;

/** The faults to make; by default those of the HL7 endpoint. */
export interface FaultPlan<Kind extends string = FaultKind> {
  /** Faults of the next requests, one each; `ok` for none. */
  readonly script?: readonly (Kind | 'ok')[];
  /** The rate of each fault, from 0 to 1, for the requests after the script. */
  readonly rates?: Partial<Record<Kind, number>>;
  /** The delay of every answer, in milliseconds: one number, or a range. */
  readonly latency?: number | readonly [number, number];
  /** Seconds in Retry-After; default 1. */
  readonly retryAfter?: number;
  /** Makes random faults repeatable; default 1. */
  readonly seed?: number;
}

/** Chooses the faults of a simulator, request by request. */
export class FaultSource<Kind extends string = FaultKind> {
  readonly #plan: FaultPlan<Kind>;
  #next = 0;
  #random: number;

  /**
   * @param kinds the faults that there are
   * @throws PkbConfigError `PKB_SETTING` if the plan has an unknown fault, or a rate or time that is not allowed
   */
  constructor(plan: FaultPlan<Kind>, kinds: readonly string[] = Object.keys(FAULT_KINDS)) {
    checkFaultPlan(plan, kinds);
    this.#plan = plan;
    this.#random = plan.seed ?? 1;
  }

  /** Seconds for Retry-After. */
  get retryAfter(): number {
    return this.#plan.retryAfter ?? 1;
  }

  /** The fault of the next request; undefined for none. */
  next(): Kind | undefined {
    const { script = [], rates = {} } = this.#plan;
    const scripted = script[this.#next++];
    if (scripted !== undefined) return scripted === 'ok' ? undefined : scripted;
    let at = this.#chance();
    for (const [kind, rate] of Object.entries<number>(rates)) {
      // `Object.entries` forgets the type of the names, which the constructor has checked.
      if (at < rate) return kind as Kind;
      at -= rate;
    }
    return undefined;
  }

  /** The delay of the next answer, in milliseconds. */
  latency(): number {
    const { latency = 0 } = this.#plan;
    if (typeof latency === 'number') return latency;
    const [from, to] = latency;
    return from + this.#chance() * (to - from);
  }

  /** A linear congruential generator: repeatable, and good enough to choose faults. */
  #chance(): number {
    this.#random = (this.#random * 1_103_515_245 + 12_345) % 2 ** 31;
    return this.#random / 2 ** 31;
  }
}

/**
 * Reads a plan as entered in the node.
 *
 * @param json blank = no faults
 * @param kinds the faults that there are
 * @throws PkbConfigError `PKB_SETTING`
 */
export function readFaultPlan<Kind extends string = FaultKind>(
  json: string,
  kinds: readonly string[] = Object.keys(FAULT_KINDS),
): FaultPlan<Kind> {
  if (json.trim() === '') return {};
  try {
    const plan: unknown = JSON.parse(json);
    if (typeof plan === 'object' && plan !== null && !Array.isArray(plan)) {
      checkFaultPlan(plan, kinds);
      return plan;
    }
  } catch (error) {
    if (error instanceof PkbConfigError) throw error;
  }
  throw new PkbConfigError(
    'PKB_SETTING',
    'The faults of the simulator must be a JSON object, such as {"script":["503"]}.',
  );
}

/**
 * Checks a plan.
 *
 * @param kinds the faults that there are
 * @throws PkbConfigError `PKB_SETTING`
 */
export function checkFaultPlan(plan: FaultPlan<string>, kinds: readonly string[]): void {
  const { script = [], rates = {}, latency = 0, retryAfter = 1, seed = 1 } = plan;
  if (!Array.isArray(script) || typeof rates !== 'object' || rates === null) {
    throw new PkbConfigError(
      'PKB_SETTING',
      'In the faults of the simulator, script must be a list and rates an object.',
    );
  }
  const known = new Set(kinds);
  const unknown = [...script.filter((kind) => kind !== 'ok'), ...Object.keys(rates)].find(
    (kind: unknown) => typeof kind !== 'string' || !known.has(kind),
  );
  if (unknown !== undefined) {
    const list = [...known].join(', ');
    throw new PkbConfigError(
      'PKB_SETTING',
      `The simulator has no fault "${String(typeof unknown === 'string' ? unknown : typeof unknown).slice(0, 40)}"; there are: ${list}.`,
    );
  }
  const numbers = [...Object.values(rates), ...[latency].flat(), retryAfter, seed];
  const total = Object.values(rates).reduce<number>((sum, rate) => sum + Number(rate), 0);
  if (numbers.some((number) => !(Number(number) >= 0)) || total > 1) {
    throw new PkbConfigError(
      'PKB_SETTING',
      'Rates and times of the simulator must be 0 or more, and all rates together at most 1.',
    );
  }
}
