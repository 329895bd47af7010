/** The tables of the PostgreSQL outbox, in a schema of its own, and how they are made. */
import { PkbConfigError, PkbOutboxError } from '../../../errors.js';
import type { Database } from './database.js';

/** The schema where the setting names none. */
export const SCHEMA = 'pkb_outbox';

/**
 * Each entry takes a schema from one version to the next; none is ever changed once it has been released. `$` stands for
 * the name of the schema. No index holds a text as long as a message may bring it: PostgreSQL refuses entries of over 2.7 kB.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE $.meta (key text PRIMARY KEY, value bytea NOT NULL);
  CREATE SEQUENCE $.message_id;
  CREATE SEQUENCE $.position;
  CREATE SEQUENCE $.turn;
  CREATE SEQUENCE $.taking;
  CREATE TABLE $.message (
    id bigint PRIMARY KEY,
    position bigint NOT NULL,
    connection text NOT NULL,
    sender text NOT NULL,
    address text NOT NULL,
    order_key text NOT NULL,
    control_id text NOT NULL,
    message_type text NOT NULL,
    data_point_field text,
    data_point_id text,
    data_point_owner text,
    facility text NOT NULL,
    customer text GENERATED ALWAYS AS (left(facility, 100)) STORED,
    reference text,
    identity bytea,
    digest text NOT NULL,
    in_parts integer NOT NULL,
    hold integer NOT NULL,
    ask integer NOT NULL,
    stored_at bigint NOT NULL,
    instance text NOT NULL,
    state text NOT NULL DEFAULT 'queued',
    attempts integer NOT NULL DEFAULT 0,
    unclear integer NOT NULL DEFAULT 0,
    corrections integer NOT NULL DEFAULT 0,
    settled_at bigint,
    told integer,
    expired integer,
    result bytea,
    kept integer NOT NULL DEFAULT 1,
    dismissed integer NOT NULL DEFAULT 0
  );
  CREATE INDEX message_queue ON $.message (connection, order_key, position) WHERE state = 'queued';
  CREATE INDEX message_untold ON $.message (connection, sender, position) WHERE told = 0;
  CREATE INDEX message_kept ON $.message (settled_at) WHERE kept = 1 AND state <> 'queued';
  CREATE INDEX message_ended ON $.message (settled_at, state, connection, customer) WHERE state <> 'queued';
  CREATE INDEX message_position ON $.message (position);
  CREATE INDEX message_control_id ON $.message (left(control_id, 100));
  CREATE INDEX message_reference ON $.message (reference) WHERE reference IS NOT NULL;
  CREATE INDEX message_data_point ON $.message (connection, left(data_point_id, 100), position) WHERE data_point_id IS NOT NULL;
  CREATE INDEX message_failed ON $.message (connection, sender, position) WHERE state IN ('rejected', 'errored', 'undeliverable');
  CREATE INDEX message_refused ON $.message (connection, digest) WHERE state IN ('rejected', 'errored');
  CREATE TABLE $.text (message bigint PRIMARY KEY, body bytea NOT NULL, carried bytea NOT NULL);
  CREATE TABLE $.part (message bigint NOT NULL, n integer NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (message, n));
  CREATE TABLE $.attempt (message bigint NOT NULL, at bigint NOT NULL, outcome text NOT NULL, reason text NOT NULL);
  CREATE INDEX attempt_message ON $.attempt (message);
  CREATE TABLE $.queue (
    connection text NOT NULL,
    order_key text NOT NULL,
    waiting integer NOT NULL,
    due bigint NOT NULL DEFAULT 0,
    turn bigint NOT NULL,
    held_by bigint,
    taken bigint,
    epoch bigint,
    PRIMARY KEY (connection, order_key)
  ) WITH (fillfactor = 70);
  CREATE INDEX queue_turn ON $.queue (connection, turn) WHERE waiting > 0 AND held_by IS NULL;
  CREATE INDEX queue_due ON $.queue (connection, due) WHERE waiting > 0 AND held_by IS NULL;
  CREATE INDEX queue_held ON $.queue (connection) WHERE held_by IS NOT NULL;
  CREATE TABLE $.trail (n bigint PRIMARY KEY, at bigint NOT NULL, username text NOT NULL, event text NOT NULL, details bytea NOT NULL, hash text NOT NULL);
  CREATE TABLE $.lease (
    connection text PRIMARY KEY,
    holder text NOT NULL,
    epoch bigint NOT NULL,
    until timestamptz NOT NULL,
    grace_ms integer NOT NULL
  );
  CREATE TABLE $.instance (id text PRIMARY KEY, seen timestamptz NOT NULL, connections text[] NOT NULL, held integer NOT NULL)
  `,
  // Runs and their items.
  `
  CREATE TABLE $.run (
    name text PRIMARY KEY,
    label bytea NOT NULL,
    reporter text NOT NULL,
    expected bigint,
    exact integer NOT NULL DEFAULT 0,
    started_at bigint NOT NULL,
    closed_at bigint,
    reported integer NOT NULL DEFAULT 0,
    claimed_until bigint NOT NULL DEFAULT 0
  );
  CREATE SEQUENCE $.item_id;
  CREATE TABLE $.item (
    id bigint PRIMARY KEY DEFAULT nextval('$.item_id'),
    run text NOT NULL,
    item_key text NOT NULL,
    reference_key text NOT NULL,
    content text NOT NULL,
    occurrence bigint NOT NULL,
    position bigint,
    label bytea NOT NULL,
    message_type text NOT NULL,
    message bigint,
    same bigint,
    ending text,
    code text NOT NULL,
    at bigint NOT NULL,
    arrivals integer NOT NULL,
    UNIQUE (run, item_key, content, occurrence)
  );
  CREATE INDEX item_message ON $.item (item_key, message) WHERE message IS NOT NULL;
  CREATE INDEX item_reference ON $.item (run, reference_key);
  CREATE INDEX item_run ON $.item (run, id);
  CREATE INDEX item_at ON $.item (at)
  `,
  // Letters that are watched until they are read or posted.
  `
  CREATE SEQUENCE $.letter_id;
  CREATE TABLE $.letter (
    id bigint PRIMARY KEY DEFAULT nextval('$.letter_id'),
    watcher text NOT NULL,
    letter_key text NOT NULL,
    control_id text NOT NULL,
    reference text NOT NULL,
    document_id text NOT NULL,
    organisation text NOT NULL,
    label bytea NOT NULL,
    ask_patient integer NOT NULL,
    deadline bigint NOT NULL,
    next_ask bigint NOT NULL,
    watched_at bigint NOT NULL,
    state text NOT NULL,
    given integer NOT NULL,
    reason text,
    read_at bigint,
    ended_at bigint,
    claimed_until bigint NOT NULL DEFAULT 0,
    UNIQUE (watcher, letter_key)
  );
  CREATE INDEX letter_due ON $.letter (watcher, next_ask) WHERE state = 'watched';
  CREATE INDEX letter_given ON $.letter (watcher, id) WHERE given = 0 AND state <> 'watched';
  CREATE INDEX letter_reference ON $.letter (watcher, left(reference, 100)) WHERE state = 'watched';
  CREATE INDEX letter_document ON $.letter (watcher, left(document_id, 100)) WHERE state = 'watched';
  CREATE INDEX letter_ended ON $.letter (ended_at) WHERE state <> 'watched'
  `,
  // Letters are kept for a year, and their numbers are asked for every minute: from an index alone, no row is read for them.
  `
  CREATE INDEX letter_state ON $.letter (watcher, state);
  DROP INDEX $.letter_ended;
  CREATE INDEX letter_ended ON $.letter (ended_at, watcher, state, reason) WHERE state <> 'watched'
  `,
];

/** Any number that no other program is likely to lock by. */
const MIGRATION_LOCK = 5_022_441_001;

/** The name of a schema, as it can stand in SQL. @throws PkbConfigError `PKB_SETTING` */
export function schemaName(given: string): string {
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(given)) return given;
  throw new PkbConfigError(
    'PKB_SETTING',
    'The schema of the outbox may have only lower-case letters, digits and underscores, and must not begin with a digit.',
  );
}

/**
 * Makes the schema where there is none, and takes an older one to this version; several processes may do so at once.
 *
 * @throws PkbOutboxError `PKB_OUTBOX` where it was written by a newer version, or the user may not make it
 */
export async function migrate(db: Database, schema: string): Promise<void> {
  await db.transaction(async (sql) => {
    await sql.get('SELECT pg_advisory_xact_lock($1)', MIGRATION_LOCK);
    const exists = await sql.get('SELECT 1 FROM pg_namespace WHERE nspname = $1', schema);
    if (exists === undefined) await sql.all(`CREATE SCHEMA ${schema}`);
    const table = await sql.get(
      `SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'version'`,
      schema,
    );
    if (table === undefined) await sql.all(`CREATE TABLE ${schema}.version (n integer NOT NULL)`);
    const version = Number((await sql.get(`SELECT max(n) AS n FROM ${schema}.version`))?.['n'] ?? 0);
    if (version > MIGRATIONS.length) {
      throw new PkbOutboxError(
        'PKB_OUTBOX',
        `Update this package: a newer version of it wrote the schema ${schema} of the outbox (${version}, here ${MIGRATIONS.length}). It was left untouched.`,
      );
    }
    for (const [i, migration] of MIGRATIONS.entries()) {
      if (i < version) continue;
      for (const statement of migration.split(';')) await sql.all(statement.replaceAll('$', schema));
      await sql.all(`INSERT INTO ${schema}.version (n) VALUES ($1)`, i + 1);
    }
  });
}
