/** A night's work in a process of its own, which `night.test.ts` kills: feeds a list, watches letters, reports on runs. */
import { appendFileSync } from 'node:fs';
import { apiFactory, type PkbApi } from '../../../src/api/client.js';
import { RECEIPT_PARTS } from '../../../src/api/receipt-parts.js';
import { Connection } from '../../../src/delivery/connection.js';
import { SqliteOutbox } from '../../../src/delivery/outbox/sqlite/sqlite-outbox.js';
import { DEFAULT_POLICY } from '../../../src/delivery/retry.js';
import { runItem } from '../../../src/delivery/run-item.js';
import { transportFactory } from '../../../src/delivery/transport.js';
import { LetterWatch } from '../../../src/letters/watch.js';
import { SendableMessage } from '../../../src/pkb/sendable-message.js';
import { RunReporter } from '../../../nodes/pkb-run/reporter.js';
import { documentOf, hl7Of, kindOf, referenceOf } from './list.js';

/** What it is started with, as JSON in `PKB_NIGHT_PLAN`. */
export interface NightPlan {
  /** The outbox. */
  readonly file: string;
  /** Where it writes down what a flow would see, line by line. */
  readonly log: string;
  readonly url: string;
  readonly run: string;
  /** How many letters the list has. */
  readonly letters: number;
  /** After how many milliseconds a letter is posted. */
  readonly deadlineMs: number;
}

/** What a flow would see. */
export type Line =
  | { readonly what: 'fed' }
  | { readonly what: 'told'; readonly document: string; readonly state: string; readonly at: number }
  | {
      readonly what: 'end';
      readonly document: string;
      readonly end: string;
      readonly reason: string;
      readonly deadline: number;
    }
  | {
      readonly what: 'report';
      readonly run: string;
      readonly closed: boolean;
      readonly states: object;
      readonly repeats: number;
      readonly at: number;
    }
  | { readonly what: 'query'; readonly letters: number }
  | { readonly what: 'look' }
  | { readonly what: 'failed'; readonly text: string };

const SENDER = 'send';
const WATCHER = 'letters';

async function main(): Promise<void> {
  const plan = JSON.parse(process.env['PKB_NIGHT_PLAN'] ?? '') as NightPlan;
  // The process is killed, not the machine: what is written is kept.
  const say = (line: Line): void => appendFileSync(plan.log, `${JSON.stringify(line)}\n`);
  const failed = (error: unknown): void => say({ what: 'failed', text: (error as Error).message });
  const outbox = await SqliteOutbox.open({ path: plan.file, retentionMs: 1e9 });
  const createTransport = await transportFactory();
  const createApi = await apiFactory();
  const login = { username: 'client', password: 'secret' };
  const connection = new Connection({
    id: 'c',
    open: async () => ({ outbox, reports: [], release: async () => undefined }),
    transport: createTransport({ ...login, timeout: 2, concurrency: 8, userAgent: 'test' }),
    url: () => new URL(plan.url),
    address: 'custom x',
    concurrency: 8,
    requestMs: 2000,
    policy: { ...DEFAULT_POLICY, baseMs: 10, capMs: 100 },
    events: {
      changed: () => undefined,
      failed,
      report: () => undefined,
      unclaimed: () => undefined,
    },
  });
  const pkb = createApi({
    tokenUrl: () => new URL(`${plan.url}/oauth/token`),
    fhirUrl: () => new URL(`${plan.url}/fhir`),
    clientId: login.username,
    clientSecret: login.password,
    timeout: 2,
    userAgent: 'test',
  });
  const api: PkbApi = {
    ...pkb,
    close: () => pkb.close(),
    operation: (path, organisation, body, signal) => {
      say({ what: 'query', letters: (body as { parameter: unknown[] }).parameter.length });
      return pkb.operation(path, organisation, body, signal);
    },
  };
  const watch = new LetterWatch({
    watcher: WATCHER,
    letters: async () => outbox.letters,
    api: () => api,
    parts: () => RECEIPT_PARTS,
    askMs: 300,
    tickMs: 300,
    againMs: 3000,
    graceMs: 600_000,
    ifUnknown: 'attention',
    events: {
      ended: ({ documentId, end, reason, deadline }) =>
        say({ what: 'end', document: documentId, end, reason, deadline }),
      looked: () => say({ what: 'look' }),
      failed: () => undefined,
    },
  });
  const reporter = new RunReporter({
    id: 'r',
    runs: async () => outbox.runs,
    progressMs: 0,
    quietMs: 0,
    withWords: false,
    events: {
      progress: () => undefined,
      report: ({ payload: { run, closed, states, repeats } }) =>
        say({ what: 'report', run, closed, states, repeats, at: Date.now() }),
      looked: () => undefined,
      failed,
    },
  });
  connection.add({
    id: SENDER,
    tell: ({ message, state }) => {
      const document = message.dataPoint?.id ?? '';
      say({ what: 'told', document, state, at: Date.now() });
      if (state !== 'accepted') return;
      const at = Date.now();
      const letter = {
        watcher: WATCHER,
        key: document,
        controlId: message.controlId,
        facility: message.facility,
        documentId: document,
        reference: message.reference ?? '',
        organisation: '00000000-0000-4000-8000-0000000000aa',
        nhsNumber: '',
        carried: '{}',
        deadline: at + plan.deadlineMs,
        nextAsk: at + 300,
        at,
      };
      outbox.letters.watch([letter]).catch(failed);
    },
    noted: () => undefined,
  });
  connection.flowsStarted();
  watch.start();
  reporter.start();
  await feed(plan, connection, outbox);
  say({ what: 'fed' });
}

/** Feeds the whole list from its beginning, as a flow does that does not know how far it came. */
async function feed(
  { run, letters }: NightPlan,
  connection: Connection,
  outbox: SqliteOutbox,
): Promise<void> {
  await outbox.runs.begin({ name: run, reporter: 'r', expected: letters, isExact: true, at: Date.now() });
  const { secret } = outbox;
  for (let from = 0; from < letters; from += 50) {
    const some = Array.from({ length: Math.min(50, letters - from) }, (_, i) => from + i);
    await Promise.all(
      some.map(async (n) => {
        const kind = kindOf(n);
        const message = new SendableMessage(hl7Of(n));
        const item = runItem(run, message, { reference: referenceOf(n), position: n }, secret);
        const at = Date.now();
        const { messageType, controlId, facility } = message;
        if (kind === 'stopped' || kind === 'unbuilt') {
          const place = { ...item, state: kind, code: 'WHY', facility, messageType, at };
          return outbox.runs.place([place]);
        }
        const stored = {
          sender: SENDER,
          orderKey: documentOf(n),
          controlId,
          messageType,
          dataPoint: { field: 'TXA-12', id: documentOf(n), owner: 'partner' as const },
          facility,
          reference: referenceOf(n),
          body: message.text,
          carried: '{}',
          holdOnRejection: false,
          askOnUnknown: false,
          storedAt: at,
        };
        await connection.submitItem(stored, item);
        return undefined;
      }),
    );
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
