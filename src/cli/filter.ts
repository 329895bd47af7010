/** The options by which commands choose messages, and what they ask of the operators' routes. */
import { FAILED_STATES, MESSAGE_STATES } from '../delivery/outbox/ledger.js';
import { PkbConfigError } from '../errors.js';
import type { NodeRed } from './node-red.js';

/** The options, as `parseArgs` takes them. */
export const FILTER_OPTIONS = {
  connection: { type: 'string' },
  state: { type: 'string' },
  customer: { type: 'string' },
  type: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  'control-id': { type: 'string' },
  reference: { type: 'string' },
  'data-point-id': { type: 'string' },
} as const;

/** Their values. */
export type FilterValues = { readonly [Name in keyof typeof FILTER_OPTIONS]?: string };

/** What the options ask for, but the connection; undefined where one has a value that cannot be. */
export function filterOf(values: FilterValues): object | undefined {
  const since = timeOf(values.since);
  const until = timeOf(values.until);
  const states = statesOf(values.state);
  if (Number.isNaN(since) || Number.isNaN(until) || states === 'unknown') return undefined;
  return {
    states,
    withoutDismissed: values.state === 'failures',
    facility: values.customer,
    messageType: values.type,
    since,
    until,
    controlId: values['control-id'],
    reference: values.reference,
    dataPointId: values['data-point-id'],
  };
}

/** The connection that is named, or the only one. @throws PkbConfigError `PKB_SETTING` where there are several, or none */
export async function chosen(nodeRed: NodeRed, connection: string | undefined): Promise<string> {
  if (connection !== undefined) return connection;
  const { connections } = await nodeRed.ask<{ connections: readonly { id: string; name: string }[] }>(
    'connections',
  );
  const [first, second] = connections;
  if (first !== undefined && second === undefined) return first.id;
  const names = connections.map(({ id, name }) => (name ? `${id} (${name})` : id)).join(', ');
  throw new PkbConfigError('PKB_SETTING', `Choose one with --connection: ${names || 'none is deployed'}.`);
}

/** @returns NaN where it is no time */
function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : new Date(text).getTime();
}

function statesOf(name: string | undefined): readonly string[] | undefined | 'unknown' {
  if (name === undefined) return undefined;
  if (name === 'failures') return FAILED_STATES;
  // The word of the page and of all texts.
  if (name === 'pending') return ['queued'];
  return MESSAGE_STATES.some((state) => state === name) ? [name] : 'unknown';
}
