import assert from 'node:assert/strict';
import { read, readRaw } from '../../../src/hl7/read.js';
import { stamp } from '../../../src/pkb/stamp.js';
import { describeWithCorpus, pkbExample } from '../../support/corpus.js';
import { a28 } from '../../support/messages.js';

const customer = { alias: 'trustalias' };
const fixed = { customer, newId: () => 'NEW-ID', now: () => new Date('2026-01-02T03:04:05Z') };
const DOCUMENT = 'MSH|^~\\&|A||||||MDM^T02\rPID|1\rTXA|||||||||||||\rOBX|1|ED|||x\r';

describe('stamp', () => {
  it('fills what is empty and sets what is the Partner’s', () => {
    const { hl7, controlId, messageType, dataPoint } = stamp(a28(), fixed);
    assert.equal(
      hl7.split('\r')[0],
      'MSH|^~\\&|MAILCO|trustalias{trustalias}|HL7API|PKB|20260102030405+0000||ADT^A28|NEW-ID|P|2.4',
    );
    assert.deepEqual(
      { controlId, messageType, dataPoint },
      { controlId: 'NEW-ID', messageType: 'ADT^A28', dataPoint: undefined },
    );
  });

  it('leaves what is filled, but for MSH-4 and MSH-10: a test message stays one', () => {
    const text = 'MSH|^~\\&|APP|x|R|F|2020|sec|ADT^A28^ADT_A05|old|T^X|2.7|1|||||UNICODE UTF-8|\rPID|1';
    assert.equal(
      stamp(text, fixed).hl7,
      'MSH|^~\\&|APP|trustalias{trustalias}|R|F|2020|sec|ADT^A28^ADT_A05|NEW-ID|T^X|2.7|1|||||UNICODE UTF-8|\rPID|1',
    );
  });

  it('sets MSH-11 where told: always, or only where it is empty', () => {
    const withId = (id: string): string => `MSH|^~\\&|A|x|||2020||ADT^A28|old|${id}|2.4\rPID|1`;
    const id = (own: string, more: object): string | undefined =>
      read(stamp(withId(own), { ...fixed, ...more }).hl7, 'MSH-11');
    assert.deepEqual(
      [id('T', {}), id('', {}), id('T', { processingId: 'P' }), id('', { processingId: 'D' })],
      ['T', 'P', 'P', 'D'],
    );
    assert.equal(id('', { processingId: 'T^A' }), 'T^A');
    const empty = { processingId: 'P', processingIdWhere: 'empty' };
    assert.deepEqual([id('T', empty), id('D', empty), id('', empty)], ['T', 'D', 'P']);
  });

  it('fills MSH-7 in UTC, unless a clock time without an offset would be read by it: then in local time', () => {
    const now = (): Date => new Date('2026-07-15T09:00:00Z');
    const appointment = (start: string): string =>
      `MSH|^~\\&|||||||SIU^S12|1|P|2.4\rSCH|1||||||||||^^^${start}\rPID|1\r`;
    for (const [start, time] of [
      ['20260715100000', '20260715100000'],
      ['20260715100000+0100', '20260715090000+0000'],
      ['20260715', '20260715090000+0000'],
    ] as const) {
      const text = appointment(start);
      assert.equal(read(stamp(text, { ...fixed, now }).hl7, 'MSH-7'), time, start);
      assert.equal(read(stamp(Buffer.from(text), { ...fixed, now }).hl7, 'MSH-7'), time, start);
    }
    const paris = { alias: 'trustalias', timeZone: 'Europe/Paris' };
    assert.equal(
      read(stamp(appointment('20260715100000'), { ...fixed, now, customer: paris }).hl7, 'MSH-7'),
      '20260715110000',
    );
    assert.throws(
      () =>
        stamp(appointment('20260715100000'), {
          ...fixed,
          now,
          customer: { ...paris, timeZone: 'Europe/Moon' },
        }),
      { code: 'PKB_SETTING', message: /time zone/ },
    );
  });

  it('says which sending application it replaced', () => {
    const text = 'MSH|^~\\&|RADIOLOGY||||2020||ORU^R01|1|P|2.4\r';
    assert.equal(
      stamp(text, { ...fixed, sendingApplication: 'MAILCO' }).sendingApplicationBefore,
      'RADIOLOGY',
    );
    assert.equal(stamp(text, fixed).sendingApplicationBefore, undefined);
  });

  it('adds the fields that a short header lacks', () => {
    assert.equal(
      stamp('MSH|^~\\&|||||||ADT^A28\rPID|1\r', fixed).hl7,
      'MSH|^~\\&||trustalias{trustalias}|HL7API|PKB|20260102030405+0000||ADT^A28|NEW-ID|P|2.4\rPID|1\r',
    );
  });

  it('writes two aliases where they differ', () => {
    const { hl7 } = stamp(a28(), {
      ...fixed,
      customer: { alias: 'connecting', controllerAlias: 'controller' },
    });
    assert.equal(readRaw(hl7, 'MSH-4'), 'connecting{controller}');
  });

  it('keeps the control ID where told, and makes one where there is none', () => {
    assert.equal(stamp(a28({ controlId: 'mine' }), { ...fixed, controlId: 'keep' }).controlId, 'mine');
    assert.equal(stamp(a28(), { ...fixed, controlId: 'keep' }).controlId, 'NEW-ID');
    assert.match(
      stamp(a28(), { customer }).controlId,
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it('escapes the sending application', () => {
    const { hl7 } = stamp(a28(), { ...fixed, sendingApplication: 'A|B & Łódź' });
    assert.equal(readRaw(hl7, 'MSH-3'), 'A\\F\\B \\T\\ Łódź');
  });

  it('keeps every kind of line end', () => {
    for (const lineEnd of ['\r', '\n', '\r\n']) {
      const text = DOCUMENT.replaceAll('\r', lineEnd);
      const stamped = stamp(text, { ...fixed, dataPointId: 'new' }).hl7;
      assert.equal(stamped.split(lineEnd).length, text.split(lineEnd).length);
      assert.equal(readRaw(stamped, 'TXA-12'), 'NEW-ID');
    }
  });

  it('does with bytes what it does with text, whatever bytes follow the header', () => {
    const options = { ...fixed, sendingApplication: 'Łódź', dataPointId: { own: 'ß|1' } };
    const text = DOCUMENT.replace('PID|1', 'PID|Müller 😀');
    assert.equal(stamp(Buffer.from(text), options).hl7.toString(), stamp(text, options).hl7);
    assert.deepEqual(stamp(Buffer.from(text), options).dataPoint, stamp(text, options).dataPoint);
    const latin = Buffer.from(DOCUMENT.replace('PID|1', 'PID|M\xfcller'), 'latin1');
    assert.ok(stamp(latin, fixed).hl7.toString('latin1').includes('PID|M\xfcller\r'));
  });

  it('copies a large message without reading through it', () => {
    const big = Buffer.concat([
      Buffer.from(DOCUMENT.slice(0, -2)),
      Buffer.alloc(20_000_000, 'x'),
      Buffer.from('\r'),
    ]);
    const { hl7 } = stamp(big, { ...fixed, dataPointId: 'new' });
    assert.ok(hl7.subarray(-20_000_001).equals(big.subarray(-20_000_001)));
    assert.equal(readRaw(hl7.toString('latin1', 0, 300), 'TXA-12'), 'NEW-ID');
  });

  for (const [what, text, code] of [
    ['nothing', '', 'PKB_HL7_EMPTY'],
    ['white space', ' \r\n', 'PKB_HL7_EMPTY'],
    ['no HL7', 'hello', 'PKB_HL7_NO_MSH'],
    ['another first segment', 'PID|1\rMSH|^~\\&|A', 'PKB_HL7_NO_MSH'],
    ['a longer name than MSH', 'MSHX|^~\\&|A', 'PKB_HL7_NO_MSH'],
    ['lower case', 'msh|^~\\&|', 'PKB_HL7_NO_MSH'],
    ['MSH alone', 'MSH', 'PKB_HL7_HEADER_SHORT'],
    ['MSH cut within its delimiters', 'MSH|^~', 'PKB_HL7_HEADER_SHORT'],
    ['MSH cut before its type', 'MSH|^~\\&|A|B\rPID|1', 'PKB_HL7_HEADER_SHORT'],
    ['an empty message type', 'MSH|^~\\&|||||||\rPID|1', 'PKB_HL7_HEADER_SHORT'],
    ['another field separator', 'MSH$^~\\&$A', 'PKB_HL7_ENCODING_CHARACTERS'],
    ['other encoding characters', 'MSH|*~\\&|A||||||ADT*A28', 'PKB_HL7_ENCODING_CHARACTERS'],
    ['too many encoding characters', 'MSH|^~\\&;|A||||||ADT^A28', 'PKB_HL7_ENCODING_CHARACTERS'],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => stamp(text, fixed), { code });
      assert.throws(() => stamp(Buffer.from(text), fixed), { code });
    });
  }

  it('refuses what is neither text nor bytes', () => {
    for (const input of [undefined, null, 7, {}]) {
      assert.throws(() => stamp(input as unknown as string, fixed), { code: 'PKB_HL7_TYPE' });
    }
  });

  it('takes HL7 2.7’s truncation character, which delimits nothing', () => {
    assert.equal(readRaw(stamp('MSH|^~\\&#|A||||||ADT^A28', fixed).hl7, 'MSH-2'), '^~\\&#');
  });

  for (const alias of [
    '',
    ' ',
    'a b',
    'a{',
    'a}',
    'a|b',
    'a^b',
    'a&b',
    'a~b',
    'a\\b',
    'a\rb',
    'a\nb',
    'a\u0000',
  ]) {
    it(`refuses the alias ${JSON.stringify(alias)}`, () => {
      assert.throws(() => stamp(a28(), { ...fixed, customer: { alias } }), { code: 'PKB_ALIAS' });
      if (alias !== '') {
        assert.throws(() => stamp(a28(), { ...fixed, customer: { alias: 'a', controllerAlias: alias } }), {
          code: 'PKB_ALIAS',
        });
      }
    });
  }
});

describe('data point IDs', () => {
  const one = (messageType: string, segments: string): string =>
    `MSH|^~\\&|A||||||${messageType}\rPID|1\r${segments}`;

  for (const [messageType, segments, path] of [
    ['MDM^T02', 'TXA|1||||||||||||\r', 'TXA-12.1'],
    ['MDM^T11', 'TXA|1\r', 'TXA-12.1'],
    ['SIU^S12', 'SCH|old^EI\r', 'SCH-1.1'],
    ['SIU^S15', 'SCH|\r', 'SCH-1.1'],
    ['ADT^A01', 'PV1|1\r', 'PV1-19.1'],
    ['ORU^R01', 'OBR|1\r', 'OBR-3.1'],
  ] as const) {
    it(`of ${messageType} stand in ${path}`, () => {
      const text = one(messageType, segments);
      const { hl7, dataPoint } = stamp(text, { ...fixed, dataPointId: 'new' });
      assert.deepEqual(dataPoint, { field: path, id: 'NEW-ID', owner: 'partner' });
      assert.equal(readRaw(hl7, path), 'NEW-ID');
      assert.equal(readRaw(hl7, 'PID'), 'PID|1');
    });
  }

  it('leave the rest of a composite field alone', () => {
    const { hl7 } = stamp(one('SIU^S12', 'SCH|old^EI^x\r'), { ...fixed, dataPointId: { own: 'TRUST-1' } });
    assert.equal(readRaw(hl7, 'SCH-1'), 'TRUST-1^EI^x');
  });

  it('of results are set alike in ORC-3 and OBR-3', () => {
    const text = one('ORU^R01', 'ORC|RE||old\rOBR|1||old\rOBX|1\rOBR|2||\rOBX|1\r');
    const { hl7 } = stamp(text, { ...fixed, dataPointId: 'new' });
    assert.deepEqual(
      ['ORC-3', 'OBR-3', 'OBR[2]-3'].map((path) => readRaw(hl7, path)),
      ['NEW-ID', 'NEW-ID', 'NEW-ID'],
    );
    assert.equal(stamp(Buffer.from(text), { ...fixed, dataPointId: 'new' }).hl7.toString(), hl7);
  });

  it('of thousands of reports take time in proportion', () => {
    const text = one('ORU^R01', 'ORC|RE\rOBR|1\rOBX|1\r'.repeat(20_000));
    const start = performance.now();
    const { hl7 } = stamp(text, { ...fixed, dataPointId: 'new' });
    assert.equal(hl7.split('NEW-ID').length - 1, 40_001);
    assert.ok(performance.now() - start < 2000);
  });

  it('of several reports in one message are not merged into one', () => {
    const text = one('ORU^R01', 'OBR|1||one\rOBR|2||two\r');
    assert.throws(() => stamp(text, { ...fixed, dataPointId: 'new' }), {
      code: 'PKB_DATA_POINT',
      message: /2 reports/,
    });
  });

  it('touch only the field of the message’s own family', () => {
    const text = one('MDM^T02', 'PV1||||||||||||||||||||V1\rTXA|1\rOBR|1||R1\r');
    const { hl7 } = stamp(text, { ...fixed, dataPointId: 'new' });
    assert.equal(
      hl7.slice(hl7.indexOf('\r')),
      text.slice(text.indexOf('\r')).replace('TXA|1', 'TXA|1|||||||||||NEW-ID'),
    );
  });

  it('are the same for the same record, and differ by Partner, Customer, family and key', () => {
    const id = (
      messageType: string,
      segments: string,
      alias: string,
      partner: string,
      derive: string,
    ): string => {
      const options = { ...fixed, customer: { alias }, dataPointId: { derive, partner } };
      return stamp(one(messageType, segments), options).dataPoint?.id ?? '';
    };
    const first = id('SIU^S12', 'SCH|\r', 'trust', 'mailco', '42');
    assert.match(first, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(id('SIU^S15', 'SCH|old\r', 'trust', 'mailco', '42'), first);
    const others = [
      id('MDM^T02', 'TXA|\r', 'trust', 'mailco', '42'),
      id('SIU^S12', 'SCH|\r', 'other', 'mailco', '42'),
      id('SIU^S12', 'SCH|\r', 'trust', 'postco', '42'),
      id('SIU^S12', 'SCH|\r', 'trust', 'mailco', '43'),
      // What is joined must not be confused: neither parts that run together nor ones that look like JSON.
      id('SIU^S12', 'SCH|\r', 'trust', 'mailco4', '2'),
      id('SIU^S12', 'SCH|\r', 'trust', 'mailco","42', ''.padEnd(1, 'x')),
    ];
    assert.equal(new Set([first, ...others]).size, 7);
  });

  it('derived today are those derived ever after', () => {
    const options = { ...fixed, dataPointId: { derive: 'letter 1', partner: 'mailco' } };
    assert.equal(
      stamp(one('MDM^T02', 'TXA|\r'), options).dataPoint?.id,
      '3cf99cf9-f54f-5e8f-8a8d-dceb3e44dda7',
    );
  });

  it('are kept and shown where nothing else is told', () => {
    assert.deepEqual(stamp(one('MDM^T02', 'TXA|||||||||||| D\\T\\1 \r'), fixed).dataPoint, {
      field: 'TXA-12.1',
      id: ' D&1 ',
      owner: 'kept',
    });
    assert.deepEqual(stamp(one('ORU^R01', 'ORC|RE||X\rOBR|1\r'), fixed).dataPoint, {
      field: 'ORC-3.1',
      id: 'X',
      owner: 'kept',
    });
    assert.deepEqual(stamp(one('MDM^T02', 'TXA|\r'), fixed).dataPoint, {
      field: 'TXA-12.1',
      id: '',
      owner: 'kept',
    });
  });

  it('are left alone where the type has none', () => {
    assert.equal(stamp(a28(), { ...fixed, dataPointId: 'new' }).dataPoint, undefined);
    assert.equal(
      stamp(one('ADT^A40', 'PV1|1\r'), { ...fixed, dataPointId: 'new' }).hl7.split('\r')[2],
      'PV1|1',
    );
  });

  it('are refused where they cannot be set', () => {
    const fails = (messageType: string, segments: string, dataPointId: unknown): void => {
      const options = { ...fixed, dataPointId: dataPointId as 'new' };
      assert.throws(() => stamp(one(messageType, segments), options), { code: 'PKB_DATA_POINT' });
    };
    fails('MDM^T02', 'OBX|1\r', 'new');
    fails('ORU^R01', 'ORC|RE\r', 'new');
    fails('MDM^T02', 'TXA|1\r', { own: ' ' });
    fails('MDM^T02', 'TXA|1\r', { own: 'a\rb' });
    fails('MDM^T02', 'TXA|1\r', { derive: '', partner: 'p' });
    fails('MDM^T02', 'TXA|1\r', { derive: 'k', partner: ' ' });
    fails('MDM^T02', 'TXA|1\r', 'derive');
  });
});

describeWithCorpus('the Partner page’s own example', () => {
  it('comes out byte for byte, with that Customer, control ID and time', () => {
    const page = pkbExample('partner-adt-a28.hl7');
    const emptied = page
      .replace('|trustalias{trustalias}|', '||')
      .replace('20191029150209+0000', '')
      .replace('f691896e-977f-4f06-91ee-625155ca71f8', '');
    const { hl7 } = stamp(emptied, {
      customer,
      newId: () => 'f691896e-977f-4f06-91ee-625155ca71f8',
      now: () => new Date('2019-10-29T15:02:09Z'),
    });
    assert.equal(hl7, page);
  });
});
