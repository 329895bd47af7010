import { asText } from '../../editor/dialog.js';
import type { EditorNode } from '../../editor/red.js';

/** Asks whether something is to be done. Words are keys of texts, but for the question itself. */
export function ask(
  node: EditorNode,
  question: string,
  words: { readonly yes: string; readonly no: string },
  act: () => void,
): void {
  const notice = RED.notify(asText(question), {
    type: 'warning',
    modal: true,
    fixed: true,
    buttons: [
      { text: node._(words.no), click: () => notice.close() },
      {
        text: node._(words.yes),
        class: 'primary',
        click() {
          notice.close();
          act();
        },
      },
    ],
  });
}
