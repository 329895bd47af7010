/** One message, from its storing to its end, and what may be done about it. */
import { ask, Failed } from './api.js';
import { diff } from './diff.js';
import { el, notice, timeOf } from './dom.js';
import { segmentsOf, shownMessage } from './hl7.js';
import { text } from './texts.js';
import type { Life, ListedMessage } from './types.js';

const FAILED: readonly string[] = ['rejected', 'errored', 'undeliverable'];

/**
 * Opens a message.
 *
 * @param changed called when something was done about it
 */
export async function openMessage(
  listed: ListedMessage,
  mayAct: boolean,
  changed: () => void,
): Promise<void> {
  let life: Life;
  try {
    life = await ask<Life>('pkb/message', { connection: listed.connection, id: listed.id });
  } catch (error) {
    return notice((error as Error).message);
  }
  const dialog = el('dialog', { 'aria-label': text('message.title', { controlId: listed.controlId }) });
  const close = (): void => dialog.close();
  dialog.addEventListener('close', () => dialog.remove());
  const canAct = mayAct && FAILED.includes(life.listed.state) && life.listed.kept;
  dialog.append(
    el('button', { type: 'button', style: 'float: right', onclick: close }, text('message.close')),
    el('h2', {}, text('message.title', { controlId: life.listed.controlId })),
    facts(life),
    timeline(life),
    ...words(life),
    ...(canAct ? acts(life, close, changed) : []),
  );
  document.body.append(dialog);
  dialog.showModal();
}

function facts({ listed }: Life): HTMLElement {
  const { messageType, facility, dataPointId, reference, state, isOnHold } = listed;
  const all = [messageType, facility, dataPointId, reference, text(`state.${isOnHold ? 'onHold' : state}`)];
  return el('p', {}, all.filter(Boolean).join(' · '));
}

function timeline({ listed, history, due, told }: Life): HTMLElement {
  const line = (at: number, what: string): HTMLElement => el('li', {}, `${timeOf(at)}: ${what}`);
  const items = [line(listed.storedAt, text('message.stored'))];
  for (const { at, outcome, reason } of history)
    items.push(line(at, [outcome, reason].filter(Boolean).join(': ')));
  if (due !== undefined) items.push(line(due, text('message.due')));
  if (listed.settledAt !== undefined)
    items.push(
      line(
        listed.settledAt,
        `${text(`state.${listed.state}`)}; ${text(told ? 'message.told' : 'message.not-told')}`,
      ),
    );
  return el('ol', {}, ...items);
}

function words({ reason, ack, hl7, hidden, listed }: Life): HTMLElement[] {
  const all: HTMLElement[] = [];
  if (reason) all.push(el('p', {}, el('strong', {}, `${text('message.reason')}: `), reason));
  if (hidden !== undefined) return [...all, el('p', { class: 'dim' }, hidden)];
  if (ack)
    all.push(
      el('h2', {}, text('message.acknowledgement')),
      shownMessage(ack, text('message.acknowledgement')),
    );
  all.push(el('h2', {}, text('message.text')));
  const erased = listed.kept ? '' : text('message.erased');
  all.push(hl7 === undefined ? el('p', { class: 'dim' }, erased) : shownMessage(hl7, text('message.text')));
  return all;
}

/** Sending it again, as it was or corrected. */
function acts({ listed, hl7 }: Life, close: () => void, changed: () => void): HTMLElement[] {
  const said = el('p', { role: 'alert', class: 'bad' });
  const place = el('div');
  const send = (edited: string | undefined, confirmed: readonly string[]): void => {
    const { connection, id } = listed;
    const corrected = edited === undefined ? {} : { hl7: edited };
    said.replaceChildren();
    ask<{ queued: boolean }>('pkb/again', { connection, id, confirmed, ...corrected }).then(
      () => {
        notice(text('message.queued'));
        close();
        changed();
      },
      ({ message, confirm }: Failed) => {
        said.textContent = message;
        if (confirm === undefined) return;
        // What is confirmed is this text and this reason, no other.
        const again = (): void => send(edited, [...confirmed, confirm]);
        said.append(' ', el('button', { type: 'button', onclick: again }, text('message.override')));
      },
    );
  };
  const edit = (): void => {
    const field = el('textarea', { 'aria-label': text('message.text'), spellcheck: 'false' });
    field.value = segmentsOf(hl7 ?? '').join('\n');
    const changes = el('pre');
    const show = (): void => changes.replaceChildren(...changesOf(hl7 ?? '', field.value));
    field.addEventListener('input', () => {
      said.replaceChildren();
      show();
    });
    show();
    // Segments end with CR; the lines of a text field do not.
    const corrected = (): string => `${segmentsOf(field.value).join('\r')}\r`;
    const button = el(
      'button',
      { type: 'button', onclick: () => send(corrected(), []) },
      text('message.again-edited'),
    );
    place.replaceChildren(field, el('h2', {}, text('message.changes')), changes, button);
  };
  return [
    said,
    el(
      'div',
      { class: 'row' },
      el('button', { type: 'button', onclick: () => send(undefined, []) }, text('message.again')),
      hl7 === undefined ? undefined : el('button', { type: 'button', onclick: edit }, text('message.edit')),
    ),
    place,
  ];
}

function changesOf(before: string, after: string): Node[] {
  const lines = diff(segmentsOf(before), segmentsOf(after)).filter(({ kind }) => kind !== 'same');
  if (lines.length === 0) return [document.createTextNode(text('message.no-changes'))];
  return lines.map(({ kind, text: line }) =>
    kind === 'removed'
      ? el('del', { title: text('message.removed') }, `${line}\n`)
      : el('ins', { title: text('message.added') }, `${line}\n`),
  );
}
