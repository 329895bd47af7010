/**
 * One schedule, from the first message to the last: a connection, its disk, its PKB and its flow, with a clock of their own.
 */
import type { Scheduler } from 'fast-check';
import sinon from 'sinon';
import { Connection } from '../../../src/delivery/connection.js';
import type { NewMessage } from '../../../src/delivery/outbox/messages.js';
import { DEFAULT_POLICY, type RetryPolicy } from '../../../src/delivery/retry.js';
import type { Recipient } from '../../../src/delivery/telling.js';
import { stamped } from '../../support/messages.js';
import type { Act, Plan } from './commands.js';
import { type Defect, Disk, type Later } from './disk.js';
import { Flow } from './flow.js';
import { type Life, newLife } from './known.js';
import { Ledger } from './ledger.js';
import { Pkb } from './pkb.js';

/** Few refusals end a message here, so that short schedules see it. */
const POLICY: RetryPolicy = { ...DEFAULT_POLICY, capMs: 20_000, refusedAttempts: 2, unreadableInARow: 3 };

const ADDRESSES = ['sandbox https://sandbox.example', 'custom https://other.example'] as const;
const SENDERS = ['sender-a', 'sender-b'] as const;
const CUSTOMERS = ['alias{one}', 'alias{two}'] as const;

/** More steps than any schedule needs to come to rest. */
const LAST_STEP = 5000;

/** What is wrong on purpose, to see that it is seen. */
export type Wrong = Defect | 'notes at once';

/** A promise that somebody waits for. */
interface Caller {
  readonly what: string;
  readonly life: Life;
  done: boolean;
}

/** What runs between a start and a crash or deploy. */
interface Running {
  readonly life: Life;
  readonly connection: Connection;
  recipients: Recipient[];
}

/**
 * Carries a plan out.
 *
 * @returns what was seen; `broken` is empty where every promise was kept
 */
export async function carryOut(scheduler: Scheduler, plan: Plan, wrong?: Wrong): Promise<Ledger> {
  // A sandbox of its own, since the common one keeps every clock it has made.
  const clock = sinon.createSandbox().useFakeTimers({
    now: 1_000_000_000_000,
    toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'],
  });
  const { random } = Math;
  let last = 1;
  Math.random = () => (last = (last * 48_271) % 2_147_483_647) / 2_147_483_647;
  const world = new World(scheduler, plan, clock, wrong);
  const unhandled = (error: unknown): void =>
    world.ledger.break('answered', `nobody handled ${error instanceof Error ? error.message : typeof error}`);
  process.on('unhandledRejection', unhandled);
  try {
    await world.run();
  } finally {
    process.off('unhandledRejection', unhandled);
    clock.restore();
    Math.random = random;
  }
  return world.ledger;
}

/** Lets the code under test go on until it waits for something of the world's. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 4; turns++) await new Promise((resolve) => setImmediate(resolve));
}

class World {
  readonly ledger: Ledger;
  readonly #scheduler: Scheduler;
  readonly #clock: sinon.SinonFakeTimers;
  readonly #plan: Plan;
  readonly #disk: Disk;
  readonly #pkb: Pkb;
  readonly #flow: Flow;
  readonly #callers: Caller[] = [];
  #lives = 0;
  #messages = 0;
  #address = 0;
  #now: Running | undefined;
  #deploying: Promise<void> | undefined;

  constructor(scheduler: Scheduler, plan: Plan, clock: sinon.SinonFakeTimers, wrong?: Wrong) {
    this.#scheduler = scheduler;
    this.#plan = plan;
    this.#clock = clock;
    this.ledger = new Ledger(plan.concurrency);
    const later: Later = (label, work) => {
      void scheduler
        .schedule(Promise.resolve(), label)
        .then(() => {
          this.ledger.note(`- ${label}`);
          return work();
        })
        .then(undefined, (error: unknown) =>
          this.ledger.break('answered', `the model fails: ${String(error)}`),
        );
    };
    this.#disk = new Disk(later, this.ledger, plan.fates, wrong === 'notes at once' ? undefined : wrong);
    this.#pkb = new Pkb(later, this.ledger, plan.answers);
    this.#flow = new Flow(this.ledger, wrong === 'notes at once');
  }

  async run(): Promise<void> {
    this.#begin();
    for (const { act, steps } of this.#plan.commands) {
      await this.#act(act);
      await settle();
      for (let n = 0; n < steps && this.#scheduler.count() > 0; n++) await this.#step();
      if (this.ledger.broken.length > 0) return;
    }
    await this.#runDown();
  }

  async #step(): Promise<void> {
    await this.#scheduler.waitOne();
    await settle();
  }

  // What is done

  async #act(act: Act): Promise<void> {
    this.ledger.note(JSON.stringify(act));
    switch (act.do) {
      case 'send':
        return this.#send(act);
      case 'deploy':
        this.#deploy(act.elsewhere);
        return;
      case 'deploy flows':
        return this.#deployFlows();
      case 'crash':
        return this.#crash();
      case 'resume':
        return this.#goOn('resume', (connection) => connection.resume());
      case 'decide':
        return this.#goOn('decide', (connection) => connection.decide(act.what));
      case 'replay':
        return this.#replay(act);
      case 'wait':
        return this.#pass(act.ms);
    }
  }

  #send({ key, hold, ask, poison }: Extract<Act, { do: 'send' }>): void {
    const controlId = `m${++this.#messages}`;
    if (poison) this.#pkb.poison(controlId);
    const message = {
      sender: SENDERS[this.#messages % 2] ?? '',
      orderKey: `key${key}`,
      controlId,
      messageType: 'ADT^A28',
      dataPoint: undefined,
      facility: CUSTOMERS[key % 2] ?? '',
      body: stamped(controlId),
      carried: '{}',
      holdOnRejection: hold,
      askOnUnknown: ask,
      storedAt: Date.now(),
    };
    this.#call(`send ${controlId}`, async (connection) => {
      const id = await connection.submit(message);
      const entry = this.ledger.entries.get(id);
      this.ledger.note(`  ${controlId} is acknowledged to the flow`);
      if (entry?.message.controlId === controlId) entry.acknowledged = true;
      else this.ledger.break('kept', `${controlId} was acknowledged and is not on the disk`);
    });
  }

  #replay({ which, corrected, override, byPerson }: Extract<Act, { do: 'replay' }>): void {
    const failed = [...this.ledger.entries.values()].filter(({ state }) =>
      ['rejected', 'errored', 'undeliverable'].includes(state),
    );
    const entry = failed[which % failed.length];
    if (entry === undefined) return;
    const { connection: _connection, address: _address, ...before } = entry.message;
    const {
      id,
      message: { controlId },
    } = entry;
    const next = corrected ? `m${++this.#messages}` : controlId;
    const again: Omit<NewMessage, 'connection' | 'address'> = {
      ...before,
      controlId: next,
      body: stamped(next),
    };
    this.#call(`replay ${controlId}`, (connection) =>
      connection.replay({ id, controlId }, again, { override, byPerson }),
    );
  }

  /** A person tells the connection to go on. */
  #goOn(what: string, make: (connection: Connection) => Promise<unknown>): void {
    const life = this.#now?.life;
    this.#call(what, async (connection) => {
      if (life === undefined) return;
      life.resuming++;
      try {
        await make(connection);
      } finally {
        life.resuming--;
        life.inDoubt = false;
        life.refused.clear();
      }
    });
  }

  #call(what: string, make: (connection: Connection) => Promise<unknown>): void {
    if (this.#now === undefined) return;
    const { life, connection } = this.#now;
    const caller: Caller = { what, life, done: false };
    this.#callers.push(caller);
    make(connection).then(
      () => (caller.done = true),
      () => (caller.done = true),
    );
  }

  async #pass(ms: number): Promise<void> {
    let isOver = false;
    setTimeout(() => (isOver = true), ms);
    while (!isOver) {
      this.#clock.next();
      await settle();
    }
  }

  // Lives

  #begin(): void {
    const address = ADDRESSES[this.#address] ?? '';
    const life = newLife(`life ${++this.#lives}`, address);
    const connection = new Connection({
      id: 'c',
      open: () => this.#disk.open(life),
      transport: this.#pkb.transport(life),
      url: () => new URL(address.split(' ')[1] ?? ''),
      address,
      concurrency: this.#plan.concurrency,
      requestMs: 30_000,
      policy: POLICY,
      events: {
        changed: () => undefined,
        failed: () => undefined,
        report: () => undefined,
        unclaimed: (state) => life.crashed || this.ledger.break('told', `nobody took ${state}`),
      },
    });
    this.ledger.note(`${life.name} begins, towards ${address}`);
    this.#now = { life, connection, recipients: [] };
    this.#addRecipients(this.#now);
    connection.flowsStarted();
  }

  #addRecipients(running: Running): void {
    for (const recipient of running.recipients) running.connection.delete(recipient);
    running.recipients = SENDERS.map((id) => this.#flow.recipient(running, id));
    for (const recipient of running.recipients) running.connection.add(recipient);
  }

  #stopFlows(connection: Connection): void {
    connection.flowsStopping();
    this.#flow.drop();
  }

  #deploy(elsewhere: boolean): void {
    const old = this.#now;
    if (old === undefined || this.#deploying !== undefined) return;
    this.ledger.count('deploy');
    this.#stopFlows(old.connection);
    for (const recipient of old.recipients) old.connection.delete(recipient);
    const deploying = old.connection.close().then(() => {
      if (this.#deploying !== deploying) return;
      this.#deploying = undefined;
      old.life.closed = true;
      if (elsewhere) this.#address = 1 - this.#address;
      this.#begin();
    });
    this.#deploying = deploying;
  }

  #deployFlows(): void {
    if (this.#now === undefined || this.#deploying !== undefined) return;
    this.#stopFlows(this.#now.connection);
    this.#addRecipients(this.#now);
    const { connection, life } = this.#now;
    void this.#scheduler.schedule(Promise.resolve(), 'flows have started').then(() => {
      // A deploy or crash since then has its own start.
      if (this.#now?.life === life && this.#deploying === undefined) connection.flowsStarted();
    });
  }

  #crash(): void {
    if (this.#now === undefined) return;
    this.ledger.count('crash');
    this.#flow.drop();
    this.#now.life.crashed = true;
    this.#deploying = undefined;
    this.#begin();
  }

  // The end

  /** With a willing PKB and a sound store, everything comes to an end; what does not waits for a person. */
  async #runDown(): Promise<void> {
    this.ledger.note('From here on all goes well.');
    this.#disk.calm();
    this.#pkb.calm();
    await this.#rest();
    const { ledger } = this;
    if (ledger.broken.length > 0) return;
    const state = this.#now?.connection.state;
    if (state === undefined) return ledger.break('answered', 'the connection is not open');
    const isPaused = (facility: string): boolean =>
      state.state === 'paused' && (state.customers?.includes(facility) ?? true);
    for (const entry of ledger.entries.values()) {
      if (entry.state !== 'pending' || ledger.mayWait(entry, isPaused)) continue;
      ledger.break('kept', `${entry.message.controlId} waits for nothing (${JSON.stringify(state)})`);
    }
    if (ledger.broken.length > 0) return;
    this.#goOn('decide', (connection) => connection.decide('send'));
    await this.#rest();
    this.#goOn('resume', (connection) => connection.resume());
    await this.#rest();
    // What the store failed to say, or to note, is told when flows start next.
    this.#deployFlows();
    await this.#rest();
    if (ledger.broken.length > 0) return;
    for (const entry of ledger.entries.values()) {
      const {
        state: end,
        round,
        heard,
        message: { controlId },
      } = entry;
      if (end === 'pending') ledger.break('kept', `${controlId} was never sent to its end`);
      else if (!heard.has(round)) ledger.break('told', `the flow never heard that ${controlId} was ${end}`);
    }
    for (const { what, life, done } of this.#callers)
      if (!done && !life.crashed) ledger.break('answered', `who called ${what} waits for ever`);
    for (const sender of SENDERS) {
      const untold = await this.#disk.core.untold('c', sender);
      if (untold.length > 0) ledger.break('told', `${untold.length} fates are not noted as told`);
    }
  }

  async #rest(): Promise<void> {
    await settle();
    for (let steps = 0; this.#scheduler.count() > 0 || this.#clock.countTimers() > 0; steps++) {
      if (steps > LAST_STEP) return this.ledger.break('kept', 'there is no end to it');
      if (this.ledger.broken.length > 0) return;
      if (this.#scheduler.count() > 0) await this.#step();
      else this.#clock.next();
      await settle();
    }
  }
}
