import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transportFactory, type Transport } from '../../../src/delivery/transport.js';
import { judgeAnswer, judgeFailure } from '../../../src/delivery/classify.js';
import { requestBody } from '../../../src/pkb/soap/request.js';
import {
  FAULT_KINDS,
  type FaultKind,
  type FaultPlan,
  FaultSource,
  readFaultPlan,
} from '../../../src/simulator/faults.js';
import { type RunningSimulator, startSimulator } from '../../../src/simulator/server.js';
import { stamped } from '../../support/messages.js';

describe('the faults of the simulator', () => {
  let transport: Transport;
  let running: RunningSimulator | undefined;
  before(async () => {
    const create = await transportFactory();
    transport = create({ username: 'a', password: 'b', timeout: 0.5, concurrency: 1, userAgent: 'test' });
  });
  after(() => transport.close());
  afterEach(() => running?.close());

  const outcomes = async (faults: FaultPlan, count: number): Promise<string[]> => {
    running = await startSimulator({ faults });
    const seen: string[] = [];
    for (let n = 0; n < count; n++) {
      const exchange = await transport.post(
        new URL(running.url),
        requestBody(stamped(`id${n}`)),
        new AbortController().signal,
      );
      const outcome =
        'answer' in exchange
          ? judgeAnswer(exchange.answer, `id${n}`, new Date())
          : judgeFailure(exchange.failure);
      seen.push(outcome.outcome);
    }
    return seen;
  };

  /** For each fault: what a sender must make of it, and whether PKB has the message. */
  const EXPECTED: Record<FaultKind, [string, boolean]> = {
    'drop-before': ['unknown', false],
    'drop-after': ['unknown', true],
    'half-response': ['unknown', true],
    'no-answer': ['unknown', true],
    drip: ['unknown', true],
    401: ['misconfigured', false],
    403: ['misconfigured', false],
    413: ['refused', false],
    429: ['busy', false],
    500: ['refused', false],
    503: ['busy', false],
    html: ['unknown', false],
    'wrong-id': ['unknown', true],
    'no-msa': ['unknown', true],
    AR: ['rejected', false],
    AE: ['errored', false],
  };

  for (const [kind, [outcome, isReceived]] of Object.entries(EXPECTED)) {
    it(`${kind} is seen as ${outcome}, and the next message is accepted`, async () => {
      assert.deepEqual(await outcomes({ script: [kind as FaultKind] }, 2), [outcome, 'accepted']);
      assert.equal(
        running?.received.some(({ controlId }) => controlId === 'id0'),
        isReceived,
      );
    });
  }

  it('are all in the table of this test, and in the help of the node', () => {
    assert.deepEqual(
      Object.keys(EXPECTED).toSorted(),
      Object.keys(FAULT_KINDS).toSorted(),
      'rows in EXPECTED of this test (actual), and in FAULT_KINDS of faults.ts (expected)',
    );
    const help = readFileSync(
      join(__dirname, '../../../nodes/pkb-simulator/locales/en-US/node.html'),
      'utf8',
    );
    const missing = Object.keys(FAULT_KINDS).filter((kind) => !help.includes(`\`${kind}\``));
    assert.deepEqual(missing, [], 'not in the help of pkb-simulator');
  });

  it('come by chance as often as told, and the same ones with the same seed', () => {
    const draw = (seed: number): string[] => {
      const source = new FaultSource({ rates: { 503: 0.1, AR: 0.2 }, seed });
      return Array.from({ length: 5000 }, () => source.next() ?? 'ok');
    };
    const drawn = draw(7);
    const share = (kind: string): number => drawn.filter((one) => one === kind).length / drawn.length;
    assert.ok(
      Math.abs(share('503') - 0.1) < 0.02 && Math.abs(share('AR') - 0.2) < 0.02,
      `${share('503')} ${share('AR')}`,
    );
    assert.deepEqual(draw(7), drawn);
    assert.notDeepEqual(draw(8), drawn);
  });

  it('take as long as told', async () => {
    const start = Date.now();
    assert.deepEqual(await outcomes({ latency: 100 }, 1), ['accepted']);
    assert.ok(Date.now() - start >= 95);
    const source = new FaultSource({ latency: [5, 50] });
    const times = Array.from({ length: 1000 }, () => source.latency());
    assert.ok(Math.min(...times) >= 5 && Math.max(...times) <= 50 && Math.max(...times) > 45);
  });

  it('are refused where they cannot be', () => {
    for (const json of ['{', '[]', '7', 'null', '"x"'])
      assert.throws(() => readFaultPlan(json), { code: 'PKB_SETTING' });
    for (const plan of [
      { script: ['nope'] },
      { rates: { nope: 1 } },
      { rates: { 503: 2 } },
      { rates: { 503: -1 } },
      { latency: -1 },
      { latency: 'x' },
    ]) {
      assert.throws(() => new FaultSource(plan as FaultPlan), { code: 'PKB_SETTING' });
    }
    assert.deepEqual(readFaultPlan(' '), {});
  });
});
