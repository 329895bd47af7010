/** Masking: what may be read is on a list, and nothing else of a message gets through. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { readMessages } from '../../../src/hl7/input.js';
import { MASK, MessageMask } from '../../../src/operator/masking.js';
import { corpusFiles, hasCorpus } from '../../support/corpus.js';
import { NHS_NUMBERS } from '../../support/messages.js';

const NHS = NHS_NUMBERS[0];
const MSH =
  'MSH|^~\\&|MAILCO|trust{trust}|HL7API|PKB|20260101120000||MDM^T02|6a7d2c1e-0000-4000-8000-000000000001|P|2.4\r';
const PID = `PID|1||${NHS}^^^NHS^NH{status:01}~77123^^^GPX^MR||Quill^Orla^^^Ms||19700215|F|||9 Larch Row^^Wexley^^N1 1AA||020 7946 0000^PRN\r`;

const shown = (hl7: string, more: { masked?: boolean; words?: boolean } = {}): string =>
  new MessageMask(hl7, { masked: true, words: false, ...more }).text(hl7);
/** The fields of a segment of what is shown; the first is its name. */
const fieldsOf = (hl7: string, name: string): string[] =>
  (
    shown(hl7)
      .split('\n')
      .find((line) => line.startsWith(name)) ?? ''
  ).split('|');

describe('a masked message', () => {
  it('keeps the header, but for security', () => {
    assert.equal(shown(MSH), MSH.trimEnd());
    const withSecurity = MSH.replace('20260101120000||', '20260101120000|hunter2|');
    assert.equal(shown(withSecurity), MSH.trimEnd().replace('20260101120000||', `20260101120000|${MASK}|`));
  });

  it('shows of a patient only set ID, authority and type of the identifiers, and which fields there are', () => {
    const line = `PID|1||${MASK}^^^NHS^NH{status:01}~${MASK}^^^${MASK}^MR||${MASK}^${MASK}^^^${MASK}||${MASK}|${MASK}|||${MASK}^^${MASK}^^${MASK}||${MASK}^PRN`;
    assert.equal(shown(MSH + PID).split('\n')[1], line);
  });

  it('does not show how long a value is', () => {
    const [short, long] = ['Q', 'Q'.repeat(1_000_000)].map((name) =>
      shown(`${MSH}PID|||1^^^NHS^NH||${name}\rNTE|1||${name}\r`),
    );
    assert.equal(short, long);
  });

  it('shows no word of a comment, diagnosis, allergy, next of kin, medicine or segment that PKB does not know', () => {
    for (const segment of [
      'NTE|1|L|Quill has a cold',
      'DG1|1||J00^Quill cold^ICD',
      'AL1|1|DA|Q1^Quill nuts',
      'NK1|1|Quill^Tom|FTH|9 Quill Row',
      'ZRX|Quill daily|Quill pill',
      'ZZZ|Quill',
      'QUI|Quill',
      'ROL|1|AD|PP|Quill^Dr',
      'PV1|1|I|Quill ward||||D1^Quill^Ann',
      'SCH|Quill 7||||||Quill checkup',
      'OBX|1|ST|Q1^Quill test||Quill positive|mmol/L|Quill|H|||F',
      'QRD|20260101120000|R|I|Quill|||1^RD|Quill^Orla|DEM',
      'TXA|1|CL||20260101|Quill^Ann|||||||Quill-12||||Quill.pdf|AU',
      'EVN|A28|20260101120000|||Quill^Ann',
      'MRG|77123^^^Quill||||||Quill^Orla',
    ])
      assert.ok(!shown(`${MSH}${PID}${segment}\r`).includes('Quill'), segment);
  });

  it('shows that a segment is there, but no name that is none of HL7', () => {
    assert.equal(
      shown(`${MSH}ZRX|a|b\rBOB|a\rBob was here\r`).split('\n').slice(1).join(),
      [`ZRX|${MASK}|${MASK}`, MASK, MASK].join(),
    );
  });

  it('shows codes of results without texts and values, and HL7’s "delete this"', () => {
    const obx = fieldsOf(`${MSH}OBX|2|NM|718-7^Haemoglobin^LN||13.5|g/L^grams|""||||F|||20260101\r`, 'OBX');
    assert.deepEqual(obx.slice(1, 8), ['2', 'NM', `718-7^${MASK}^LN`, '', MASK, `g/L^${MASK}`, '""']);
    assert.deepEqual([obx[11], obx[14]], ['F', MASK]);
  });

  it('shows IDs that were stamped', () => {
    assert.equal(
      fieldsOf(`${MSH}${PID}TXA|1|CL||||||||||D-1-uuid^x||||f.pdf|AU\r`, 'TXA')[12],
      `D-1-uuid^${MASK}`,
    );
    assert.equal(fieldsOf(`${MSH}${PID}ORC|RE||R-7\rOBR|1||R-7|24331-1^Lipids^LN\r`, 'ORC')[3], 'R-7');
    assert.equal(fieldsOf(`${MSH}${PID}SCH|A-7^x\r`, 'SCH')[1], `A-7^${MASK}`);
    assert.equal(fieldsOf(`${MSH}${PID}PV1|1|I|||||||||||||||||V-7\r`, 'PV1')[19], 'V-7');
  });

  it('masks an ID that holds the patient’s number or name, or any NHS number', () => {
    for (const id of [`letter-${NHS}`, 'x77123', 'orla-1', '19700215', '999-000-0026', '9990000026'])
      assert.equal(fieldsOf(`${MSH}${PID}TXA|1|CL||||||||||${id}\r`, 'TXA')[12], MASK, id);
    for (const id of ['6a7d2c1e-0000-4000-8000-000000000001', 'letter-4711', '9990000027'])
      assert.equal(fieldsOf(`${MSH}${PID}TXA|1|CL||||||||||${id}\r`, 'TXA')[12], id, id);
  });

  it('masks a code in the place of which the patient’s number stands', () => {
    assert.equal(fieldsOf(`${MSH}${PID}OBX|1|ST|${NHS}^^LN\r`, 'OBX')[3], `${MASK}^^LN`);
  });

  it('shows when an event was, but for that of a birth', () => {
    const evn = fieldsOf(`${MSH}EVN|A28|20260101120000|||D1^Ann|197002151030\r${PID}`, 'EVN');
    assert.deepEqual(evn.slice(1), ['A28', '20260101120000', '', '', `${MASK}^${MASK}`, MASK]);
  });

  it('masks references in the same way', () => {
    const mask = new MessageMask(MSH + PID, { masked: true, words: false });
    assert.equal(mask.id('TC-12 happy path'), 'TC-12 happy path');
    for (const reference of ['letter of Quill', 'NHS 999 000 0018', `x${NHS}`])
      assert.equal(mask.id(reference), MASK);
    assert.equal(new MessageMask(undefined, { masked: true, words: false }).id('NHS 999 000 0018'), MASK);
  });

  it('lets test patients be called so without masking every test', () => {
    const mask = new MessageMask(`${MSH}PID|||1^^^NHS^NH||Test^Patient\r`, { masked: true, words: false });
    assert.equal(mask.id('test 7'), 'test 7');
  });

  it('masks everything where there are more persons than can be told apart', () => {
    const many = Array.from({ length: 600 }, (_, i) => `NK1|${i}|Name${i}x\r`).join('');
    assert.equal(new MessageMask(MSH + many, { masked: true, words: false }).id('TC-1'), MASK);
  });

  it('does not let a value through by odd delimiters or parts without number', () => {
    assert.equal(shown(`${MSH}NTE|1||Quill${'^'.repeat(1_000_000)}\r`).split('\n')[1], `NTE|1||${MASK}`);
    assert.ok(!shown('MSH|Quill|a|b\rPID|||Quill\r').includes('Quill'));
    assert.ok(!shown('MSHQuillQaQb\rPIDQQQQuill\r').includes('Quill'));
    assert.ok(!shown(`${MSH}MSH|ł|a\r`).includes('ł'));
    assert.equal(shown('Quill was here'), MASK);
    assert.ok(!shown(`${MSH}PID|||1&Quill^^^NHS&Quill^NH\r`).includes('Quill'));
  });

  it('is of bounded length', () => {
    const text = shown(`${MSH}${'NTE|1||x\r'.repeat(200_000)}`);
    assert.ok(text.length < 100_000, String(text.length));
    assert.match(text, /\[\d+ further segments left out\]$/);
    assert.ok(shown(`${MSH}OBX${'|x'.repeat(1_000_000)}\r`).length < 10_000);
  });

  it('holds no value of the persons of third-party messages', function () {
    if (!hasCorpus) return this.skip();
    let values = 0;
    for (const { name, bytes } of corpusFiles()) {
      for (const hl7 of messagesIn(bytes)) {
        // Systems and Customers of MSH may be called as a town of the patient is.
        const rest = shown(hl7).replaceAll(/^MSH.*$/gm, '');
        for (const line of hl7.split(/[\r\n]+/).filter((one) => /^(?:PID|NK1|MRG)\|/.test(one)))
          for (const value of line
            .split('|')
            .slice(2)
            .join('|')
            .split(/[|~^&]/)) {
            if (value.trim().length < 5 || value.startsWith('NH{')) continue;
            values++;
            assert.ok(!rest.includes(value.trim()), name);
          }
      }
    }
    assert.ok(values > 2000, String(values));
  });

  it('holds no value of a person, whatever it is and wherever it stands', () => {
    // A letter beyond ASCII, so that no code of HL7 can be the same by chance.
    const value = fc.stringMatching(/^[A-Za-z0-9 '-]{0,12}ł[A-Za-z0-9 '-]{0,12}$/);
    const segment = fc.constantFrom(
      'PID',
      'NK1',
      'PV1',
      'OBX',
      'OBR',
      'TXA',
      'MSA',
      'ERR',
      'ZRX',
      'EVN',
      'MSH',
      'QRD',
    );
    fc.assert(
      fc.property(segment, fc.nat({ max: 40 }), fc.nat({ max: 8 }), value, (name, field, component, text) => {
        const hl7 = `${MSH}${name}${'|'.repeat(field + 1)}${'^'.repeat(component)}${text}\r`;
        return !shown(hl7).includes('ł');
      }),
      { numRuns: 2000 },
    );
  });
});

function messagesIn(bytes: Buffer): string[] {
  try {
    return readMessages(bytes);
  } catch {
    return [];
  }
}

describe('an acknowledgement', () => {
  const ACK = `MSH|^~\\&;|HL7API|PKB|MAILCO|trust|20260101120001||ACK^R01|PKB-20260101120001|P|2.4\rMSA|AR|id-1|No patient Quill found|||Quill\rERR|PID^1^3^101&Quill|PID^1^3|102^Quill^HL7|E|||Quill|Quill\rPID|||${NHS}||Quill\rand Quill\r`;
  const ack = (more: object): string =>
    new MessageMask(MSH + PID, { masked: true, words: false, ...more }).text(ACK);

  it('shows its code and IDs and where the fault is, and none of PKB’s words', () => {
    assert.equal(
      ack({}),
      [
        'MSH|^~\\&;|HL7API|PKB|MAILCO|trust|20260101120001||ACK^R01|PKB-20260101120001|P|2.4',
        `MSA|AR|id-1|${MASK}|||${MASK}`,
        `ERR|PID^1^3^${MASK}|PID^1^3|102^${MASK}^${MASK}|E|||${MASK}|${MASK}`,
        `PID|||${MASK}||${MASK}`,
        MASK,
      ].join('\n'),
    );
  });

  it('shows PKB’s words where they are chosen, and still no other segment that it quotes', () => {
    const lines = ack({ words: true }).split('\n');
    assert.equal(lines[1], 'MSA|AR|id-1|No patient Quill found|||Quill');
    assert.equal(lines[2], 'ERR|PID^1^3^101&Quill|PID^1^3|102^Quill^HL7|E|||Quill|Quill');
    assert.deepEqual(lines.slice(3), [`PID|||${MASK}||${MASK}`, MASK]);
  });

  it('is as it is where nothing is masked', () => {
    assert.equal(ack({ masked: false }), ACK.trimEnd().replaceAll('\r', '\n'));
  });
});

describe('a document within a message', () => {
  const file = Buffer.alloc(3000, 'a letter to Quill ');
  const hash = createHash('sha256').update(file).digest('hex');
  const letter = (data: string, encoding = 'Base64'): string =>
    `${MSH}${PID}OBX|1|ED|^Letter||Q^TEXT^PDF^${encoding}^${data}||||||F\r`;

  it('is replaced by its size and hash, masked or not', () => {
    const masked = fieldsOf(letter(file.toString('base64')), 'OBX')[5];
    assert.equal(masked, `${MASK}^TEXT^PDF^Base64^[document: 3000 bytes, SHA-256 ${hash}]`);
    const open = shown(letter(file.toString('base64')), { masked: false });
    assert.ok(open.includes(`Q^TEXT^PDF^Base64^[document: 3000 bytes, SHA-256 ${hash}]||`), open);
    assert.ok(!open.includes(file.toString('base64').slice(0, 20)));
  });

  it('has the same hash where its lines were broken', () => {
    const broken = file.toString('base64').replaceAll(/.{76}/g, '$&\\.br\\');
    assert.ok(shown(letter(broken)).includes(hash));
  });

  it('has no hash, where masked, if it is so short or so plain that trying would find it', () => {
    for (const [data, encoding] of [
      [Buffer.from('Quill: positive').toString('base64'), 'Base64'],
      [`<p>${'Quill '.repeat(1000)}</p>`, 'A'],
    ] as const) {
      assert.ok(fieldsOf(letter(data, encoding), 'OBX')[5]?.endsWith(`^${MASK}`), encoding);
      assert.match(shown(letter(data, encoding), { masked: false }), /\[document: \d+ bytes, SHA-256/);
    }
  });

  it('that is no document of type ED, or a long text, is shown by its size where not masked', () => {
    const text = 'x'.repeat(1_000_000);
    const open = shown(`${MSH}NTE|1||${text}\rOBX|1|TX|||${text}\r`, { masked: false });
    assert.equal(open.match(/\[text: 1000000 bytes, SHA-256 [0-9a-f]{64}\]/g)?.length, 2);
    assert.ok(open.length < 1000);
  });
});
