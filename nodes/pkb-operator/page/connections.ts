/** How each connection stands, in words. */
import { ask } from './api.js';
import { ageOf, el, notice, timeOf } from './dom.js';
import { text } from './texts.js';
import type { Overview, ShownConnection } from './types.js';

/** The connections as cards. @param changed called when one was paused or resumed */
export function connectionCards({ connections, may, now }: Overview, changed: () => void): HTMLElement[] {
  if (connections.length === 0) return [el('p', { class: 'dim' }, text('connections.none'))];
  return connections.map((one) => card(one, may.act, now, changed));
}

function card(one: ShownConnection, mayAct: boolean, now: number, changed: () => void): HTMLElement {
  const canResume = mayAct && (one.state === 'paused' || one.onHold > 0) && one.elsewhere.length === 0;
  const resume = (): void => {
    ask<{ released: number }>('pkb/resume', { connection: one.id }).then(
      ({ released }) => {
        notice(text('connections.resumed', { count: released }));
        changed();
      },
      (error: Error) => notice(error.message),
    );
  };
  const canPause = mayAct && (one.state === 'open' || one.state === 'waiting');
  const pause = (): void => {
    const reason = prompt(text('connections.pause-reason'))?.trim();
    if (!reason) return;
    ask('pkb/pause', { connection: one.id, reason }).then(
      () => {
        notice(text('connections.pause-done'));
        changed();
      },
      (error: Error) => notice(error.message),
    );
  };
  return el(
    'div',
    { class: 'card', 'data-connection': one.id },
    el('strong', {}, one.name || one.id),
    ` · ${one.environment} · `,
    el('span', { class: CLASS[one.state] }, stateWords(one, now)),
    el('div', { class: 'dim' }, countWords(one, now).join('; ')),
    canPause ? el('button', { type: 'button', onclick: pause }, text('connections.pause')) : undefined,
    canResume ? el('button', { type: 'button', onclick: resume }, text('connections.resume')) : undefined,
  );
}

const CLASS: Readonly<Record<ShownConnection['state'], string>> = {
  open: 'good',
  opening: 'wait',
  waiting: 'wait',
  paused: 'bad',
  failed: 'bad',
};

function stateWords(
  { state, reason, since, until, customers, pending }: ShownConnection,
  now: number,
): string {
  switch (state) {
    case 'open':
      return text(pending > 0 ? 'connections.open' : 'connections.idle');
    case 'waiting': {
      const words =
        since === undefined
          ? text('connections.waiting', { reason })
          : text('connections.waiting-since', { since: timeOf(since), reason });
      if (until === undefined) return words;
      const seconds = Math.max(0, Math.round((until - now) / 1000));
      return `${words}; ${text('connections.next-try', { seconds })}`;
    }
    case 'paused':
      if (customers === undefined) return text('connections.paused', { reason });
      return text('connections.paused-customers', { customers: customers.join(', '), reason });
    case 'opening':
    case 'failed':
      return text(`connections.${state}`, { reason });
  }
}

function countWords(
  { pending, inFlight, onHold, oldest, elsewhere }: ShownConnection,
  now: number,
): string[] {
  const words = [text('connections.pending', { count: pending })];
  if (oldest !== undefined) words.push(text('connections.oldest', { age: ageOf(oldest, now) }));
  if (inFlight > 0) words.push(text('connections.in-flight', { count: inFlight }));
  if (onHold > 0) words.push(text('connections.on-hold', { count: onHold }));
  for (const { address, count } of elsewhere) words.push(text('connections.elsewhere', { address, count }));
  return words;
}
