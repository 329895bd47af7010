/**
 * pkb-patients: asks PKB who is registered, or for invitation codes for those who are not.
 */
import {
  invitations,
  MOST_STATUSES,
  MOST_TOKENS,
  patientStatuses,
  UNDETERMINED,
} from '../../src/api/patients.js';
import { PkbConfigError, PkbMessageError } from '../../src/errors.js';
import { isNhsNumber } from '../../src/pkb/nhs-number.js';
import { clearError, raiseError, showError } from '../common/errors.js';
import { apiNode } from '../common/apis.js';
import { chooseCustomer } from '../common/customers.js';
import { onInput } from '../common/input.js';
import type { Message, Node, NodeDef, Runtime, Send } from '../common/types.js';

interface PatientsDef extends NodeDef {
  api: string;
  /** Id of a pkb-customer; blank = `msg.customer`. */
  customer: string;
  /** `status` or `invitations`. */
  ask: string;
}

/** How many patients one message may name. */
const MOST = 100_000;

module.exports = function (RED: Runtime): void {
  function PkbPatients(this: Node, config: PatientsDef): void {
    RED.nodes.createNode(this, config);
    const closing = new AbortController();
    const ask = config.ask || 'status';
    if (ask !== 'status' && ask !== 'invitations') {
      const error = new PkbConfigError('PKB_SETTING', 'Open pkb patients and choose what to ask.');
      showError(RED, this, error.code);
      raiseError(RED, this, error);
      return;
    }
    onInput(RED, this, async (message: Message, send: Send) => {
      const numbers = numbersOf(message.payload);
      const organisation = organisationFor(RED, config.customer, message['customer']);
      const api = apiNode(RED, config.api, 'pkb patients').api();
      const { signal } = closing;
      const found = new Map<string, object>();
      const most = ask === 'status' ? MOST_STATUSES : MOST_TOKENS;
      const nothing = ask === 'status' ? UNDETERMINED : {};
      const answers = (some: readonly string[]): object[] =>
        some.map((nhsNumber) => ({ nhsNumber, ...(found.get(nhsNumber) ?? nothing) }));
      for (let from = 0; from < numbers.length; from += most) {
        const some = numbers.slice(from, from + most);
        try {
          const answer = await (ask === 'status'
            ? patientStatuses(api, organisation, some, signal)
            : invitations(api, organisation, some, signal));
          for (const [number, one] of answer) found.set(number, one);
        } catch (error) {
          // Codes that PKB has given must not be lost: a Catch node gets them, and the numbers that are left.
          const { answered: before } = message as { answered?: unknown };
          const answered = [
            ...(Array.isArray(before) ? (before as unknown[]) : []),
            ...answers(numbers.slice(0, from)),
          ];
          if (from > 0) Object.assign(message, { payload: numbers.slice(from), answered });
          // By now no Catch node may be there to get them.
          if (closing.signal.aborted)
            this.warn(RED._('pkb-patients.warning.stopped', { answered: from, left: numbers.length - from }));
          throw error;
        }
      }
      message.payload = answers(numbers);
      clearError(this);
      send(message);
    });
    this.on('close', () => closing.abort());
  }
  RED.nodes.registerType<Node, PatientsDef, object, object>('pkb-patients', PkbPatients);
};

/** @throws PkbMessageError `PKB_PATIENTS` */
function numbersOf(payload: unknown): string[] {
  const given: unknown[] = Array.isArray(payload) ? payload : [payload];
  const numbers = given.map((one) =>
    typeof one === 'string' || typeof one === 'number' ? String(one).replaceAll(/\s/g, '') : '',
  );
  const wrong = numbers.findIndex((number) => !isNhsNumber(number));
  if (wrong >= 0) {
    throw new PkbMessageError(
      'PKB_PATIENTS',
      `msg.payload${Array.isArray(payload) ? `[${wrong}]` : ''} is not a valid NHS number (ten digits with a check digit). Give one, or a list of them. Nothing was asked.`,
    );
  }
  const all = [...new Set(numbers)];
  if (all.length > 0 && all.length <= MOST) return all;
  throw new PkbMessageError(
    'PKB_PATIENTS',
    `msg.payload must name from 1 to ${MOST} patients: split the list. Nothing was asked.`,
  );
}

/** @throws PkbConfigError `PKB_CUSTOMER` */
function organisationFor(RED: Runtime, chosen: string, named: unknown): string {
  const { organisationId } = chooseCustomer(RED, chosen, named).customer;
  if (organisationId) return organisationId;
  throw new PkbConfigError(
    'PKB_CUSTOMER',
    'The Customer has no organisation UUID; open pkb customer and enter it. Nothing was asked.',
  );
}
