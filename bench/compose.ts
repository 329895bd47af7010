/**
 * A large PDF through the real nodes, from fields to PKB's acknowledgement: how much memory it takes at its peak, and for
 * how long the event loop stands still.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import helper from 'node-red-node-test-helper';
import { machine, table } from './harness.js';

const require_ = createRequire(__filename);
const MIB = 2 ** 20;
const ROUNDS = 5;

/** A PDF of a size; what is in it does not matter, but it does not repeat. */
function pdf(bytes: number): Buffer {
  const content = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i += 4) content.writeUInt32LE(Math.imul(i, 2654435761) >>> 0, i);
  content.write('%PDF-1.7\n', 'latin1');
  return content;
}

/** Resident memory, now and at its highest since the last call, in bytes (Linux). */
function memory(): { now: number; peak: number } {
  const status = readFileSync('/proc/self/status', 'utf8');
  const of = (name: string): number =>
    1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
  const told = { now: of('VmRSS'), peak: of('VmHWM') };
  writeFileSync('/proc/self/clear_refs', '5');
  return told;
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

async function main(): Promise<void> {
  helper.init(require_.resolve('node-red'));
  await (helper.startServer() as unknown as Promise<void>);
  const server = fork(join(__dirname, 'latency-server.cjs'), ['0']);
  const port = await new Promise<number>((resolve) =>
    server.once('message', (told) => resolve(told as number)),
  );
  const folder = mkdtempSync(join(tmpdir(), 'pkb-bench-'));
  const place = { z: 'tab', x: 1, y: 1 };
  const types = ['connection', 'customer', 'outbox', 'build', 'guard', 'send'].map(
    (type) => require_(`../dist/nodes/pkb-${type}/node.js`) as never,
  );
  const flow = [
    { id: 'tab', type: 'tab' },
    { id: 'customer', type: 'pkb-customer', name: 'Trust', alias: 'trustalias' },
    { id: 'outbox', type: 'pkb-outbox', store: 'embedded', path: join(folder, 'outbox.sqlite') },
    {
      id: 'c',
      type: 'pkb-connection',
      environment: 'custom',
      url: `http://127.0.0.1:${port}/services/hl7`,
      outbox: 'outbox',
    },
    { id: 'build', type: 'pkb-build', customer: 'customer', wires: [['guard']], ...place },
    { id: 'guard', type: 'pkb-guard', rules: {}, wires: [['send'], ['end']], ...place },
    { id: 'send', type: 'pkb-send', connection: 'c', wires: [['end'], ['end']], ...place },
    { id: 'end', type: 'helper', wires: [], ...place },
  ];
  await helper.load(types, flow as never, { c: { username: 'u', password: 'p' } } as never);
  const patient = {
    nhsNumber: '9990000018',
    name: { family: 'Example', given: 'Alex' },
    birthDate: '1970-01-31',
  };
  const sendOne = async (content: Buffer | string): Promise<void> => {
    const ended = new Promise<{ payload: { outcome?: string } }>((resolve) =>
      helper
        .getNode('end')
        .once('input', (message: object) => resolve(message as { payload: { outcome?: string } })),
    );
    const fields = { kind: 'document', type: 'CL', patient, pdf: content };
    helper.getNode('build').receive({ payload: fields } as never);
    const { payload } = await ended;
    if (payload.outcome !== 'accepted')
      throw new Error(`Not accepted: ${JSON.stringify(payload).slice(0, 200)}`);
  };

  for (let i = 0; i < 20; i++) await sendOne(pdf(10_000));
  console.log(`A PDF composed, guarded, stored and sent: ${machine()}\n`);
  const rows: string[][] = [];
  for (const [form, size] of [
    ['Buffer', 10],
    ['base64', 10],
    ['Buffer', 1],
  ] as const) {
    const rounds: { peak: number; delay: number; milliseconds: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await settle();
      const idle = memory().now;
      const content = form === 'Buffer' ? pdf(size * MIB) : pdf(size * MIB).toString('base64');
      memory();
      const histogram = monitorEventLoopDelay({ resolution: 1 });
      histogram.enable();
      const start = performance.now();
      await sendOne(content);
      const milliseconds = performance.now() - start;
      histogram.disable();
      const delay = Number.isFinite(histogram.max) ? histogram.max / 1e6 : 0;
      rounds.push({ peak: (memory().peak - idle) / (size * MIB), delay, milliseconds });
    }
    const worst = (name: 'peak' | 'delay' | 'milliseconds'): number =>
      Math.max(...rounds.map((round) => round[name]));
    rows.push([
      `${size} MiB as ${form}`,
      worst('milliseconds').toFixed(0),
      `${worst('peak').toFixed(1)} ×`,
      worst('delay').toFixed(0),
    ]);
  }
  console.log(
    table(
      [
        'PDF',
        'until acknowledged, ms',
        'peak memory above idle, of its size',
        'longest stop of the event loop, ms',
      ],
      rows,
    ),
  );
  console.log(`\nThe worst of ${ROUNDS} rounds each; the PDF itself is part of the memory.`);
  await helper.unload();
  server.kill();
  rmSync(folder, { recursive: true });
  process.exit(0);
}

void main();
