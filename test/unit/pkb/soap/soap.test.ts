import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeResponse, MAX_RESPONSE_BYTES } from '../../../../src/pkb/soap/response.js';
import { encodeRequest } from '../../../../src/pkb/soap/request.js';
import { readXml } from '../../../../src/pkb/soap/xml.js';
import { describeWithCorpus, pkbExample } from '../../../support/corpus.js';
import { stamped } from '../../../support/messages.js';

/** What a conformant reader finds in arg0. */
function readBack(envelope: string | Buffer): string | undefined {
  const elements = readXml(envelope.toString());
  return elements?.find(({ path }) => path.join('/') === 'Envelope/Body/acceptMessage/arg0')?.text;
}

describe('encodeRequest', () => {
  it('writes the envelope that PKB documents', () => {
    const envelope = encodeRequest('MSH|^~\\&|x');
    assert.match(
      envelope,
      /<soapenv:Envelope xmlns:soapenv="http:\/\/schemas\.xmlsoap\.org\/soap\/envelope\/"/,
    );
    assert.match(envelope, /xmlns:wss="http:\/\/wsssl\.hl7api\.patientsknowbest\.com\/"/);
    assert.match(
      envelope,
      /<wss:acceptMessage><arg0><!\[CDATA\[MSH\|\^~\\&\|x\]\]><\/arg0><\/wss:acceptMessage>/,
    );
  });

  it('carries any text that XML can, as a reader finds it: line ends as LF', () => {
    const legal = fc
      .string({ unit: 'binary' })
      .map((text) => text.replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, ''));
    const pieces = fc.array(
      fc.oneof(legal, fc.constantFrom(']]>', ']]', '>', '<b>', '&amp;', '<![CDATA[', '\r', '\r\n')),
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join('');
        const expected = text.replaceAll(/\r\n?/g, '\n');
        assert.equal(readBack(encodeRequest(text)), expected);
        assert.equal(encodeRequest(Buffer.from(text)).toString(), encodeRequest(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('splits every ]]>', () => {
    assert.equal(readBack(encodeRequest(']]>]]>]]]>')), ']]>]]>]]]>');
    assert.equal(encodeRequest(Buffer.from('a]]>b')).toString(), encodeRequest('a]]>b'));
  });

  it('refuses what XML cannot carry, and names the character and its place but nothing beside it', () => {
    for (const [character, name] of [
      ['\u0000', 'U+0000 (null)'],
      ['\u000b', 'U+000B (vertical tab, the start of an MLLP frame)'],
      ['\u001c', 'U+001C (file separator, the end of an MLLP frame)'],
      ['\u0001', 'U+0001 (a control character)'],
      ['\ufffe', 'U+FFFE (a non-character)'],
      ['\uffff', 'U+FFFF (a non-character)'],
    ] as const) {
      const text = `MSH|^~\\&|A\rPID|||secret${character}name|x\r`;
      for (const input of [text, Buffer.from(text)]) {
        assert.throws(
          () => encodeRequest(input),
          (error: Error & { code: string }) => {
            assert.equal(error.code, 'PKB_HL7_CHARACTER');
            assert.ok(error.message.includes(name), error.message);
            assert.ok(error.message.includes('PID-3 (line 2)'), error.message);
            assert.ok(!error.message.includes('secret'));
            return true;
          },
        );
      }
    }
    assert.throws(() => encodeRequest('MSH|\ud800'), {
      code: 'PKB_HL7_CHARACTER',
      message: /MSH-2.*|surrogate/,
    });
    assert.throws(() => encodeRequest(Buffer.from([0x4d, 0xff])), { code: 'PKB_HL7_CHARSET' });
    assert.throws(() => encodeRequest(7 as unknown as string), { code: 'PKB_HL7_TYPE' });
  });

  it('lets every printable plane pass', () => {
    const text = 'Ł ñ Ω あ 😀 \u{1F3F4}\u{E0067} \u{10FFFD} \u0085 \u2028';
    assert.equal(readBack(encodeRequest(text)), text);
  });
});

const ACK = (code: string, id: string, text = ''): string =>
  `MSH|^~\\&|HL7API|PKB|App|Inst|20190201102500+0000||ACK^R01|PKB-20190201102500+0000|P|2.4\rMSA|${code}|${id}${text && `|${text}`}\r`;

function soap(content: string, { prefix = 'soap', response = 'ns2' } = {}): string {
  return (
    `<${prefix}:Envelope xmlns:${prefix}="http://schemas.xmlsoap.org/soap/envelope/"><${prefix}:Body>` +
    `<${response}:acceptMessageResponse xmlns:${response}="http://wsssl.hl7api.patientsknowbest.com/"><return>${content}</return>` +
    `</${response}:acceptMessageResponse></${prefix}:Body></${prefix}:Envelope>`
  );
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('\r', '&#xD;');

describe('decodeResponse', () => {
  it('reads AA, AR and AE for this message', () => {
    assert.deepEqual(decodeResponse(soap(escaped(ACK('AA', 'id1'))), 'id1'), {
      outcome: 'accepted',
      code: 'AA',
      controlId: 'id1',
      text: '',
      ack: ACK('AA', 'id1').trimEnd(),
    });
    assert.equal(decodeResponse(soap(escaped(ACK('AR', 'id1', 'why \\T\\ how'))), 'id1').outcome, 'rejected');
    assert.equal(decodeResponse(soap(escaped(ACK('AR', 'id1', 'why \\T\\ how'))), 'id1').text, 'why & how');
    assert.equal(decodeResponse(soap(escaped(ACK('AE', 'id1'))), 'id1').outcome, 'errored');
  });

  it('reads it under any prefix, as text or CDATA or both, with any line ends and references', () => {
    const ack = ACK('AA', 'id1');
    for (const body of [
      soap(escaped(ack), { prefix: 'S', response: 'x' }),
      soap(`<![CDATA[${ack}]]>`),
      soap(`<![CDATA[${ack.slice(0, 30)}]]>${escaped(ack.slice(30))}`),
      soap(escaped(ack).replaceAll('&#xD;', '&#13;&#10;')),
      soap(escaped(ack).replaceAll('&#xD;', '\n')),
      soap(escaped(ack).replaceAll('&#xD;', '\r\n')),
      `\uFEFF<?xml version="1.0" encoding="UTF-8"?>\n${soap(escaped(ack))}\n`,
      soap(`\n  ${escaped(ack)}\n`),
      `<Envelope><Body><acceptMessageResponse><return>${escaped(ack)}</return></acceptMessageResponse></Body></Envelope>`,
      `<x><y>${escaped(ack)}</y></x>`,
      ack,
      ack.replaceAll('\r', '\n'),
      `\v${ack}\x1c\r`,
    ]) {
      assert.equal(decodeResponse(body, 'id1').outcome, 'accepted', body);
      assert.equal(decodeResponse(Buffer.from(body), 'id1').outcome, 'accepted', body);
    }
  });

  it('survives the semicolon that PKB publishes in MSH-2', () => {
    const quirk = ACK('AR', 'id1', 'why').replace('^~\\&|', '^~\\&;|');
    assert.deepEqual(decodeResponse(soap(escaped(quirk)), 'id1').outcome, 'rejected');
    assert.deepEqual(decodeResponse(soap(escaped(quirk)), 'id1').text, 'why');
  });

  it('calls nothing accepted whose MSA-2 is not this message’s control ID', () => {
    for (const id of ['id2', '', 'ID1', 'id1x', 'id']) {
      assert.equal(decodeResponse(soap(escaped(ACK('AA', id))), 'id1').outcome, 'unknown', id);
    }
    assert.equal(decodeResponse(ACK('AA', ''), '').outcome, 'unknown');
  });

  it('takes a rejection without an ID as this message’s, and one of another message as unknown', () => {
    assert.equal(decodeResponse(ACK('AR', ''), 'id1').outcome, 'rejected');
    assert.equal(decodeResponse(ACK('AE', ''), 'id1').outcome, 'errored');
    assert.equal(decodeResponse(ACK('AR', 'id2'), 'id1').outcome, 'unknown');
  });

  it('calls other codes unknown', () => {
    for (const code of ['CA', 'CR', 'CE', 'aa', 'A', '', 'AAA']) {
      assert.equal(decodeResponse(ACK(code, 'id1'), 'id1').outcome, 'unknown', code);
    }
  });

  it('reads SOAP faults of 1.1 and 1.2 as refused', () => {
    const fault =
      '<s:Envelope xmlns:s="x"><s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring> no </faultstring></s:Fault></s:Body></s:Envelope>';
    assert.deepEqual(decodeResponse(fault, 'id1'), { outcome: 'refused', text: 'no' });
    const twelve =
      '<s:Envelope xmlns:s="x"><s:Body><s:Fault><s:Reason><s:Text>no</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>';
    assert.deepEqual(decodeResponse(twelve, 'id1'), { outcome: 'refused', text: 'no' });
  });

  it('never calls a fault accepted, even with an AA in it, but reads a rejection in it', () => {
    const fault = (ack: string): string =>
      `<E><Fault><faultstring>x</faultstring><detail>${escaped(ack)}</detail></Fault></E>`;
    assert.equal(decodeResponse(fault(ACK('AA', 'id1')), 'id1').outcome, 'refused');
    assert.equal(decodeResponse(fault(ACK('AR', 'id1')), 'id1').outcome, 'rejected');
  });

  it('calls an answer that contradicts itself unknown', () => {
    const two = (first: string, second: string): string =>
      soap(escaped(first)).replace('</return>', `</return><return>${escaped(second)}</return>`);
    for (const body of [
      ACK('AA', 'id1') + ACK('AR', 'id1'),
      two(ACK('AA', 'id1'), ACK('AR', 'id1')),
      two(ACK('AA', 'id1'), ACK('AA', 'id2')),
      `${ACK('AA', 'id1')}MSA|AE|id1\r`,
    ]) {
      assert.equal(decodeResponse(body, 'id1').outcome, 'unknown', body);
    }
    assert.equal(decodeResponse(two(ACK('AA', 'id1'), ACK('AA', 'id1')), 'id1').outcome, 'accepted');
  });

  it('takes nothing for an answer that is none: another message type, or a text that only mentions one', () => {
    for (const body of [
      ACK('AA', 'id1').replace('ACK^R01', 'ORU^R01'),
      soap(escaped(stamped('id1', { more: 'MSA|AA|id1\r' }))),
      'Error: MSH|x\nMSA|AA|id1',
      '<html><pre>example MSH|^~\\&amp;|\nMSA|AA|id1</pre></html>',
      'MSH|^~\\&|||||||ACKX\rMSA|AA|id1',
    ]) {
      assert.equal(decodeResponse(body, 'id1').outcome, 'unknown', body);
    }
    assert.equal(decodeResponse(ACK('AA', 'id1').replace('ACK^R01', 'ADR^A19'), 'id1').outcome, 'accepted');
  });

  it('matches an ID that was sent with white space around it', () => {
    assert.equal(decodeResponse(ACK('AA', 'X1'), ' X1 ').outcome, 'accepted');
    assert.equal(decodeResponse(ACK('AA', ' '), ' ').outcome, 'unknown');
  });

  it('never throws, whatever it is given', () => {
    for (const body of [null, undefined, 5, {}]) {
      assert.equal(decodeResponse(body as unknown as string, 'id1').outcome, 'unknown');
    }
  });

  it('does not take the message itself, sent back, for an answer', () => {
    assert.equal(decodeResponse(encodeRequest(stamped('id1')), 'id1').outcome, 'unknown');
  });

  it('calls everything else unknown, and never throws', () => {
    const bodies: (string | Buffer)[] = [
      '',
      ' ',
      'OK',
      '{}',
      '<html><body>Log in</body></html>',
      '<!DOCTYPE html><html></html>',
      '<a>',
      '<a><b></a>',
      soap(''),
      soap('MSH|^~\\&amp;|x'),
      soap(ACK('AA', 'id1')),
      '\u0000',
      Buffer.from([0xff, 0xfe, 0x00]),
      `<!DOCTYPE x [<!ENTITY a "MSA|AA|id1">]><x>MSH|x&#13;&a;</x>`,
      `${'<a>'.repeat(200_000)}${'</a>'.repeat(200_000)}`,
      Buffer.alloc(MAX_RESPONSE_BYTES + 1, 'x'),
    ];
    for (const body of bodies) assert.equal(decodeResponse(body, 'id1').outcome, 'unknown');
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array()), (body) => {
        assert.equal(decodeResponse(body, 'id1').outcome, 'unknown');
      }),
    );
  });

  it('refuses deep nesting quickly', () => {
    const start = performance.now();
    decodeResponse('<a>'.repeat(300_000), 'id1');
    assert.ok(performance.now() - start < 500);
  });
});

describeWithCorpus('PKB’s published acknowledgements', () => {
  for (const [file, id, outcome] of [
    ['ack-aa.hl7', 'messageID', 'accepted'],
    ['ack-ar.hl7', 'messageID', 'rejected'],
    ['ack-ae.hl7', 'messageId', 'errored'],
    ['ack-aa-2013.hl7', '20133090012357', 'accepted'],
    ['ack-ar-2013.hl7', '20133090012408', 'rejected'],
    ['ack-ae-2013.hl7', '20133090010842', 'errored'],
  ] as const) {
    it(`${file} is ${outcome}`, () =>
      assert.equal(decodeResponse(soap(escaped(pkbExample(file))), id).outcome, outcome));
  }
});
