/** The commands about messages, which ask a running Node-RED: list, show, export, evidence, retry, discard, dismiss, pause, resume, trail. */
import { parseArgs } from 'node:util';
import {
  type ListedMessage,
  MESSAGE_STATES,
  type MessageLife,
  type MessageList,
} from '../delivery/outbox/ledger.js';
import type { TrailRecord } from '../delivery/outbox/trail.js';
import { PkbOutboxError } from '../errors.js';
import { isoTime } from '../iso-time.js';
import type { FilterAct } from '../operator/by-filter.js';
import { csv } from '../operator/csv.js';
import { actOnAll } from './all.js';
import { saveEvidence } from './evidence.js';
import { chosen, FILTER_OPTIONS, filterOf } from './filter.js';
import type { NodeRed } from './node-red.js';
import { visible } from './shown-line.js';

/** How these commands are called. */
export const MESSAGES_USAGE = `pkb-outbox list     [filter]            messages, the latest first
pkb-outbox export   [filter]            the same as CSV for a spreadsheet
pkb-outbox show     [--connection C] ID one message, from its storing to its end
pkb-outbox evidence [--to PATH] [--unmasked] [--words] ID … or filter
                                        PATH.html and PATH.csv for PKB's sign-off, at most 200 messages
pkb-outbox retry    [--connection C] [--override] ID …
pkb-outbox discard  [--connection C] --reason TEXT ID …
pkb-outbox dismiss  [--connection C] ID …
pkb-outbox retry|dismiss|discard --reason TEXT  --all [--yes] [filter]
                                        all that fit, after a question with their number
pkb-outbox pause    [--connection C] --reason TEXT
pkb-outbox resume   [--connection C]    ends a pause, and takes everything off hold
pkb-outbox trail    [--connection C]    who did what, as CSV; says where it was changed since
           filter: --connection C  --state ${['failures', ...MESSAGE_STATES].join('|')}
                   --customer MSH-4  --type ADT^A28  --since TIME  --until TIME
                   --control-id X  --reference X  --data-point-id X
                   --most 100 (list, export, evidence)
           TIME is such as 2026-01-31 or 2026-01-31T08:00

PKB_NODE_RED_URL    admin root of Node-RED; default: http://127.0.0.1:1880/
PKB_NODE_RED_TOKEN, or PKB_NODE_RED_USER and PKB_NODE_RED_PASSWORD, where it has adminAuth`;

const OPTIONS = {
  ...FILTER_OPTIONS,
  most: { type: 'string' },
  reason: { type: 'string' },
  override: { type: 'boolean' },
  all: { type: 'boolean' },
  yes: { type: 'boolean' },
  to: { type: 'string' },
  unmasked: { type: 'boolean' },
  words: { type: 'boolean' },
} as const;

type Values = {
  readonly [Name in keyof typeof OPTIONS]?: (typeof OPTIONS)[Name]['type'] extends 'string'
    ? string
    : boolean;
};

/** Of a list where nothing else is said. */
const MOST = 100;

/** So many are asked for at once. */
const PAGE = 200;

const HEADS = [
  'stored',
  'ended',
  'state',
  'type',
  'customer',
  'controlId',
  'dataPointId',
  'reference',
  'attempts',
  'id',
];

/**
 * What the arguments ask for.
 *
 * @returns undefined where they are none of these commands, or are wrong; otherwise what does it and gives back the text to print
 */
export function messagesCommand(given: readonly string[]): Run | undefined {
  const [command, ...rest] = given;
  let parsed;
  try {
    parsed = parseArgs({ args: rest, allowPositionals: true, options: OPTIONS });
  } catch {
    return undefined;
  }
  const { positionals, values } = parsed;
  const ids = positionals.map(Number);
  if (!ids.every((id) => Number.isSafeInteger(id) && id > 0)) return undefined;
  return command !== undefined && Object.hasOwn(COMMANDS, command)
    ? COMMANDS[command]?.(values, ids)
    : undefined;
}

/** What a command does, and gives back to print. */
type Run = (nodeRed: NodeRed) => Promise<string>;

/** The commands; each gives undefined where it is called in a way that cannot be. */
const COMMANDS: Readonly<Record<string, (values: Values, ids: readonly number[]) => Run | undefined>> = {
  list: (values, ids) =>
    ids.length > 0 ? undefined : filtered(values, (all) => all.map(line).join('\n') || 'No message fits.'),
  export: (values, ids) =>
    ids.length > 0 ? undefined : filtered(values, (all) => csv(HEADS, all.map(cells))),
  show: ({ connection }, ids) =>
    ids.length === 1 ? (nodeRed) => show(nodeRed, connection, ids[0]) : undefined,
  evidence: (values, ids) => evidence(values, ids),
  retry: (values, ids) => {
    const { connection, override = false } = values;
    if (values.all) return override ? undefined : allOf('again', values, ids);
    return ids.length > 0 ? (nodeRed) => retry(nodeRed, connection, ids, override) : undefined;
  },
  discard: (values, ids) => {
    const { connection, reason } = values;
    if (!reason) return undefined;
    if (values.all) return allOf('discard', values, ids);
    return ids.length > 0 ? (nodeRed) => act(nodeRed, 'discard', connection, ids, { reason }) : undefined;
  },
  dismiss: (values, ids) => {
    if (values.all) return allOf('dismiss', values, ids);
    return ids.length > 0 ? (nodeRed) => act(nodeRed, 'dismiss', values.connection, ids, {}) : undefined;
  },
  pause: ({ connection, reason }, ids) =>
    ids.length === 0 && reason ? (nodeRed) => pause(nodeRed, connection, reason) : undefined,
  resume: ({ connection }, ids) => (ids.length === 0 ? (nodeRed) => resume(nodeRed, connection) : undefined),
  trail: ({ connection }, ids) => (ids.length > 0 ? undefined : (nodeRed) => trail(nodeRed, connection)),
};

async function pause(nodeRed: NodeRed, given: string | undefined, reason: string): Promise<string> {
  await nodeRed.ask('pause', { connection: await chosen(nodeRed, given), reason });
  return 'Sending is paused until somebody resumes it. Messages are stored and wait.';
}

async function resume(nodeRed: NodeRed, given: string | undefined): Promise<string> {
  const connection = await chosen(nodeRed, given);
  const { released } = await nodeRed.ask<{ released: number }>('resume', { connection });
  return `Sending is resumed; ${released} taken off hold.`;
}

/** The whole trail. @throws PkbOutboxError where a record does not fit the one before it */
async function trail(nodeRed: NodeRed, given: string | undefined): Promise<string> {
  const connection = await chosen(nodeRed, given);
  const all: TrailRecord[] = [];
  for (;;) {
    const after = all.at(-1)?.n ?? 0;
    const page = await nodeRed.ask<{ records: readonly TrailRecord[]; firstBroken?: number }>('trail', {
      connection,
      after,
    });
    if (page.firstBroken !== undefined) {
      throw new PkbOutboxError(
        'PKB_OUTBOX',
        `Record ${page.firstBroken} of the trail is not as it was written, or one before it is missing. Keep a copy of the outbox and find out who changed it.`,
      );
    }
    if (page.records.length === 0) break;
    all.push(...page.records);
  }
  const rows = all.map(({ n, at, user, event, details, hash }) => [
    `${n}`,
    isoTime(at),
    user,
    event,
    details,
    hash,
  ]);
  return csv(['n', 'at', 'user', 'event', 'details', 'hash'], rows);
}

async function show(nodeRed: NodeRed, given: string | undefined, id: number | undefined): Promise<string> {
  return told(await nodeRed.ask<Shown>('message', { connection: await chosen(nodeRed, given), id }));
}

/** What is shown of one message, with its texts where the user may see them. */
interface Shown extends Pick<MessageLife, 'listed' | 'due' | 'history' | 'told'> {
  readonly reason?: string;
  readonly ack?: string;
  readonly hl7?: string;
  readonly hidden?: string;
}

function filtered(
  values: Values,
  show: (all: readonly ListedMessage[]) => string,
): ((nodeRed: NodeRed) => Promise<string>) | undefined {
  const filter = filterOf(values);
  const most = values.most === undefined ? MOST : Number(values.most);
  if (filter === undefined || !(most >= 1)) return undefined;
  return async (nodeRed) => show(await found(nodeRed, values.connection, filter, most));
}

/** The messages that fit, the latest first; says where there are more. */
async function found(
  nodeRed: NodeRed,
  given: string | undefined,
  filter: object,
  most: number,
): Promise<ListedMessage[]> {
  const connection = await chosen(nodeRed, given);
  const all: ListedMessage[] = [];
  let before: number | undefined;
  do {
    const page: MessageList = await nodeRed.ask('search', {
      ...filter,
      connection,
      before,
      most: Math.min(PAGE, most - all.length),
    });
    all.push(...page.messages);
    before = page.next;
  } while (before !== undefined && all.length < most);
  if (before !== undefined) console.error(`There are more than these ${all.length}: give --most.`);
  return all;
}

function evidence(values: Values, ids: readonly number[]): Run | undefined {
  const { connection: given, to, unmasked = false, words = false } = values;
  const filter = filterOf(values);
  const most = values.most === undefined ? MOST : Number(values.most);
  if (filter === undefined || !(most >= 1)) return undefined;
  return async (nodeRed) => {
    const connection = await chosen(nodeRed, given);
    const some = ids.length > 0 ? ids : (await found(nodeRed, connection, filter, most)).map(({ id }) => id);
    return saveEvidence(nodeRed, { connection, ids: some, to, masked: !unmasked, words });
  };
}

/** An act about all that fit. */
function allOf(
  act: FilterAct,
  { connection, reason, yes: isConfirmed = false, ...values }: Values,
  ids: readonly number[],
): Run | undefined {
  const filter = filterOf(values);
  if (filter === undefined || ids.length > 0 || values.most !== undefined) return undefined;
  return (nodeRed) =>
    actOnAll(nodeRed, {
      act,
      connection,
      filter,
      isConfirmed,
      ...(act === 'discard' && { reason: reason ?? '' }),
    });
}

async function retry(
  nodeRed: NodeRed,
  given: string | undefined,
  ids: readonly number[],
  override: boolean,
): Promise<string> {
  const connection = await chosen(nodeRed, given);
  const lines: string[] = [];
  // In the order of storing.
  for (const id of ids.toSorted((a, b) => a - b)) {
    try {
      await nodeRed.ask('again', { connection, id, confirmed: override ? ['superseded'] : [] });
      lines.push(`${id}: pending again`);
    } catch (error) {
      lines.push(`${id}: ${(error as Error).message}`);
    }
  }
  return lines.join('\n');
}

async function act(
  nodeRed: NodeRed,
  path: 'discard' | 'dismiss',
  given: string | undefined,
  ids: readonly number[],
  more: object,
): Promise<string> {
  const connection = await chosen(nodeRed, given);
  const done = await nodeRed.ask<Record<string, number>>(path, { connection, ids, ...more });
  return Object.entries(done)
    .map(([what, count]) => `${count} ${WORDS[what] ?? what}`)
    .join(', ');
}

const WORDS: Readonly<Record<string, string>> = {
  inFlight: 'in flight, not discarded',
  gone: 'no longer pending',
};

function told({ listed, history, due, reason, ack, hl7, hidden, told: isTold }: Shown): string {
  const lines = [line(listed)];
  for (const { at, outcome, reason: why } of history)
    lines.push(`  ${isoTime(at)} ${[outcome, why].filter(Boolean).join(': ')}`);
  if (due !== undefined) lines.push(`  to be sent again at ${isoTime(due)}`);
  if (listed.settledAt !== undefined)
    lines.push(`  ${isTold ? 'its flow was told' : 'its flow has not been told yet'}`);
  if (reason) lines.push(`  ${reason}`);
  if (hidden) lines.push(`  ${hidden}`);
  for (const text of [ack, hl7]) if (text) lines.push('', ...text.split(/\r\n|\r|\n/).filter(Boolean));
  return lines.map(visible).join('\n');
}

function line(one: ListedMessage): string {
  const { id, storedAt, messageType, facility, controlId, reference, state, isOnHold } = one;
  const words = [
    id,
    isoTime(storedAt),
    isOnHold ? 'on hold' : state,
    messageType,
    facility,
    controlId,
    reference,
  ];
  return visible(words.filter((word) => word !== '').join('  '));
}

function cells(one: ListedMessage): string[] {
  const { storedAt, settledAt, state, isOnHold, messageType, facility, controlId, dataPointId, reference } =
    one;
  const ended = isoTime(settledAt);
  const ids = [controlId, dataPointId, reference];
  return [
    isoTime(storedAt),
    ended,
    isOnHold ? 'on hold' : state,
    messageType,
    facility,
    ...ids,
    `${one.attempts}`,
    `${one.id}`,
  ];
}
