/**
 * Sealing a file anew: when it is given a key, so that nothing in it stays plain, and when an earlier version had sealed it
 * without binding values to their places.
 */
import { places } from '../texts.js';
import type { BodyCipher } from '../cipher.js';
import { type MessageRows, placeOfResult } from '../message-row.js';
import { pauseKey, sealPause } from '../pause.js';
import { readPauses, writeMeta } from './keys.js';
import { type LetterRows, MOVED_LETTER_COLUMNS } from '../letter-rows.js';
import { placeOfLabel, placeOfName, type RunRows } from '../run-rows.js';
import type { Statements } from './statements.js';

/** Rows that are read at once, so that a long file costs no memory. */
const BATCH = 500;

/** Seals everything of the file again; to be called within a transaction. */
export function sealAnew(
  sql: Statements,
  cipher: BodyCipher,
  rows: MessageRows,
  runs: RunRows,
  letters: LetterRows,
): void {
  sealRuns(sql, cipher, runs);
  sealLetters(sql, letters);
  for (const { connection, ...pause } of readPauses(sql, cipher))
    writeMeta(sql, pauseKey(connection), sealPause(pause, connection, cipher));
  const again = (sealed: unknown, place: string): Buffer | null =>
    sealed instanceof Uint8Array ? cipher.seal(cipher.openEarlier(sealed, place), place) : null;
  eachBatch(sql, 'SELECT * FROM message WHERE id > ? ORDER BY id', (row) => {
    const id = Number(row['id']);
    const columns = rows.identityColumns(id, rows.identityOf(row), row['data_point_id'] !== null);
    sql.run(
      'UPDATE message SET control_id = ?, data_point_id = ?, facility = ?, reference = ?, identity = ?, result = ? WHERE id = ?',
      columns.control_id,
      columns.data_point_id,
      columns.facility,
      columns.reference,
      columns.identity,
      again(row['result'], placeOfResult(id)),
      id,
    );
    return id;
  });
  eachBatch(sql, 'SELECT * FROM text WHERE message > ? ORDER BY message', (row) => {
    const id = Number(row['message']);
    const body = again(row['body'], places.body(id));
    sql.run(
      'UPDATE text SET body = ?, carried = ? WHERE message = ?',
      body,
      again(row['carried'], places.carried(id)),
      id,
    );
    return id;
  });
  eachBatch(sql, 'SELECT rowid, * FROM part WHERE rowid > ? ORDER BY rowid', (row) => {
    const place = places.part(Number(row['message']), Number(row['n']));
    sql.run('UPDATE part SET bytes = ? WHERE rowid = ?', again(row['bytes'], place), Number(row['rowid']));
    return Number(row['rowid']);
  });
}

/** Runs and items are younger than the binding of values, so they are sealed or plain. */
function sealRuns(sql: Statements, cipher: BodyCipher, runs: RunRows): void {
  for (const row of sql.all('SELECT * FROM run')) {
    const name = row['name'] as string;
    const values = runs.ensureValues(cipher.openEarlier(row['label'], placeOfName(name)), 0);
    sql.run('UPDATE run SET name = ?, label = ? WHERE name = ?', values[0] ?? '', values[1] ?? '', name);
    sql.run('UPDATE item SET run = ? WHERE run = ?', values[0] ?? '', name);
  }
  eachBatch(sql, 'SELECT * FROM item WHERE id > ? ORDER BY id', (row) => {
    const id = Number(row['id']);
    const place = placeOfLabel(row['run'] as string, row['item_key'] as string, row['content'] as string);
    const label = cipher.seal(cipher.openEarlier(row['label'], place), place);
    sql.run('UPDATE item SET label = ? WHERE id = ?', label, id);
    return id;
  });
}

function sealLetters(sql: Statements, letters: LetterRows): void {
  const change = MOVED_LETTER_COLUMNS.map((column) => `${column} = ?`).join(', ');
  eachBatch(sql, 'SELECT * FROM letter WHERE id > ? ORDER BY id', (row) => {
    const id = Number(row['id']);
    sql.run(`UPDATE letter SET ${change} WHERE id = ?`, ...letters.movedValues(letters.movedOf(row)), id);
    return id;
  });
}

/** @param change seals one row and returns what the next batch begins behind */
function eachBatch(sql: Statements, query: string, change: (row: Record<string, unknown>) => number): void {
  for (let last = 0; ;) {
    const found = sql.all(`${query} LIMIT ${BATCH}`, last);
    for (const row of found) last = change(row);
    if (found.length < BATCH) return;
  }
}
