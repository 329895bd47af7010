/**
 * pkb-guard: lets pass what PKB takes gladly, and stops or strips what would harm the Customer's record.
 */
import { PkbConfigError } from '../src/errors.js';
import { readMessage } from '../src/hl7/input.js';
import { inspect, type RuleActions } from '../src/pkb/guard/inspect.js';
import { RULES } from '../src/pkb/guard/rules.js';
import { onInput } from './common/input.js';
import type { Node, NodeDef, Runtime } from './common/types.js';

interface GuardDef extends NodeDef {
  rules: RuleActions;
}

module.exports = function (RED: Runtime): void {
  function PkbGuard(this: Node, config: GuardDef): void {
    RED.nodes.createNode(this, config);
    const counts = { passed: 0, flagged: 0, stopped: 0 };
    onInput(RED, this, (message, send) => {
      const { hl7, findings, blocked } = inspect(readMessage(message.payload), rulesOf(config));
      message.payload = hl7;
      message['pkb'] = { ...(message['pkb'] as object | undefined), findings };
      if (blocked) counts.stopped++;
      else if (findings.length > 0) counts.flagged++;
      else counts.passed++;
      const colour = blocked ? 'red' : findings.length > 0 ? 'yellow' : 'green';
      this.status({ fill: colour, shape: 'dot', text: RED._('pkb-guard.status.counts', counts) });
      send(blocked ? [null, message] : [message, null]);
    });
  }
  RED.nodes.registerType('pkb-guard', PkbGuard);
  RED.httpAdmin.get('/pkb-guard/rules', RED.auth.needsPermission('pkb-guard.read'), (_request, response) => {
    response.json(RULES.map(({ check: _check, ...rule }) => rule));
  });
};

function rulesOf({ rules }: GuardDef): RuleActions {
  if (rules === undefined || rules === null) return {};
  if (typeof rules === 'object' && !Array.isArray(rules)) return rules;
  throw new PkbConfigError(
    'PKB_SETTING',
    'The rules of the guard must be an object of rule ids and actions.',
  );
}
