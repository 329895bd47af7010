/**
 * From a message handed to pkb-send until the flow is told of its acceptance, with every message on disk before it is
 * acknowledged; beside the flow that is built by hand (a function and Node-RED's http request node), which keeps nothing.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import helper from 'node-red-node-test-helper';
import { machine, table } from './harness.js';

const require_ = createRequire(__filename);
const COUNT = Number(process.env['PKB_COUNT'] ?? 3000);
const PATIENTS = 50;

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
    helper.getNode(end).on('input', () => {
      if (++ended === COUNT) resolve();
    });
  });
  const histogram = monitorEventLoopDelay({ resolution: 5 });
  const start = performance.now();
  for (let n = 0; n < COUNT; n++) {
    helper.getNode(input).receive(wrap(n) as never);
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
  helper.init(require_.resolve('node-red'));
  await (helper.startServer() as unknown as Promise<void>);
  console.log(`Delivery: ${machine()}; ${COUNT} messages of 1.2 kB, ${PATIENTS} patients\n`);
  const rows: string[][] = [];
  const types = ['connection', 'customer', 'outbox', 'send'].map(
    (type) => require_(`../dist/nodes/pkb-${type}.js`) as never,
  );
  const request = require_('@node-red/nodes/core/network/21-httprequest.js') as never;
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

    const folder = mkdtempSync(join(tmpdir(), 'pkb-bench-'));
    const place = { z: 'tab', x: 1, y: 1 };
    const ours = [
      { id: 'tab', type: 'tab' },
      { id: 'outbox', type: 'pkb-outbox', store: 'embedded', path: join(folder, 'outbox.sqlite') },
      { id: 'c', type: 'pkb-connection', environment: 'custom', url, concurrency, outbox: 'outbox' },
      { id: 'send', type: 'pkb-send', connection: 'c', wires: [['end'], ['end']], ...place },
      { id: 'end', type: 'helper', wires: [], ...place },
    ];
    await helper.load(types, ours as never, { c: { username: 'u', password: 'p' } } as never);
    const own = await run('send', 'end', (n) => ({ payload: message(n) }), order);
    await helper.unload();
    rmSync(folder, { recursive: true });

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
      { id: 'end', type: 'helper', wires: [], ...place },
    ];
    await helper.load([request], byHand as never);
    const headers = { 'content-type': 'text/xml' };
    const hand = await run('request', 'end', (n) => ({ payload: encodeRequest(message(n)), headers }), order);
    await helper.unload();
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
  process.exit(0);
}

void main();
