/**
 * From a message handed to pkb-send until the flow is told of its acceptance, with every message on disk before it is
 * acknowledged; beside the flow that is built by hand (a function and Node-RED's http request node), which keeps nothing.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { httpRequest, machine, table } from './harness.js';

const require_ = createRequire(__filename);
const COUNT = Number(process.env['PKB_COUNT'] ?? 12_000);
const WARM_UP = 3000;
const PATIENTS = 50;

/** What is used of Node-RED itself: the runtime as users have it, without the spies of a test helper. */
interface RedRuntime {
  init(server: object, settings: object): void;
  start(): Promise<void>;
  readonly httpNode: object;
  readonly nodes: {
    getNode(id: string): {
      receive(message: object): void;
      on(event: 'input', listener: (message: Ended) => void): void;
    };
    setFlows(flows: object[], credentials: object, type: 'full'): Promise<unknown>;
  };
  readonly events: { once(event: string, listener: () => void): void };
}
const RED = require_('node-red') as RedRuntime;
const express = require_('express') as () => RequestListener & { use(path: string, handler: object): void };

/** Starts Node-RED in an empty user directory, with the built package in it. */
async function startRuntime(): Promise<{ userDir: string; url: string }> {
  const userDir = mkdtempSync(join(tmpdir(), 'pkb-bench-'));
  mkdirSync(join(userDir, 'node_modules/@pkb-partner'), { recursive: true });
  symlinkSync(join(__dirname, '..'), join(userDir, 'node_modules/@pkb-partner/node-red-pkb'), 'junction');
  writeFileSync(
    join(userDir, 'package.json'),
    JSON.stringify({ name: 'bench', private: true, dependencies: { '@pkb-partner/node-red-pkb': '*' } }),
  );
  const app = express();
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  RED.init(server, {
    userDir,
    credentialSecret: 'bench',
    httpAdminRoot: false,
    httpNodeRoot: '/',
    telemetry: { enabled: false },
    logging: { console: { level: 'off', metrics: false, audit: false } },
  });
  app.use('/', RED.httpNode);
  await RED.start();
  return { userDir, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in` };
}

/** Deploys a flow. */
async function deploy(flow: object[], credentials: object): Promise<void> {
  const started = new Promise<void>((resolve) => RED.events.once('flows:started', resolve));
  await RED.nodes.setFlows(flow, credentials, 'full');
  await started;
}

/** What one run came to. */
interface Result {
  /** Of the middle four fifths. */
  readonly perSecond: number;
  /** Messages that the flow calls sent, and others. */
  readonly ok: number;
  readonly failed: number;
  /** Of the messages rejected by the server, those that the flow calls sent. */
  readonly wronglyOk: number;
  /** Messages that the server never processed. */
  readonly lost: number;
  readonly inversions: number;
  /** Event loop delay, p99, in milliseconds. */
  readonly delay: number;
  /** Processor time of the main thread for each message, in milliseconds. */
  readonly mainThread: number;
  /** How long the server really took, on average, in milliseconds. */
  readonly latency: number;
}

interface Ended {
  readonly payload?: { controlId?: string; outcome?: string };
  readonly statusCode?: number | string;
  readonly controlId?: string;
}

/** A server or a driver, in a process of its own. */
class Other {
  readonly #child: ChildProcess;

  constructor(file: string, ...args: string[]) {
    this.#child = fork(join(__dirname, file), args);
  }

  told<T>(): Promise<T> {
    return new Promise((resolve) => this.#child.once('message', (told) => resolve(told as T)));
  }

  ask<T>(): Promise<T> {
    const answer = this.told<T>();
    this.#child.send('?');
    return answer;
  }

  end(): void {
    this.#child.kill();
  }
}

/** Posts so many messages into the flow at /in and waits until as many have come out at the nodes where they end. */
async function run(
  url: string,
  server: Other,
  count: number,
  isOk: (ended: Ended) => boolean,
): Promise<Result> {
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  // Sustained: without the beginning, and without the end, when most patients have nothing left to send.
  let from = 0;
  let to = 0;
  const ok = new Set<string>();
  const failed = new Set<string>();
  RED.nodes.getNode('end').on('input', (message: Ended) => {
    const id = message.payload?.controlId ?? message.controlId ?? '';
    (isOk(message) ? ok : failed).add(id);
    const ended = ok.size + failed.size;
    if (ended === Math.round(count * 0.1)) from = performance.now();
    if (ended === Math.round(count * 0.9)) to = performance.now();
    if (ended === count) finish();
  });
  const driver = new Other('driver.cjs', url, String(count));
  await driver.told();
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  const before = process.threadCpuUsage();
  await driver.ask();
  await finished;
  histogram.disable();
  const { user, system } = process.threadCpuUsage(before);
  driver.end();
  const { order, rejected, latency } = await server.ask<{
    order: number[];
    rejected: number[];
    latency: number;
  }>();
  const last = new Map<number, number>();
  let inversions = 0;
  for (const n of order) {
    if (n < (last.get(n % PATIENTS) ?? -1)) inversions++;
    last.set(n % PATIENTS, Math.max(n, last.get(n % PATIENTS) ?? -1));
  }
  return {
    perSecond: (count * 0.8) / ((to - from) / 1000),
    ok: ok.size,
    failed: failed.size,
    wronglyOk: rejected.filter((n) => ok.has(String(n))).length,
    lost: count - new Set(order).size,
    inversions,
    delay: histogram.percentile(99) / 1e6,
    mainThread: (user + system) / 1000 / count,
    latency,
  };
}

const PLACE = { z: 'tab', x: 1, y: 1 };
const BEGINNING = [
  { id: 'tab', type: 'tab' },
  { id: 'in', type: 'http in', url: '/in', method: 'post', ...PLACE },
  { id: '202', type: 'http response', statusCode: '202', wires: [], ...PLACE },
  { id: 'end', type: 'change', rules: [], wires: [[]], ...PLACE },
];

/** Every message on disk before the caller is answered. */
const ours = (url: string, concurrency: number, file: string): object[] => [
  ...BEGINNING.map((node) => (node.id === 'in' ? { ...node, wires: [['send']] } : node)),
  { id: 'outbox', type: 'pkb-outbox', store: 'embedded', path: file },
  { id: 'c', type: 'pkb-connection', environment: 'custom', url, concurrency, outbox: 'outbox' },
  { id: 'send', type: 'pkb-send', connection: 'c', wires: [['end'], ['end']], ...PLACE },
  { id: 'complete', type: 'complete', scope: ['send'], wires: [['202']], ...PLACE },
];

/** A function that makes the envelope, and Node-RED's http request node; nothing kept. */
const byHand = (url: string): object[] => [
  ...BEGINNING.map((node) => (node.id === 'in' ? { ...node, wires: [['202', 'envelope']] } : node)),
  {
    id: 'envelope',
    type: 'function',
    func: `return { controlId: msg.payload.split('|')[9], headers: { 'content-type': 'text/xml' }, payload:
      '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:wss="http://wsssl.hl7api.patientsknowbest.com/"><soapenv:Body><wss:acceptMessage><arg0><![CDATA[' + msg.payload + ']]></arg0></wss:acceptMessage></soapenv:Body></soapenv:Envelope>' };`,
    outputs: 1,
    wires: [['request']],
    ...PLACE,
  },
  { ...httpRequest(url), ...PLACE },
];

async function main(): Promise<void> {
  const { userDir, url } = await startRuntime();
  console.log(
    `Delivery: ${machine()}; ${COUNT} messages of 1.2 kB, ${PATIENTS} patients, posted to each flow over HTTP; server and\nsource each in a process of their own\n`,
  );
  const rows: string[][] = [];
  for (const [title, latency, concurrency, faults] of [
    ['0 ms', '0', 8, ''],
    ['5 to 50 ms', '5-50', 32, ''],
    ['5 to 50 ms, with faults', '5-50', 32, 'faults'],
  ] as const) {
    for (const [name, flow, isOk] of [
      [
        `**this package**, on disk, ${concurrency} at once`,
        (at: string) => ours(at, concurrency, `outbox-${rows.length}.sqlite`),
        ({ payload }: Ended) => payload?.outcome === 'accepted',
      ],
      ['by hand, nothing kept', byHand, ({ statusCode }: Ended) => statusCode === 200],
    ] as const) {
      const server = new Other('latency-server.cjs', latency, ...(faults ? [faults] : []));
      const port = await server.told<number>();
      await deploy(flow(`http://127.0.0.1:${port}/services/hl7`), { c: { username: 'u', password: 'p' } });
      if (!faults) await run(url, server, WARM_UP, isOk);
      const result = await run(url, server, COUNT, isOk);
      server.end();
      const { perSecond, ok, failed, wronglyOk, lost, inversions, delay, mainThread, latency: real } = result;
      const limit =
        name.startsWith('by') || latency === '0' || faults
          ? ''
          : (perSecond / (concurrency / (real / 1000))).toFixed(2);
      rows.push([
        title,
        name,
        ...[
          perSecond.toFixed(0),
          ok,
          failed,
          wronglyOk,
          lost,
          inversions,
          delay.toFixed(0),
          mainThread.toFixed(2),
        ].map(String),
        limit,
      ]);
    }
  }
  console.log(
    table(
      [
        'PKB answers after',
        'flow',
        'messages/s',
        'called sent',
        'called failed',
        'rejected, but called sent',
        'never processed',
        'out of order within a patient',
        'event loop delay p99, ms',
        'main thread, ms of processor time per message',
        'of concurrency ÷ latency',
      ],
      rows,
    ),
  );
  rmSync(userDir, { recursive: true, force: true });
  process.exit(0);
}

void main();
