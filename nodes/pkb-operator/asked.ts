/** What a request to the operators' routes asks for, checked: nothing of it is trusted. */
import { FILTER_ACTS, type FilterAct } from '../../src/operator/by-filter.js';
import { MESSAGE_STATES, type MessageFilter, type MessageState } from '../../src/delivery/outbox/ledger.js';

/** Longest text that is looked for. */
const LONGEST = 200;

/** How many messages one page may have, and one act be about. */
export const MOST = 200;

/** A request's body, of which nothing is known. */
export type Body = Readonly<Record<string, unknown>>;

/** What is looked for, and by which NHS number, where one is given. */
export interface AskedSearch {
  readonly filter: MessageFilter;
  /** With MSH-4, for the patient's order key; never kept nor logged. */
  readonly nhsNumber: string | undefined;
  readonly before: number | undefined;
  readonly most: number;
}

/** Thrown for a request that cannot be what is asked for; its text says what to give. */
export class AskedWrong extends Error {}

/** Reads a search. @throws AskedWrong */
export function searchOf(body: Body): AskedSearch {
  const filter: MessageFilter = {
    connection: text(body, 'connection'),
    states: statesOf(body),
    facility: text(body, 'facility'),
    messageType: text(body, 'messageType'),
    since: number(body, 'since'),
    until: number(body, 'until'),
    controlId: text(body, 'controlId'),
    dataPointId: text(body, 'dataPointId'),
    reference: text(body, 'reference'),
    withoutDismissed: body['withoutDismissed'] === true,
  };
  const nhsNumber = text(body, 'nhsNumber');
  if (nhsNumber !== undefined && filter.facility === undefined)
    throw new AskedWrong('To look for an NHS number, choose the Customer as well (MSH-4).');
  return {
    filter,
    nhsNumber,
    before: number(body, 'before'),
    most: Math.min(MOST, Math.max(1, number(body, 'most') ?? 50)),
  };
}

/** What a person may confirm: a text that the guard would stop, another patient, a message that a later one has superseded. */
const CONFIRMATIONS = ['guard', 'patient', 'superseded'] as const;

/** One of these. */
export type Confirmation = (typeof CONFIRMATIONS)[number];

/** What is confirmed. @throws AskedWrong */
export function confirmedOf({ confirmed }: Body): ReadonlySet<Confirmation> {
  if (confirmed === undefined) return new Set();
  const known = (one: unknown): one is Confirmation => CONFIRMATIONS.some((name) => name === one);
  if (Array.isArray(confirmed) && confirmed.every(known)) return new Set(confirmed);
  throw new AskedWrong(`confirmed must be a list of ${CONFIRMATIONS.join(', ')}.`);
}

/** What is to be done about all that fit; undefined where nothing is named. @throws AskedWrong */
export function actOf({ act }: Body): FilterAct | undefined {
  if (act === undefined || act === null) return undefined;
  const known = FILTER_ACTS.find((name) => name === act);
  if (known !== undefined) return known;
  throw new AskedWrong(`act must be one of ${FILTER_ACTS.join(', ')}.`);
}

/** An act about all that fit, as a person has confirmed it. */
export interface AskedAct {
  readonly act: FilterAct;
  /** How many fitted when they were counted. */
  readonly count: number;
  /** Whether the count was ended by its limit, and there may be more. */
  readonly isAtLeast: boolean;
  /** Only what was stored before the count, in milliseconds since 1970. */
  readonly until: number;
  /** Id of the last message of the part before. */
  readonly after: number | undefined;
  /** Why messages are discarded; blank for other acts. */
  readonly reason: string;
}

/** Reads an act about all that fit. @throws AskedWrong */
export function askedActOf(body: Body): AskedAct {
  const act = actOf(body);
  const [count, until] = [number(body, 'count'), number(body, 'until')];
  if (act === undefined) throw new AskedWrong(`Give act, one of ${FILTER_ACTS.join(', ')}.`);
  if (count === undefined || count < 0 || until === undefined)
    throw new AskedWrong(
      'Give count and until as pkb/count has given them: nothing is done about more than was confirmed.',
    );
  return {
    act,
    count,
    isAtLeast: flagOf(body, 'atLeast', false),
    until,
    after: number(body, 'after'),
    reason: act === 'discard' ? textOf(body, 'reason') : '',
  };
}

/** True or false, or what counts where neither is given. @throws AskedWrong */
export function flagOf(body: Body, name: string, fallback: boolean): boolean {
  const value = body[name];
  if (value === undefined) return fallback;
  if (typeof value === 'boolean') return value;
  throw new AskedWrong(`${name} must be true or false.`);
}

/** Which part of the trail. @throws AskedWrong */
export function trailOf(body: Body): { readonly after: number; readonly most: number } {
  return {
    after: Math.max(0, number(body, 'after') ?? 0),
    most: Math.min(MOST, Math.max(1, number(body, 'most') ?? MOST)),
  };
}

/** The id of a message. @throws AskedWrong */
export function idOf(body: Body): number {
  const id = number(body, 'id');
  if (id === undefined) throw new AskedWrong('Give id, the number of a message.');
  return id;
}

/** Ids of some messages. @throws AskedWrong */
export function idsOf(body: Body): number[] {
  const { ids } = body;
  if (Array.isArray(ids) && ids.length > 0 && ids.length <= MOST && ids.every(Number.isSafeInteger))
    return ids as number[];
  throw new AskedWrong(`Give ids, at most ${MOST}.`);
}

/** A text that must be given. @throws AskedWrong */
export function textOf(body: Body, name: string): string {
  const value = text(body, name);
  if (value === undefined) throw new AskedWrong(`Give ${name}.`);
  return value;
}

/** A text that may be left out. @throws AskedWrong */
export function text(body: Body, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string' && value.length <= LONGEST) return value;
  throw new AskedWrong(`${name} must be text of at most ${LONGEST} characters.`);
}

/** A whole number that may be left out. @throws AskedWrong */
export function number(body: Body, name: string): number | undefined {
  const value = body[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (Number.isSafeInteger(value)) return value as number;
  throw new AskedWrong(`${name} must be a whole number.`);
}

function statesOf({ states }: Body): MessageState[] | undefined {
  if (states === undefined || states === null) return undefined;
  const known = (state: unknown): state is MessageState => MESSAGE_STATES.some((one) => one === state);
  if (Array.isArray(states) && states.every(known)) return states;
  throw new AskedWrong(`states must be a list of ${MESSAGE_STATES.join(', ')}.`);
}
