/** A run's items page by page, for the operators' page and the command. */
import { type ItemState, type ReportedItem, type Runs } from '../delivery/outbox/runs.js';
import { reportRow, type ReportRow, type RunReport } from './run-report.js';

/** How many items a page may have. */
export const MOST_ITEMS = 1000;

/** How many items one page reads at most where only those of one state are wanted, so that it holds up nothing. */
export const ITEMS_READ = 10_000;

/** One item in a list. */
export interface ShownItem extends ReportRow {
  /** Grows with the order in which items came first. */
  readonly n: number;
  /** Id of its message, or of the same one for a duplicate; null where there is none. */
  readonly message: number | null;
}

/** Some items of a run. */
export interface ItemPage {
  readonly items: readonly ShownItem[];
  /** Where to go on (`after`); null at the end. A page may be short, or empty, and have more behind it. */
  readonly next: number | null;
}

/** A run with some of its items, as `POST /pkb/run` answers. */
export interface RunPage extends RunReport, ItemPage {}

/** Which items are wanted. */
export interface WantedItems {
  /** `n` of the item behind which to begin; 0 = all. */
  readonly after: number;
  /** {@link MOST_ITEMS} at most. */
  readonly most: number;
  /** Only those in this state. */
  readonly state: ItemState | undefined;
  /** Whether with PKB's words, which may quote the message. */
  readonly withWords: boolean;
}

/**
 * Reads a page of a run's items.
 *
 * @param name of the run
 * @throws PkbOutboxError where the store cannot do its duty
 */
export async function itemPage(
  runs: Pick<Runs, 'items'>,
  name: string,
  { after, most, state, withWords }: WantedItems,
): Promise<ItemPage> {
  const items: ShownItem[] = [];
  if (most === 0) return { items, next: null };
  // One more than wanted shows whether there are more.
  const size = state === undefined ? most + 1 : MOST_ITEMS;
  let at = after;
  for (let read = 0; read < ITEMS_READ; read += size) {
    const found = await runs.items(name, at, size);
    for (const item of found) {
      const isWanted = state === undefined || item.state === state;
      if (isWanted && items.length === most) return { items, next: at };
      if (isWanted) items.push(shownItem(item, withWords));
      at = item.n;
    }
    if (found.length < size) return { items, next: null };
  }
  return { items, next: at };
}

function shownItem(item: ReportedItem, withWords: boolean): ShownItem {
  return { n: item.n, message: item.message ?? null, ...reportRow(item, withWords) };
}
