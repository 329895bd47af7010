/** The list of messages that were not accepted, and sending one once more. */
import { asText, post } from '../../editor/dialog.js';
import type { EditorNode } from '../../editor/red.js';
import { explain } from './explain.js';
import { ask } from './question.js';
import type { ShownFailure, SendSettings } from './types.js';

const ROW_STYLE =
  'display: flex; gap: 8px; padding: 4px 0; border-bottom: 1px solid var(--red-ui-secondary-border-color, #ddd)';

/** PKB may reject a message again: then it is back in the list after so long. */
const AGAIN_MS = 2000;

/**
 * A message as a row. Text is set as text, never as markup: what PKB says is not ours.
 *
 * @param changed called when the list may have changed
 */
export function failedRow(
  node: EditorNode<SendSettings>,
  message: ShownFailure,
  changed: () => void,
): JQuery {
  const row = $('<div>', { class: 'pkb-send-failed-row', style: ROW_STYLE });
  const what = $('<div>', { style: 'flex: 1; min-width: 0; overflow-wrap: anywhere' }).appendTo(row);
  const when = new Date(message.settledAt).toLocaleString();
  const state = node._(`pkb-send.failed.${message.state}`);
  $('<div>').text([when, message.messageType, state].join(' · ')).appendTo(what);
  const reason = message.reasonHidden ? node._('pkb-send.failed.hidden') : message.reason;
  const words = reason ? `${message.controlId} · ${reason}` : message.controlId;
  $('<div>', { style: 'font-size: smaller' }).text(words).appendTo(what);
  const button = $('<button>', { class: 'red-ui-button red-ui-button-small', type: 'button' })
    .text(node._(message.kept ? 'pkb-send.failed.again' : 'pkb-send.failed.erased'))
    .prop('disabled', !message.kept)
    .on('click', () => sendAgain(node, message, false, changed));
  $('<div>').append(button).appendTo(row);
  return row;
}

function sendAgain(node: EditorNode, message: ShownFailure, override: boolean, changed: () => void): void {
  const { id, controlId } = message;
  post(`pkb-send/${node.id}/replay`, { id, controlId, override })
    .done(({ queued }: { queued: boolean }) => {
      const text = queued ? 'pkb-send.failed.queued' : 'pkb-send.failed.gone';
      RED.notify(asText(node._(text)), queued ? 'success' : 'warning');
      changed();
      setTimeout(changed, AGAIN_MS);
    })
    .fail((request) => {
      const why = explain(node, request, 'pkb-send.failed.unavailable');
      const isSuperseded = request.status === 409;
      if (!isSuperseded) RED.notify(asText(why), 'error');
      else
        ask(node, why, { yes: 'pkb-send.failed.anyway', no: 'pkb-send.failed.cancel' }, () =>
          sendAgain(node, message, true, changed),
        );
    });
}
