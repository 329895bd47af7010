import assert from 'node:assert/strict';
import { requestBody } from '../../../src/pkb/soap/request.js';
import { judgeAnswer } from '../../../src/delivery/classify.js';
import { type Transport, transportFactory } from '../../../src/delivery/transport.js';
import { stamped } from '../../support/messages.js';
import { acceptAll, startServer, type TestServer } from '../../support/server.js';

describe('the transport', () => {
  let server: TestServer;
  let transport: Transport;
  before(async () => {
    server = await startServer(acceptAll);
    const create = await transportFactory();
    transport = create({ username: 'u', password: 'p', timeout: 5, concurrency: 1, userAgent: 'test' });
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

  it('keeps its connection, however quickly it is answered and however busy the process is', async () => {
    const busy = setInterval(() => {
      for (const end = performance.now() + 3; performance.now() < end;);
    }, 1);
    try {
      for (let n = 0; n < 60; n++) assert.equal((await post(stamped(`id${n}`))).outcome, 'accepted');
    } finally {
      clearInterval(busy);
    }
    const ports = new Set(server.arrived.map(({ request }) => request.socket.remotePort));
    assert.equal(ports.size, 1);
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
