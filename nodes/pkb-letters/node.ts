/**
 * pkb-letters: watches letters that PKB has accepted until they are read, or are to be posted.
 */
import { asPkbError, PkbApiError, PkbConfigError, PkbMessageError } from '../../src/errors.js';
import type { Outbox } from '../../src/delivery/outbox/contract.js';
import type { EndedLetter, LetterState } from '../../src/delivery/outbox/letters.js';
import { isoTime } from '../../src/iso-time.js';
import { delayOf } from '../../src/letters/deadline.js';
import { END_REASONS, reasonText } from '../../src/letters/decide.js';
import { LetterWatch } from '../../src/letters/watch.js';
import { numberSetting, NUMBERS } from '../../src/settings.js';
import type { SendableMessage } from '../../src/pkb/sendable-message.js';
import { keyOf, meaningOf, newLetter, propertiesOf } from './letter.js';
import { OnceAStart } from './once-a-start.js';
import { orphans, removedFrom } from './orphans.js';
import { raiseError, showError } from '../common/errors.js';
import { apiNode } from '../common/apis.js';
import { outboxOf } from '../common/connections.js';
import { carriedJson } from '../common/carried-json.js';
import { organisationOf } from '../common/customers.js';
import { onFlows } from '../common/flow-events.js';
import { isErrorOf } from '../common/caught.js';
import { onInput } from '../common/input.js';
import { referenceOf } from '../common/run-properties.js';
import { Said } from '../common/said.js';
import type { ApiNode } from '../common/contracts.js';
import type { Message, Node, NodeDef, NodeMessage, Runtime, Send } from '../common/types.js';

interface LettersDef extends NodeDef {
  connection: string;
  api: string;
  deadlineHours: number | string;
  askMinutes: number | string;
  graceMinutes: number | string;
  /** `attention` or `post`: a letter that PKB does not know at its deadline. */
  ifUnknown: string;
  /** `wait` or `post`: a letter whose patient is not registered. */
  unregistered: string;
}

/** How often it is looked which letters are due; more often where they are asked about more often. */
const TICK_MS = 60_000;

/** The outputs, in their order. */
const OUTPUTS = ['read', 'post', 'attention'] as const;

const MINUTE_MS = 60_000;

module.exports = function (RED: Runtime): void {
  function PkbLetters(this: Node, config: LettersDef): void {
    RED.nodes.createNode(this, config);
    let terms: ReturnType<typeof termsOf>;
    try {
      terms = termsOf(config);
    } catch (error) {
      showError(RED, this, 'PKB_SETTING');
      raiseError(RED, this, error);
      return;
    }
    const outbox = (): Promise<Outbox> => outboxOf(RED, config.connection, 'pkb letters');
    const api = (): ApiNode => apiNode(RED, config.api, 'pkb letters');
    /** Customers of which it was said that they have no organisation. */
    const withoutOrganisation = new Set<string>();
    const said = new Said();
    let isClosed = false;
    const failed = (thrown: unknown): void => {
      // What was begun before a deploy may fail because of it.
      if (isClosed) return;
      const error = asPkbError(thrown);
      if (error instanceof PkbApiError) this.status(unanswered(RED));
      else showError(RED, this, error.code);
      // An address that is away fails at each look.
      if (said.isNew(error.message)) raiseError(RED, this, error, {});
    };
    /** Takes letters that nobody watches any more, at the first look after flows have started at which that is possible. */
    const adopt = async (open: Outbox): Promise<void> => {
      for (const from of await orphans(RED, open, config.connection)) {
        const count = await open.letters.handOver(from, this.id);
        if (count > 0) this.warn(RED._('pkb-letters.warning.adopted', { count }));
      }
    };
    const adoption = new OnceAStart();
    const watch = new LetterWatch({
      watcher: this.id,
      letters: async () => {
        const open = await outbox();
        // Where it fails, those that this node has are watched all the same.
        await adoption.do(() => adopt(open)).catch(failed);
        return open.letters;
      },
      api: () => api().api(),
      parts: () => api().parts,
      organisationOf: (facility) => organisationOf(RED, facility),
      askMs: terms.askMs,
      tickMs: Math.min(TICK_MS, terms.askMs),
      graceMs: terms.graceMs,
      ifUnknown: terms.ifUnknown,
      events: {
        ended: (letter) => this.send(outputsOf(letter.end, messageOf(letter))),
        looked: (counts, isAnswered) => {
          if (!isAnswered) return;
          said.clear();
          this.status(statusOf(RED, counts));
        },
        failed,
      },
    });

    /** Watches a letter, until the deadline of its message or of the node. */
    const watchLetter = async (
      message: Message,
      letter: SendableMessage,
      controlId: string,
    ): Promise<void> => {
      const open = await outbox();
      const at = Date.now();
      const begin = at + delayOf(letter.text);
      const organisation = organisationOf(RED, letter.facility);
      const { deadline, reference, fault } = propertiesOf(message, begin, terms.deadlineMs);
      const { secret } = open;
      await open.letters.watch([
        newLetter(letter, carriedJson(message, ['hl7', 'ack', 'pkb']), secret, {
          watcher: this.id,
          controlId,
          reference,
          organisation,
          deadline,
          nextAsk: terms.asksPatient ? at : Math.min(deadline, at + terms.askMs),
          at,
          asksPatient: terms.asksPatient,
        }),
      ]);
      watch.wake();
      if (fault !== undefined) throw fault;
      if (organisation !== '' || withoutOrganisation.has(letter.facility)) return;
      // Once for each Customer, not for each letter.
      withoutOrganisation.add(letter.facility);
      throw new PkbConfigError(
        'PKB_CUSTOMER',
        'PKB cannot be asked about the letters of this Customer, so they are posted at their deadlines: enter its organisation UUID in pkb customer.',
      );
    };

    const postNow = async (message: Message): Promise<void> => {
      const open = await outbox();
      const reference = referenceOf(message);
      const { documentId } = message as { documentId?: unknown };
      const name = typeof documentId === 'string' && documentId !== '' ? { documentId } : { reference };
      const isNamed = 'documentId' in name || reference !== '';
      const found = isNamed ? await open.letters.find(this.id, name) : [];
      const at = Date.now();
      const decisions = found.map(({ id, controlId }) => {
        return { id, controlId, end: 'post', reason: 'requested', readAt: undefined, at } as const;
      });
      if (found.length > 0 && (await open.letters.end(decisions)) > 0) return watch.wake();
      throw new PkbMessageError(
        'PKB_LETTER',
        'No letter is watched under this msg.reference or msg.documentId: it is not known, is still pending in pkb send, or has ended. Nothing was posted because of this message; if it is pending, discard it, or ask again when it has been accepted.',
      );
    };

    onInput(
      RED,
      this,
      async (message: Message, send: Send) => {
        if (isErrorOf(message, this.type)) return;
        if ((message as { postNow?: unknown }).postNow === true) return postNow(message);
        const meaning = meaningOf(message);
        switch (meaning.kind) {
          case 'watch':
            return watchLetter(message, meaning.letter, meaning.controlId);
          case 'cancel': {
            const open = await outbox();
            await open.letters.cancel(this.id, keyOf(meaning.letter, open.secret), Date.now());
            return;
          }
          case 'end': {
            const { payload: result, ...rest } = message;
            const payload = { end: meaning.end, reason: meaning.reason, text: END_REASONS[meaning.reason] };
            return send(outputsOf(meaning.end, { ...rest, result, payload } as NodeMessage));
          }
          case 'known':
            return;
          case 'other':
            throw new PkbMessageError(
              'PKB_LETTER',
              'pkb letters watches documents: wire the outputs of pkb send to it (MDM^T02 with TXA-12, MDM^T11), or a Catch node of pkb send. This message is not watched.',
            );
          default:
            return meaning satisfies never;
        }
      },
      'see to',
    );
    const leave = onFlows(RED, {
      flowsStarted: () => {
        adoption.started();
        watch.start();
      },
      flowsStopping: () => watch.stop(),
    });
    this.on('close', (removed: boolean, done: () => void) => {
      isClosed = true;
      leave();
      const left = async (): Promise<void> => {
        await watch.close();
        if (!removed) return;
        const open = await outbox();
        const { watched } = await open.letters.counts(this.id);
        await open.letters.handOver(this.id, removedFrom(config.connection));
        if (watched > 0) this.warn(RED._('pkb-letters.warning.removed', { count: watched }));
      };
      left().then(done, () => done());
    });
  }
  RED.nodes.registerType<Node, LettersDef, object, object>('pkb-letters', PkbLetters);
};

/** @throws PkbConfigError `PKB_SETTING` */
function termsOf({ deadlineHours, askMinutes, graceMinutes, ifUnknown, unregistered }: LettersDef) {
  const unknown = ifUnknown || 'attention';
  const patient = unregistered || 'wait';
  if ((unknown !== 'attention' && unknown !== 'post') || (patient !== 'wait' && patient !== 'post')) {
    throw new PkbConfigError(
      'PKB_SETTING',
      'Open pkb letters and correct Not known or Not registered: one of them has a value that is not allowed.',
    );
  }
  return {
    // Stores keep whole milliseconds.
    deadlineMs: Math.round(numberSetting(deadlineHours, NUMBERS.deadlineHours) * 60 * MINUTE_MS),
    askMs: Math.round(numberSetting(askMinutes, NUMBERS.askMinutes) * MINUTE_MS),
    graceMs: Math.round(numberSetting(graceMinutes, NUMBERS.graceMinutes) * MINUTE_MS),
    ifUnknown: unknown,
    asksPatient: patient === 'post',
  } as const;
}

function outputsOf(end: (typeof OUTPUTS)[number], message: NodeMessage): (NodeMessage | null)[] {
  return OUTPUTS.map((output) => (output === end ? message : null));
}

/** What the flow is given of a letter that has ended: its own properties, and how it ended. */
function messageOf(letter: EndedLetter): NodeMessage {
  const { end, reason, readAt, deadline, documentId, controlId, carried } = letter;
  const payload = {
    end,
    reason,
    text: reasonText(reason),
    readAt: isoTime(readAt),
    deadline: isoTime(deadline),
    documentId,
    controlId,
  };
  return { ...(JSON.parse(carried) as object), payload } as NodeMessage;
}

function unanswered(RED: Runtime): Parameters<Node['status']>[0] {
  return { fill: 'red', shape: 'ring', text: RED._('pkb-letters.status.unanswered') };
}

function statusOf(
  RED: Runtime,
  counts: Readonly<Record<LetterState, number>>,
): Parameters<Node['status']>[0] {
  return { fill: 'green', shape: 'dot', text: RED._('pkb-letters.status.counts', counts) };
}
