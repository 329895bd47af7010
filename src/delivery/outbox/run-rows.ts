/** Runs and their items as rows of an outbox's database: statements that both databases understand, and what rows mean. */
import type { BodyCipher, Hidden } from './cipher.js';
import type { MessageRows } from './message-row.js';
import { placeOfResult } from './message-row.js';
import type { NewMessage } from './messages.js';
import type { MovedItem, MovedRun } from './move.js';
import type { Row, Value } from './row.js';
import {
  ITEM_STATES,
  type ItemPlace,
  type ItemState,
  type ReportedItem,
  type RunCounts,
  type RunItem,
  type RunStart,
  type RunSummary,
} from './runs.js';

/** The columns of `item` that are written when one comes, in the order of {@link RunRows.itemValues}. */
export const ITEM_COLUMNS = [
  'run',
  'item_key',
  'reference_key',
  'content',
  'occurrence',
  'position',
  'label',
  'message_type',
  'message',
  'same',
  'ending',
  'code',
  'at',
] as const;

/** The columns of `item` that are moved, in the order of {@link RunRows.movedItemValues}. */
export const MOVED_ITEM_COLUMNS = [...ITEM_COLUMNS, 'arrivals'] as const;

/** The columns of `run`, in the order of {@link RunRows.movedRunValues}. */
export const RUN_COLUMNS = [
  'name',
  'label',
  'reporter',
  'expected',
  'exact',
  'started_at',
  'closed_at',
  'reported',
  'claimed_until',
] as const;

const COLUMNS = ITEM_COLUMNS.join(', ');

/** Whether an item is waiting, of `item i` joined with its `message m`. */
const WAITING = `i.ending IS NULL AND (i.message IS NULL OR m.state = 'queued')`;

/** The statements, with `?` for values. @param p what stands before the name of a table, such as `schema.` */
export function runStatements(p: '' | `${string}.`) {
  const joined = `${p}item i LEFT JOIN ${p}message m ON m.id = i.message`;
  return {
    /** Makes a run that nothing is known of yet. Values: name, label, time. */
    ensure: `INSERT INTO ${p}run (name, label, reporter, started_at) VALUES (?, ?, '', ?) ON CONFLICT (name) DO NOTHING`,
    /** Values: name, label, reporter, time, expected, whether that is exact. */
    begin: `INSERT INTO ${p}run (name, label, reporter, started_at, expected, exact) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (name) DO UPDATE SET reporter = excluded.reporter, expected = CASE
        WHEN excluded.expected IS NULL THEN run.expected
        WHEN excluded.exact = 1 OR run.expected IS NULL THEN excluded.expected
        WHEN run.exact = 0 AND run.expected < excluded.expected THEN excluded.expected ELSE run.expected END,
        exact = CASE WHEN excluded.exact = 1 THEN 1 ELSE run.exact END`,
    /** A message that is stored opens a run again. Value: name. */
    reopen: `UPDATE ${p}run SET closed_at = NULL, reported = 0, claimed_until = 0 WHERE name = ? AND closed_at IS NOT NULL`,
    /** The latest message of a key that is accepted or pending, and its content. Value: key. */
    latest: `SELECT m.id, m.state, m.stored_at, m.control_id, m.data_point_id, m.facility, m.reference, m.identity, i.content
      FROM ${p}item i JOIN ${p}message m ON m.id = i.message
      WHERE i.item_key = ? AND m.state IN ('queued', 'accepted') ORDER BY i.message DESC LIMIT 1`,
    /** What was announced is replaced by what came. Values: run, key of the reference, key, key, key of the reference, key, content, position, position. */
    replace: `DELETE FROM ${p}item WHERE run = ? AND reference_key = ? AND ${isSameItem('?', '?', '?')}
      AND NOT (item_key = ? AND content = ?) AND ${replaceable('?', '?')}`,
    /** The places of one content in a list. Values: run, key, content. */
    places: `SELECT position, occurrence FROM ${p}item WHERE run = ? AND item_key = ? AND content = ?`,
    /** Whether anything is known of an item. Values: run, key of the reference, key, key, key of the reference. */
    known: `SELECT 1 FROM ${p}item WHERE run = ? AND reference_key = ? AND ${isSameItem('?', '?', '?')} LIMIT 1`,
    /** What has a message keeps it, unless it gets another. Values: {@link ITEM_COLUMNS}. */
    place: `INSERT INTO ${p}item (${COLUMNS}, arrivals) VALUES (${ITEM_COLUMNS.map(() => '?').join(', ')}, 1)
      ${ON_CONFLICT}`,
    /** Values: name. */
    one: `SELECT * FROM ${p}run WHERE name = ?`,
    /** Values: how many. */
    latestRuns: `SELECT * FROM ${p}run ORDER BY started_at DESC, name LIMIT ?`,
    /** Values: reporter, how many. */
    openRuns: `SELECT * FROM ${p}run WHERE reporter = ? AND reported = 0 ORDER BY started_at DESC, name LIMIT ?`,
    /** Values: name. */
    counts: `SELECT CASE WHEN ${WAITING} THEN 'waiting' ELSE coalesce(i.ending, m.state) END AS state, count(*) AS n,
        sum(i.arrivals) AS arrivals FROM ${joined} WHERE i.run = ? GROUP BY 1`,
    /** How many places of its list have come. Values: name. */
    arrived: `SELECT count(*) AS n FROM (SELECT DISTINCT item_key, position FROM ${p}item WHERE run = ?) places`,
    /** How many keys have several contents; one that is not known is none. Values: name. */
    changed: `SELECT count(*) AS n FROM (SELECT 1 FROM ${p}item WHERE run = ? GROUP BY item_key HAVING count(DISTINCT nullif(content, '')) > 1) twice`,
    /** Values: name, after, how many. */
    items: `SELECT i.id AS n, i.run, i.item_key, i.content, i.label, i.message_type AS item_type, i.message, i.same, i.ending, i.code, i.at,
        i.arrivals, CASE WHEN ${WAITING} THEN 'waiting' ELSE coalesce(i.ending, m.state) END AS item_state,
        x.id, x.state, x.settled_at, x.attempts, x.result, x.control_id, x.data_point_id, x.facility, x.reference, x.identity
      FROM ${joined} LEFT JOIN ${p}message x ON x.id = coalesce(i.message, i.same)
      WHERE i.run = ? AND i.id > ? ORDER BY i.id LIMIT ?`,
    /** Values: time, name. */
    close: `UPDATE ${p}run SET closed_at = ?, reported = 0, claimed_until = 0 WHERE name = ? AND closed_at IS NULL
      AND expected IS NOT NULL AND expected <= (SELECT count(*) FROM (SELECT DISTINCT item_key, position FROM ${p}item
        WHERE run = run.name) places)
      AND NOT EXISTS (SELECT 1 FROM ${joined} WHERE i.run = run.name AND ${WAITING})`,
    /** Values: until, name, now. */
    claim: `UPDATE ${p}run SET claimed_until = ? WHERE name = ? AND closed_at IS NOT NULL AND reported = 0 AND claimed_until <= ?`,
    /** Values: name, when it was closed. */
    reported: `UPDATE ${p}run SET reported = 1 WHERE name = ? AND closed_at = ?`,
  } as const;
}

/**
 * What a second arrival of an item changes. The first one after an announcement is not a second, nor is the error of a message that
 * could not be delivered.
 */
export const ON_CONFLICT = `ON CONFLICT (run, item_key, content, occurrence) DO UPDATE SET
  arrivals = item.arrivals + CASE WHEN item.ending IS NULL AND item.message IS NULL THEN 0
    WHEN item.message IS NOT NULL AND excluded.ending = 'unbuilt' THEN 0 ELSE 1 END, ${[
      'message',
      'same',
      'ending',
      'code',
      'at',
    ]
      .map(
        (column) =>
          `${column} = CASE WHEN item.message IS NOT NULL AND excluded.message IS NULL THEN item.${column} ELSE excluded.${column} END`,
      )
      .join(', ')}`;

/**
 * Which rows of `item` with its reference are an item: its Customer is the same, or not known of one of the two. All as SQL.
 *
 * @param key of the item
 * @param again the same, once more
 * @param referenceKey its key where its Customer is not known
 */
export function isSameItem(key: string, again: string, referenceKey: string): string {
  return `(item_key = reference_key OR item_key = ${key} OR ${again} = ${referenceKey})`;
}

/**
 * Which rows of an item are replaced when it comes: what was announced, stopped or not built at the same place of the list.
 *
 * @param position its place in the list, as SQL
 * @param again the same, once more
 */
export function replaceable(position: string, again: string): string {
  return `message IS NULL AND (ending IS NULL OR (ending IN ('stopped', 'unbuilt')
    AND (position IS NULL OR ${position} IS NULL OR position = ${again})))`;
}

/**
 * Which occurrence of its content in the run an item is.
 *
 * @param places of the same content, from rows of the statement `places`
 * @returns 0 for the first, and wherever it is not known to be another place of the list
 */
export function occurrenceOf({ position }: RunItem, places: readonly Row[]): number {
  const known = places.find((row) => position === undefined || row['position'] === null);
  if (known !== undefined || position === undefined || places.length === 0) return 0;
  const same = places.find((row) => Number(row['position']) === position);
  return same === undefined ? position + 1 : Number(same['occurrence']);
}

/** What stands in the sealed label of an item. */
interface Label {
  readonly reference: string;
  readonly facility: string;
}

/** Writes and reads rows. */
export class RunRows {
  readonly #cipher: BodyCipher;
  readonly #hidden: Hidden;
  readonly #rows: MessageRows;

  constructor(cipher: BodyCipher, hidden: Hidden, rows: MessageRows) {
    this.#cipher = cipher;
    this.#hidden = hidden;
    this.#rows = rows;
  }

  /** What stands in the columns `run.name` and `item.run`. */
  nameOf(run: string): string {
    return this.#hidden.hide(run);
  }

  /** The values of the statement `ensure`. */
  ensureValues(run: string, at: number): Value[] {
    return [this.nameOf(run), this.#runLabel(run), at];
  }

  /** The values of the statement `begin`. */
  beginValues({ name, reporter, expected, isExact, at }: RunStart): Value[] {
    return [
      this.nameOf(name),
      this.#runLabel(name),
      reporter,
      at,
      expected ?? null,
      isExact && expected !== undefined ? 1 : 0,
    ];
  }

  /** The values of {@link ITEM_COLUMNS} of an item with a message, or of one that is the same as another. */
  storedValues(
    message: NewMessage,
    item: RunItem,
    occurrence: number,
    placed: { id: number } | { same: number },
  ): Value[] {
    const isStored = 'id' in placed;
    return [
      ...this.#begin(item, occurrence, message.facility),
      message.messageType,
      isStored ? placed.id : null,
      isStored ? null : placed.same,
      isStored ? null : 'duplicate',
      '',
      message.storedAt,
    ];
  }

  /** The values of {@link ITEM_COLUMNS} of an item without a message. */
  placeValues(place: ItemPlace, occurrence: number): Value[] {
    const { messageType, state, code, at } = place;
    const ending = state === 'waiting' ? null : state;
    return [...this.#begin(place, occurrence, place.facility), messageType, null, null, ending, code, at];
  }

  /** The values of {@link RUN_COLUMNS} of a run that is moved. */
  movedRunValues(run: MovedRun): Value[] {
    return [
      this.nameOf(run.name),
      this.#runLabel(run.name),
      run.reporter,
      run.expected ?? null,
      run.isExact ? 1 : 0,
      run.startedAt,
      run.closedAt ?? null,
      run.isReported ? 1 : 0,
      run.claimedUntil,
    ];
  }

  /** From a row of `run`. */
  movedRun(row: Row): MovedRun {
    return {
      ...this.summaryOf(row),
      isExact: row['exact'] === 1,
      claimedUntil: Number(row['claimed_until']),
    };
  }

  /** The values of {@link MOVED_ITEM_COLUMNS} of an item that is moved. */
  movedItemValues(item: MovedItem): Value[] {
    const { occurrence, messageType, message, same, ending, code, at, arrivals } = item;
    return [
      ...this.#begin(item, occurrence, item.facility),
      messageType,
      message,
      same,
      ending,
      code,
      at,
      arrivals,
    ];
  }

  /** From a row of `item` with `run_label`; its messages are those that the row names. */
  movedItem(row: Row): MovedItem {
    const number = (column: string): number | null => (row[column] === null ? null : Number(row[column]));
    return {
      run: this.#cipher.open(row['run_label'], placeOfName(row['run'] as string)),
      key: row['item_key'] as string,
      referenceKey: row['reference_key'] as string,
      content: row['content'] as string,
      occurrence: Number(row['occurrence']),
      position: number('position') ?? undefined,
      ...this.#labelOf(row),
      messageType: row['message_type'] as string,
      message: number('message'),
      same: number('same'),
      ending: row['ending'] as string | null,
      code: row['code'] as string,
      at: Number(row['at']),
      arrivals: Number(row['arrivals']),
    };
  }

  #begin(item: RunItem, occurrence: number, facility: string): Value[] {
    const { run, key, referenceKey, content, reference, position } = item;
    const label: Label = { reference, facility };
    const place = placeOfLabel(this.nameOf(run), key, content);
    return [
      this.nameOf(run),
      key,
      referenceKey,
      content,
      occurrence,
      position ?? null,
      this.#cipher.seal(JSON.stringify(label), place),
    ];
  }

  #runLabel(name: string): Buffer {
    return this.#cipher.seal(name, placeOfName(this.nameOf(name)));
  }

  /** From a row of `run`. */
  summaryOf(row: Row): RunSummary {
    const [expected, closedAt] = [row['expected'], row['closed_at']];
    return {
      name: this.#cipher.open(row['label'], placeOfName(row['name'] as string)),
      reporter: row['reporter'] as string,
      expected: expected === null ? undefined : Number(expected),
      startedAt: Number(row['started_at']),
      closedAt: closedAt === null ? undefined : Number(closedAt),
      isReported: row['reported'] === 1,
    };
  }

  /** From a row of `run` and those of the statement `counts`. */
  countsOf(run: Row, counts: readonly Row[], places: number, changed: number): RunCounts {
    const all = counts.map((row) => [row['state'] as ItemState, Number(row['n'])] as const);
    const items = all.reduce((sum, [, n]) => sum + n, 0);
    const arrivals = counts.reduce((sum, row) => sum + Number(row['arrivals']), 0);
    const states = Object.fromEntries([...ITEM_STATES.map((state) => [state, 0] as const), ...all]);
    return {
      ...this.summaryOf(run),
      items,
      places,
      states: states as Record<ItemState, number>,
      repeats: arrivals - items,
      changed,
    };
  }

  /** From a row of the statement `items`. */
  itemOf(row: Row): ReportedItem {
    const label = this.#labelOf(row);
    const isThere = row['id'] !== null;
    const { controlId, dataPointId, facility } = isThere
      ? this.#rows.identityOf(row)
      : { controlId: '', dataPointId: '', facility: label.facility };
    const isDuplicate = row['ending'] === 'duplicate';
    const settledAt = row['settled_at'];
    return {
      n: Number(row['n']),
      reference: label.reference,
      facility,
      messageType: row['item_type'] as string,
      state: row['item_state'] as ItemState,
      code: row['code'] as string,
      controlId,
      dataPointId,
      message: isThere ? Number(row['id']) : undefined,
      sameState: isDuplicate && isThere ? (row['state'] as ReportedItem['sameState']) : undefined,
      outcome: isDuplicate || !isThere ? undefined : this.#outcomeOf(row),
      at: Number(row['at']),
      settledAt: isDuplicate || settledAt === null ? undefined : Number(settledAt),
      attempts: isDuplicate || !isThere ? 0 : Number(row['attempts']),
      arrivals: Number(row['arrivals']),
    };
  }

  #labelOf(row: Row): Label {
    const place = placeOfLabel(row['run'] as string, row['item_key'] as string, row['content'] as string);
    return JSON.parse(this.#cipher.open(row['label'], place)) as Label;
  }

  #outcomeOf(row: Row): ReportedItem['outcome'] {
    if (row['result'] === null) return undefined;
    return JSON.parse(
      this.#cipher.open(row['result'], placeOfResult(Number(row['id']))),
    ) as ReportedItem['outcome'];
  }
}

/** Where the name of a run stands, for the seal. */
export function placeOfName(name: string): string {
  return `run.label:${name}`;
}

/** Where the label of an item stands, for the seal. */
export function placeOfLabel(run: string, key: string, content: string): string {
  return `item.label:${run}:${key}:${content}`;
}
