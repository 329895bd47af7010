/**
 * What the dialog of pkb-send asks the running node: which messages were not accepted, to send one once more, to let
 * held ones go on.
 */
import type { Request, Response } from 'express';
import type { Addressed, FailedReference } from '../../src/delivery/outbox/contract.js';
import { asPkbError, PkbMessageError } from '../../src/errors.js';
import { shownAddress } from '../../src/pkb/environments.js';
import type { Node, Runtime } from './types.js';

/** A pkb-send node at run time. */
export interface SendNode extends Node {
  /** Lets held messages of its connection go on. @returns how many order keys were held */
  release(): Promise<number>;
  /** What waits for another address than its connection goes to now. */
  elsewhere(): readonly Addressed[];
  /** Says what becomes of that: it is sent to the new address, or discarded. @returns how many messages */
  decide(what: 'send' | 'discard'): Promise<number>;
  /** Its messages that ended without acceptance, for a person to see. */
  failed(): Promise<object[]>;
  /** Sends one of them once more, as it was or with another text. @returns false where there is no such message */
  again(which: FailedReference, override: boolean, text: string | undefined): Promise<boolean>;
}

/** Makes the endpoints. PKB's words, which may quote a message, are shown to those with permission only. */
export function sendEndpoints(RED: Runtime): void {
  const mayRead = RED.auth.needsPermission('pkb-send.read');
  const mayWrite = RED.auth.needsPermission('pkb-send.write');

  RED.httpAdmin.post('/pkb-send/:id/release', mayWrite, (request, response) => {
    answer(response, nodeFor(RED, request, response)?.release(), (released) => ({ released }));
  });

  RED.httpAdmin.post('/pkb-send/:id/decide', mayWrite, (request, response) => {
    const { what } = (request.body ?? {}) as Record<string, unknown>;
    if (what !== 'send' && what !== 'discard') {
      response.status(400).json({ error: 'Give what: send or discard.' });
      return;
    }
    answer(response, nodeFor(RED, request, response)?.decide(what), (count) => ({ count }));
  });

  RED.httpAdmin.get('/pkb-send/:id/failed', mayRead, (request, response) => {
    // A dialog is opened before the first deploy, too: then there is nothing to show, and nothing wrong.
    const node = RED.nodes.getNode(String(request.params['id'])) as Partial<SendNode> | null;
    answer(response, node?.failed?.() ?? Promise.resolve(null), (failed) => ({
      failed,
      elsewhere:
        node?.elsewhere?.().map(({ address, count }) => ({ address: shownAddress(address), count })) ?? [],
    }));
  });

  RED.httpAdmin.post('/pkb-send/:id/replay', mayWrite, (request, response) => {
    const { id, controlId, override, hl7 } = (request.body ?? {}) as Record<string, unknown>;
    if (
      typeof id !== 'number' ||
      typeof controlId !== 'string' ||
      (hl7 !== undefined && typeof hl7 !== 'string')
    ) {
      response.status(400).json({ error: 'Give id, controlId and, for a corrected message, hl7.' });
      return;
    }
    const again = nodeFor(RED, request, response)?.again({ id, controlId }, override === true, hl7);
    answer(response, again, (queued) => ({ queued }));
  });
}

/** The running node that a request is about; answers the request where there is none. */
function nodeFor(RED: Runtime, request: Request, response: Response): SendNode | undefined {
  const node = RED.nodes.getNode(String(request.params['id'])) as Partial<SendNode> | null;
  if (node?.again !== undefined) return node as SendNode;
  response.status(404).json({ error: 'Deploy the node first.' });
  return undefined;
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
