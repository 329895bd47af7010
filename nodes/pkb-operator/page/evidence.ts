/** The pack of evidence of chosen messages: what is asked before it is made, and saving its two files. */
import { ask } from './api.js';
import { el, notice } from './dom.js';
import { text } from './texts.js';

/** A pack as it is answered. */
interface Pack {
  readonly name: string;
  readonly html: string;
  readonly csv: string;
}

/** Asks what is to be shown, makes the pack and saves it. @param maySee whether the user may see texts */
export function openEvidence(connection: string, ids: readonly number[], maySee: boolean): void {
  const dialog = el('dialog', { 'aria-label': text('evidence.title') });
  dialog.addEventListener('close', () => dialog.remove());
  const values = el('input', { type: 'checkbox' });
  const words = el('input', { type: 'checkbox' });
  const said = el('p', { role: 'alert', class: 'bad' });
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    said.replaceChildren();
    try {
      const asked = { connection, ids, masked: !values.checked, words: words.checked };
      const { name, html, csv } = await ask<Pack>('pkb/evidence', asked);
      save(`${name}.html`, 'text/html', html);
      save(`${name}.csv`, 'text/csv', csv);
      notice(text('evidence.made', { count: ids.length }));
      dialog.close();
    } catch (error) {
      said.textContent = (error as Error).message;
    }
  };
  const choice = (box: HTMLElement, words_: string): HTMLElement =>
    el('p', {}, el('label', {}, box, ` ${words_}`));
  dialog.append(
    el('h2', {}, text('evidence.title')),
    el('p', {}, text('evidence.what', { count: ids.length })),
    el(
      'form',
      { onsubmit: (event: Event) => void make(event) },
      ...(maySee
        ? [choice(values, text('evidence.values')), choice(words, text('evidence.words'))]
        : [el('p', { class: 'dim' }, text('evidence.masked'))]),
      said,
      el(
        'div',
        { class: 'row' },
        el('button', { type: 'submit' }, text('evidence.make')),
        el('button', { type: 'button', onclick: () => dialog.close() }, text('message.close')),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}

/** Saves a text as a file of the user. */
function save(name: string, type: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type: `${type};charset=utf-8` }));
  el('a', { href: url, download: name }).click();
  // The browser has taken the content when the click has been handled.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
