import assert from 'node:assert/strict';
import { Counter, register } from 'prom-client';
import sinon from 'sinon';
import { Connection } from '../../../src/delivery/connection.js';
import { MemoryOutbox } from '../../../src/delivery/outbox/memory.js';
import type { Attempt, FinalState } from '../../../src/delivery/outbox/messages.js';
import { type OutcomeName, OUTCOMES } from '../../../src/delivery/outcome.js';
import { DEFAULT_POLICY } from '../../../src/delivery/retry.js';
import type { Exchange, Transport } from '../../../src/delivery/transport.js';
import {
  CONNECTION_STATES,
  type ConnectionLabels,
  type Found,
  type FoundLetters,
  Metrics,
  type Seen,
} from '../../../src/operator/metrics.js';
import { stamped } from '../../support/messages.js';
import { Scraped } from '../../support/metrics.js';
import { newMessage } from '../../support/outbox-messages.js';
import { soapAck } from '../../support/server.js';
import { until } from '../../support/wait.js';

const NORTH: ConnectionLabels = { connection: 'c1', name: 'North', environment: 'sandbox' };
const SOUTH: ConnectionLabels = { connection: 'c2', name: 'South', environment: 'custom' };

const found = (labels: ConnectionLabels, more: Partial<Found> = {}): Found => ({
  labels,
  state: 'open',
  inFlight: 0,
  stored: { pending: 0, onHold: 0 },
  ...more,
});
const scrape = async (metrics: Metrics, ...all: Found[]): Promise<Scraped> =>
  new Scraped(await metrics.text(async () => ({ connections: all, letters: [] })));
const attempt = (outcome: OutcomeName): Attempt => ({ at: 0, outcome, reason: '', counts: false });

describe('the metrics', () => {
  let metrics: Metrics;
  beforeEach(() => (metrics = new Metrics()));

  it('count attempts by outcome and messages that ended by state, for each connection', async () => {
    const [north, south] = [metrics.connection(NORTH), metrics.connection(SOUTH)];
    north.attempted(attempt('busy'), 250);
    north.attempted(attempt('accepted'), 1500);
    north.ended('accepted', 90_000);
    south.attempted(attempt('misconfigured'), undefined);
    south.discarded(7);
    const scraped = await scrape(metrics);
    const attempts = (labels: ConnectionLabels, outcome: string) =>
      scraped.value('pkb_attempts_total', { ...labels, outcome });
    assert.deepEqual(
      [attempts(NORTH, 'busy'), attempts(NORTH, 'accepted'), attempts(SOUTH, 'misconfigured')],
      [1, 1, 1],
    );
    const ended = (labels: ConnectionLabels, state: string) =>
      scraped.value('pkb_messages_ended_total', { ...labels, state });
    assert.deepEqual([ended(NORTH, 'accepted'), ended(SOUTH, 'discarded')], [1, 7]);
    assert.equal(scraped.value('pkb_request_duration_seconds_sum', { ...NORTH }), 1.75);
    assert.equal(scraped.value('pkb_request_duration_seconds_bucket', { ...NORTH, le: '0.25' }), 1);
    assert.equal(scraped.value('pkb_delivery_duration_seconds_bucket', { ...NORTH, le: '60' }), 0);
    assert.equal(scraped.value('pkb_delivery_duration_seconds_bucket', { ...NORTH, le: '300' }), 1);
    // What no request was made for, and what a person discarded, took no time.
    assert.equal(scraped.value('pkb_request_duration_seconds_count', { ...SOUTH }), 0);
    assert.equal(scraped.value('pkb_delivery_duration_seconds_count', { ...SOUTH }), 0);
  });

  it('say how many letters each node has in each state, and forget those that are not found any more', async () => {
    const states = { watched: 5, read: 3, post: 2, attention: 1, cancelled: 0 };
    const letters = { node: 'l1', name: 'x'.repeat(300), states };
    const look = async (...some: FoundLetters[]): Promise<Scraped> =>
      new Scraped(await metrics.text(async () => ({ connections: [], letters: some })));
    const first = await look(letters);
    const later = await look();
    const name = 'x'.repeat(100);
    for (const [state, count] of Object.entries(states))
      assert.equal(first.value('pkb_letters', { node: 'l1', name, state }), count, state);
    assert.deepEqual(later.values('pkb_letters'), []);
  });

  it('have what has not happened as 0, so that the first time is seen', async () => {
    metrics.connection(NORTH);
    const scraped = await scrape(metrics);
    for (const outcome of Object.keys(OUTCOMES))
      assert.equal(scraped.value('pkb_attempts_total', { ...NORTH, outcome }), 0, outcome);
    for (const state of ['accepted', 'rejected', 'errored', 'undeliverable', 'discarded'] as FinalState[])
      assert.equal(scraped.value('pkb_messages_ended_total', { ...NORTH, state }), 0, state);
  });

  it('show what is pending, and how old the oldest is', async () => {
    const clock = sinon.useFakeTimers({ now: 1_000_000, toFake: ['Date'] });
    try {
      const stored = { pending: 5, onHold: 2, oldest: 1_000_000 - 90_000 };
      const scraped = await scrape(metrics, found(NORTH, { inFlight: 1, stored }), found(SOUTH));
      const read = (labels: ConnectionLabels) =>
        [
          'pkb_messages_pending',
          'pkb_messages_in_flight',
          'pkb_messages_on_hold',
          'pkb_oldest_pending_age_seconds',
          'pkb_store_up',
        ].map((name) => scraped.value(name, { ...labels }));
      assert.deepEqual(read(NORTH), [5, 1, 2, 90, 1]);
      assert.deepEqual(read(SOUTH), [0, 0, 0, 0, 1]);
      // A clock that is ahead, of another process that stored it.
      const ahead = found(NORTH, { stored: { ...stored, oldest: 2_000_000 } });
      assert.equal((await scrape(metrics, ahead)).value('pkb_oldest_pending_age_seconds'), 0);
    } finally {
      clock.restore();
    }
  });

  it('show one state of a connection as 1, and the others as 0', async () => {
    for (const state of CONNECTION_STATES) {
      const scraped = await scrape(metrics, found(NORTH, { state }));
      for (const one of CONNECTION_STATES)
        assert.equal(
          scraped.value('pkb_connection_state', { ...NORTH, state: one }),
          one === state ? 1 : 0,
          `${one} in ${state}`,
        );
    }
  });

  it('say that a store does not answer, and leave out what only it knows', async () => {
    await scrape(metrics, found(NORTH, { stored: { pending: 5, onHold: 2, oldest: 1 } }), found(SOUTH));
    const scraped = await scrape(metrics, found(NORTH, { stored: undefined, inFlight: 3 }), found(SOUTH));
    assert.equal(scraped.value('pkb_store_up', { ...NORTH }), 0);
    assert.equal(scraped.value('pkb_store_up', { ...SOUTH }), 1);
    assert.equal(scraped.value('pkb_messages_in_flight', { ...NORTH }), 3);
    for (const name of ['pkb_messages_pending', 'pkb_messages_on_hold', 'pkb_oldest_pending_age_seconds']) {
      assert.equal(scraped.value(name, { ...NORTH }), undefined, name);
      assert.equal(scraped.value(name, { ...SOUTH }), 0, name);
    }
  });

  it('go on counting when a deploy makes a connection anew, also for one that is closing', async () => {
    const before = metrics.connection(NORTH);
    before.attempted(attempt('accepted'), 1);
    const after = metrics.connection({ ...NORTH });
    metrics.keep(new Set(['c1']));
    after.attempted(attempt('accepted'), 1);
    before.attempted(attempt('accepted'), 1);
    const scraped = await scrape(metrics);
    assert.equal(scraped.value('pkb_attempts_total', { ...NORTH, outcome: 'accepted' }), 3);
  });

  it('forget a connection that was removed, and what it still tells', async () => {
    const north = metrics.connection(NORTH);
    metrics.connection(SOUTH);
    await scrape(metrics, found(NORTH), found(SOUTH));
    metrics.keep(new Set(['c2']));
    north.attempted(attempt('accepted'), 1);
    north.ended('accepted', 1);
    north.discarded(1);
    const { samples } = await scrape(metrics, found(SOUTH));
    const about = new Set(samples.map(({ labels }) => labels['connection']));
    assert.deepEqual(
      [...about].filter((id) => id !== undefined),
      ['c2'],
    );
  });

  it('begin anew under a new name or another environment, and show no old one', async () => {
    for (const changed of [
      { ...NORTH, name: 'North Trust' },
      { ...NORTH, environment: 'production-hscn' },
    ]) {
      metrics.connection(NORTH).attempted(attempt('accepted'), 1);
      metrics.connection(changed).attempted(attempt('accepted'), 1);
      const { samples } = await scrape(metrics, found(changed));
      const own = samples.filter(({ labels }) => labels['connection'] === 'c1');
      for (const { labels, name } of own)
        assert.deepEqual(
          { name: labels['name'], environment: labels['environment'] },
          { name: changed.name, environment: changed.environment },
          name,
        );
      assert.ok(own.some(({ name, value }) => name === 'pkb_attempts_total' && value === 1));
    }
  });

  it('take any name of a connection, and a part of one without end', async () => {
    const odd = { ...NORTH, name: 'a "b"\\,\nname="c"} 1' };
    metrics.connection(odd);
    const scraped = await scrape(metrics, found(odd));
    assert.equal(scraped.value('pkb_store_up', { ...odd }), 1);
    const long = { ...SOUTH, name: 'x'.repeat(100_000) };
    metrics.connection(long).attempted(attempt('busy'), 1);
    const text = await metrics.text(async () => ({ connections: [found(long)], letters: [] }));
    assert.ok(text.length < 100_000, `${text.length} characters`);
    const cut = { connection: 'c2', outcome: 'busy', name: 'x'.repeat(100) };
    assert.equal(new Scraped(text).value('pkb_attempts_total', cut), 1);
  });

  it('are in a registry of their own, also beside those of another Node-RED of the process', async () => {
    const others = new Counter({ name: 'of_the_program_total', help: 'x' });
    others.inc();
    const second = new Metrics();
    second.connection(NORTH).discarded(1);
    metrics.connection(NORTH);
    const scraped = await scrape(metrics);
    assert.equal(scraped.value('pkb_messages_ended_total', { state: 'discarded' }), 0);
    assert.ok([...scraped.types.keys()].every((name) => name.startsWith('pkb_')));
    assert.ok(!(await register.metrics()).includes('pkb_'));
    register.removeSingleMetric('of_the_program_total');
  });

  it('look once for all that scrape at the same time', async () => {
    let answer = (_seen: Seen): void => undefined;
    const look = sinon.stub().returns(new Promise((resolve) => (answer = resolve)));
    const both = [metrics.text(look), metrics.text(look)];
    answer({ connections: [found(NORTH)], letters: [] });
    const [first, second] = await Promise.all(both);
    assert.equal(first, second);
    assert.equal(look.callCount, 1);
    await metrics.text(look);
    assert.equal(look.callCount, 2);
  });

  it('tell how late the event loop is, from the first scrape on', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['setInterval', 'performance'] });
    try {
      const read = async () => {
        const scraped = await scrape(metrics);
        const [count, sum] = ['count', 'sum'].map((part) =>
          scraped.value(`pkb_event_loop_delay_seconds_${part}`),
        );
        return { count, sum };
      };
      assert.deepEqual(await read(), { count: 0, sum: 0 });
      clock.tick(100);
      assert.deepEqual(await read(), { count: 2, sum: 0 });
      // The loop does not turn for three seconds: then the timer fires once.
      clock.jump(3050);
      assert.deepEqual(await read(), { count: 3, sum: 3 });
    } finally {
      clock.restore();
    }
  });
});

/** Texts that must be in no label: of the patient, of the message, of PKB, of the credentials. */
const CANARIES = ['CANARY', '9990000042'];
const MARKED = stamped('CANARY-CONTROL-ID', { nhs: '9990000042', more: 'NTE|1||CANARY-NOTE\r' })
  .replace('Example^Alex', 'CANARY-SURNAME^Alex')
  .replaceAll('trustalias', 'CANARY-ALIAS');

const http = (status: number, body: string): Exchange => ({
  answer: { status, headers: { 'content-type': 'text/xml' }, body: Buffer.from(body) },
});
const words = (code: string): Exchange =>
  http(200, soapAck(code, 'CANARY-CONTROL-ID', 'CANARY-REASON CANARY-SURNAME'));
const fault = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>CANARY-FAULT</faultstring></s:Fault></s:Body></s:Envelope>`;

/** What is answered so that an attempt ends with an outcome. */
const EXCHANGES: Readonly<Record<OutcomeName, Exchange>> = {
  accepted: words('AA'),
  rejected: words('AR'),
  errored: words('AE'),
  notSent: { failure: { code: 'ECONNREFUSED', written: false } },
  unknown: http(200, 'CANARY-BODY'),
  busy: http(503, 'CANARY-BODY'),
  misconfigured: http(401, 'CANARY-BODY'),
  refused: http(400, fault),
};

describe('the metrics of marked messages', () => {
  for (const [outcome, exchange] of Object.entries(EXCHANGES)) {
    it(`hold nothing of them where an attempt ends as ${outcome}, nor where the message ends by it`, async () => {
      for (const maxAgeMs of [DEFAULT_POLICY.maxAgeMs, 0]) {
        const metrics = new Metrics();
        const transport: Transport = {
          post: async () => exchange,
          probe: async () => exchange,
          close: () => undefined,
        };
        const outbox = new MemoryOutbox();
        const connection = new Connection({
          id: 'c1',
          open: async () => ({ outbox, reports: [], release: async () => undefined }),
          transport,
          url: () => new URL('https://CANARY-USER:CANARY-PASSWORD@sandbox.example/'),
          address: 'sandbox https://sandbox.example',
          concurrency: 1,
          requestMs: 1000,
          policy: { ...DEFAULT_POLICY, maxAgeMs },
          events: {
            changed: () => undefined,
            failed: () => undefined,
            report: () => undefined,
            unclaimed: () => undefined,
            ...metrics.connection(NORTH),
          },
        });
        connection.flowsStarted();
        const id = await connection.submit({
          ...newMessage('CANARY-CONTROL-ID', { body: MARKED, facility: 'CANARY-ALIAS{CANARY-ALIAS}' }),
          sender: 'CANARY-SENDER',
          reference: 'CANARY-REFERENCE',
          carried: '{"note":"CANARY-NOTE"}',
        });
        const read = async (): Promise<string> => {
          const state = connection.state?.state ?? 'opening';
          const { queued, held } = await outbox.counts('c1');
          const stored = { pending: queued, onHold: held, oldest: 1 };
          return metrics.text(async () => ({ connections: [found(NORTH, { state, stored })], letters: [] }));
        };
        await until(`an attempt has ended as ${outcome}`, async () =>
          new Scraped(await read()).value('pkb_attempts_total', { outcome }),
        );
        await until('it is no longer in flight', async () => connection.inFlight === 0);
        // What has not ended by the attempt, a person discards.
        if ((await outbox.counts('c1')).queued > 0)
          await until(
            'it is discarded',
            async () => (await connection.withdraw(id, 'CANARY')) === 'discarded',
          );
        await until('it has ended', async () =>
          new Scraped(await read()).values('pkb_messages_ended_total').includes(1),
        );
        const text = await read();
        for (const canary of CANARIES)
          assert.ok(!text.includes(canary), `${canary} after ${outcome}: ${text}`);
        await connection.close();
      }
    });
  }
});
