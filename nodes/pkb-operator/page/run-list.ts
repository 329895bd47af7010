/** All items of a run, read page by page: as a file for a spreadsheet, or counted by the hour in which they ended. */
import type { FinalState } from '../../../src/delivery/outbox/messages.js';
import { reportCsvHead, reportCsvRows } from '../../../src/operator/run-report.js';
import { ask } from './api.js';
import type { EndedCount, Hours, RunPage, ShownItem } from './types.js';

/** Which items are read. */
export interface AskedItems {
  readonly connection: string;
  readonly run: string;
  /** Blank for all. */
  readonly state: string;
  readonly words: boolean;
}

/** How many are asked for at once. */
const PAGE = 1000;

const HOUR_MS = 3_600_000;

/** How many hours are shown at most: the last ones. */
const HOURS = 72;

/** The pages of a run's items. @throws Failed */
export async function* itemPages(asked: AskedItems): AsyncGenerator<readonly ShownItem[]> {
  let after: number | null = 0;
  do {
    const page: RunPage = await ask('pkb/run', { ...asked, after, most: PAGE });
    yield page.items;
    after = page.next;
  } while (after !== null);
}

/**
 * Makes the list as CSV.
 *
 * @param read is told how many have been read
 * @param isWanted asked after each page
 * @returns undefined where it is no longer wanted
 */
export async function csvOf(
  asked: AskedItems,
  read: (count: number) => void,
  isWanted: () => boolean,
): Promise<{ readonly file: Blob; readonly count: number } | undefined> {
  const parts = [reportCsvHead(asked.words)];
  let count = 0;
  for await (const items of itemPages(asked)) {
    if (!isWanted()) return undefined;
    parts.push(reportCsvRows(items, asked.words));
    count += items.length;
    read(count);
  }
  return { file: new Blob(parts, { type: 'text/csv;charset=utf-8' }), count };
}

/** A name for the file that no system takes for anything else. */
export function fileNameOf(run: string): string {
  const name = run.replaceAll(/[^\p{L}\p{N}_-]+/gu, '_').slice(0, 100);
  return `run-${name}.csv`;
}

/** How many items ended in each hour, as the bars of the page take it; undefined where it is no longer wanted. */
export async function hoursOf(
  asked: AskedItems,
  read: (count: number) => void,
  isWanted: () => boolean,
): Promise<Hours | undefined> {
  const counts = new Map<string, EndedCount>();
  let count = 0;
  for await (const items of itemPages(asked)) {
    if (!isWanted()) return undefined;
    for (const item of items) addTo(counts, item);
    count += items.length;
    read(count);
  }
  const ends = [...counts.values()];
  const last = Math.max(...ends.map(({ hour }) => hour));
  const first = Math.max(last - (HOURS - 1) * HOUR_MS, Math.min(...ends.map(({ hour }) => hour)));
  const since = ends.length === 0 ? 0 : first;
  return {
    since,
    hours: ends.length === 0 ? 0 : Math.round((last - first) / HOUR_MS) + 1,
    counts: ends.filter(({ hour }) => hour >= since),
  };
}

function addTo(counts: Map<string, EndedCount>, { endedAt, customer, state }: ShownItem): void {
  if (endedAt === '') return;
  const hour = Math.floor(Date.parse(endedAt) / HOUR_MS) * HOUR_MS;
  const key = JSON.stringify([hour, customer, state]);
  const count = (counts.get(key)?.count ?? 0) + 1;
  // What has an end is in one of the states of messages that ended.
  counts.set(key, { hour, connection: '', facility: customer, state: state as FinalState, count });
}
