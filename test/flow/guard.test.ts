import assert from 'node:assert/strict';
import { stamped as withoutStatus } from '../support/messages.js';
import { until } from '../support/wait.js';
import { CATCH, collector, customer, guard } from './flows.js';
import { server, start, version } from './runtime.js';

/** With a verified NHS number, of which there is nothing to say. */
const stamped: typeof withoutStatus = (...given) =>
  withoutStatus(...given).replace('^NHS^NH|', '^NHS^NH{status:01}|');

const DIAGNOSIS = stamped('1', { type: 'ADT^A31', more: 'DG1|1||D\r' });

describe(`pkb-guard on Node-RED ${version}`, () => {
  afterEach(() => server.unload());
  const ends = [collector('passed'), collector('stopped'), ...CATCH];

  it('passes, stops and strips, with findings, and counts', async () => {
    const flow = await start([
      guard(),
      guard({ id: 'strips', rules: { 'overwriting.diagnoses': 'strip' } }),
      ...ends,
    ]);
    flow.receive('guard', { payload: stamped('1', { type: 'ADT^A31' }), pkb: { customer: 'x' } });
    const passed = await flow.wait('passed');
    assert.deepEqual(
      [passed.pkb.customer, passed.pkb.findings.filter((f: { action: string }) => f.action === 'block')],
      ['x', []],
    );
    flow.receive('guard', { payload: DIAGNOSIS });
    const stopped = await flow.wait('stopped');
    assert.equal(stopped.payload, DIAGNOSIS);
    assert.ok(
      stopped.pkb.findings.some(
        (f: { rule: string; location: string }) =>
          f.rule === 'overwriting.diagnoses' && f.location === 'DG1[1]',
      ),
    );
    flow.receive('strips', { payload: DIAGNOSIS });
    assert.equal((await flow.wait('passed', 2)).payload, stamped('1', { type: 'ADT^A31' }));
    assert.match(flow.statuses('guard').at(-1)?.text ?? '', /counts/);
    const last = (id: string): string | undefined => flow.statuses(id).at(-1)?.fill;
    await until('the status shows it', () => last('strips') !== undefined);
    assert.deepEqual([last('guard'), last('strips')], ['red', 'green']);
  });

  it('remembers control IDs and appointments, and knows the configured Customers', async () => {
    const flow = await start([guard(), customer('customer', 'x', 'other'), ...ends]);
    flow.receive('guard', { payload: stamped('1') });
    assert.deepEqual(
      (await flow.wait('stopped')).pkb.findings.map((f: { rule: string }) => f.rule),
      ['behalf.customer'],
    );
    const again = 'SCH|f691896e-977f-4f06-91ee-625155ca71f8||||||||||^^^20260101\rPV1|||^^^^^^^^Ward\r';
    const s12 = (id: string): string =>
      stamped(id, { type: 'SIU^S12', more: again }).replaceAll('trustalias', 'other');
    flow.receive('guard', { payload: s12('2') });
    assert.deepEqual((await flow.wait('passed')).pkb.findings, []);
    flow.receive('guard', { payload: s12('2') });
    assert.deepEqual(
      (await flow.wait('passed', 2)).pkb.findings.map((f: { rule: string }) => f.rule),
      ['header.control-id-reused', 'datapoint.resent-appointment'],
    );
  });

  it('stops what is no HL7, and reports what is no text', async () => {
    const flow = await start([guard(), ...ends]);
    flow.receive('guard', { payload: 'hello' });
    assert.deepEqual((await flow.wait('stopped')).pkb.findings[0].rule, 'form.unreadable');
    flow.receive('guard', { payload: 7 });
    assert.equal((await flow.wait('caught')).error.code, 'PKB_HL7_TYPE');
  });

  it('reports settings it cannot follow, and passes nothing', async () => {
    const flow = await start([guard({ rules: { nope: 'off' } }), ...ends]);
    flow.receive('guard', { payload: DIAGNOSIS });
    assert.equal((await flow.wait('caught')).error.code, 'PKB_SETTING');
    assert.deepEqual([...flow.seen('passed'), ...flow.seen('stopped')], []);
  });
});
