/**
 * Faults that the simulator makes on purpose in its token endpoint and FHIR operations.
 */
import { PkbConfigError } from '../../errors.js';
import { checkFaultPlan, type FaultPlan, FaultSource, readFaultPlan } from '../faults.js';

/** The faults of the token endpoint and the FHIR operations. */
export const API_FAULT_KINDS = {
  slow: 'the answer comes after `slowness` milliseconds',
  401: 'the token is refused (BAD_AUTHENTICATION)',
  429: 'too many requests, with Retry-After',
  500: 'an error of the server',
  503: 'PKB is out of order, with Retry-After',
  html: 'a login page instead of an answer, with status 200',
  'no-fhir': 'JSON that is no FHIR, with status 200',
  'wrong-shape': 'the parts of the answer have other names',
  drop: 'the line breaks before the answer',
  'no-answer': 'the answer never comes',
  'token-refused': 'the token endpoint refuses the client',
} as const;

/** One of {@link API_FAULT_KINDS}. */
export type ApiFaultKind = `${keyof typeof API_FAULT_KINDS}`;

/**
 * The faults to make in the token endpoint and the FHIR operations. Of a script, requests for a token take the entries
 * `token-refused`, and operations take the others, each in order; so a test does not depend on when a client asks for tokens.
 */
export interface ApiFaultPlan extends FaultPlan<ApiFaultKind> {
  /** The delay of a `slow` answer, in milliseconds; default 5000. */
  readonly slowness?: number;
}

const KINDS = Object.keys(API_FAULT_KINDS);

/** Chooses the faults of the token endpoint and the FHIR operations, request by request. */
export class ApiFaults {
  readonly slowness: number;
  readonly #tokens: FaultSource<ApiFaultKind>;
  readonly #operations: FaultSource<ApiFaultKind>;

  /** @throws PkbConfigError `PKB_SETTING` if the plan has an unknown fault, or a rate or time that is not allowed */
  constructor(plan: ApiFaultPlan) {
    mustHaveSlowness(plan);
    // The whole plan is checked before it is divided.
    checkFaultPlan(plan, KINDS);
    this.#operations = new FaultSource(partOf(plan, false), KINDS);
    this.#tokens = new FaultSource(partOf(plan, true), KINDS);
    this.slowness = plan.slowness ?? 5000;
  }

  /** Seconds for Retry-After. */
  get retryAfter(): number {
    return this.#operations.retryAfter;
  }

  /** The delay of the next answer, in milliseconds. */
  latency(): number {
    return this.#operations.latency();
  }

  /** Whether the next request for a token is refused. */
  refusesToken(): boolean {
    return this.#tokens.next() === 'token-refused';
  }

  /** The fault of the next operation; undefined for none. */
  next(): ApiFaultKind | undefined {
    return this.#operations.next();
  }
}

/**
 * Reads a plan as entered in the node.
 *
 * @param json blank = no faults
 * @throws PkbConfigError `PKB_SETTING`
 */
export function readApiFaultPlan(json: string): ApiFaultPlan {
  const plan: ApiFaultPlan = readFaultPlan<ApiFaultKind>(json, KINDS);
  mustHaveSlowness(plan);
  return plan;
}

function mustHaveSlowness({ slowness = 0 }: ApiFaultPlan): void {
  if (typeof slowness !== 'number' || !(slowness >= 0))
    throw new PkbConfigError('PKB_SETTING', 'The slowness of the simulator must be 0 or more milliseconds.');
}

/** The faults of a plan that concern tokens, or the others. */
function partOf(plan: ApiFaultPlan, tokens: boolean): FaultPlan<ApiFaultKind> {
  const mine = (kind: string): boolean => (kind === 'token-refused') === tokens;
  const rates = Object.entries(plan.rates ?? {}).filter(([kind]) => mine(kind));
  return { ...plan, script: (plan.script ?? []).filter(mine), rates: Object.fromEntries(rates) };
}
