/** Runs in memory, as long as the process lives. */
import type { Outcome, Withdrawn } from '../outcome.js';
import type { SettledMessage } from './contract.js';
import type { FinalState, NewMessage, StoredMessage } from './messages.js';
import {
  ITEM_STATES,
  type ItemPlace,
  type ItemState,
  type Placed,
  type ReportedItem,
  type RunCounts,
  type RunItem,
  type Runs,
  type RunStart,
  type RunSummary,
} from './runs.js';

/** How the message of an item stands. */
interface Standing {
  /** Without its texts, where it has ended. */
  readonly message: StoredMessage;
  readonly state: 'queued' | FinalState;
  readonly outcome: Outcome | Withdrawn | undefined;
  readonly settledAt: number | undefined;
}

/** How many runs are remembered. */
const REMEMBERED = 100;

interface Item extends RunItem {
  readonly occurrence: number;
  readonly n: number;
  readonly facility: string;
  readonly messageType: string;
  readonly message: number | undefined;
  readonly same: number | undefined;
  readonly ending: 'stopped' | 'unbuilt' | 'duplicate' | undefined;
  readonly code: string;
  readonly at: number;
  readonly arrivals: number;
}

interface Run {
  reporter: string;
  expected: number | undefined;
  isExact: boolean;
  readonly startedAt: number;
  closedAt: number | undefined;
  isReported: boolean;
  claimedUntil: number;
  /** By key, content and occurrence. */
  readonly items: Map<string, Item>;
  /** By key of the reference, the names under which its items stand in `items`. */
  readonly byReference: Map<string, Set<string>>;
}

/** Keeps runs. */
export class MemoryRuns implements Runs {
  readonly #runs = new Map<string, Run>();
  /** By key, the messages that were stored for it, with their contents. */
  readonly #stored = new Map<string, { readonly id: number; readonly content: string }[]>();
  /** The messages of items, and how those stand that have ended. */
  readonly #messages = new Map<number, Standing | undefined>();
  readonly #queued: (id: number) => StoredMessage | undefined;
  #lastItem = 0;

  /** @param queued a message that is pending */
  constructor(queued: (id: number) => StoredMessage | undefined) {
    this.#queued = queued;
  }

  /** A message has ended. */
  end({ message, state, outcome }: SettledMessage, settledAt: number): void {
    if (!this.#messages.has(message.id)) return;
    const withoutTexts = { ...message, body: '', carried: '' };
    this.#messages.set(message.id, { message: withoutTexts, state, outcome, settledAt });
  }

  /** A message that had ended is pending again. */
  requeued(id: number): void {
    if (this.#messages.has(id)) this.#messages.set(id, undefined);
  }

  /** As `Outbox.addItem`. @param insert stores the message */
  add(message: NewMessage, item: RunItem, insert: () => number): Placed {
    const all = this.#stored.get(item.key) ?? [];
    const latest = all.findLast(({ id }) => isLive(this.#standing(id)));
    const { facility, messageType, storedAt: at } = message;
    const about = { ...item, facility, messageType, code: '', at };
    const standing = latest?.content === item.content ? this.#standing(latest.id) : undefined;
    if (standing !== undefined) {
      this.#put({ ...about, message: undefined, same: standing.message.id, ending: 'duplicate' });
      const { id, controlId, storedAt } = standing.message;
      return {
        same: { id, controlId, state: standing.state === 'accepted' ? 'accepted' : 'queued', storedAt },
      };
    }
    const id = insert();
    this.#messages.set(id, undefined);
    this.#stored.set(item.key, [...all, { id, content: item.content }]);
    this.#put({ ...about, message: id, same: undefined, ending: undefined });
    Object.assign(this.#run(item.run, at), { closedAt: undefined, isReported: false, claimedUntil: 0 });
    return { id };
  }

  async begin({ name, reporter, expected, isExact, at }: RunStart): Promise<void> {
    const run = this.#run(name, at);
    run.reporter = reporter;
    if (expected === undefined) return;
    if (isExact || (!run.isExact && expected > (run.expected ?? -1))) run.expected = expected;
    run.isExact ||= isExact;
  }

  async place(places: readonly ItemPlace[]): Promise<void> {
    for (const { state, ...place } of places) {
      const known = itemsOf(this.#run(place.run, place.at), place);
      if (state === 'waiting' && known.some(([, one]) => isSameItem(one, place))) continue;
      const ending = state === 'waiting' ? undefined : state;
      this.#put({ ...place, message: undefined, same: undefined, ending });
    }
  }

  async all(most: number, reporter?: string): Promise<RunSummary[]> {
    return [...this.#runs]
      .filter(([, run]) => reporter === undefined || (run.reporter === reporter && !run.isReported))
      .map(([name, run]) => summaryOf(name, run))
      .toSorted((a, b) => b.startedAt - a.startedAt || (a.name < b.name ? -1 : 1))
      .slice(0, most);
  }

  async one(name: string): Promise<RunCounts | undefined> {
    const run = this.#runs.get(name);
    if (run === undefined) return undefined;
    const states = Object.fromEntries(ITEM_STATES.map((state) => [state, 0])) as Record<ItemState, number>;
    let arrivals = 0;
    for (const item of run.items.values()) {
      states[this.#stateOf(item)]++;
      arrivals += item.arrivals;
    }
    const keys = Map.groupBy(run.items.values(), ({ key }) => key);
    const contentsOf = (all: readonly Item[]): number =>
      new Set(all.map(({ content }) => content).filter((content) => content !== '')).size;
    const changed = [...keys.values()].filter((all) => contentsOf(all) > 1).length;
    const items = run.items.size;
    const places = placesOf(run);
    return { ...summaryOf(name, run), items, places, states, repeats: arrivals - items, changed };
  }

  async items(name: string, after: number, most: number): Promise<ReportedItem[]> {
    const items = [...(this.#runs.get(name)?.items.values() ?? [])];
    return items
      .filter(({ n }) => n > after)
      .toSorted((a, b) => a.n - b.n)
      .slice(0, most)
      .map((item) => this.#reported(item));
  }

  async close(name: string, at: number): Promise<boolean> {
    const run = this.#runs.get(name);
    if (run?.expected === undefined || run.closedAt !== undefined || placesOf(run) < run.expected)
      return false;
    if ([...run.items.values()].some((item) => this.#stateOf(item) === 'waiting')) return false;
    Object.assign(run, { closedAt: at, isReported: false, claimedUntil: 0 });
    return true;
  }

  async claim(name: string, at: number, until: number): Promise<boolean> {
    const run = this.#runs.get(name);
    if (run?.closedAt === undefined || run.isReported || run.claimedUntil > at) return false;
    run.claimedUntil = until;
    return true;
  }

  async reported(name: string, closedAt: number): Promise<void> {
    const run = this.#runs.get(name);
    if (run?.closedAt === closedAt) run.isReported = true;
  }

  clear(): void {
    this.#runs.clear();
    this.#stored.clear();
    this.#messages.clear();
  }

  #standing(id: number): Standing | undefined {
    const message = this.#queued(id);
    if (message === undefined) return this.#messages.get(id);
    return { message, state: 'queued', outcome: undefined, settledAt: undefined };
  }

  #run(name: string, at: number): Run {
    let run = this.#runs.get(name);
    if (run !== undefined) return run;
    const nothing = {
      expected: undefined,
      isExact: false,
      closedAt: undefined,
      isReported: false,
      claimedUntil: 0,
    };
    run = { reporter: '', startedAt: at, ...nothing, items: new Map(), byReference: new Map() };
    this.#runs.set(name, run);
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > REMEMBERED && oldest !== undefined) this.#runs.delete(oldest);
    return run;
  }

  #put(item: Omit<Item, 'n' | 'arrivals' | 'occurrence'>): void {
    const run = this.#run(item.run, item.at);
    const { items, byReference } = run;
    const names = byReference.get(item.referenceKey) ?? new Set();
    byReference.set(item.referenceKey, names);
    for (const [name, one] of itemsOf(run, item)) {
      if (!isReplaced(one, item)) continue;
      items.delete(name);
      names.delete(name);
    }
    const occurrence = this.#occurrenceOf(run, item);
    const id = JSON.stringify([item.key, item.content, occurrence]);
    const before = items.get(id);
    const keeps = before?.message !== undefined && item.message === undefined;
    const isAnnounced = before?.ending === undefined && before?.message === undefined;
    const isArrival = !isAnnounced && !(keeps && item.ending === 'unbuilt');
    const arrivals = isAnnounced ? 1 : (before?.arrivals ?? 0) + (isArrival ? 1 : 0);
    const n = before?.n ?? ++this.#lastItem;
    names.add(id);
    items.set(id, { ...(keeps ? before : { ...item, occurrence }), n, arrivals });
  }

  /** As `occurrenceOf` of the databases. */
  #occurrenceOf(run: Run, item: RunItem): number {
    const { key, content, position } = item;
    const places = itemsOf(run, item)
      .map(([, one]) => one)
      .filter((one) => one.key === key && one.content === content);
    if (position === undefined || places.length === 0) return 0;
    if (places.some((one) => one.position === undefined)) return 0;
    return places.find((one) => one.position === position)?.occurrence ?? position + 1;
  }

  #stateOf({ ending, message }: Item): ItemState {
    if (ending !== undefined) return ending;
    const state = message === undefined ? undefined : this.#standing(message)?.state;
    return state === undefined || state === 'queued' ? 'waiting' : state;
  }

  #reported(item: Item): ReportedItem {
    const { n, reference, facility, messageType, code, at, arrivals, ending, same } = item;
    const standing = this.#standing(item.message ?? same ?? -1);
    const isDuplicate = ending === 'duplicate';
    const own = isDuplicate ? undefined : standing;
    return {
      n,
      reference,
      facility,
      messageType,
      state: this.#stateOf(item),
      code,
      controlId: standing?.message.controlId ?? '',
      dataPointId: standing?.message.dataPoint?.id ?? '',
      message: standing?.message.id,
      sameState: isDuplicate ? standing?.state : undefined,
      outcome: own?.outcome,
      at,
      settledAt: own?.settledAt,
      attempts: own?.message.attempts ?? 0,
      arrivals,
    };
  }
}

/** The items of a run with the reference of an item, by their names. */
function itemsOf({ items, byReference }: Run, { referenceKey }: RunItem): [string, Item][] {
  return [...(byReference.get(referenceKey) ?? [])].flatMap((name) => {
    const item = items.get(name);
    return item === undefined ? [] : [[name, item] as [string, Item]];
  });
}

/** As `isSameItem` of the databases. */
function isSameItem(one: RunItem, { key, referenceKey }: RunItem): boolean {
  if (one.referenceKey !== referenceKey) return false;
  return one.key === one.referenceKey || one.key === key || key === referenceKey;
}

/** As `replaceable` of the databases. */
function isReplaced(one: Item, item: RunItem): boolean {
  if (one.key === item.key && one.content === item.content) return false;
  if (!isSameItem(one, item) || one.message !== undefined || one.ending === 'duplicate') return false;
  if (one.ending === undefined) return true;
  const { position } = item;
  return one.position === undefined || position === undefined || one.position === position;
}

function placesOf({ items }: Run): number {
  return new Set([...items.values()].map(({ key, position }) => `${key} ${position}`)).size;
}

function isLive(standing: Standing | undefined): boolean {
  return standing?.state === 'queued' || standing?.state === 'accepted';
}

function summaryOf(name: string, { reporter, expected, startedAt, closedAt, isReported }: Run): RunSummary {
  return { name, reporter, expected, startedAt, closedAt, isReported };
}
