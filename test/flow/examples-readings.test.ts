/** Example 09: a measuring device posts its readings. */
import assert from 'node:assert/strict';
import { type FlowNode, run } from './examples.js';
import { server, version } from './runtime.js';

const FILE = '09 - Readings of a measuring device.json';

interface Answer {
  status: number;
  body: { stored?: boolean; controlId?: string; error?: string; code?: string; findings?: object[] };
}

describe(`09 takes readings of a device, on Node-RED ${version}`, () => {
  before(() => server.start());
  after(() => server.stop());
  afterEach(() => server.unload());

  async function post(body: unknown, path = '/pkb/readings'): Promise<Answer> {
    const response = await fetch(new URL(path, server.url()), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }

  it('and answers 202 when one is stored; a wrong one is deleted and sent anew', async () => {
    const flow = await run(FILE);
    const wrong = await post(flow.held('1 a wrong blood pressure'));
    assert.equal(wrong.status, 202);
    assert.equal(wrong.body.stored, true);
    assert.equal((await post(flow.held('2 delete it'), '/pkb/readings/delete')).status, 202);
    assert.equal((await post(flow.held('3 the right one, anew'))).status, 202);
    await flow.wait('pkb09-accepted', 3);
    const [created, deleted, anew] = flow.seen('pkb09-accepted');
    assert.equal(created.payload.controlId, wrong.body.controlId);
    assert.match(created.hl7, /\rOBX\|1\|NM\|271649006\^Systolic blood pressure\^SCT\|\|210\|mmHg\|/);
    assert.match(created.hl7, /\rOBX\|2\|NM\|271650006\^Diastolic blood pressure\^SCT\|\|80\|mmHg\|/);
    assert.equal(deleted.pkb.dataPoint.id, created.pkb.dataPoint.id);
    assert.match(deleted.hl7, /\rOBR\|(?:[^|\r]*\|){24}R\r/);
    assert.notEqual(anew.pkb.dataPoint.id, created.pkb.dataPoint.id);
    assert.match(anew.hl7, /\|\|120\|mmHg\|/);
  });

  it('a weight as a report of its own', async () => {
    const flow = await run(FILE);
    assert.equal((await post(flow.held('4 a weight'))).status, 202);
    const { hl7 } = await flow.wait('pkb09-accepted');
    assert.match(hl7, /\rOBX\|1\|NM\|27113001\^Body weight\^SCT\|\|72\.5\|kg\|/);
    assert.equal(hl7.match(/\rOBX/g)?.length, 1);
  });

  it('and answers 400 with every fault and its path, and no value, where the fields are wrong', async () => {
    const flow = await run(FILE);
    const { status, body } = await post(flow.held('5 wrong fields'));
    assert.deepEqual([status, body.code], [400, 'PKB_FIELDS']);
    for (const path of ['patient.nhsNumber', 'time', 'measurements[0].value'])
      assert.ok(body.error?.includes(path), body.error);
    assert.ok(!/9990000035|this morning|high/.test(body.error ?? ''), body.error);
    const good = flow.held('4 a weight') as object;
    for (const bad of [
      {},
      [],
      [good, good],
      { ...good, type: 'length' },
      { ...good, kg: null },
      { ...good, reading: '' },
    ]) {
      const answer = await post(bad);
      assert.equal(answer.status, 400, JSON.stringify(bad));
    }
    assert.equal((await post({ reading: 'R-1' }, '/pkb/readings/delete')).status, 400);
    assert.deepEqual(flow.seen('pkb09-seen'), []);
  });

  it('and answers 422 where the guard stops one, 503 where none can be stored', async () => {
    const stop = (node: FlowNode): object => {
      if (node.type === 'pkb-build') return { ...node, processingId: 'T' };
      return node.type === 'pkb-guard' ? { ...node, rules: { 'header.processing-id': 'block' } } : node;
    };
    const strict = await run(FILE, stop);
    const stopped = await post(strict.held('4 a weight'));
    assert.deepEqual([stopped.status, stopped.body.findings?.length], [422, 1]);
    await server.unload();
    const second = { id: 'second', type: 'pkb-simulator', z: 'tab', path: '/b', aliases: [], wires: [] };
    const flow = await run(FILE, undefined, [second]);
    assert.equal((await post(flow.held('4 a weight'))).status, 503);
  });
});
