/**
 * The routes from the dialog of pkb-send to the running node: list the messages that were not accepted, send one again,
 * resume sending.
 */
import type { Request, Response } from 'express';
import type { FailedMessage } from '../../src/delivery/outbox/contract.js';
import { asPkbError, PkbMessageError } from '../../src/errors.js';
import { shownAddress } from '../../src/pkb/environments.js';
import { adminGet, adminPost, audit, mayI, OPERATE, PATIENT_DATA } from '../common/admin.js';
import type { SendNode } from '../common/contracts.js';
import type { Node, Runtime } from '../common/types.js';

/** A message that was not accepted, as it is shown to who may not see patient data. */
type Shown = FailedMessage | (Omit<FailedMessage, 'reason'> & { reason: null; reasonHidden: true });

/** Makes the endpoints. Who may change flows may act as well: a deploy can do it anyway. */
export function sendEndpoints(RED: Runtime): void {
  const mayAct = { any: [OPERATE, 'pkb-send.write'] };

  adminPost(RED, '/pkb-send/:id/release', mayAct, (request, response) => {
    const node = nodeFor(RED, request, response);
    if (node)
      audit(RED, request, 'pkb-send.release', `pkb-send ${node.id}: resumed by {user}`, { id: node.id });
    answer(response, node?.release(), (released) => ({ released }));
  });

  adminPost(RED, '/pkb-send/:id/decide', mayAct, (request, response) => {
    const { what } = (request.body ?? {}) as Record<string, unknown>;
    if (what !== 'send' && what !== 'discard') {
      response.status(400).json({ error: 'Give what: send or discard.' });
      return;
    }
    const node = nodeFor(RED, request, response);
    if (node) {
      const text = `pkb-send ${node.id}: messages for another address ${what === 'send' ? 'sent' : 'discarded'} by {user}`;
      audit(RED, request, 'pkb-send.decide', text, { id: node.id, what });
    }
    answer(response, node?.decide(what), (count) => ({ count }));
  });

  adminGet(RED, '/pkb-send/:id/failed', { all: ['pkb-send.read'] }, (request, response) => {
    // A dialog is opened before the first deploy, too: then there is nothing to show, and nothing wrong.
    const node = running(RED, request);
    const failed = node?.failed() ?? Promise.resolve(null);
    const words = mayI(RED, request, PATIENT_DATA);
    answer(response, failed, (all) => ({
      failed: words ? all : (all?.map(withoutWords) ?? null),
      elsewhere:
        node?.elsewhere().map(({ address, count }) => ({ address: shownAddress(address), count })) ?? [],
    }));
  });

  adminPost(RED, '/pkb-send/:id/replay', mayAct, (request, response) => {
    const { id, controlId, override, hl7 } = (request.body ?? {}) as Record<string, unknown>;
    if (
      !Number.isSafeInteger(id) ||
      typeof controlId !== 'string' ||
      (hl7 !== undefined && typeof hl7 !== 'string')
    ) {
      response.status(400).json({ error: 'Give id, controlId and, for a corrected message, hl7.' });
      return;
    }
    const node = nodeFor(RED, request, response);
    const how = `${hl7 === undefined ? 'as it was' : 'corrected'}${override === true ? ', override' : ''}`;
    if (node)
      audit(
        RED,
        request,
        'pkb-send.replay',
        `pkb-send ${node.id}: message ${String(id)} sent once more by {user} (${how})`,
        { id: node.id, message: id, corrected: hl7 !== undefined, override: override === true },
      );
    const again = node?.again({ id: id as number, controlId }, override === true, hl7);
    answer(response, again, (queued) => ({ queued }));
  });
}

/** Only our own words are shown: what PKB says of a message may quote it. */
function withoutWords(message: FailedMessage): Shown {
  if (message.state === 'undeliverable') return message;
  return { ...message, reason: null, reasonHidden: true };
}

/** The pkb-send node that a request is about, if it runs. */
function running(RED: Runtime, request: Request): SendNode | undefined {
  const node = RED.nodes.getNode(String(request.params['id'])) as Node | null;
  return node?.type === 'pkb-send' ? (node as SendNode) : undefined;
}

/** The same; answers the request where there is none. */
function nodeFor(RED: Runtime, request: Request, response: Response): SendNode | undefined {
  const node = running(RED, request);
  if (node === undefined) response.status(404).json({ error: 'Deploy the node first.' });
  return node;
}

/** Answers with what a promise comes to, or with its error. */
function answer<T>(response: Response, promise: Promise<T> | undefined, body: (value: T) => object): void {
  promise?.then(
    (value) => response.json(body(value)),
    (error: unknown) => {
      const fault = asPkbError(error);
      const { code, message } = fault;
      const status = code === 'PKB_SUPERSEDED' ? 409 : fault instanceof PkbMessageError ? 400 : 500;
      response.status(status).json({ code, error: message });
    },
  );
}
