/** What is asked at each look uses an index, however many letters a year has. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { letterStatements } from '../../../../src/delivery/outbox/letter-rows.js';
import { MIGRATIONS } from '../../../../src/delivery/outbox/sqlite/schema.js';

describe('statements about letters in a file', () => {
  const plan = (sql: string, ...values: (string | number)[]): string => {
    const db = new DatabaseSync(':memory:');
    for (const migration of MIGRATIONS) db.exec(migration);
    const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
    db.close();
    return rows.map(({ detail }) => String(detail)).join('\n');
  };
  const SQL = letterStatements('');

  it('finds ends that were not given by their index', () =>
    assert.match(plan(SQL.takeEnded, 1, 'w', 1, 200), /USING INDEX letter_given/));
  it('counts ends since a time by their index', () =>
    assert.match(plan(SQL.ended, 1), /USING COVERING INDEX letter_ended/));
});
