/** Compares what was found after a power cut with what had been promised before it. */
import type { Found, FoundMessage } from './found.js';
import { nameOf } from './opening.js';
import { ABSENT, type Promised, type Promises } from './promises.js';

/** How a promise can be broken. */
export type FaultKind =
  /** The outbox does not open, reports damage, or SQLite finds some. */
  | 'damaged'
  /** An acknowledged message, or what was acknowledged about it, is gone. */
  | 'lost'
  /** A text is another. */
  | 'changed'
  /** A message that nobody handed in. */
  | 'invented'
  /** The order of a key, or of handing in, is not kept; or held messages go on. */
  | 'order'
  /** The sender would never be told of a fate. */
  | 'untold';

/** A broken promise. */
export interface Fault {
  readonly kind: FaultKind;
  readonly what: string;
}

/** Says which promises are broken. */
export function faultsOf(found: Found, promises: Promises): Fault[] {
  const faults: Fault[] = [];
  const fault = (kind: FaultKind, what: string): unknown => faults.push({ kind, what });
  if (found.reports.length > 0) fault('damaged', found.reports.join(' '));
  if (found.integrity !== 'ok') fault('damaged', found.integrity);

  const byName = new Map<string, FoundMessage>();
  const byId = new Map<number, Promised>();
  for (const message of found.messages) {
    const { id, controlId, text } = message;
    const name = nameOf(message);
    const promised = promises.messages.get(name);
    if (promised === undefined || byName.has(name) || (promised.id !== undefined && promised.id !== id)) {
      fault('invented', `${controlId} (${id})`);
      continue;
    }
    byName.set(name, message);
    byId.set(id, promised);
    if (text !== undefined && text !== promised.texts.get(controlId)) fault('changed', controlId);
  }

  for (const [name, { states, untold }] of promises.messages) {
    const message = byName.get(name);
    const state = message?.state ?? ABSENT;
    if (!states.has(state)) fault('lost', `${name} is ${state}, not ${[...states].join(' or ')}`);
    // Of one that may have been sent once more there is nothing to be told.
    if (untold && message !== undefined && states.size === 1 && !found.untold.has(message.id))
      fault('untold', name);
  }

  for (const what of gaps(promises, byName)) fault('order', what);
  for (const what of disorder(found, byId, promises)) fault('order', what);
  return faults;
}

/** Within one life of the writer, what was handed in earlier is there if something later is. */
function* gaps(promises: Promises, byName: ReadonlyMap<string, FoundMessage>): Generator<string> {
  let missing: { name: string; life: number } | undefined;
  for (const [name, { life }] of promises.messages) {
    if (missing?.life !== life) missing = undefined;
    if (!byName.has(name)) missing ??= { name, life };
    else if (missing !== undefined) yield `${name} is there without ${missing.name}`;
  }
}

/** Messages of one order key are given out in the order in which they were handed in, and not while they are held. */
function* disorder(
  { order, free }: Found,
  byId: ReadonlyMap<number, Promised>,
  promises: Promises,
): Generator<string> {
  const latest = new Map<string, number>();
  for (const [i, id] of order.entries()) {
    const promised = byId.get(id);
    if (promised === undefined) continue;
    const { key, place } = promised;
    if (place < (latest.get(key) ?? -1)) yield `${id} was overtaken`;
    latest.set(key, place);
    if (i < free && promises.isHeld(key)) yield `${id} was not held`;
  }
}
