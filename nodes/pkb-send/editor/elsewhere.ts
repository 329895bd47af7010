/** Messages that were stored for another address than the connection has now, and what is to become of them. */
import { asText, post } from '../../editor/dialog.js';
import type { EditorNode } from '../../editor/red.js';
import { explain } from './explain.js';
import { ask } from './question.js';
import type { ShownAddressed, SendSettings } from './types.js';

/**
 * Shows them, where there are any.
 *
 * @param changed called when it has been decided
 */
export function showElsewhere(
  node: EditorNode<SendSettings>,
  found: readonly ShownAddressed[],
  changed: () => void,
): void {
  $('#pkb-send-elsewhere').toggle(found.length > 0);
  // Until that is decided there is nothing to resume.
  $('#pkb-send-release-row').toggle(found.length === 0);
  const words = found.map(({ address, count }) => {
    const text = count === 1 ? 'pkb-send.elsewhere.stored-one' : 'pkb-send.elsewhere.stored-many';
    return node._(text, { count, from: address });
  });
  const to = goesTo(node);
  words.push(
    to ? node._('pkb-send.elsewhere.goes-to', { to }) : node._('pkb-send.elsewhere.goes-elsewhere'),
    node._('pkb-send.elsewhere.until'),
  );
  $('#pkb-send-elsewhere-words').text(words.join(' '));
  const all = found.reduce((sum, { count }) => sum + count, 0);
  $('#pkb-send-elsewhere-send')
    .off('click')
    .on('click', () => decide(node, 'send', changed));
  $('#pkb-send-elsewhere-discard')
    .off('click')
    .on('click', () => {
      const question = node._('pkb-send.elsewhere.question', { count: all });
      const answers = { yes: 'pkb-send.elsewhere.discard', no: 'pkb-send.elsewhere.cancel' };
      ask(node, question, answers, () => decide(node, 'discard', changed));
    });
}

function decide(node: EditorNode, what: 'send' | 'discard', changed: () => void): void {
  post(`pkb-send/${node.id}/decide`, { what })
    .done(({ count }: { count: number }) => {
      const done = what === 'send' ? 'pkb-send.elsewhere.sent' : 'pkb-send.elsewhere.discarded';
      RED.notify(asText(node._(done, { count })), 'success');
      changed();
    })
    .fail((request) => {
      RED.notify(asText(explain(node, request, 'pkb-send.elsewhere.failed')), 'error');
    });
}

/** Where messages go now. Only what is deployed says so; blank where the editor does not know. */
function goesTo(node: EditorNode<SendSettings>): string {
  const connection = RED.nodes.node(node.connection);
  if (!connection || node.changed || connection.changed) return '';
  const environment = String(connection['environment']);
  if (environment !== 'custom') {
    const key = `pkb-connection.environment.${environment}`;
    const label = connection._def._(key);
    return label === key ? environment : label;
  }
  const url = String(connection['url']);
  return URL.canParse(url) ? new URL(url).origin : url;
}
