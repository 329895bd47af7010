import assert from 'node:assert/strict';
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import iconv from 'iconv-lite';
import { judgeAnswer } from '../../../../src/delivery/classify.js';
import {
  type Answered,
  decodeResponse,
  MAX_RESPONSE_BYTES,
  readAnswer,
} from '../../../../src/pkb/soap/response.js';
import { ackOf, envelope, inXml } from '../../../support/answers.js';

const NAMES = 'Siân Ŵyn Ŷr and Żółć Łukasz';
const LATIN = 'Siân Hâf Ïon Òwen';

/** An answer in an encoding, with what says so. */
function encoded(
  words: string,
  encoding: string,
  says: { header?: string; declares?: string; bom?: readonly number[] } = {},
): Answered {
  const { header, declares, bom = [] } = says;
  const declaration =
    declares === undefined ? '' : `<?xml version="1.0" encoding="${declares}" standalone="yes"?>\n`;
  const xml = envelope(inXml(ackOf('AR', 'id1', words)), declaration);
  const body = Buffer.concat([Buffer.from(bom), iconv.encode(xml, encoding, { addBOM: false })]);
  return readAnswer(body, 'id1', {
    contentType: header === undefined ? 'text/xml' : `text/xml; charset=${header}`,
  });
}

describe('the character set of an answer', () => {
  const LE = [0xff, 0xfe];
  const BE = [0xfe, 0xff];
  for (const [what, words, encoding, says] of [
    ['UTF-8 that says nothing', NAMES, 'utf8', {}],
    [
      'UTF-8 by its mark, whatever the header says',
      NAMES,
      'utf8',
      { bom: [0xef, 0xbb, 0xbf], header: 'iso-8859-1' },
    ],
    [
      'UTF-8 by header, whatever the document says',
      NAMES,
      'utf8',
      { header: 'utf-8', declares: 'ISO-8859-1' },
    ],
    ['UTF-16LE by its mark', NAMES, 'utf16le', { bom: LE }],
    ['UTF-16BE by its mark', NAMES, 'utf16be', { bom: BE }],
    [
      'UTF-16LE by its mark, named UTF-16 in both places',
      NAMES,
      'utf16le',
      { bom: LE, header: 'UTF-16', declares: 'UTF-16' },
    ],
    [
      'UTF-16BE by its mark, named UTF-16 in both places',
      NAMES,
      'utf16be',
      { bom: BE, header: 'UTF-16', declares: 'UTF-16' },
    ],
    ['UTF-16LE by header only', NAMES, 'utf16le', { header: 'utf-16le' }],
    ['UTF-16BE by header only', NAMES, 'utf16be', { header: 'utf-16be' }],
    ['UTF-16LE by its declaration only', NAMES, 'utf16le', { declares: 'UTF-16' }],
    ['UTF-16BE by its declaration only', NAMES, 'utf16be', { declares: 'UTF-16' }],
    ['UTF-16LE without mark, of which the header says UTF-16', NAMES, 'utf16le', { header: 'UTF-16' }],
    ['UTF-16BE without mark, of which the header says UTF-16', NAMES, 'utf16be', { header: 'UTF-16' }],
    ['ISO-8859-1 by header', LATIN, 'latin1', { header: 'ISO-8859-1' }],
    ['ISO-8859-1 by its declaration', LATIN, 'latin1', { declares: 'ISO-8859-1' }],
    ['ISO-8859-2, with Polish names, by header', 'Żółć Łukasz', 'iso-8859-2', { header: '"iso-8859-2"' }],
    [
      'ISO-8859-2, with Polish names, by its declaration',
      'Żółć Łukasz',
      'iso-8859-2',
      { declares: 'iso-8859-2' },
    ],
    [
      'ISO-8859-14, with Welsh names, by its declaration',
      'Ŵyn Ŷr',
      'iso-8859-14',
      { declares: 'ISO-8859-14' },
    ],
    ['windows-1250 by header', 'Żółć Łukasz', 'windows-1250', { header: 'windows-1250' }],
    ['US-ASCII by header', 'plain', 'ascii', { header: 'us-ascii' }],
  ] as const) {
    it(`${what}: its names are read as they are`, () => {
      const { outcome, text } = encoded(words, encoding, says);
      assert.deepEqual([outcome, text], ['rejected', words]);
    });
  }

  it('names that the character set lacks are read from character references', () => {
    const words = `Siân &#x174;yn &#381;&#x142;`;
    const xml = envelope(inXml(ackOf('AR', 'id1', 'WORDS')).replace('WORDS', words));
    const body = iconv.encode(xml, 'latin1');
    assert.equal(
      readAnswer(body, 'id1', { contentType: 'text/xml; charset=iso-8859-1' }).text,
      'Siân Ŵyn Žł',
    );
  });

  it('a character set that is another than is said spoils words, never the outcome', () => {
    for (const header of ['iso-8859-1', 'us-ascii', 'windows-1252', 'unheard-of', 'utf-8']) {
      assert.equal(encoded(NAMES, 'utf8', { header }).outcome, 'rejected', header);
      assert.equal(encoded(LATIN, 'latin1', { header }).outcome, 'rejected', header);
    }
  });

  it('U+FEFF is let be before the XML, before MSH and within <return>', () => {
    const ack = ackOf('AA');
    for (const body of [
      `\uFEFF${envelope(inXml(ack))}`,
      `\uFEFF\uFEFF${envelope(inXml(ack))}`,
      `\uFEFF\n<?xml version="1.0"?>${envelope(inXml(ack))}`.replace('\n', ''),
      envelope(`\uFEFF${inXml(ack)}`),
      envelope(`&#xFEFF;${inXml(ack)}`),
      envelope(`\n  \uFEFF${inXml(ack)}`),
      `\uFEFF${ack}`,
      ack,
    ]) {
      assert.equal(decodeResponse(body, 'id1').outcome, 'accepted', body);
      assert.equal(decodeResponse(Buffer.from(body), 'id1').outcome, 'accepted', body);
    }
  });
});

describe('the compression of an answer', () => {
  const body = Buffer.from(envelope(inXml(ackOf('AA'))));
  const outcome = (bytes: Buffer, contentEncoding: string): string =>
    readAnswer(bytes, 'id1', { contentType: 'text/xml', contentEncoding }).outcome;

  for (const [encoding, bytes] of [
    ['', body],
    ['identity', body],
    ['gzip', gzipSync(body)],
    ['GZIP ', gzipSync(body)],
    ['x-gzip', gzipSync(body)],
    ['gzip', Buffer.concat([gzipSync(body.subarray(0, 100)), gzipSync(body.subarray(100))])],
    ['deflate', deflateSync(body)],
    ['deflate', deflateSync(body, { level: 9, windowBits: 9 })],
    ['deflate', deflateRawSync(body)],
    ['deflate', deflateRawSync(body, { level: 0 })],
    ['deflate', deflateRawSync(body, { strategy: constants.Z_FIXED })],
  ] as const) {
    it(`${encoding || 'none'} (begins with ${bytes.toString('hex', 0, 2)}): accepted`, () =>
      assert.equal(outcome(bytes, encoding), 'accepted'));
  }

  for (const [what, encoding, bytes] of [
    ['Brotli, which was not asked for', 'br', brotliCompressSync(body)],
    ['a coding that there is not', 'pkzip', body],
    ['two codings', 'gzip, gzip', gzipSync(gzipSync(body))],
    ['gzip that is none', 'gzip', body],
    ['gzip that is cut off', 'gzip', gzipSync(body).subarray(0, -9)],
    [
      'gzip with another check sum',
      'gzip',
      Buffer.concat([gzipSync(body).subarray(0, -8), Buffer.alloc(8, 7)]),
    ],
    ['deflate that is cut off', 'deflate', deflateSync(body).subarray(0, -20)],
    ['nothing', 'gzip', Buffer.alloc(0)],
    ['gzip without saying so', '', gzipSync(body)],
  ] as const) {
    it(`${what}: unknown`, () => assert.equal(outcome(bytes, encoding), 'unknown'));
  }

  for (const [what, encoding, inflate] of [
    ['gzip', 'gzip', gzipSync],
    ['deflate', 'deflate', deflateSync],
    ['deflate without its header', 'deflate', deflateRawSync],
  ] as const) {
    it(`a bomb (${what}) is unknown, and is not inflated beyond the limit`, () => {
      const bomb = inflate(Buffer.concat([body, Buffer.alloc(64 * 1024 * 1024, ' ')]));
      assert.ok(bomb.length < MAX_RESPONSE_BYTES, 'the bomb itself is within the limit');
      const before = process.memoryUsage.rss();
      const began = performance.now();
      const headers = { 'content-type': 'text/xml', 'content-encoding': encoding };
      const judged = judgeAnswer({ status: 200, headers, body: bomb }, 'id1', new Date());
      assert.equal(judged.outcome, 'unknown');
      assert.ok(performance.now() - began < 1000, 'it takes long');
      assert.ok(process.memoryUsage.rss() - before < 32 * 1024 * 1024, 'it takes much memory');
    });
  }

  it('an answer that inflates to just the limit is read', () => {
    const full = Buffer.concat([body, Buffer.alloc(MAX_RESPONSE_BYTES - body.length, ' ')]);
    assert.equal(outcome(gzipSync(full), 'gzip'), 'accepted');
    assert.equal(outcome(gzipSync(Buffer.concat([full, Buffer.from(' ')])), 'gzip'), 'unknown');
  });
});

describe('characters of an answer that XML cannot carry', () => {
  for (const [what, character] of [
    ['&#x1f;', '&#x1f;'],
    ['&#31;', '&#31;'],
    ['&#x0;', '&#x0;'],
    ['&#xD800;', '&#xD800;'],
    ['&#xFFFF;', '&#xFFFF;'],
    ['&#x110000;', '&#x110000;'],
    ['U+0001 as it is', '\u0001'],
    ['U+001F as it is', '\u001f'],
    ['U+0000 as it is', '\u0000'],
    ['U+FFFE as it is', '\ufffe'],
  ] as const) {
    it(`${what} in MSA-3 keeps neither the outcome nor the other words from being read`, () => {
      const body = envelope(inXml(ackOf('AR', 'id1', 'oneXtwo')).replace('X', character));
      for (const given of [body, Buffer.from(body)]) {
        const { outcome, text } = decodeResponse(given, 'id1');
        assert.deepEqual([outcome, text], ['rejected', 'one\uFFFDtwo']);
      }
    });
  }

  it('a reference beyond every character makes an answer unknown', () => {
    for (const reference of ['&#4294967296;', '&#x100000041;', '&#99999999999999999999;']) {
      const body = envelope(inXml(ackOf('AA', 'id1', 'X')).replace('X', reference));
      assert.equal(decodeResponse(body, 'id1').outcome, 'unknown', reference);
    }
  });

  it('half of a surrogate pair, in a text and in the bytes of UTF-8 and UTF-16', () => {
    const body = envelope(inXml(ackOf('AR', 'id1', 'one\ud83dtwo')));
    assert.equal(decodeResponse(body, 'id1').text, 'one\uFFFDtwo');
    assert.equal(readAnswer(Buffer.from(`\uFEFF${body}`, 'utf16le'), 'id1', {}).text, 'one\uFFFDtwo');
    const [before = '', after = ''] = envelope(inXml(ackOf('AR', 'id1', 'oneXtwo'))).split('X');
    const bytes = Buffer.concat([Buffer.from(before), Buffer.from([0xed, 0xa0, 0xbd]), Buffer.from(after)]);
    assert.match(decodeResponse(bytes, 'id1').text ?? '', /^one\uFFFD+two$/);
  });

  it('the frame of MLLP around the acknowledgement, as references and as it is', () => {
    for (const [start, end] of [
      ['&#x0b;', '&#x1c;&#xD;'],
      ['&#11;', '&#28;'],
      ['\v', '\x1c\r'],
    ] as const)
      assert.equal(decodeResponse(envelope(start + inXml(ackOf('AA')) + end), 'id1').outcome, 'accepted');
  });

  it('do not make a control ID another’s: one that is spoilt matches none', () => {
    for (const id of ['id1&#x1f;', 'id&#x0;1', 'id1\ufffe'])
      assert.equal(
        decodeResponse(envelope(inXml(ackOf('AA', 'X')).replace('X|', `${id}|`)), 'id1').outcome,
        'unknown',
        id,
      );
  });
});
