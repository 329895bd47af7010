/** Letters as rows of an outbox's database: statements that both databases understand, and what rows mean. */
import type { BodyCipher, Hidden } from './cipher.js';
import {
  type EndedLetter,
  LETTER_STATES,
  type LetterCount,
  type LetterDecision,
  type LetterName,
  type LetterState,
  type NewLetter,
  type WatchedLetter,
  type WatcherCount,
} from './letters.js';
import type { Row, Value } from './row.js';

/** The columns of `letter` that are written when it is watched, in the order of {@link LetterRows.newValues}. */
export const LETTER_COLUMNS = [
  'watcher',
  'letter_key',
  'control_id',
  'reference',
  'document_id',
  'organisation',
  'label',
  'ask_patient',
  'deadline',
  'next_ask',
  'watched_at',
  'state',
  'given',
] as const;

/** All but the id, in the order of {@link LetterRows.movedValues}. */
export const MOVED_LETTER_COLUMNS = [
  ...LETTER_COLUMNS,
  'reason',
  'read_at',
  'ended_at',
  'claimed_until',
] as const;

const HOUR_MS = 3_600_000;
/** `state <> 'watched'` is what the indexes of both databases say; SQLite does not conclude it from the states. */
const ENDED = `state <> 'watched' AND state IN ('read', 'post', 'attention')`;

/** The statements, with `?` for values. @param p what stands before the name of a table, such as `schema.` */
export function letterStatements(p: '' | `${string}.`) {
  const columns = LETTER_COLUMNS.join(', ');
  return {
    /** Values: {@link LETTER_COLUMNS}. */
    watch: `INSERT INTO ${p}letter (${columns}) VALUES (${LETTER_COLUMNS.map(() => '?').join(', ')})
      ON CONFLICT (watcher, letter_key) DO UPDATE SET ${LETTER_COLUMNS.map((column) => `${column} = excluded.${column}`).join(', ')},
        reason = NULL, read_at = NULL, ended_at = NULL, claimed_until = 0 WHERE letter.control_id <> excluded.control_id`,
    /** One whose end is just being given stays. Values: time, watcher, key, time. */
    cancel: `UPDATE ${p}letter SET state = 'cancelled', ended_at = ?, given = 1 WHERE watcher = ? AND letter_key = ?
      AND (state = 'watched' OR (${ENDED} AND given = 0 AND claimed_until <= ?)) RETURNING id`,
    /** Values: again, watcher, now, how many. */
    take: `UPDATE ${p}letter SET next_ask = ? WHERE id IN (SELECT id FROM ${p}letter WHERE watcher = ? AND state = 'watched'
      AND next_ask <= ? ORDER BY organisation, deadline, id LIMIT ?) AND state = 'watched' RETURNING *`,
    /** Values: time, id. */
    putOff: `UPDATE ${p}letter SET next_ask = ? WHERE id = ? AND state = 'watched'`,
    /** As `putOff`; its patient was asked about. Values: time, id. */
    putOffPatient: `UPDATE ${p}letter SET next_ask = ?, ask_patient = 0 WHERE id = ? AND state = 'watched'`,
    /** Values: end, reason, read at, time, id, version. */
    end: `UPDATE ${p}letter SET state = ?, reason = ?, read_at = ?, ended_at = ?, given = 0 WHERE id = ? AND control_id = ?
      AND state = 'watched' RETURNING id`,
    /** Values: until, watcher, now, how many. */
    takeEnded: `UPDATE ${p}letter SET claimed_until = ? WHERE id IN (SELECT id FROM ${p}letter WHERE watcher = ? AND given = 0
      AND ${ENDED} AND claimed_until <= ? ORDER BY id LIMIT ?) AND given = 0 RETURNING *`,
    /** Values: id, version. */
    gave: `UPDATE ${p}letter SET given = 1 WHERE id = ? AND control_id = ? AND state <> 'watched'`,
    /** Takes away what an older version of a letter that is handed over has become. Values: to, from. */
    makeRoom: `DELETE FROM ${p}letter WHERE watcher = ? AND EXISTS (SELECT 1 FROM ${p}letter f WHERE f.watcher = ?
      AND f.letter_key = ${p}letter.letter_key AND f.state = 'watched' AND f.control_id <> ${p}letter.control_id
      AND (${p}letter.state <> 'watched' OR ${p}letter.watched_at < f.watched_at))`,
    /** Values: to, from, to. */
    handOver: `UPDATE ${p}letter SET watcher = ? WHERE watcher = ? AND NOT EXISTS (SELECT 1 FROM ${p}letter t WHERE t.watcher = ?
      AND t.letter_key = ${p}letter.letter_key) RETURNING id`,
    /** What is left of a watcher is known to the other one, in this version or a newer one. Value: from. */
    leave: `DELETE FROM ${p}letter WHERE watcher = ? AND state = 'watched'`,
    /** Value: watcher. */
    counts: `SELECT state, count(*) AS n FROM ${p}letter WHERE watcher = ? GROUP BY state`,
    /** No value. */
    allCounts: `SELECT watcher, state, count(*) AS n FROM ${p}letter GROUP BY watcher, state ORDER BY watcher, state`,
    /** Value: since. */
    ended: `SELECT ended_at / ${HOUR_MS} * ${HOUR_MS} AS hour, watcher, state, reason, count(*) AS n FROM ${p}letter
      WHERE ${ENDED} AND ended_at >= ? GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`,
  } as const;
}

/**
 * Finds watched letters by a name. Values: watcher, hidden name, and those of `also`.
 *
 * @param p as for {@link letterStatements}
 * @param also a further condition on the column, which an index may need
 */
export function findStatement(p: string, name: LetterName, also?: (column: string) => string): string {
  const column = 'reference' in name ? 'reference' : 'document_id';
  const more = also === undefined ? '' : ` AND ${also(column)}`;
  return `SELECT * FROM ${p}letter WHERE watcher = ? AND ${column} = ?${more} AND state = 'watched' ORDER BY id`;
}

/** The name itself. */
export function textOf(name: LetterName): string {
  return 'reference' in name ? name.reference : name.documentId;
}

/** A letter to ask about: without what its message carried, which may be long, and asking does not need. */
export function withoutCarried(letter: WatchedLetter): WatchedLetter {
  return { ...letter, carried: '' };
}

/** Those of some rows that can be read: one that is damaged must not keep the others from being asked about. It stays as it is. */
export function readable<T>(rows: readonly Row[], read: (row: Row) => T): T[] {
  return rows.flatMap((row) => {
    try {
      return [read(row)];
    } catch {
      return [];
    }
  });
}

/** What stands in the sealed label of a letter. */
type Label = Pick<NewLetter, 'controlId' | 'facility' | 'documentId' | 'reference' | 'nhsNumber' | 'carried'>;

/** A letter on its way from one outbox to another: its label in clear, and the columns that need no secret. */
export interface MovedLetter {
  readonly label: Label;
  readonly columns: Readonly<Record<string, string | number | null>>;
}

/** The columns of a moved letter that are the same in every outbox of one secret. */
const PLAIN = [
  'watcher',
  'letter_key',
  'organisation',
  'ask_patient',
  'deadline',
  'next_ask',
  'watched_at',
  'state',
  'given',
  'reason',
  'read_at',
  'ended_at',
  'claimed_until',
] as const;
const TEXTS: ReadonlySet<string> = new Set(['watcher', 'letter_key', 'organisation', 'state', 'reason']);

/** Writes and reads rows. */
export class LetterRows {
  readonly #cipher: BodyCipher;
  readonly #hidden: Hidden;

  constructor(cipher: BodyCipher, hidden: Hidden) {
    this.#cipher = cipher;
    this.#hidden = hidden;
  }

  /** What stands in the columns `reference`, `document_id` and `control_id`. */
  hide(value: string): string {
    return this.#hidden.hide(value);
  }

  /** The values of {@link LETTER_COLUMNS}. */
  newValues(letter: NewLetter): Value[] {
    const { watcher, key, nhsNumber, organisation, deadline, nextAsk, at } = letter;
    const { controlId, facility, documentId, reference, carried } = letter;
    const label: Label = { controlId, facility, documentId, reference, nhsNumber, carried };
    return [
      watcher,
      key,
      ...this.#named(label),
      organisation,
      this.#sealed(label, key),
      nhsNumber === '' ? 0 : 1,
      deadline,
      nextAsk,
      at,
      'watched',
      0,
    ];
  }

  /** The values of the statement `end`. */
  endValues({ id, controlId, end, reason, readAt, at }: LetterDecision): Value[] {
    return [end, reason, readAt ?? null, at, id, this.hide(controlId)];
  }

  /** From a row of `letter`. */
  letterOf(row: Row): WatchedLetter {
    const { controlId, facility, documentId, reference, nhsNumber, carried } = this.#labelOf(row);
    return {
      id: Number(row['id']),
      watcher: row['watcher'] as string,
      key: row['letter_key'] as string,
      controlId,
      facility,
      documentId,
      reference,
      organisation: row['organisation'] as string,
      nhsNumber: Number(row['ask_patient']) === 1 ? nhsNumber : '',
      carried,
      deadline: Number(row['deadline']),
      nextAsk: Number(row['next_ask']),
      at: Number(row['watched_at']),
    };
  }

  /** From a row of `letter` that has ended. */
  endedOf(row: Row): EndedLetter {
    const readAt = row['read_at'];
    return {
      ...this.letterOf(row),
      end: row['state'] as EndedLetter['end'],
      reason: row['reason'] as string,
      readAt: readAt === null ? undefined : Number(readAt),
      endedAt: Number(row['ended_at']),
    };
  }

  /** From a row of `letter`. */
  movedOf(row: Row): MovedLetter {
    const columns = PLAIN.map((name) => {
      const value = row[name];
      if (value === null) return [name, null] as const;
      return [name, TEXTS.has(name) ? (value as string) : Number(value)] as const;
    });
    return { label: this.#labelOf(row), columns: Object.fromEntries(columns) };
  }

  /** The values of {@link MOVED_LETTER_COLUMNS}. */
  movedValues({ label, columns }: MovedLetter): Value[] {
    const [controlId, reference, documentId] = this.#named(label);
    const sealed = this.#sealed(label, String(columns['letter_key']));
    const own: Record<string, Value | undefined> = {
      control_id: controlId,
      reference,
      document_id: documentId,
      label: sealed,
    };
    return MOVED_LETTER_COLUMNS.map((name) => own[name] ?? columns[name] ?? null);
  }

  #named({ controlId, reference, documentId }: Label): [string, string, string] {
    return [this.hide(controlId), this.hide(reference), this.hide(documentId)];
  }

  #sealed(label: Label, key: string): Buffer {
    return this.#cipher.seal(JSON.stringify(label), placeOfLetter(key));
  }

  /** Also of a file that is just given a key. */
  #labelOf(row: Row): Label {
    const place = placeOfLetter(row['letter_key'] as string);
    return JSON.parse(this.#cipher.openEarlier(row['label'], place)) as Label;
  }
}

/** The order in which letters are asked about. */
export function byOrganisation(a: WatchedLetter, b: WatchedLetter): number {
  if (a.organisation !== b.organisation) return a.organisation < b.organisation ? -1 : 1;
  return a.deadline - b.deadline || a.id - b.id;
}

/** From rows of the statement `counts`. */
export function letterCountsOf(rows: readonly Row[]): Record<LetterState, number> {
  const none = Object.fromEntries(LETTER_STATES.map((state) => [state, 0]));
  const found = Object.fromEntries(rows.map((row) => [row['state'] as LetterState, Number(row['n'])]));
  return { ...none, ...found } as Record<LetterState, number>;
}

/** From rows of the statement `allCounts`. */
export function watcherCountsOf(rows: readonly Row[]): WatcherCount[] {
  const watchers = Map.groupBy(rows, (row) => row['watcher'] as string);
  return [...watchers].map(([watcher, all]) => ({ watcher, states: letterCountsOf(all) }));
}

/** From a row of the statement `ended`. */
export function letterCountOf(row: Row): LetterCount {
  return {
    hour: Number(row['hour']),
    watcher: row['watcher'] as string,
    end: row['state'] as LetterCount['end'],
    reason: row['reason'] as string,
    count: Number(row['n']),
  };
}

function placeOfLetter(key: string): string {
  return `letter.label:${key}`;
}
