/**
 * Requests per second of pkb-send's transport, beside bare got with the same settings, Node-RED's own http request node,
 * and undici as the limit: on one loopback server in a process of its own.
 */
import { fork } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { Agent } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import helper from 'node-red-node-test-helper';
import { Pool } from 'undici';
import { judgeAnswer } from '../dist/src/delivery/classify.js';
import { transportFactory } from '../dist/src/delivery/transport.js';
import { basicAuthorization } from '../dist/src/http/agents.js';
import { encodeRequest } from '../dist/src/index.js';
import { requestBody } from '../dist/src/pkb/soap/request.js';
import { httpRequest, machine, table } from './harness.js';

const ID = 'f691896e-977f-4f06-91ee-625155ca71f8';
const HL7 = `MSH|^~\\&|MAILCO|trustalias{trustalias}|HL7API|PKB|20260101120000||ADT^A28|${ID}|P|2.4\rPID|||9990000018^^^NHS^NH||Example^Alex||19700101|U\rNTE|1||${'x'.repeat(1000)}\r`;
const BODY = encodeRequest(HL7);
const HEADERS = {
  authorization: basicAuthorization('partner_mailco', 'testing'),
  'content-type': 'text/xml; charset=UTF-8',
};
const SECONDS = Number(process.env['PKB_SECONDS'] ?? 1.2);
const ROUNDS = Number(process.env['PKB_ROUNDS'] ?? 3);
const LATENCIES = (process.env['PKB_LATENCIES'] ?? '0,10,50').split(',').map(Number);

interface Client {
  readonly post: () => Promise<unknown>;
  close(): unknown;
}

/** Keeps so many requests under way for a while. @returns requests per second */
async function rate(post: () => Promise<unknown>, connections: number): Promise<number> {
  let done = 0;
  let until = performance.now() + 200;
  const worker = async (): Promise<void> => {
    while (performance.now() < until) {
      await post();
      done++;
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  done = 0;
  const start = performance.now();
  until = start + SECONDS * 1000;
  await Promise.all(Array.from({ length: connections }, worker));
  return done / ((performance.now() - start) / 1000);
}

const ours = (url: string, concurrency: number): Promise<Client> => transportOf(url, concurrency, false);
const oursRead = (url: string, concurrency: number): Promise<Client> => transportOf(url, concurrency, true);

async function transportOf(url: string, concurrency: number, read: boolean): Promise<Client> {
  const transport = (await transportFactory())({
    username: 'partner_mailco',
    password: 'testing',
    timeout: 30,
    concurrency,
    userAgent: 'bench',
  });
  const address = new URL(url);
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  return {
    async post() {
      const exchange = await transport.post(address, requestBody(HL7), signal);
      if (!('answer' in exchange) || exchange.answer.status !== 200) throw new Error('no answer');
      if (read && judgeAnswer(exchange.answer, ID, new Date()).outcome !== 'accepted') {
        throw new Error('not accepted');
      }
    },
    close: () => transport.close(),
  };
}

async function bareGot(url: string, concurrency: number): Promise<Client> {
  const { default: got } = await import('got');
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency, maxFreeSockets: concurrency });
  const client = got.extend({
    method: 'POST',
    headers: HEADERS,
    responseType: 'buffer',
    agent: { http: agent },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
    retry: { limit: 0 },
    timeout: {
      lookup: 30_000,
      connect: 30_000,
      secureConnect: 30_000,
      send: 120_000,
      response: 30_000,
      read: 30_000,
      request: 180_000,
    },
  });
  return { post: async () => (await client(url, { body: BODY })).body, close: () => agent.destroy() };
}

async function bareUndici(url: string, connections: number): Promise<Client> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections });
  return {
    async post() {
      const { body } = await pool.request({ path: pathname, method: 'POST', headers: HEADERS, body: BODY });
      return body.arrayBuffer();
    },
    close: () => pool.close(),
  };
}

/** Node-RED's http request node, in a real runtime. */
async function httpRequestNode(url: string): Promise<Client> {
  const require_ = createRequire(__filename);
  const node = require_(require_.resolve('@node-red/nodes/core/network/21-httprequest.js')) as never;
  const flow = [httpRequest(url), { id: 'end', type: 'helper' }];
  await helper.load([node], flow as never);
  const waiting = new Map<string, () => void>();
  helper.getNode('end').on('input', (message: { _msgid: string }) => {
    waiting.get(message._msgid)?.();
    waiting.delete(message._msgid);
  });
  let count = 0;
  return {
    post: () =>
      new Promise<void>((resolve) => {
        const id = String(count++);
        waiting.set(id, resolve);
        helper.getNode('request').receive({ _msgid: id, payload: BODY, headers: HEADERS } as never);
      }),
    close: () => helper.unload(),
  };
}

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function main(): Promise<void> {
  helper.init(createRequire(__filename).resolve('node-red'));
  console.log(`Transport: ${machine()}; body of ${BODY.length} bytes, requests per second\n`);
  const rows: string[][] = [];
  for (const latency of LATENCIES) {
    const server = fork(join(__dirname, 'latency-server.cjs'), [String(latency)]);
    const port = await new Promise<number>((resolve) =>
      server.once('message', (message) => resolve(message as number)),
    );
    const url = `http://127.0.0.1:${port}/services/hl7`;
    for (const connections of [1, 8, 32]) {
      const makers = [ours, oursRead, bareGot, bareUndici, httpRequestNode];
      const rates = makers.map((): number[] => []);
      for (let round = 0; round < ROUNDS; round++) {
        for (let turn = 0; turn < makers.length; turn++) {
          const i = (turn + round) % makers.length;
          const client = await (makers[i] ?? ours)(url, connections);
          rates[i]?.push(await rate(client.post, connections));
          await client.close();
        }
      }
      const [own = [], read = [], got = [], undici = [], node = []] = rates;
      const real = await new Promise<number>((resolve) => {
        server.once('message', (told) => resolve((told as { latency: number }).latency));
        server.send('latency');
      });
      const ideal = latency === 0 ? undefined : (1000 * connections) / real;
      const ratioTo = (other: number[]): string =>
        median(own.map((value, i) => value / (other[i] ?? Number.NaN))).toFixed(2);
      rows.push([
        latency === 0 ? `0 ms, ${connections}` : `${latency} ms (really ${real.toFixed(1)}), ${connections}`,
        ...[own, read, got, undici, node].map((values) => String(Math.round(median(values)))),
        ratioTo(got),
        ratioTo(node),
        ideal === undefined ? '' : (median(own) / ideal).toFixed(2),
      ]);
    }
    server.kill();
  }
  const head = [
    'latency, connections',
    '**this package**',
    'with the ACK read',
    'bare got',
    'undici (limit)',
    'http request node',
    '÷ bare got',
    '÷ http request node',
    '÷ (connections ÷ latency)',
  ];
  console.log(table(head, rows));
  process.exit(0);
}

void main();
