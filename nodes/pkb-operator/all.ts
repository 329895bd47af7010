/**
 * Acting on all messages that fit a filter. First they are counted; then the act is confirmed with that count, and is done in parts that
 * take seconds, so that no request lasts long. Each part is in the trail before it is done, and again with its numbers.
 */
import { createHmac, type KeyObject } from 'node:crypto';
import type { Request } from 'express';
import type { MessageFilter } from '../../src/delivery/outbox/ledger.js';
import { asPkbError, PkbError } from '../../src/errors.js';
import {
  type ActNumbers,
  actOn,
  type ActResult,
  countFitting,
  type FilterAct,
  type Fitting,
  fittingFor,
  MOST_ACTED,
  NO_NUMBERS,
  sumOf,
} from '../../src/operator/by-filter.js';
import { adminPost, userOf } from '../common/admin.js';
import type { ConnectionNode } from '../common/contracts.js';
import type { Runtime } from '../common/types.js';
import {
  ACT,
  answer,
  bodyOf,
  connectionFor,
  filterFor,
  noted,
  READ,
  Refused,
  senderOf,
} from './answering.js';
import { actOf, type AskedAct, askedActOf, searchOf } from './asked.js';

/** How long one part may take, in milliseconds: proxies and commands wait half a minute for an answer. */
const PART_MS = 10_000;

/** How many messages are handed to the store at once. Those that are sent again go one by one, in their order. */
const PAGES: Readonly<Record<FilterAct, number>> = { again: 1, discard: 50, dismiss: 200 };

/** Who acts on all that fit on a connection, by its id: one at a time. */
const ACTING = new Map<string, string>();

type Step = (some: readonly Fitting[]) => Promise<readonly (ActResult | { readonly fault: unknown })[]>;

/** Makes the routes. */
export function allRoutes(RED: Runtime): void {
  adminPost(RED, '/pkb/count', READ, (request, response) =>
    answer(response, async () => {
      const body = bodyOf(request);
      const search = searchOf(body);
      const act = actOf(body);
      const node = connectionFor(RED, search.filter.connection);
      const filter = await filterFor(RED, request, node, search);
      // What is stored from now on is not counted, and nothing is done about it.
      const until = Math.min(filter.until ?? Infinity, Date.now());
      const outbox = await node.delivery().outbox();
      return { ...(await countFitting(outbox, { ...filter, until }, act)), until };
    }),
  );

  adminPost(RED, '/pkb/all', ACT, (request, response) =>
    answer(response, async () => {
      const body = bodyOf(request);
      const search = searchOf(body);
      const asked = askedActOf(body);
      const node = connectionFor(RED, search.filter.connection);
      const filter = { ...(await filterFor(RED, request, node, search)), until: asked.until };
      const other = ACTING.get(node.id);
      if (other !== undefined) {
        throw new Refused(
          409,
          `Nothing was done: ${other} is acting on all messages that fit a filter of this connection. Wait until that has ended, and count again.`,
        );
      }
      ACTING.set(node.id, userOf(RED, request));
      try {
        return await actOnAll(RED, request, node, filter, asked);
      } finally {
        ACTING.delete(node.id);
      }
    }),
  );
}

async function actOnAll(
  RED: Runtime,
  request: Request,
  node: ConnectionNode,
  filter: MessageFilter,
  asked: AskedAct,
): Promise<object> {
  const { act, count, isAtLeast, after, reason } = asked;
  const outbox = await node.delivery().outbox();
  const fitting = await fittingFor(outbox, filter, act, after);
  if (fitting === undefined)
    throw new Refused(
      409,
      `Nothing was done: more than ${MOST_ACTED} messages fit. Narrow the filter, for example by time.`,
    );
  if (fitting.length > count && !isAtLeast)
    throw new Refused(
      409,
      `Nothing was done: ${fitting.length} messages fit now, and ${count} were confirmed. Count again.`,
    );
  const vanished = isAtLeast ? 0 : count - fitting.length;
  if (fitting.length === 0) return { ...NO_NUMBERS, gone: vanished, left: 0 };

  const details = {
    act,
    filter: recordable(filter, outbox.secret),
    count: fitting.length,
    ...(after !== undefined && { after }),
    ...(reason !== '' && { reason }),
  };
  const what = `${act} of all that fit a filter of ${node.id}`;
  await noted(RED, request, node, 'pkb.all', `pkb: ${what} (${fitting.length}) begun by {user}`, details);
  const end = performance.now() + PART_MS;
  const part = await actOn(fitting, PAGES[act], stepOf(RED, node, asked), () => performance.now() < end);
  const numbers = { ...part.numbers, gone: part.numbers.gone + vanished };
  const ended = `pkb: ${what} ended for {user}: ${numbers.done} of ${fitting.length} done`;
  const result = { act, ...numbers, left: part.left };
  const written = noted(RED, request, node, 'pkb.all.done', ended, result);
  if (part.fault !== undefined) {
    // The store that failed may not take the record either; what was done is said all the same.
    await written.catch(() => undefined);
    throw stopped(part.fault, numbers, fitting.length, part.left);
  }
  await written.catch((fault: unknown) => {
    throw stopped(fault, numbers, fitting.length, part.left);
  });
  return { ...numbers, left: part.left, next: part.next };
}

/** What is done about some of the messages. */
function stepOf(RED: Runtime, node: ConnectionNode, { act, reason }: AskedAct): Step {
  switch (act) {
    case 'again':
      return async (some) => Promise.all(some.map((one) => sentAgain(RED, one)));
    case 'discard':
      return async (some) => {
        const ids = some.map(({ id }) => id);
        const results = await node.delivery().withdrawSome(ids, `Discarded by a person: ${reason}`);
        return results.map((one) =>
          one.status === 'rejected' ? { fault: one.reason as unknown } : WITHDRAWN[one.value],
        );
      };
    case 'dismiss':
      return async (some) => {
        const outbox = await node.delivery().outbox();
        const done = await outbox.dismiss(some.map(({ id }) => id));
        return some.map((_, i) => (i < done ? 'done' : 'gone'));
      };
  }
}

const WITHDRAWN = { discarded: 'done', 'in flight': 'inFlight', gone: 'gone' } as const;

async function sentAgain(RED: Runtime, { id, controlId, sender }: Fitting): Promise<ActResult> {
  try {
    return (await senderOf(RED, sender).again({ id, controlId }, false, undefined)) ? 'done' : 'gone';
  } catch (error) {
    if (error instanceof Refused) return 'unclaimed';
    if (error instanceof PkbError && error.code === 'PKB_SUPERSEDED') return 'superseded';
    throw error;
  }
}

function stopped(fault: unknown, numbers: ActNumbers, of: number, left: number): Refused {
  const { code, message } = asPkbError(fault);
  const rest = `${left} of ${of} were left as they are`;
  const words = `Stopped: ${numbers.done} done, ${sumOf(numbers) - numbers.done} changed or in flight, ${rest}. ${message} Count again to go on.`;
  return new Refused(503, words, { code, ...numbers, left });
}

/** What a record says of a filter: what was typed stands in it as a keyed hash, so that no identifier of a patient is in clear. */
function recordable(filter: MessageFilter, secret: KeyObject): object {
  const { controlId, dataPointId, reference, orderKey, connection: _connection, ...plain } = filter;
  const hash = (text: string | undefined): string | undefined =>
    text && createHmac('sha256', secret).update('filter').update(text).digest('hex').slice(0, 16);
  return {
    ...plain,
    controlId: hash(controlId),
    dataPointId: hash(dataPointId),
    reference: hash(reference),
    patient: orderKey,
  };
}
