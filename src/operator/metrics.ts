/**
 * What operators' monitoring reads, in the text format of Prometheus. Knows no Node-RED.
 *
 * Counters and histograms are counted as things happen, and live as long as the process: a deploy, which makes connections
 * anew, goes on with them. Gauges are made at each scrape from what it finds. The registry is our own, so that nothing of ours
 * is in the metrics of a program in which Node-RED is embedded, and nothing of that program in ours.
 *
 * Labels are ids, names and environments of connections, ids and names of nodes, and the words of our own tables. Nothing of a message is among them.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ConnectionEvents } from '../delivery/connection.js';
import { LETTER_STATES, type LetterState } from '../delivery/outbox/letters.js';
import { MESSAGE_STATES } from '../delivery/outbox/ledger.js';
import type { FinalState } from '../delivery/outbox/messages.js';
import { type OutcomeName, OUTCOMES } from '../delivery/outcome.js';
import { watchLoop } from './loop-delay.js';

/** How a connection may stand. *Failed*: its outbox could not be opened, or its settings are wrong. */
export const CONNECTION_STATES = ['open', 'waiting', 'paused', 'opening', 'failed'] as const;

/** One of {@link CONNECTION_STATES}. */
export type StandingState = (typeof CONNECTION_STATES)[number];

/** The labels of everything that is about a connection. */
export interface ConnectionLabels {
  /** Its id. */
  readonly connection: string;
  readonly name: string;
  readonly environment: string;
}

/** What a store tells of a connection's messages. */
export interface Stored {
  /** Stored and not ended, those in flight and on hold included. */
  readonly pending: number;
  readonly onHold: number;
  /** When the oldest of them was stored, in milliseconds since 1970; undefined where there is none. */
  readonly oldest?: number;
}

/** How a connection was found at a scrape. */
export interface Found {
  readonly labels: ConnectionLabels;
  readonly state: StandingState;
  readonly inFlight: number;
  /** Undefined where its store is not open, or did not answer in time. */
  readonly stored: Stored | undefined;
}

/** The letters of a pkb-letters node, as its outboxes tell it at a scrape. */
export interface FoundLetters {
  /** Its id. What a removed node has left has an id of its own. */
  readonly node: string;
  /** The id again, where it has none or does not run here. */
  readonly name: string;
  readonly states: Readonly<Record<LetterState, number>>;
}

/** What a scrape finds. */
export interface Seen {
  readonly connections: readonly Found[];
  /** Without those of outboxes that are not open, or did not answer in time. */
  readonly letters: readonly FoundLetters[];
}

/** Counts what a connection tells. */
export type Meter = Required<Pick<ConnectionEvents, 'attempted' | 'ended' | 'discarded'>>;

const OUTCOME_NAMES = Object.keys(OUTCOMES) as OutcomeName[];
const FINAL_STATES = MESSAGE_STATES.filter((state): state is FinalState => state !== 'queued');

const CONNECTION = ['connection', 'name', 'environment'] as const;

/** Upper limits in seconds: from an answer at once to the 72 hours for which a message is tried unless told otherwise. */
const DELIVERY_BUCKETS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 259_200];
/** Upper limits in seconds: up to the longest timeout that a connection may have. */
const REQUEST_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
const LOOP_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** How long a name may be in a label. */
const LONGEST_NAME = 100;

/** All metrics of a Node-RED. */
export class Metrics {
  readonly #registry = new Registry();
  /** By id; a connection that is not among them is gone, and what it still tells is not counted. */
  readonly #known = new Map<string, ConnectionLabels>();
  #scraping: Promise<string> | undefined;
  #watchesLoop = false;

  readonly #attempts = new Counter({
    name: 'pkb_attempts_total',
    help: 'Attempts to send a message, by outcome.',
    labelNames: [...CONNECTION, 'outcome'],
    registers: [this.#registry],
  });
  readonly #ended = new Counter({
    name: 'pkb_messages_ended_total',
    help: 'Messages that ended, by state; one that is sent again ends once more.',
    labelNames: [...CONNECTION, 'state'],
    registers: [this.#registry],
  });
  readonly #delivery = new Histogram({
    name: 'pkb_delivery_duration_seconds',
    help: 'From storing a message to its end; messages that a person discarded are not among them.',
    labelNames: CONNECTION,
    buckets: DELIVERY_BUCKETS,
    registers: [this.#registry],
  });
  readonly #request = new Histogram({
    name: 'pkb_request_duration_seconds',
    help: 'From beginning a request to its answer, or to the fault that it ended with.',
    labelNames: CONNECTION,
    buckets: REQUEST_BUCKETS,
    registers: [this.#registry],
  });
  readonly #pending = this.#gauge(
    'pkb_messages_pending',
    'Messages stored and not ended, those in flight and on hold included.',
  );
  readonly #inFlight = this.#gauge(
    'pkb_messages_in_flight',
    'Messages that this process is sending at this moment.',
  );
  readonly #onHold = this.#gauge(
    'pkb_messages_on_hold',
    'Pending messages behind one that was not accepted, until a person resumes sending.',
  );
  readonly #oldest = this.#gauge(
    'pkb_oldest_pending_age_seconds',
    'How long ago the oldest pending message was stored; 0 where none is pending.',
  );
  readonly #storeUp = this.#gauge('pkb_store_up', 'Whether the outbox of a connection is open and answers.');
  readonly #state = new Gauge({
    name: 'pkb_connection_state',
    help: 'How a connection stands: 1 for its state, 0 for the others.',
    labelNames: [...CONNECTION, 'state'],
    registers: [this.#registry],
  });
  readonly #letters = new Gauge({
    name: 'pkb_letters',
    help: 'Letters of a pkb letters that an outbox has, by state; those that ended are kept for a year.',
    labelNames: ['node', 'name', 'state'],
    registers: [this.#registry],
  });
  readonly #loop = new Histogram({
    name: 'pkb_event_loop_delay_seconds',
    help: 'How late the event loop of the process is, measured from the first scrape on.',
    buckets: LOOP_BUCKETS,
    registers: [this.#registry],
  });

  /** Content type of what is scraped. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /**
   * Begins to count for a connection, or goes on where its labels are as before. Whatever has not happened is there as 0, so
   * that the first time of it is seen as an increase.
   */
  connection(given: ConnectionLabels): Meter {
    const labels = this.#begin({ ...given, name: given.name.slice(0, LONGEST_NAME) });
    const isKnown = (): boolean => this.#known.get(labels.connection) === labels;
    return {
      attempted: ({ outcome }, milliseconds) => {
        if (!isKnown()) return;
        this.#attempts.inc({ ...labels, outcome });
        if (milliseconds !== undefined) this.#request.observe({ ...labels }, milliseconds / 1000);
      },
      ended: (state, milliseconds) => {
        if (!isKnown()) return;
        this.#ended.inc({ ...labels, state });
        this.#delivery.observe({ ...labels }, milliseconds / 1000);
      },
      discarded: (count) => {
        if (isKnown()) this.#ended.inc({ ...labels, state: 'discarded' }, count);
      },
    };
  }

  /** Forgets all connections but these. */
  keep(ids: ReadonlySet<string>): void {
    for (const labels of this.#known.values()) if (!ids.has(labels.connection)) this.#forget(labels);
  }

  /**
   * The text of one scrape. Those that scrape at the same time get the same.
   *
   * @param look finds how connections and letters stand; never rejects
   */
  text(look: () => Promise<Seen>): Promise<string> {
    if (!this.#watchesLoop) watchLoop((seconds) => this.#loop.observe(seconds));
    this.#watchesLoop = true;
    this.#scraping ??= this.#scrape(look).finally(() => (this.#scraping = undefined));
    return this.#scraping;
  }

  async #scrape(look: () => Promise<Seen>): Promise<string> {
    const { connections, letters } = await look();
    const gauges = [
      this.#pending,
      this.#inFlight,
      this.#onHold,
      this.#oldest,
      this.#storeUp,
      this.#state,
      this.#letters,
    ];
    for (const gauge of gauges) gauge.reset();
    for (const found of connections) this.#show(found, Date.now());
    for (const { node, name, states } of letters)
      for (const state of LETTER_STATES)
        this.#letters.set({ node, name: name.slice(0, LONGEST_NAME), state }, states[state]);
    return this.#registry.metrics();
  }

  #show({ labels: { connection, name, environment }, state, inFlight, stored }: Found, now: number): void {
    const labels = { connection, name: name.slice(0, LONGEST_NAME), environment };
    for (const one of CONNECTION_STATES) this.#state.set({ ...labels, state: one }, one === state ? 1 : 0);
    this.#inFlight.set({ ...labels }, inFlight);
    this.#storeUp.set({ ...labels }, stored === undefined ? 0 : 1);
    // What is not known is left out: a 0 would say that nothing waits.
    if (stored === undefined) return;
    this.#pending.set({ ...labels }, stored.pending);
    this.#onHold.set({ ...labels }, stored.onHold);
    this.#oldest.set({ ...labels }, Math.max(0, now - (stored.oldest ?? now)) / 1000);
  }

  #begin(labels: ConnectionLabels): ConnectionLabels {
    const known = this.#known.get(labels.connection);
    if (known?.name === labels.name && known.environment === labels.environment) return known;
    if (known !== undefined) this.#forget(known);
    this.#known.set(labels.connection, labels);
    for (const outcome of OUTCOME_NAMES) this.#attempts.inc({ ...labels, outcome }, 0);
    for (const state of FINAL_STATES) this.#ended.inc({ ...labels, state }, 0);
    this.#delivery.zero({ ...labels });
    this.#request.zero({ ...labels });
    return labels;
  }

  #forget(labels: ConnectionLabels): void {
    this.#known.delete(labels.connection);
    for (const outcome of OUTCOME_NAMES) this.#attempts.remove({ ...labels, outcome });
    for (const state of FINAL_STATES) this.#ended.remove({ ...labels, state });
    this.#delivery.remove({ ...labels });
    this.#request.remove({ ...labels });
  }

  #gauge(name: string, help: string): Gauge<(typeof CONNECTION)[number]> {
    return new Gauge({ name, help, labelNames: CONNECTION, registers: [this.#registry] });
  }
}
