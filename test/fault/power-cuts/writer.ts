/**
 * One life of an outbox, run under strace: messages are added, taken, settled, postponed, told of and sent once more, several
 * at a time. Every operation is written to standard output (`Fact`) before it begins and when the outbox has acknowledged it.
 *
 * Usage: writer.ts <folder> <number of this life> <Life as JSON>
 */
import assert from 'node:assert/strict';
import { unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Outbox, SettledMessage } from '../../../src/delivery/outbox/contract.js';
import type { Attempt, NewMessage, StoredMessage } from '../../../src/delivery/outbox/messages.js';
import type { Fact, Life, Operation } from './events.js';
import { CONNECTION, digest, FILE, nameOf, openIn, SENDER } from './opening.js';
import { diceOf } from './random.js';

const PERSON = { override: false, byPerson: true } as const;

const [folder = '', lifeArgument = '', settings = ''] = process.argv.slice(2);
const life = Number(lifeArgument);
const { messages, ending, longest = 700_000, removes } = JSON.parse(settings) as Life;
const dice = diceOf(life * 7919 + Number(process.env['PKB_SEED'] ?? 7));
const KEYS = 9;
const AT_ONCE = 4;
const WAIT_MS = 3;
const MIDDLE = 40_000;

let operations = 0;
let adding = true;
let removed = false;
/** Messages that hold their order key back. */
const holding: StoredMessage[] = [];

void live();

async function live(): Promise<void> {
  const { outbox, release } = await openIn(folder);
  for (const settled of await outbox.untold(CONNECTION, SENDER)) await tell(outbox, settled.message);
  await run({ op: 'release' }, () => outbox.release(CONNECTION));
  await Promise.all([add(outbox), ...Array.from({ length: AT_ONCE }, () => send(outbox)), correct(outbox)]);
  if (ending === 'close') return release();
  // Takes with it what waits to be noted, so that the process does not die within a write; cuts within one are made anyway.
  await addOne(outbox, messages);
  process.kill(process.pid, 'SIGKILL');
}

/** Hands messages in, up to five at a time. */
async function add(outbox: Outbox): Promise<void> {
  for (let n = 0; n < messages;) {
    const together = Math.min(1 + dice(5), messages - n);
    await Promise.all(Array.from({ length: together }, (_, i) => addOne(outbox, n + i)));
    n += together;
    if (removes !== undefined && !removed && 2 * n > messages) await remove(outbox, removes, n++);
    await wait(dice(WAIT_MS));
  }
  adding = false;
}

/** Removes a file under the outbox, and hands a message in. */
async function remove(outbox: Outbox, suffix: string, n: number): Promise<void> {
  removed = true;
  await run({ op: 'remove' }, () => {
    unlinkSync(join(folder, FILE) + suffix);
    return addOne(outbox, n);
  });
}

async function addOne(outbox: Outbox, n: number): Promise<void> {
  const message = newMessage(`L${life}N${n}`, `key ${dice(KEYS)}`, n);
  const { controlId, orderKey: key } = message;
  const begun: Operation = { op: 'add', message: controlId, key, text: digest(message.body), life };
  await run(begun, () => outbox.add(message));
}

/** Every message the writer makes. One in fifteen is so long that it is stored in parts. */
function newMessage(controlId: string, orderKey: string, n: number): NewMessage {
  const length = n % 15 === 7 ? longest - dice(longest / 4) : dice(5) === 0 ? dice(MIDDLE) : dice(2000);
  return {
    connection: CONNECTION,
    address: 'simulator',
    sender: SENDER,
    orderKey,
    controlId,
    messageType: 'ADT^A28',
    dataPoint: undefined,
    facility: 'trust',
    body: `MSH|^~\\&|MAILCO|trust|HL7API|PKB|||ADT^A28|${controlId}|P|2.4\rNTE|||${filling(length)}é\r`,
    carried: JSON.stringify({ controlId }),
    holdOnRejection: n % 2 === 0,
    askOnUnknown: false,
    storedAt: Date.now(),
  };
}

/** Text that is different everywhere, so that a page in the wrong place shows. */
function filling(length: number): string {
  const pieces: string[] = [];
  for (let made = 0; made < length; made += 10)
    pieces.push(
      dice(2 ** 31)
        .toString(36)
        .padStart(10, '.'),
    );
  return pieces.join('').slice(0, length);
}

/** Takes what is due and has a fate for it, until all has been handed in and little waits. */
async function send(outbox: Outbox): Promise<void> {
  for (;;) {
    const [message] = await outbox.take(CONNECTION, Date.now(), 1, []);
    if (message === undefined) {
      if (!adding) return;
      await wait(WAIT_MS);
      continue;
    }
    await wait(dice(WAIT_MS));
    await conclude(outbox, message);
  }
}

async function conclude(outbox: Outbox, message: StoredMessage): Promise<void> {
  const { id, controlId: version } = message;
  const fate = dice(100);
  const attempts = message.attempts + 1;
  if (fate < 20) {
    const attempt = { at: Date.now(), outcome: 'busy', reason: 'HTTP 503', counts: false } as const;
    const begun: Operation = { op: 'postpone', message: nameOf(message), version, attempts };
    await run(begun, () => outbox.postpone(id, Date.now() + dice(30), attempt));
    return;
  }
  const settled = settle({ ...message, attempts }, fate);
  const hold = settled.state === 'rejected' && message.holdOnRejection;
  const attempt: Attempt = { at: Date.now(), outcome: outcomeOf(settled), reason: '', counts: false };
  const begun: Operation = { op: 'settle', message: nameOf(message), version, state: settled.state, hold };
  await run(begun, () => outbox.settle(settled, attempt, hold));
  if (hold) holding.push(message);
  // Some are left for the next life to tell.
  if (dice(10) > 0) await tell(outbox, message);
}

function outcomeOf({ outcome }: SettledMessage): Attempt['outcome'] {
  assert.ok(outcome.outcome !== 'discarded' && outcome.outcome !== 'unreadable');
  return outcome.outcome;
}

function settle(message: StoredMessage, fate: number): SettledMessage {
  const { controlId } = message;
  if (fate < 30) {
    const outcome = { outcome: 'refused', reason: 'HTTP 404', refusal: 'request' } as const;
    return { message, state: 'undeliverable', outcome, expired: false };
  }
  const [state, code] =
    fate < 45
      ? (['rejected', 'AR'] as const)
      : fate < 50
        ? (['errored', 'AE'] as const)
        : (['accepted', 'AA'] as const);
  return {
    message,
    state,
    outcome: { outcome: state, code, controlId, text: '', ack: 'MSH' },
    expired: false,
  };
}

async function tell(outbox: Outbox, message: StoredMessage): Promise<void> {
  await run({ op: 'told', message: nameOf(message) }, () => outbox.told(message.id));
}

/** Sends once more, corrected, what holds an order key back. */
async function correct(outbox: Outbox): Promise<void> {
  while (adding) {
    await wait(2 * WAIT_MS);
    if (holding.length < 3) continue;
    const failed = holding.shift();
    if (failed === undefined) continue;
    const { id, controlId, orderKey } = failed;
    const [name, correction = '1'] = controlId.split('.');
    const version = `${name}.${Number(correction) + 1}`;
    const message = newMessage(version, orderKey, dice(30));
    const begun: Operation = { op: 'replay', message: nameOf(failed), version, text: digest(message.body) };
    const became = await run(begun, () => outbox.replay({ id, controlId }, message, PERSON));
    if (became !== 'queued') throw new Error(`${version} was not queued: ${became}`);
  }
}

/** Runs an operation and says so before and after. What the outbox refuses because a file was removed is done again. */
async function run<T>(begun: Operation, work: () => Promise<T>): Promise<T> {
  const n = life * 1_000_000 + operations++;
  say({ n, begun });
  const result = await work().catch((error: unknown) => {
    if (!removed) throw error;
    return work();
  });
  say(begun.op === 'add' ? { n, done: true, id: Number(result) } : { n, done: true });
  return result;
}

function say(fact: Fact): void {
  writeSync(1, `${JSON.stringify(fact)}\n`);
}
