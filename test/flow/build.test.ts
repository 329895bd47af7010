import assert from 'node:assert/strict';
import { read, readRaw } from '../../src/hl7/read.js';
import { a28 } from '../support/messages.js';
import { build, CATCH, collector, customer } from './flows.js';
import { server, start, version } from './runtime.js';

describe(`pkb-build on Node-RED ${version}`, () => {
  afterEach(() => server.unload());

  const one = (more: object = {}): object[] => [
    customer('customer', 'North Trust', 'north', 'trust'),
    customer('other', 'South Trust', 'south'),
    build(more),
    collector('built'),
    ...CATCH,
  ];

  it('stamps a message and leaves the rest of msg alone', async () => {
    const flow = await start(one());
    flow.receive('build', { payload: a28().replaceAll('\r', '\n'), topic: 'mine', pkb: { mine: 1 } });
    const message = await flow.wait('built');
    assert.equal(readRaw(message.payload, 'MSH-4'), 'north{trust}');
    assert.equal(message.payload.split('\r').length, 3);
    assert.equal(message.topic, 'mine');
    assert.deepEqual(message.pkb, {
      mine: 1,
      customer: 'north',
      messageType: 'ADT^A28',
      controlId: readRaw(message.payload, 'MSH-10'),
      dataPoint: undefined,
    });
    assert.equal(message.parsed, undefined);
  });

  it('takes Buffers, MLLP frames and byte order marks', async () => {
    const flow = await start(one());
    flow.receive('build', { payload: Buffer.from(`\v${a28()}\x1c\r`) });
    flow.receive('build', { payload: `\uFEFF${a28()}` });
    await flow.wait('built', 2);
    for (const { payload } of flow.seen('built'))
      assert.ok(payload.startsWith('MSH|^~\\&|MAILCO|north{trust}|'));
  });

  it('gives a parsed view where the box is ticked', async () => {
    const flow = await start(one({ parsed: true }));
    flow.receive('build', { payload: a28() });
    const { parsed } = await flow.wait('built');
    assert.equal(parsed.PID[0].data['PID.5']['PID.5.1'], 'Example');
  });

  it('takes the Customer from msg.customer, by name or alias', async () => {
    const flow = await start(one({ customer: '' }));
    for (const name of ['North Trust', 'north', 'South Trust', 'south'])
      flow.receive('build', { payload: a28(), customer: name });
    await flow.wait('built', 4);
    assert.deepEqual(
      flow.seen('built').map(({ payload }) => readRaw(payload, 'MSH-4')),
      ['north{trust}', 'north{trust}', 'south{south}', 'south{south}'],
    );
  });

  it('passes no Customer through that is not configured', async () => {
    const flow = await start(one({ customer: '' }));
    for (const name of ['East Trust', 'evil{evil}', '', undefined, 7, '__proto__'])
      flow.receive('build', { payload: a28(), customer: name });
    await flow.wait('caught', 6);
    assert.deepEqual(
      flow.seen('caught').map(({ error }) => error.code),
      Array(6).fill('PKB_CUSTOMER'),
    );
    assert.deepEqual(flow.seen('built'), []);
  });

  it('says which Customer is meant only where one is', async () => {
    const flow = await start([...one({ customer: '' }), customer('third', 'North Trust', 'north3')]);
    flow.receive('build', { payload: a28(), customer: 'North Trust' });
    assert.match((await flow.wait('caught')).error.message, /fits 2 configured Customers/);
  });

  it('derives data point IDs, and takes the Customer’s own from a property', async () => {
    const letter = 'MSH|^~\\&|A||||||MDM^T02\rPID|1\rTXA|1\r';
    const flow = await start([
      ...one({
        dataPointId: 'derive',
        dataPointKey: 'letter.id',
        dataPointKeyType: 'msg',
        partner: 'mailco',
      }),
      build({
        id: 'amend',
        dataPointId: 'property',
        dataPointKey: '"T-" & topic',
        dataPointKeyType: 'jsonata',
      }),
    ]);
    flow.receive('build', { payload: letter, letter: { id: 7 } });
    flow.receive('build', { payload: letter, letter: { id: '7' } });
    await flow.wait('built', 2);
    const [first, second] = flow.seen('built');
    assert.equal(first.pkb.dataPoint.owner, 'partner');
    assert.equal(first.pkb.dataPoint.id, second.pkb.dataPoint.id);
    flow.receive('amend', { payload: letter, topic: 1 });
    assert.deepEqual((await flow.wait('built', 3)).pkb.dataPoint, {
      field: 'TXA-12.1',
      id: 'T-1',
      owner: 'customer',
    });
    flow.receive('build', { payload: letter });
    assert.equal((await flow.wait('caught')).error.code, 'PKB_DATA_POINT');
  });

  it('refuses a batch with the number found, or splits it, all or none', async () => {
    const batch = `BHS|^~\\&|x\r${a28()}${a28()}BTS|2\r`;
    const flow = await start([...one(), build({ id: 'split', batch: 'split' })]);
    flow.receive('build', { payload: batch });
    assert.match((await flow.wait('caught')).error.message, /2 messages/);
    flow.receive('split', { payload: batch, topic: 't' });
    await flow.wait('built', 2);
    assert.deepEqual(
      flow.seen('built').map(({ topic }) => topic),
      ['t', 't'],
    );
    assert.notEqual(flow.seen('built')[0].pkb.controlId, flow.seen('built')[1].pkb.controlId);
    flow.receive('split', { payload: `${a28()}MSH|^~\\&|x\r` });
    assert.equal((await flow.wait('caught', 2)).error.code, 'PKB_HL7_HEADER_SHORT');
    assert.equal(flow.seen('built').length, 2);
  });

  for (const [what, payload, code] of [
    ['nothing', undefined, 'PKB_HL7_TYPE'],
    ['a number', 7, 'PKB_HL7_TYPE'],
    ['an empty text', '', 'PKB_HL7_EMPTY'],
    ['no HL7', 'hello', 'PKB_HL7_NO_MSH'],
    ['no MSH', 'PID|1\r', 'PKB_HL7_NO_MSH'],
    ['an MSH cut short', 'MSH|^~\\&|A|B\r', 'PKB_HL7_HEADER_SHORT'],
    ['other encoding characters', 'MSH|$%&/|A||||||ADT$A28\r', 'PKB_HL7_ENCODING_CHARACTERS'],
    [
      'bytes of another character set',
      Buffer.from('MSH|^~\\&|A||||||ADT^A28\rPID|M\xfcller\r', 'latin1'),
      'PKB_HL7_CHARSET',
    ],
  ] as const) {
    it(`reports ${what} to Catch with the message as it came, and shows a red status`, async () => {
      const flow = await start(one());
      flow.receive('build', { payload, marker: 'mine' });
      const caught = await flow.wait('caught');
      assert.equal(caught.error.code, code);
      assert.equal(caught.error.source.id, 'build');
      assert.match(caught.error.message, /^Pkb\w+Error: /);
      assert.equal(caught.marker, 'mine');
      assert.deepEqual(caught.payload, payload);
      assert.equal(flow.statuses('build').at(-1)?.fill, 'red');
      flow.receive('build', { payload: a28() });
      await flow.wait('built');
      assert.deepEqual(flow.statuses('build').at(-1), {});
    });
  }

  it('reports a Customer whose alias cannot be used, at deploy and for every message', async () => {
    const flow = await start([customer('customer', 'x', 'a{b'), build(), collector('built'), ...CATCH]);
    flow.receive('build', { payload: a28() });
    assert.equal((await flow.wait('caught')).error.code, 'PKB_ALIAS');
    assert.match(flow.log(), /PkbConfigError/);
  });

  it('reads ${ENV} in its properties and in those of the Customer', async () => {
    process.env['PKB_TEST_ALIAS'] = 'fromenv';
    process.env['PKB_TEST_APP'] = 'APP';
    const flow = await start([
      customer('customer', 'x', '${PKB_TEST_ALIAS}'),
      build({ sendingApplication: '${PKB_TEST_APP}' }),
      collector('built'),
    ]);
    flow.receive('build', { payload: a28() });
    const { payload } = await flow.wait('built');
    assert.ok(payload.startsWith('MSH|^~\\&|APP|fromenv{fromenv}|'));
  });

  describe('given an object', () => {
    const patient = {
      nhsNumber: '9990000018',
      name: { family: 'Ex|ample', given: 'Żółć' },
      birthDate: '1970-01-31',
    };
    const letter = { kind: 'document', type: 'CL', patient, pdf: Buffer.from('%PDF-1.4 content') };

    it('composes a message, and tells what it is', async () => {
      const flow = await start(one({ parsed: true, sendingApplication: 'MAILCO' }));
      flow.receive('build', { payload: letter, topic: 'mine' });
      const message = await flow.wait('built');
      assert.equal(readRaw(message.payload, 'MSH-4'), 'north{trust}');
      assert.equal(readRaw(message.payload, 'MSH-3'), 'MAILCO');
      assert.equal(read(message.payload, 'PID-5.1'), 'Ex|ample');
      assert.equal(readRaw(message.payload, 'OBX-5.5'), letter.pdf.toString('base64'));
      assert.equal(message.topic, 'mine');
      assert.deepEqual(message.pkb, {
        customer: 'north',
        messageType: 'MDM^T02',
        controlId: readRaw(message.payload, 'MSH-10'),
        dataPoint: { field: 'TXA-12.1', id: readRaw(message.payload, 'TXA-12'), owner: 'partner' },
      });
      assert.equal(message.parsed.PID[0].data['PID.5']['PID.5.2'], 'Żółć');
    });

    it('derives the data point ID from a key of the fields', async () => {
      const flow = await start(
        one({
          dataPointId: 'derive',
          dataPointKey: 'payload.id',
          dataPointKeyType: 'msg',
          partner: 'MailCo',
        }),
      );
      for (const id of ['4711', '4711', '4712']) flow.receive('build', { payload: { ...letter, id } });
      await flow.wait('built', 3);
      const [first, second, third] = flow.seen('built').map(({ pkb }) => pkb.dataPoint);
      assert.deepEqual(first, second);
      assert.notEqual(first.id, third.id);
      assert.equal(first.owner, 'partner');
    });

    it('tells all its faults to Catch, with paths and without values, and passes nothing on', async () => {
      const flow = await start(one());
      const faulty = { ...letter, type: 'S3CR3T', patient: { ...patient, nhsNumber: '9434765918' } };
      flow.receive('build', { payload: { ...faulty, html: '<p>S3CR3T</p>' } });
      const { error } = await flow.wait('caught');
      assert.equal(error.code, 'PKB_FIELDS');
      for (const path of ['type must be one of', 'patient.nhsNumber is no NHS number', 'exactly one of pdf'])
        assert.ok(error.message.includes(path), error.message);
      assert.ok(!/S3CR3T|9434765918/.test(`${error.message}${flow.log()}`));
      assert.deepEqual(flow.seen('built'), []);
      const [shown] = flow.statuses('build').slice(-1);
      assert.equal(shown?.fill, 'red');
    });

    it('refuses a list, and says what to do', async () => {
      const flow = await start(one());
      flow.receive('build', { payload: [letter] });
      assert.match((await flow.wait('caught')).error.message, /one object .* split lists/);
    });
  });
});
