/** What SQLite's header says whose file it is: "PKB1". */
export const APPLICATION_ID = 0x504b4231;

/**
 * The tables of the embedded outbox. Each entry takes a file from one version to the next; none is ever changed once it
 * has been released.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
  CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    sender TEXT NOT NULL,
    order_key TEXT NOT NULL,
    control_id TEXT NOT NULL,
    message_type TEXT NOT NULL,
    data_point_field TEXT,
    data_point_id TEXT,
    data_point_owner TEXT,
    body BLOB,
    carried BLOB,
    result BLOB,
    hold INTEGER NOT NULL,
    stored_at INTEGER NOT NULL,
    settled_at INTEGER,
    state TEXT NOT NULL,
    expired INTEGER,
    told INTEGER,
    head INTEGER NOT NULL,
    due INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    unclear INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX message_heads ON message (connection, turn) WHERE head = 1;
  CREATE INDEX message_queue ON message (connection, order_key, id) WHERE state = 'queued';
  CREATE INDEX message_untold ON message (connection, sender, id) WHERE told = 0;
  CREATE INDEX message_erasable ON message (settled_at) WHERE state = 'accepted';
  CREATE TABLE attempt (message INTEGER NOT NULL, at INTEGER NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
  CREATE INDEX attempt_message ON attempt (message);
  CREATE TABLE held (connection TEXT NOT NULL, order_key TEXT NOT NULL, PRIMARY KEY (connection, order_key)) STRICT, WITHOUT ROWID
  `,
  // Texts stand in tables of their own: a row that changes is written anew as a whole, and one whose text is erased leaves
  // its page half empty for good.
  `
  CREATE TABLE text (message INTEGER PRIMARY KEY, body BLOB NOT NULL, carried BLOB NOT NULL) STRICT;
  CREATE TABLE part (message INTEGER NOT NULL, n INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
  CREATE INDEX part_message ON part (message, n);
  INSERT INTO text SELECT id, body, carried FROM message WHERE body IS NOT NULL;
  ALTER TABLE message ADD COLUMN facility TEXT;
  ALTER TABLE message ADD COLUMN in_parts INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE message ADD COLUMN kept INTEGER NOT NULL DEFAULT 1;
  UPDATE message SET kept = 0 WHERE body IS NULL;
  ALTER TABLE message DROP COLUMN body;
  ALTER TABLE message DROP COLUMN carried;
  ALTER TABLE held ADD COLUMN message INTEGER;
  CREATE INDEX message_data_point ON message (connection, data_point_id, id) WHERE data_point_id IS NOT NULL;
  CREATE INDEX message_failed ON message (connection, sender, id) WHERE state IN ('rejected', 'errored', 'undeliverable');
  DROP INDEX message_erasable;
  CREATE INDEX message_kept ON message (settled_at) WHERE state = 'accepted' AND kept = 1
  `,
  // What a message is bound to; what hides its IDs in an encrypted file; what tells its very bytes; and whose file this is.
  `
  ALTER TABLE message ADD COLUMN address TEXT;
  ALTER TABLE message ADD COLUMN identity BLOB;
  ALTER TABLE message ADD COLUMN digest TEXT;
  ALTER TABLE message ADD COLUMN ask INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE message ADD COLUMN corrections INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX message_refused ON message (connection, digest) WHERE state IN ('rejected', 'errored');
  CREATE INDEX message_elsewhere ON message (connection, address) WHERE state = 'queued';
  PRAGMA application_id = ${APPLICATION_ID}
  `,
  // What operators look for and count by.
  `
  ALTER TABLE message ADD COLUMN reference TEXT;
  ALTER TABLE message ADD COLUMN dismissed INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX message_control_id ON message (control_id);
  CREATE INDEX message_reference ON message (reference) WHERE reference IS NOT NULL;
  CREATE INDEX message_ended ON message (settled_at, state, connection, facility) WHERE state <> 'queued';
  CREATE TABLE trail (n INTEGER PRIMARY KEY, at INTEGER NOT NULL, username TEXT NOT NULL, event TEXT NOT NULL, details BLOB NOT NULL, hash TEXT NOT NULL) STRICT
  `,
  // Runs and their items. A row of `item` is one item; what became of it is in its message.
  `
  CREATE TABLE run (
    name TEXT PRIMARY KEY,
    label BLOB NOT NULL,
    reporter TEXT NOT NULL,
    expected INTEGER,
    exact INTEGER NOT NULL DEFAULT 0,
    started_at INTEGER NOT NULL,
    closed_at INTEGER,
    reported INTEGER NOT NULL DEFAULT 0,
    claimed_until INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE item (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL,
    item_key TEXT NOT NULL,
    reference_key TEXT NOT NULL,
    content TEXT NOT NULL,
    occurrence INTEGER NOT NULL,
    position INTEGER,
    label BLOB NOT NULL,
    message_type TEXT NOT NULL,
    message INTEGER,
    same INTEGER,
    ending TEXT,
    code TEXT NOT NULL,
    at INTEGER NOT NULL,
    arrivals INTEGER NOT NULL,
    UNIQUE (run, item_key, content, occurrence)
  ) STRICT;
  CREATE INDEX item_message ON item (item_key, message) WHERE message IS NOT NULL;
  CREATE INDEX item_reference ON item (run, reference_key);
  CREATE INDEX item_run ON item (run, id);
  CREATE INDEX item_at ON item (at)
  `,
  // Letters that are watched until they are read or posted.
  `
  CREATE TABLE letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    watcher TEXT NOT NULL,
    letter_key TEXT NOT NULL,
    control_id TEXT NOT NULL,
    reference TEXT NOT NULL,
    document_id TEXT NOT NULL,
    organisation TEXT NOT NULL,
    label BLOB NOT NULL,
    ask_patient INTEGER NOT NULL,
    deadline INTEGER NOT NULL,
    next_ask INTEGER NOT NULL,
    watched_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    given INTEGER NOT NULL,
    reason TEXT,
    read_at INTEGER,
    ended_at INTEGER,
    claimed_until INTEGER NOT NULL DEFAULT 0,
    UNIQUE (watcher, letter_key)
  ) STRICT;
  CREATE INDEX letter_due ON letter (watcher, next_ask) WHERE state = 'watched';
  CREATE INDEX letter_given ON letter (watcher, id) WHERE given = 0 AND state <> 'watched';
  CREATE INDEX letter_reference ON letter (watcher, reference) WHERE state = 'watched';
  CREATE INDEX letter_document ON letter (watcher, document_id) WHERE state = 'watched';
  CREATE INDEX letter_ended ON letter (ended_at) WHERE state <> 'watched'
  `,
  // Letters are kept for a year, and their numbers are asked for every minute: from an index alone, no row is read for them.
  `
  CREATE INDEX letter_state ON letter (watcher, state);
  DROP INDEX letter_ended;
  CREATE INDEX letter_ended ON letter (ended_at, watcher, state, reason) WHERE state <> 'watched'
  `,
];
