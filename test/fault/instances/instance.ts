/** One process of several that share an outbox in PostgreSQL: a child of `instances.test.ts`, driven over IPC. */
import { Connection } from '../../../src/delivery/connection.js';
import { PostgresOutbox } from '../../../src/delivery/outbox/postgres/postgres-outbox.js';
import { DEFAULT_POLICY } from '../../../src/delivery/retry.js';
import { transportFactory } from '../../../src/delivery/transport.js';
import { stamped } from '../../support/messages.js';

/** What an instance is started with, as JSON in `PKB_INSTANCE`. */
export interface InstancePlan {
  readonly connectionString: string;
  readonly url: string;
  readonly connections: readonly string[];
  readonly concurrency: number;
  readonly requestMs: number;
  readonly times: { readonly leaseMs: number; readonly renewMs: number; readonly marginMs: number };
}

/** What it is told: to store a message. */
export interface Order {
  readonly connection: string;
  readonly key: string;
  readonly controlId: string;
}

/** What it says. */
export type Said =
  | { readonly ready: true }
  | { readonly stored: string }
  | { readonly refused: string; readonly why: string }
  | { readonly told: string; readonly state: string }
  | { readonly failed: string };

const say = (said: Said): void => void process.send?.(said);

async function main(): Promise<void> {
  const plan = JSON.parse(process.env['PKB_INSTANCE'] ?? '') as InstancePlan;
  const createTransport = await transportFactory();
  const outbox = await PostgresOutbox.open({
    connectionString: plan.connectionString,
    retentionMs: 1e9,
    times: plan.times,
    poolSize: 5,
  });
  const connections = new Map(
    plan.connections.map((id) => {
      const connection = new Connection({
        id,
        open: async () => ({ outbox, reports: [], release: async () => undefined }),
        transport: createTransport({
          username: 'partner_mailco',
          password: 'testing',
          timeout: plan.requestMs / 1000,
          concurrency: plan.concurrency,
          userAgent: 'test',
        }),
        url: () => new URL(`${plan.url}/${id}`),
        address: 'custom x',
        concurrency: plan.concurrency,
        requestMs: plan.requestMs,
        policy: { ...DEFAULT_POLICY, baseMs: 20, capMs: 200 },
        events: {
          changed: () => undefined,
          failed: (error) => say({ failed: (error as Error).message }),
          report: () => undefined,
          unclaimed: (state) => say({ failed: `unclaimed ${state}` }),
        },
      });
      connection.add({
        id: 's',
        tell: ({ message, state }) => say({ told: message.controlId, state }),
        noted: () => undefined,
      });
      connection.flowsStarted();
      return [id, connection] as const;
    }),
  );
  process.on('message', ({ connection, key, controlId }: Order) => {
    const submitted = connections.get(connection)?.submit({
      sender: 's',
      orderKey: key,
      controlId,
      messageType: 'ADT^A28',
      dataPoint: undefined,
      facility: 'trustalias{trustalias}',
      body: stamped(controlId),
      carried: '{}',
      holdOnRejection: false,
      askOnUnknown: false,
      storedAt: Date.now(),
    });
    submitted?.then(
      () => say({ stored: controlId }),
      (error: Error) => say({ refused: controlId, why: error.message }),
    );
  });
  process.on('SIGTERM', () => {
    void Promise.all([...connections.values()].map((connection) => connection.close()))
      .then(() => outbox.close())
      .then(() => process.exit(0));
  });
  say({ ready: true });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
