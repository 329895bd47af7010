/**
 * From a message handed to pkb-send until the flow is told of its acceptance, with every message on disk before it is
 * acknowledged; beside the flow that is built by hand (a function and Node-RED's http request node), which keeps nothing.
 */
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { machine, table } from './harness.js';

const require_ = createRequire(__filename);
const COUNT = Number(process.env['PKB_COUNT'] ?? 3000);
const PATIENTS = 50;

/** What is used of Node-RED itself: the runtime as users have it, without the spies of a test helper. */
interface RedRuntime {
  init(server: object, settings: object): void;
  start(): Promise<void>;
  readonly nodes: {
    getNode(id: string): {
      receive(message: object): void;
      on(event: 'input', listener: () => void): void;
    };
    setFlows(flows: object[], credentials: object, type: 'full'): Promise<unknown>;
  };
  readonly events: { once(event: string, listener: () => void): void };
}
const RED = require_('node-red') as RedRuntime;

/** Starts Node-RED in an empty user directory, with the built package in it. */
async function startRuntime(): Promise<string> {
  const userDir = mkdtempSync(join(tmpdir(), 'pkb-bench-'));
  mkdirSync(join(userDir, 'node_modules/@pkb-partner'), { recursive: true });
  symlinkSync(join(__dirname, '..'), join(userDir, 'node_modules/@pkb-partner/node-red-pkb'), 'junction');
  writeFileSync(
    join(userDir, 'package.json'),
    JSON.stringify({ name: 'bench', private: true, dependencies: { '@pkb-partner/node-red-pkb': '*' } }),
  );
  RED.init(createServer(), {
    userDir,
    credentialSecret: 'bench',
    httpAdminRoot: false,
    telemetry: { enabled: false },
    logging: { console: { level: 'error', metrics: false, audit: false } },
  });
  await RED.start();
  return userDir;
}

/** Deploys a flow. */
async function deploy(flow: object[], credentials: object): Promise<void> {
  const started = new Promise<void>((resolve) => RED.events.once('flows:started', resolve));
  await RED.nodes.setFlows(flow, credentials, 'full');
  await started;
}

interface Result {
  readonly perSecond: number;
  readonly inversions: number;
  readonly delay: number;
}

const message = (n: number): string => {
  const nhs = `99900${10_000 + (n % PATIENTS)}`;
  return `MSH|^~\\&|MAILCO|trustalias{trustalias}|HL7API|PKB|20260101120000||ADT^A28|${n}|P|2.4\rPID|||${nhs}^^^NHS^NH||Example^Alex||19700101|U\rNTE|1||${'x'.repeat(1000)}\r`;
};

/** Feeds all messages into a node and waits until as many have come out at the end. */
async function run(
  input: string,
  end: string,
  wrap: (n: number) => object,
  order: () => Promise<number[]>,
): Promise<Result> {
  let ended = 0;
  const all = new Promise<void>((resolve) => {
    RED.nodes.getNode(end).on('input', () => {
      if (++ended === COUNT) resolve();
    });
  });
  const histogram = monitorEventLoopDelay({ resolution: 5 });
  const start = performance.now();
  for (let n = 0; n < COUNT; n++) {
    RED.nodes.getNode(input).receive(wrap(n));
    // As messages come in a real flow: not all in one turn of the loop.
    if (n % 20 === 19) await new Promise((resolve) => setImmediate(resolve));
  }
  histogram.enable();
  await all;
  histogram.disable();
  const seconds = (performance.now() - start) / 1000;
  const last = new Map<number, number>();
  let inversions = 0;
  for (const n of await order()) {
    if (n < (last.get(n % PATIENTS) ?? -1)) inversions++;
    last.set(n % PATIENTS, n);
  }
  return { perSecond: COUNT / seconds, inversions, delay: histogram.percentile(99) / 1e6 };
}

async function main(): Promise<void> {
  const userDir = await startRuntime();
  console.log(`Delivery: ${machine()}; ${COUNT} messages of 1.2 kB, ${PATIENTS} patients\n`);
  const rows: string[][] = [];
  for (const [latency, concurrency] of [
    ['0', 8],
    ['5-50', 32],
  ] as const) {
    const server = fork(join(__dirname, 'latency-server.cjs'), [latency]);
    const port = await new Promise<number>((resolve) =>
      server.once('message', (told) => resolve(told as number)),
    );
    const url = `http://127.0.0.1:${port}/services/hl7`;
    const order = (): Promise<number[]> =>
      new Promise((resolve) => {
        server.once('message', (told) => resolve((told as { order: number[] }).order));
        server.send('order');
      });

    const place = { z: 'tab', x: 1, y: 1 };
    const ours = [
      { id: 'tab', type: 'tab' },
      { id: 'outbox', type: 'pkb-outbox', store: 'embedded', path: `outbox-${latency}.sqlite` },
      { id: 'c', type: 'pkb-connection', environment: 'custom', url, concurrency, outbox: 'outbox' },
      { id: 'send', type: 'pkb-send', connection: 'c', wires: [['end'], ['end']], ...place },
      { id: 'end', type: 'change', rules: [], wires: [[]], ...place },
    ];
    await deploy(ours, { c: { username: 'u', password: 'p' } });
    const own = await run('send', 'end', (n) => ({ payload: message(n) }), order);

    const { encodeRequest } = require_('../dist/src/index.js') as { encodeRequest: (hl7: string) => string };
    const byHand = [
      { id: 'tab', type: 'tab' },
      {
        id: 'request',
        type: 'http request',
        method: 'POST',
        ret: 'txt',
        url,
        persist: true,
        senderr: false,
        wires: [['end']],
        ...place,
      },
      { id: 'end', type: 'change', rules: [], wires: [[]], ...place },
    ];
    await deploy(byHand, {});
    const headers = { 'content-type': 'text/xml' };
    const hand = await run('request', 'end', (n) => ({ payload: encodeRequest(message(n)), headers }), order);
    server.kill();

    for (const [name, { perSecond, inversions, delay }] of [
      [`**this package**, durable, ${concurrency} at once`, own],
      ['flow by hand, nothing kept', hand],
    ] as const) {
      rows.push([`${latency} ms`, name, String(Math.round(perSecond)), String(inversions), delay.toFixed(0)]);
    }
  }
  console.log(
    table(
      ['latency', 'flow', 'messages/s', 'out of order within a patient', 'event loop delay p99, ms'],
      rows,
    ),
  );
  rmSync(userDir, { recursive: true, force: true });
  process.exit(0);
}

void main();
