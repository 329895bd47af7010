/** What the operators' routes have in common: who may do what, what is written down of it, and how faults are answered. */
import type { Request, Response } from 'express';
import type { MessageFilter, MessageLife } from '../../src/delivery/outbox/ledger.js';
import { patientOrderKey } from '../../src/delivery/order-key.js';
import { asPkbError, PkbMessageError } from '../../src/errors.js';
import { audit, hasAdminAuth, mayI, type Needed, OPERATE, PATIENT_DATA, userOf } from '../common/admin.js';
import { connectionOf, connections } from '../common/connections.js';
import type { ConnectionNode, SendNode } from '../common/contracts.js';
import type { Node, Runtime } from '../common/types.js';
import { type AskedSearch, AskedWrong, type Body, type Confirmation } from './asked.js';

/** Who may look. */
export const READ: Needed = { all: ['pkb.read'] };

/** Who may act. */
export const ACT: Needed = { any: [OPERATE, 'pkb-send.write'] };

/** Thrown with the HTTP status of the answer. */
export class Refused extends Error {
  /** @param more what the answer says besides the text, such as `confirm`: what a person may confirm, so that it is done all the same */
  constructor(
    readonly status: number,
    text: string,
    readonly more: { readonly confirm?: Confirmation; readonly [name: string]: unknown } = {},
  ) {
    super(text);
  }
}

/** What a request holds; nothing of it is known. */
export function bodyOf(request: Request): Body {
  const { body } = request as { body?: unknown };
  return typeof body === 'object' && body !== null ? (body as Body) : {};
}

/** The connection that a request names, or the only one. */
export function connectionFor(RED: Runtime, id: string | undefined): ConnectionNode {
  const [first, second] = connections(RED);
  const node = id === undefined && second === undefined ? first : connectionOf(RED, id ?? '');
  if (node !== undefined) return node;
  throw new Refused(404, 'There is no such connection; choose one of those that are deployed.');
}

/**
 * What a search asks of a connection's outbox. An NHS number becomes the patient's order key, and is for who may see patient data.
 *
 * @throws Refused
 */
export async function filterFor(
  RED: Runtime,
  request: Request,
  node: ConnectionNode,
  { filter, nhsNumber }: AskedSearch,
): Promise<MessageFilter> {
  if (nhsNumber === undefined) return { ...filter, connection: node.id };
  mustSee(RED, request, node);
  const { secret } = await node.delivery().outbox();
  const orderKey = patientOrderKey(filter.facility ?? '', nhsNumber, secret);
  return { ...filter, connection: node.id, orderKey };
}

/** One message of a connection. @throws Refused where there is none */
export async function lifeOf(node: ConnectionNode, id: number): Promise<MessageLife> {
  const outbox = await node.delivery().outbox();
  const life = await outbox.life(id);
  if (life?.listed.connection === node.id) return life;
  throw new Refused(404, 'There is no such message; it may be older than a year.');
}

/** The pkb send that took a message. @throws Refused where it was removed */
export function senderOf(RED: Runtime, id: string): SendNode {
  const node = RED.nodes.getNode(id) as Node | null;
  if (node?.type === 'pkb-send') return node as SendNode;
  throw new Refused(
    409,
    'The pkb send that took this message is no longer in the flows; deploy it again to send the message once more.',
  );
}

/** Of another connection of the same store it is as if there were none. */
export async function mustBeOf(node: ConnectionNode, ids: readonly number[]): Promise<void> {
  for (const id of ids) await lifeOf(node, id);
}

/** Who may see texts: where nobody signs in, everybody if the outbox says so. */
export function maySee(RED: Runtime, request: Request, node: ConnectionNode): boolean {
  return hasAdminAuth(RED) ? mayI(RED, request, PATIENT_DATA) : node.showsTexts;
}

/** @throws Refused where the user may not see texts */
export function mustSee(RED: Runtime, request: Request, node: ConnectionNode): void {
  if (!maySee(RED, request, node)) throw new Refused(403, whyHidden(RED));
}

/** Why texts are not shown, and what to do about it. */
export function whyHidden(RED: Runtime): string {
  return hasAdminAuth(RED)
    ? 'Texts and PKB’s words are for users with the permission pkb.phi.'
    : 'Texts and PKB’s words are not shown without sign-in. Set up adminAuth, or choose in pkb outbox to show them.';
}

/** Writes down what somebody does, in the log and in the outbox's trail, before it is done: what cannot be written is not done. */
export async function noted(
  RED: Runtime,
  request: Request,
  node: ConnectionNode,
  event: string,
  line: string,
  details: object,
): Promise<void> {
  const outbox = await node.delivery().outbox();
  const user = userOf(RED, request);
  const about = { connection: node.id, ...details };
  await outbox.record({ at: Date.now(), user, event, details: JSON.stringify(about) });
  audit(RED, request, event, line, about);
}

/** Answers with what work comes to, or with what is wrong. */
export function answer(response: Response, work: () => Promise<object>): void {
  work().then(
    (value) => response.json(value),
    (error: unknown) => {
      if (error instanceof AskedWrong) return response.status(400).json({ error: error.message });
      if (error instanceof Refused)
        return response.status(error.status).json({ error: error.message, ...error.more });
      const fault = asPkbError(error);
      const { code, message } = fault;
      const status = code === 'PKB_SUPERSEDED' ? 409 : fault instanceof PkbMessageError ? 400 : 503;
      const confirm: Confirmation | undefined = code === 'PKB_SUPERSEDED' ? 'superseded' : undefined;
      return response.status(status).json({ code, error: message, confirm });
    },
  );
}
