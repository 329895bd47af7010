/** Receives notifications of other processes at once (LISTEN), if the database allows it. The receivers also poll. */
import type { Client } from 'pg';
import { backoff, DEFAULT_POLICY, type RetryPolicy } from '../../retry.js';
import type { Database, Sql } from './database.js';

/** How soon a connection that broke is made again. */
const AGAIN_POLICY: RetryPolicy = { ...DEFAULT_POLICY, baseMs: 1000, capMs: 30_000 };

/** Listens on one channel. */
export class Listener {
  readonly #db: Database;
  readonly #channel: string;
  readonly #heard: (text: string) => void;
  #client: Client | undefined;
  #tries = 0;
  #again: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param channel a name that can stand in SQL */
  constructor(db: Database, channel: string, heard: (text: string) => void) {
    this.#db = db;
    this.#channel = channel;
    this.#heard = heard;
  }

  /** Never rejects: behind a pooler that shares sessions nothing is heard, and nothing is lost. */
  async start(): Promise<void> {
    if (this.#closed) return;
    const client = this.#db.client();
    this.#client = client;
    const broken = (): void => {
      if (this.#client !== client) return;
      this.#client = undefined;
      client.end().catch(() => undefined);
      if (this.#closed) return;
      this.#again = setTimeout(() => void this.start(), backoff(++this.#tries, AGAIN_POLICY, Math.random()));
      this.#again.unref();
    };
    client.on('error', broken);
    client.on('end', broken);
    client.on('notification', ({ payload }) => this.#heard(payload ?? ''));
    try {
      await client.connect();
      await client.query(`LISTEN ${this.#channel}`);
      this.#tries = 0;
    } catch {
      broken();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#again);
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }
}

/** Tells the process that sends for a connection that there may be something to do. @param schema the channel */
export async function notify(sql: Sql, schema: string, connection: string): Promise<void> {
  await sql.all('SELECT pg_notify($1, $2)', schema, `send ${connection}`);
}
