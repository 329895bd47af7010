/** The pending messages of a PostgreSQL outbox, and who sends them, for a person without an editor. No patient data. */
import { Database } from './database.js';
import { MOVED, refuseMoved } from '../move.js';
import { readMeta } from './keys.js';
import { SCHEMA, schemaName } from './schema.js';

/** One connection. */
export interface Overview {
  /** Id of the connection node. */
  readonly connection: string;
  /** Messages that wait or are in flight, and how many order keys are on hold. */
  readonly pending: number;
  readonly onHold: number;
  /** When the oldest pending message was stored; undefined where none waits. */
  readonly oldest: Date | undefined;
  /** Whether some process has the lease at this moment. */
  readonly hasSender: boolean;
  /** How many processes would send for it that have been seen in the last 30 seconds. */
  readonly processes: number;
  /** How many messages ended without acceptance whose texts are still kept. */
  readonly failed: number;
  /** How the latest attempt ended, as its outcome and our own sentence; blank where there was none. */
  readonly last: string;
}

/**
 * Looks at a database.
 *
 * @throws PkbConfigError `PKB_SETTING`, PkbOutboxError `PKB_OUTBOX` where it cannot be read
 */
export async function overviewOf(connectionString: string, schema = SCHEMA): Promise<Overview[]> {
  const s = schemaName(schema);
  const db = new Database(connectionString, 2);
  try {
    refuseMoved(await readMeta(db, s, MOVED));
    const rows = await db.all(
      `SELECT c.connection,
          (SELECT coalesce(sum(waiting), 0) FROM ${s}.queue q WHERE q.connection = c.connection) AS pending,
          (SELECT count(*) FROM ${s}.queue q WHERE q.connection = c.connection AND held_by IS NOT NULL) AS on_hold,
          (SELECT min(stored_at) FROM ${s}.message m WHERE m.connection = c.connection AND state = 'queued') AS oldest,
          EXISTS (SELECT 1 FROM ${s}.lease l WHERE l.connection = c.connection AND until > clock_timestamp()) AS has_sender,
          (SELECT count(*) FROM ${s}.instance i WHERE c.connection = ANY (i.connections)
            AND seen > clock_timestamp() - interval '30 seconds') AS processes,
          (SELECT count(*) FROM ${s}.message m WHERE m.connection = c.connection AND kept = 1
            AND state IN ('rejected', 'errored', 'undeliverable')) AS failed,
          (SELECT a.outcome || CASE WHEN a.reason = '' THEN '' ELSE ': ' || a.reason END
            FROM ${s}.attempt a JOIN ${s}.message m ON m.id = a.message WHERE m.connection = c.connection
            ORDER BY a.at DESC LIMIT 1) AS last
        FROM (SELECT connection FROM ${s}.queue UNION SELECT connection FROM ${s}.lease
          UNION SELECT unnest(connections) FROM ${s}.instance) c ORDER BY 1`,
    );
    return rows.map((row) => ({
      connection: row['connection'] as string,
      pending: Number(row['pending']),
      onHold: Number(row['on_hold']),
      oldest: row['oldest'] === null ? undefined : new Date(Number(row['oldest'])),
      hasSender: row['has_sender'] === true,
      processes: Number(row['processes']),
      failed: Number(row['failed']),
      last: (row['last'] as string | null) ?? '',
    }));
  } finally {
    await db.close();
  }
}
