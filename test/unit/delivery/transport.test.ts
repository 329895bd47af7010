import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { requestBody } from '../../../src/pkb/soap/request.js';
import { judgeAnswer } from '../../../src/delivery/classify.js';
import { type Transport, transportFactory } from '../../../src/delivery/transport.js';
import { stamped } from '../../support/messages.js';
import { acceptAll, startServer, type TestServer } from '../../support/server.js';

const CONCURRENCY = 8;

describe('the transport', () => {
  let server: TestServer;
  let transport: Transport;
  before(async () => {
    server = await startServer(acceptAll);
    const create = await transportFactory();
    transport = create({
      username: 'u',
      password: 'p',
      timeout: 5,
      concurrency: CONCURRENCY,
      userAgent: 'test',
    });
  });
  after(async () => {
    transport.close();
    await server.close();
  });

  const post = async (hl7: string): Promise<ReturnType<typeof judgeAnswer>> => {
    const exchange = await transport.post(
      new URL(server.url),
      requestBody(hl7),
      new AbortController().signal,
    );
    assert.ok('answer' in exchange, JSON.stringify(exchange));
    return judgeAnswer(exchange.answer, hl7.split('|')[9] ?? '', new Date());
  };

  it('keeps its connections, however quickly it is answered while the process is busy', async () => {
    // In a process of its own: it answers while this one does something else.
    const quick = fork(join(__dirname, '../../../bench/latency-server.cjs'), ['0']);
    const told = <T>(): Promise<T> =>
      new Promise((resolve) => quick.once('message', (value) => resolve(value as T)));
    const url = new URL(`http://127.0.0.1:${await told<number>()}/`);
    // As an outbox is that syncs the disk: the answer is there before the loop comes round.
    let busy = true;
    const work = (): void => {
      for (const end = performance.now() + 2; performance.now() < end;);
      if (busy) setImmediate(work);
    };
    work();
    const lane = async (): Promise<void> => {
      for (let n = 0; n < 40; n++) {
        // Where an outbox commits, and what is next is sent.
        await new Promise((resolve) => setImmediate(resolve));
        const exchange = await transport.post(url, requestBody(stamped('id')), new AbortController().signal);
        assert.ok('answer' in exchange, JSON.stringify(exchange));
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, lane));
    busy = false;
    const answer = told<{ connections: number }>();
    quick.send('how many');
    const { connections } = await answer;
    quick.kill();
    assert.equal(connections, CONCURRENCY);
  });

  for (const [what, more] of [
    ['megabytes', 'x'.repeat(3_000_000)],
    ['characters of every width where pieces end', '😀Łé-'.repeat(100_000)],
    ['what would end the CDATA section', ']]>'.repeat(50_000)],
  ] as const) {
    it(`sends ${what} as they are, with their length said beforehand`, async () => {
      const hl7 = stamped('long', { more: `NTE|1||${more}\r` });
      assert.equal((await post(hl7)).outcome, 'accepted');
      const { request, body, hl7: arrived } = server.arrived.at(-1) ?? assert.fail();
      assert.equal(arrived, hl7);
      assert.equal(Number(request.headers['content-length']), Buffer.byteLength(body));
      assert.equal(request.headers['transfer-encoding'], undefined);
    });
  }
});
