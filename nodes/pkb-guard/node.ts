/**
 * pkb-guard: passes on messages that PKB accepts, and stops or strips what would harm the Customer's record.
 */
import { asPkbError, PkbConfigError } from '../../src/errors.js';
import { readMessage } from '../../src/hl7/input.js';
import { inspect, type RuleActions } from '../../src/pkb/guard/inspect.js';
import { AREAS } from '../../src/pkb/guard/rule.js';
import { RULES } from '../../src/pkb/guard/rules/index.js';
import { adminGet, adminPost } from '../common/admin.js';
import { GuardMemory } from './memory.js';
import { configuredFacilities } from '../common/customers.js';
import { onInput } from '../common/input.js';
import { LateStatus } from '../common/late-status.js';
import type { Node, NodeDef, PkbProperty, Runtime } from '../common/types.js';

interface GuardDef extends NodeDef {
  rules: RuleActions;
}

/** Texts longer than this are not tried in the dialog. */
const TRY_LIMIT = 1024 * 1024;

module.exports = function (RED: Runtime): void {
  function PkbGuard(this: Node, config: GuardDef): void {
    RED.nodes.createNode(this, config);
    const counts = { passed: 0, flagged: 0, stopped: 0 };
    const memory = new GuardMemory();
    const status = new LateStatus(this);
    onInput(RED, this, (message, send) => {
      const text = readMessage(message.payload);
      const pkb = message['pkb'] as PkbProperty | undefined;
      const { hl7, findings, blocked } = inspect(text, rulesOf(config.rules), {
        facilities: configuredFacilities(RED),
        dataPointIsCustomers: pkb?.dataPoint?.owner === 'customer',
        ...(typeof pkb?.sendingApplicationBefore === 'string'
          ? { sendingApplicationBefore: pkb.sendingApplicationBefore }
          : {}),
        ...memory.context,
      });
      memory.remember(text, blocked);
      message.payload = hl7;
      message['pkb'] = { ...pkb, findings };
      // What was stripped is dealt with: the message passes as it was meant to.
      const flagged = findings.some(({ action }) => action === 'flag');
      const verdict = blocked ? 'stopped' : flagged ? 'flagged' : 'passed';
      counts[verdict]++;
      status.show(() => {
        return { fill: COLOURS[verdict], shape: 'dot', text: RED._('pkb-guard.status.counts', counts) };
      });
      send(blocked ? [null, message] : [message, null]);
    });
  }
  RED.nodes.registerType('pkb-guard', PkbGuard);

  // What the dialog shows: the table of rules, and what they say of a text that is tried. Nothing is kept.
  adminGet(RED, '/pkb-guard/rules', { all: ['pkb-guard.read'] }, (_request, response) => {
    response.json({ areas: AREAS, rules: RULES.map(({ check: _check, ...rule }) => rule) });
  });
  // Trying costs the time of all flows, so it is not for those who only look.
  adminPost(RED, '/pkb-guard/try', { all: ['pkb-guard.write'] }, (request, response) => {
    const { text, rules } = (request.body ?? {}) as { text?: unknown; rules?: RuleActions };
    if (typeof text !== 'string' || text.length > TRY_LIMIT) {
      response.status(400).json({ error: 'Give the text of one message, 1 MB at most.' });
      return;
    }
    try {
      const facilities = configuredFacilities(RED);
      const { findings, blocked } = inspect(readMessage(text), rulesOf(rules ?? {}), { facilities });
      response.json({ findings, blocked });
    } catch (error) {
      response.status(400).json({ error: asPkbError(error).message });
    }
  });
};

/** The colour of the status after a message. */
const COLOURS = { passed: 'green', flagged: 'yellow', stopped: 'red' } as const;

function rulesOf(rules: RuleActions | undefined | null): RuleActions {
  if (rules === undefined || rules === null) return {};
  if (typeof rules === 'object' && !Array.isArray(rules)) return rules;
  throw new PkbConfigError(
    'PKB_SETTING',
    'The rules of the guard must be an object of rule ids and actions.',
  );
}
