/** Queries: what PKB answers, up to what is read. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { envelope, inXml } from '../support/answers.js';
import { NHS_NUMBERS } from '../support/messages.js';
import { soapAck, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';
import { CATCH, collector, connection, CREDENTIALS, outbox, send } from './flows.js';
import { type RunningFlow, server, start, version } from './runtime.js';

/** The answer to a query, with so many patients. */
function answer(controlId: string, patients: number): string {
  const pids = Array.from(
    { length: patients },
    (_, i) => `PID|${i}||${NHS_NUMBERS[0]}^^^NHS^NH||Example${i}^Alex||19700131||||^^^^N1 1AA\r`,
  );
  return envelope(
    inXml(`MSH|^~\\&|HL7API|PKB|A|B|20260101||ADR^A19|P1|P|2.4\rMSA|AA|${controlId}\r${pids.join('')}`),
  );
}

const query = (controlId: string): string =>
  `MSH|^~\\&|App|trustalias{trustalias}|HL7API|PKB|20260101||QRY^A19|${controlId}|P|2.4\rQRD|20260101|R|I|Q1|||||DEM\rQRF||20260101\r`;
const letter = (controlId: string): string =>
  query(controlId)
    .replace('QRY^A19', 'ADT^A28')
    .replace(/QRD[^]*/, `PID|||${NHS_NUMBERS[1]}^^^NHS^NH\r`);

describe(`queries on Node-RED ${version}`, () => {
  let pkb: TestServer;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pkb-queries-'));
    await server.start();
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    pkb = await startServer(({ controlId }, response) => {
      if (controlId.startsWith('cut')) {
        const whole = answer(controlId, 100);
        response.setHeader('content-length', whole.length);
        response.write(whole.slice(0, whole.length / 2), () => response.destroy());
      } else if (controlId.startsWith('q')) response.end(answer(controlId, Number(controlId.slice(1))));
      else response.end(soapAck('AA', controlId));
    });
  });
  afterEach(async () => {
    await server.unload();
    await pkb.close();
  });

  const accepted = (flow: RunningFlow): string[] =>
    flow.seen('accepted').map(({ payload }) => payload.controlId as string);
  const run = (more: object = {}) =>
    start(
      [
        // An outbox of their own: what is left in memory would wait in that of other tests.
        outbox({ id: 'queries', ...more }),
        connection(pkb.url, { outbox: 'queries' }),
        send(),
        ...CATCH,
        ...['accepted', 'rejected'].map(collector),
      ],
      CREDENTIALS,
    );

  for (const store of ['memory', 'embedded'])
    it(`give the patients of an answer of megabytes, with the outbox ${store}`, async () => {
      const flow = await run({ store, path: join(folder, 'outbox.sqlite') });
      flow.receive('send', { payload: query('q60000') });
      const { payload, ack } = await flow.wait('accepted');
      assert.ok(ack.length > 4 * 1024 * 1024);
      assert.equal(payload.patients.length, 60_000);
      assert.equal(payload.patients[59_999].family, 'Example59999');
    });

  it('end where the answer is too large, with what to do, and what comes after goes on', async () => {
    const flow = await run();
    flow.receive('send', { payload: query('q250000') });
    flow.receive('send', { payload: letter('behind') });
    const { error } = await flow.wait('caught');
    assert.equal(error.code, 'PKB_UNKNOWN');
    assert.match(error.message, /larger than 16 MiB.*ask for fewer patients/);
    await until('what comes after is accepted', () => accepted(flow).includes('behind'));
    assert.equal(pkb.arrived.filter(({ controlId }) => controlId === 'q250000').length, 1);
  });

  it('are asked again where the answer breaks off, and are never called accepted by half of one', async () => {
    const flow = await run();
    flow.receive('send', { payload: query('cut1') });
    await until('it is asked again', () => pkb.arrived.length > 1);
    assert.ok(!accepted(flow).includes('cut1'));
    assert.match(String(flow.statuses('send').at(-1)?.text), /waiting/);
  });
});
