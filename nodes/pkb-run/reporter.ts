/**
 * Looks at the runs of a pkb-run node, closes those that are complete, and reports. Knows no Node-RED.
 *
 * States of a report, and what moves it on:
 *
 * - *due*: the run is closed, and the outbox says that its report was not given. This process asks for the right to give it, since
 *   several may share the outbox.
 * - *given*: handed to the flow. It is noted after a moment in which flows did not stop, because Node-RED drops messages between
 *   nodes when they do.
 * - *noted*: the outbox says so.
 *
 * After a crash, a report that was not noted is due again. So each is given once or more often.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReportedItem, RunCounts, Runs } from '../../src/delivery/outbox/runs.js';
import {
  reportCsvHead,
  reportCsvRows,
  reportRow,
  type ReportRow,
  type RunReport,
  summaryReport,
} from '../../src/operator/run-report.js';

/** A report with all items, and the same as CSV. */
export interface WholeReport {
  readonly payload: RunReport & { readonly items: readonly ReportRow[]; readonly truncated: boolean };
  readonly csv: string;
}

/** What a reporter is made from. */
export interface ReporterOptions {
  /** Id of the pkb-run node. */
  readonly id: string;
  /** The runs of the outbox, once it is open. */
  readonly runs: () => Promise<Runs>;
  /** How often progress is given, in milliseconds; 0 = never. */
  readonly progressMs: number;
  /** After how long without news an open run is reported, in milliseconds; 0 = never. */
  readonly quietMs: number;
  /** Whether reports have PKB's words. */
  readonly withWords: boolean;
  readonly events: {
    progress(report: RunReport): void;
    report(report: WholeReport): void;
    /** How many runs are open. */
    looked(open: readonly RunCounts[]): void;
    failed(error: unknown): void;
  };
}

/** How often runs are looked at; more seldom where the store takes long to count. */
const LOOK_MS = 500;
const SHARE = 10;

/** How long the flow has to take a report, from node to node, until that counts as given. */
const NOTE_AFTER_MS = 50;

/** How long this process has the right to give a report. */
const CLAIM_MS = 10_000;

/** Items that are read at once, and in one report. */
const PAGE = 1000;
const MOST = 200_000;

/** How many runs are looked at. */
const RUNS = 1000;

/** What was last seen of an open run. */
interface Seen {
  counts: string;
  changedAt: number;
  /** The counts of the last progress. */
  progress: string;
  progressAt: number;
  quietReported: boolean;
}

/** Reports on the runs of one node. */
export class RunReporter {
  readonly #options: ReporterOptions;
  readonly #seen = new Map<string, Seen>();
  #timer: NodeJS.Timeout | undefined;
  #runs = false;
  /** Grows when flows stop: what was begun before is not noted. */
  #stops = 0;
  #looking: Promise<void> | undefined;
  /** How long counting took in the last look, in milliseconds. */
  #countMs = 0;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Flows have started: outputs have somewhere to go. */
  start(): void {
    if (this.#runs) return;
    this.#runs = true;
    this.#lookIn(0);
  }

  /** Flows are stopping: what is given to them now may be dropped. */
  stop(): void {
    this.#runs = false;
    this.#stops++;
    clearTimeout(this.#timer);
  }

  /** Reports on a run as it stands. @returns false where there is none of this name */
  async reportNow(name: string): Promise<boolean> {
    const store = await this.#options.runs();
    const run = await store.one(name);
    if (run === undefined) return false;
    this.#options.events.report(await this.#whole(store, run));
    return true;
  }

  #lookIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // One that began before flows stopped and started is the next one's, too.
      if (this.#looking !== undefined) return;
      this.#looking = this.look()
        .catch((error: unknown) => this.#options.events.failed(error))
        .finally(() => {
          this.#looking = undefined;
          if (this.#runs) this.#lookIn(Math.max(LOOK_MS, SHARE * this.#countMs));
        });
    }, milliseconds);
  }

  /** Looks at all runs once. */
  async look(now = Date.now()): Promise<void> {
    this.#countMs = 0;
    const store = await this.#options.runs();
    const open: RunCounts[] = [];
    for (const { name } of await store.all(RUNS, this.#options.id)) {
      const begun = performance.now();
      const run = await store.one(name);
      this.#countMs += performance.now() - begun;
      if (run === undefined || !this.#runs) continue;
      if (await this.#isClosed(store, run, now)) {
        this.#seen.delete(name);
        await this.#give(store, name, now);
      } else {
        open.push(run);
        await this.#watch(store, run, now);
      }
    }
    this.#options.events.looked(open);
  }

  async #isClosed(store: Runs, run: RunCounts, now: number): Promise<boolean> {
    if (run.closedAt !== undefined) return true;
    const { expected, places, states, name } = run;
    return expected !== undefined && places >= expected && states.waiting === 0 && store.close(name, now);
  }

  async #give(store: Runs, name: string, now: number): Promise<void> {
    const run = await store.one(name);
    if (run?.closedAt === undefined) return;
    const stops = this.#stops;
    const report = await this.#whole(store, run);
    if (!this.#runs || !(await store.claim(name, now, now + CLAIM_MS))) return;
    if (!this.#runs) return;
    this.#options.events.report(report);
    await sleep(NOTE_AFTER_MS);
    if (this.#stops === stops) await store.reported(name, run.closedAt);
  }

  async #watch(store: Runs, run: RunCounts, now: number): Promise<void> {
    const { progressMs, quietMs, events } = this.#options;
    const counts = JSON.stringify([run.expected, run.items, run.repeats, run.states]);
    const seen = this.#seen.get(run.name) ?? {
      counts: '',
      progress: '',
      changedAt: now,
      progressAt: now,
      quietReported: false,
    };
    this.#seen.set(run.name, seen);
    if (seen.counts !== counts) Object.assign(seen, { counts, changedAt: now, quietReported: false });
    if (progressMs > 0 && seen.progress !== counts && now - seen.progressAt >= progressMs) {
      Object.assign(seen, { progress: counts, progressAt: now });
      events.progress(summaryReport(run));
    }
    if (quietMs > 0 && !seen.quietReported && now - seen.changedAt >= quietMs) {
      seen.quietReported = true;
      events.report(await this.#whole(store, run));
    }
  }

  async #whole(store: Runs, run: RunCounts): Promise<WholeReport> {
    const { withWords } = this.#options;
    const items: ReportRow[] = [];
    // Made page by page, so that a long list stops no flow.
    const list = [reportCsvHead(withWords)];
    let page: readonly ReportedItem[];
    let after = 0;
    do {
      page = await store.items(run.name, after, PAGE);
      const rows = page.map((item) => reportRow(item, withWords));
      for (const row of rows) items.push(row);
      list.push(reportCsvRows(rows, withWords));
      after = page.at(-1)?.n ?? after;
    } while (page.length === PAGE && items.length < MOST);
    const truncated = items.length < run.items;
    return { payload: { ...summaryReport(run), items, truncated }, csv: list.join('') };
  }
}
