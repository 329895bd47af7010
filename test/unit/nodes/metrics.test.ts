/** The route that is scraped: stores that are away, or slow, neither hold it up nor are held up by it. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import sinon from 'sinon';
import type { ConnectionNode } from '../../../nodes/common/contracts.js';
import { labelsOf, metricsOf } from '../../../nodes/common/metrics.js';
import type { Runtime } from '../../../nodes/common/types.js';
import { metricsRoute } from '../../../nodes/pkb-operator/metrics.js';
import type { WatcherCount } from '../../../src/delivery/outbox/letters.js';
import { Scraped } from '../../support/metrics.js';

type Step = (request: object, response: object, next: () => void) => void;

/** A connection whose outbox counts as a test says. */
const nodeOf = (
  id: string,
  counts: () => Promise<object>,
  oldest = async () => undefined as unknown,
  letters = async () => [] as WatcherCount[],
) => {
  const openOutbox = {
    name: id,
    counts: sinon.spy(counts),
    oldest,
    durable: true,
    letters: { allCounts: letters },
  };
  const delivery = { openOutbox, state: { state: 'open' }, inFlight: 1, elsewhere: [] };
  const node = {
    id,
    type: 'pkb-connection',
    name: `name of ${id}`,
    madeFrom: { environment: 'custom' },
    delivery: () => delivery,
  } as unknown as ConnectionNode;
  return { node, openOutbox };
};

describe('the route of the metrics', () => {
  let clock: sinon.SinonFakeTimers;
  let nodes: ConnectionNode[];
  let steps: Step[];
  let RED: Runtime;
  beforeEach(() => {
    clock = sinon.useFakeTimers({
      toFake: ['performance', 'Date', 'setTimeout', 'clearTimeout', 'setInterval'],
    });
    nodes = [];
    steps = [];
    RED = {
      events: new EventEmitter(),
      settings: {},
      auth: { needsPermission: () => (_request: object, _response: object, next: () => void) => next() },
      httpAdmin: { get: (_path: string, ...handlers: Step[]) => (steps = handlers) },
      nodes: {
        eachNode: (look: (config: object) => void) => nodes.forEach(look),
        getNode: (id: string) => nodes.find((node) => node.id === id) ?? null,
      },
    } as unknown as Runtime;
    metricsRoute(RED);
  });
  afterEach(() => clock.restore());

  /** Scrapes. @returns what is answered */
  const scrape = (): Promise<{ text: string; headers: Record<string, string> }> =>
    new Promise((resolve) => {
      const headers: Record<string, string> = {};
      const response = {
        set: (more: Record<string, string>) => Object.assign(headers, more),
        end: (text: string) => resolve({ text, headers }),
      };
      const go = ([step, ...rest]: Step[]): void => step?.({ headers: {} }, response, () => go(rest));
      go(steps);
    });

  it('answers with the content type that Prometheus asks for, and is kept by no cache', async () => {
    const { headers } = await scrape();
    assert.equal(headers['Content-Type'], 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(headers['Cache-Control'], 'no-store');
  });

  it('answers after two seconds where a store does not, with all that the other store says', async () => {
    const away = nodeOf('away', () => new Promise(() => undefined));
    const here = nodeOf(
      'here',
      async () => ({ queued: 3, held: 1 }),
      async () => Date.now() - 5000,
    );
    nodes.push(away.node, here.node);
    let isAnswered = false;
    const answer = scrape();
    void answer.then(() => (isAnswered = true));
    await clock.tickAsync(1900);
    assert.equal(isAnswered, false);
    await clock.tickAsync(200);
    const scraped = new Scraped((await answer).text);
    assert.equal(scraped.value('pkb_store_up', { connection: 'away' }), 0);
    assert.equal(scraped.value('pkb_messages_pending', { connection: 'away' }), undefined);
    assert.equal(scraped.value('pkb_messages_in_flight', { connection: 'away' }), 1);
    assert.equal(scraped.value('pkb_connection_state', { connection: 'away', state: 'open' }), 1);
    assert.equal(scraped.value('pkb_store_up', { connection: 'here' }), 1);
    assert.equal(scraped.value('pkb_messages_pending', { connection: 'here' }), 3);
    assert.ok((scraped.value('pkb_oldest_pending_age_seconds', { connection: 'here' }) ?? 0) >= 5);
    // It is not asked once more by every scrape while it does not answer.
    const again = scrape();
    await clock.tickAsync(2100);
    await again;
    assert.equal(away.openOutbox.counts.callCount, 1);
  });

  it('says that a store is down that fails, is not open, or whose connection has wrong settings', async () => {
    const failing = nodeOf('failing', () => Promise.reject(new Error('The disk is full.')));
    const opening = nodeOf('opening', async () => ({}));
    const wrong = nodeOf('wrong', async () => ({}));
    opening.node.delivery = () => ({ openOutbox: undefined, inFlight: 0 }) as never;
    wrong.node.delivery = () => {
      throw new Error('no password');
    };
    nodes.push(failing.node, opening.node, wrong.node);
    const scraped = new Scraped((await scrape()).text);
    assert.deepEqual(
      ['failing', 'opening', 'wrong'].map((connection) => scraped.value('pkb_store_up', { connection })),
      [0, 0, 0],
    );
    const state = (connection: string, state: string) =>
      scraped.value('pkb_connection_state', { connection, state });
    assert.deepEqual([state('opening', 'opening'), state('wrong', 'failed')], [1, 1]);
  });

  it('asks a store every five seconds at most, and for a hundredth of its time', async () => {
    const slow = nodeOf('slow', async () => {
      clock.tick(200);
      return { queued: 1, held: 0 };
    });
    nodes.push(slow.node);
    const at = async (ms: number): Promise<number> => {
      clock.tick(ms);
      await scrape();
      return slow.openOutbox.counts.callCount;
    };
    assert.deepEqual([await at(0), await at(15_000), await at(6000)], [1, 1, 2]);
  });

  it('says of letters what the stores say that answer, and adds up those of one node in two stores', async () => {
    const counts = async () => ({ queued: 0, held: 0 });
    const states = { watched: 2, read: 1, post: 0, attention: 0, cancelled: 0 };
    const of = (...watchers: string[]) =>
      nodeOf(
        `connection of ${watchers.join(' ')}`,
        counts,
        async () => undefined,
        async () => watchers.map((watcher) => ({ watcher, states })),
      );
    const slow = nodeOf('slow', counts, undefined, () => new Promise(() => undefined));
    const failing = nodeOf('failing', counts, undefined, () =>
      Promise.reject(new Error('The disk is full.')),
    );
    const running = { id: 'a', type: 'pkb-letters', name: 'Trust letters' } as unknown as ConnectionNode;
    nodes.push(running, of('a', 'gone').node, of('a').node, slow.node, failing.node);
    const answer = scrape();
    await clock.tickAsync(2100);
    const scraped = new Scraped((await answer).text);
    const value = (node: string, state: string) => scraped.value('pkb_letters', { node, state });
    assert.deepEqual([value('a', 'watched'), value('gone', 'watched'), value('gone', 'post')], [4, 2, 0]);
    assert.equal(scraped.value('pkb_letters', { name: 'Trust letters', state: 'read' }), 2);
    assert.equal(scraped.value('pkb_letters', { name: 'gone', state: 'read' }), 1);
  });

  it('forgets a connection at the deploy that removes it, and none while flows are stopped', async () => {
    const [first, second] = ['first', 'second'].map((id) => nodeOf(id, async () => ({ queued: 0, held: 0 })));
    assert.ok(first && second);
    const counts = async (): Promise<unknown[]> => {
      const scraped = new Scraped((await scrape()).text);
      return ['first', 'second'].map((connection) =>
        scraped.value('pkb_messages_ended_total', { connection, state: 'accepted' }),
      );
    };
    for (const { node } of [first, second]) metricsOf(RED).connection(labelsOf(node)).ended('accepted', 1);
    RED.events.emit('flows:stopping');
    assert.deepEqual(await counts(), [1, 1]);
    nodes.push(second.node);
    metricsOf(RED).connection(labelsOf(second.node)).ended('accepted', 1);
    RED.events.emit('flows:started');
    assert.deepEqual(await counts(), [undefined, 2]);
  });
});
