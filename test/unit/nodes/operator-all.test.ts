/** Acting on all that fit: what a store that fails, a clock that runs on, or a second operator comes to. */
import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import sinon from 'sinon';
import { allRoutes } from '../../../nodes/pkb-operator/all.js';
import type { Runtime } from '../../../nodes/common/types.js';
import type { TrailEntry } from '../../../src/delivery/outbox/trail.js';
import { PkbOutboxError } from '../../../src/errors.js';

/** What a route answers. */
interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const AWAY = new PkbOutboxError('PKB_OUTBOX', 'The store is away.');

/** A Node-RED with one connection whose store is told how to behave. */
class Staged {
  /** Ids of the messages that fit. */
  ids = [1, 2, 3, 4, 5];
  /** What became of each, in the order in which it was done. */
  readonly done: number[] = [];
  readonly records: { event: string; [detail: string]: unknown }[] = [];
  readonly logged: string[] = [];
  withdraw: (id: number) => Promise<'discarded' | 'in flight' | 'gone'> = async () => 'discarded';
  record: () => Promise<void> = async () => undefined;
  list: () => Promise<void> = async () => undefined;
  readonly #handlers = new Map<string, (request: object, response: object) => void>();

  constructor() {
    const outbox = {
      secret: createSecretKey(Buffer.alloc(32)),
      list: async () => {
        await this.list();
        const messages = this.ids.map((id) => ({ id, controlId: `m${id}`, sender: 's', kept: true }));
        return { messages: messages.toReversed(), next: undefined, searchedTo: undefined };
      },
      record: async ({ event, details }: TrailEntry) => {
        await this.record();
        this.records.push({ event, ...(JSON.parse(details) as object) });
      },
      dismiss: async (ids: readonly number[]) => ids.length,
    };
    const delivery = {
      outbox: async () => outbox,
      withdrawSome: (ids: readonly number[]) =>
        Promise.allSettled(
          ids.map(async (id) => {
            const result = await this.withdraw(id);
            this.done.push(id);
            return result;
          }),
        ),
    };
    const node = { id: 'c', type: 'pkb-connection', delivery: () => delivery, showsTexts: false };
    const red = {
      settings: {},
      httpAdmin: {
        post: (path: string, ...handlers: ((request: object, response: object) => void)[]) => {
          const last = handlers.at(-1);
          if (last) this.#handlers.set(path, last);
        },
      },
      auth: { needsPermission: () => undefined },
      nodes: { getNode: () => node, eachNode: () => undefined },
      log: { info: (text: string) => this.logged.push(text), audit: () => undefined },
    };
    allRoutes(red as unknown as Runtime);
  }

  ask(path: string, body: object): Promise<Answered> {
    return new Promise((resolve) => {
      let status = 200;
      const response = {
        status: (given: number) => {
          status = given;
          return response;
        },
        json: (answered: Record<string, unknown>) => resolve({ status, body: answered }),
      };
      this.#handlers.get(path)?.({ body: { connection: 'c', ...body } }, response);
    });
  }

  all(more: object = {}): Promise<Answered> {
    return this.ask('/pkb/all', {
      act: 'discard',
      reason: 'x',
      count: this.ids.length,
      until: 9e12,
      ...more,
    });
  }
}

describe('acting on all that fit, where', () => {
  let staged: Staged;
  beforeEach(() => (staged = new Staged()));
  afterEach(() => sinon.restore());

  it('all is well, is written down before and after, and goes from the latest message back', async () => {
    const { status, body } = await staged.all();
    assert.deepEqual([status, body['done'], body['left'], body['next']], [200, 5, 0, undefined]);
    assert.deepEqual(staged.done, [5, 4, 3, 2, 1]);
    const [begun, ended] = staged.records;
    assert.deepEqual([begun?.event, begun?.['count'], begun?.['reason']], ['pkb.all', 5, 'x']);
    assert.deepEqual([ended?.event, ended?.['done'], ended?.['left']], ['pkb.all.done', 5, 0]);
    assert.equal(staged.logged.length, 2);
  });

  it('the record before cannot be written, does nothing', async () => {
    staged.record = () => Promise.reject(AWAY);
    const { status, body } = await staged.all();
    assert.deepEqual([status, body['error'], staged.done], [503, 'The store is away.', []]);
  });

  it('the messages cannot be found, does nothing and writes nothing', async () => {
    staged.list = () => Promise.reject(AWAY);
    assert.equal((await staged.all()).status, 503);
    assert.deepEqual([staged.done, staged.records], [[], []]);
    // Nor does it keep the next one waiting.
    staged.list = async () => undefined;
    assert.equal((await staged.all()).status, 200);
  });

  it('the store fails on the way, stops, says how many were done, and writes that down', async () => {
    staged.ids = Array.from({ length: 120 }, (_, i) => i + 1);
    staged.withdraw = async (id) => {
      if (id <= 60) throw AWAY;
      return id === 100 ? 'in flight' : id === 99 ? 'gone' : 'discarded';
    };
    const { status, body } = await staged.all();
    assert.equal(status, 503);
    const { error, ...numbers } = body;
    assert.deepEqual(numbers, {
      code: 'PKB_OUTBOX',
      done: 58,
      inFlight: 1,
      gone: 1,
      superseded: 0,
      unclaimed: 0,
      left: 60,
    });
    assert.equal(
      error,
      'Stopped: 58 done, 2 changed or in flight, 60 of 120 were left as they are. The store is away. Count again to go on.',
    );
    // The third page, of messages 20 to 1, was never begun.
    assert.equal(Math.min(...staged.done), 61);
    assert.deepEqual([staged.records.at(-1)?.event, staged.records.at(-1)?.['done']], ['pkb.all.done', 58]);
  });

  it('the store fails on the way and takes no record either, still says what was done', async () => {
    staged.withdraw = async (id) => {
      if (id < 3) throw AWAY;
      staged.record = () => Promise.reject(AWAY);
      return 'discarded';
    };
    const { status, body } = await staged.all();
    assert.deepEqual([status, body['done'], body['left']], [503, 3, 2]);
  });

  it('only the record after cannot be written, says so with the numbers', async () => {
    staged.withdraw = async () => {
      staged.record = () => Promise.reject(AWAY);
      return 'discarded';
    };
    const { status, body } = await staged.all();
    assert.deepEqual([status, body['done'], body['left']], [503, 5, 0]);
  });

  it('somebody else is acting on that connection, does nothing and says who', async () => {
    let goOn = (): void => undefined;
    const waits = new Promise<void>((resolve) => (goOn = resolve));
    let begun = (): void => undefined;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    staged.withdraw = async () => {
      begun();
      await waits;
      return 'discarded';
    };
    const first = staged.all();
    await hasBegun;
    const second = await staged.all();
    assert.equal(second.status, 409);
    assert.match(String(second.body['error']), /^Nothing was done: someone \(no adminAuth\) is acting/);
    goOn();
    assert.equal((await first).body['done'], 5);
    assert.equal((await staged.all()).status, 200);
  });

  it('its time is up, ends behind a page, and goes on from there', async () => {
    staged.ids = Array.from({ length: 120 }, (_, i) => i + 1);
    const clock = sinon.useFakeTimers({ toFake: ['performance'] });
    staged.withdraw = async () => {
      clock.tick(300);
      return 'discarded';
    };
    const first = (await staged.all()).body;
    assert.deepEqual([first['done'], first['left'], first['next']], [50, 70, 71]);
    // One that was left as it was is not looked at again, though it still fits.
    const second = (await staged.all({ count: first['left'], after: first['next'] })).body;
    assert.deepEqual([second['done'], second['left'], second['next']], [50, 20, 21]);
    const third = (await staged.all({ count: second['left'], after: second['next'] })).body;
    assert.deepEqual([third['done'], third['left'], third['next']], [20, 0, undefined]);
    assert.deepEqual(staged.done, staged.ids.toReversed());
    assert.equal(staged.records.length, 6);
  });

  it('more fit than were confirmed, does nothing, unless "at least" was confirmed', async () => {
    const refused = await staged.all({ count: 4 });
    assert.deepEqual([refused.status, staged.done.length, staged.records.length], [409, 0, 0]);
    assert.equal((await staged.all({ count: 4, atLeast: true })).body['done'], 5);
  });

  it('fewer fit than were confirmed, does those and counts the others as changed', async () => {
    const { body } = await staged.all({ count: 7 });
    assert.deepEqual([body['done'], body['gone']], [5, 2]);
  });

  it('none fits any more, writes nothing down', async () => {
    staged.ids = [];
    const { status, body } = await staged.all({ count: 3 });
    assert.deepEqual([status, body['done'], body['gone'], staged.records], [200, 0, 3, []]);
  });

  it('it is looked for by IDs, writes down none of them in clear', async () => {
    const typed = { controlId: '9990000018', dataPointId: 'Example Alex', reference: 'Example 9990000018' };
    await staged.all(typed);
    const text = JSON.stringify([staged.records, staged.logged]);
    assert.ok(!/9990000018|Example/.test(text), text);
    assert.match(JSON.stringify(staged.records[0]), /"controlId":"[0-9a-f]{16}"/);
  });
});
