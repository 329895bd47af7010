import assert from 'node:assert/strict';
import { judgeAnswer } from '../../../../src/delivery/classify.js';
import {
  ackOf,
  type AnswerPart,
  envelope,
  inXml,
  multipart,
  type StackAnswer,
} from '../../../support/answers.js';

const soap = (ack: string): string => envelope(inXml(ack));
const root = (content: string | Buffer, ...head: string[]): AnswerPart => ({
  head: ['Content-Type: text/xml; charset=UTF-8', 'Content-ID: <root>', ...head],
  content,
});
const attachment = (content: string | Buffer, ...head: string[]): AnswerPart => ({
  head: ['Content-Type: text/plain', 'Content-ID: <ack>', ...head],
  content,
});
const EMPTY = envelope('<i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="cid:ack"/>');

const judged = ({ headers, body }: StackAnswer) =>
  judgeAnswer({ status: 200, headers, body }, 'id1', new Date());
const outcome = (answer: StackAnswer): string => judged(answer).outcome;

describe('an answer in parts', () => {
  const base64 = (text: string): string =>
    Buffer.from(text).toString('base64').replaceAll(/.{76}/g, '$&\r\n');

  for (const [what, answer] of [
    ['with LF for line ends', multipart([root(EMPTY), attachment(ackOf('AA'))], { end: '\n' })],
    [
      'with an empty part before and behind',
      multipart([{ head: [], content: '' }, root(soap(ackOf('AA'))), { head: [], content: '' }], {
        contentType: 'multipart/related; start="<root>"; boundary="uuid:0ca0e16e"',
      }),
    ],
    ['with a part that has no head', multipart([{ head: [], content: soap(ackOf('AA')) }])],
    [
      'with the root in base64',
      multipart([root(base64(soap(ackOf('AA'))), 'Content-Transfer-Encoding: BASE64')]),
    ],
    [
      'with the attachment in base64',
      multipart([root(EMPTY), attachment(base64(ackOf('AA')), 'content-transfer-encoding: base64')]),
    ],
    [
      'with a boundary of another case of letters, and blanks',
      multipart([root(soap(ackOf('AA')))], { boundary: 'A b+C/=_?' }),
    ],
    ['with the same acknowledgement twice', multipart([root(soap(ackOf('AA'))), attachment(ackOf('AA'))])],
    [
      'with a picture beside it',
      multipart([root(soap(ackOf('AA'))), attachment(Buffer.from([0x89, 0x50, 0, 0xff, 0xfe]))]),
    ],
    [
      'with a head that is folded',
      multipart([
        {
          head: [
            'Content-Type: application/xop+xml;',
            '\tcharset="utf-8"; type="text/xml"',
            'Content-ID:',
            ' <root>',
          ],
          content: soap(ackOf('AA')),
        },
      ]),
    ],
  ] as const) {
    it(`${what}: accepted`, () => assert.equal(outcome(answer), 'accepted'));
  }

  it('with text before its first boundary and behind its last: neither counts', () => {
    const { headers, body } = multipart([root(soap(ackOf('AR')))]);
    const around = Buffer.concat([
      Buffer.from(`${ackOf('AA')}\r\n`),
      body,
      Buffer.from(`\r\n${ackOf('AA')}`),
    ]);
    assert.equal(outcome({ headers, body: around }), 'rejected');
  });

  it('in a character set that its own head names: words are read as they are', () => {
    const content = Buffer.from(soap(ackOf('AR', 'id1', 'Siân')), 'latin1');
    for (const type of [
      'Content-Type: text/xml; charset=ISO-8859-1',
      'Content-Type: text/xml;\r\n charset=ISO-8859-1',
    ]) {
      const seen = judged(multipart([{ head: [type], content }]));
      assert.equal('text' in seen && seen.text, 'Siân', type);
    }
  });

  it('within a part of an answer in parts: read, or unknown, and never another’s', () => {
    const inner = (code: string, id?: string): AnswerPart => {
      const { headers, body } = multipart([root(soap(ackOf(code, id)))], { boundary: 'inner' });
      return { head: [`Content-Type: ${headers['content-type']}`], content: body };
    };
    assert.notEqual(outcome(multipart([inner('AR')], { boundary: 'outer' })), 'accepted');
    assert.equal(outcome(multipart([inner('AA', 'id2')], { boundary: 'outer' })), 'unknown');
    assert.notEqual(
      outcome(multipart([root(soap(ackOf('AA'))), inner('AR')], { boundary: 'outer' })),
      'accepted',
    );
  });

  it('of which there are a thousand: read in little time, or unknown', () => {
    const many = Array.from({ length: 999 }, (_, n) => attachment(`part ${n}`));
    const began = performance.now();
    assert.ok(['accepted', 'unknown'].includes(outcome(multipart([root(soap(ackOf('AA'))), ...many]))));
    assert.equal(outcome(multipart(many)), 'unknown');
    assert.ok(performance.now() - began < 500);
  });

  it('that is nothing but boundaries, in a megabyte: unknown, in little time', () => {
    const began = performance.now();
    for (const filling of ['--b', '--b\r\n', '--b--\r\n', '-', '\r\n\r\n'])
      assert.equal(
        outcome({
          headers: { 'content-type': 'multipart/related; boundary=b' },
          body: Buffer.alloc(1_000_000, filling),
        }),
        'unknown',
      );
    assert.ok(performance.now() - began < 1000);
  });

  describe('is not called accepted', () => {
    const xmlPart = (ack: string): AnswerPart => ({ head: ['Content-Type: text/xml'], content: soap(ack) });
    const filler = Array.from({ length: 40 }, (_, n) => attachment(`part ${n}`));
    for (const [what, answer] of [
      [
        'with AA for another message in its attachment',
        multipart([root(EMPTY), attachment(ackOf('AA', 'id2'))]),
      ],
      [
        'with AA for this message in its root, and for another in its attachment',
        multipart([root(soap(ackOf('AA'))), attachment(ackOf('AA', 'id2'))]),
      ],
      [
        'with AA for another message in its root, and for this one in its attachment',
        multipart([root(soap(ackOf('AA', 'id2'))), attachment(ackOf('AA'))]),
      ],
      [
        'with AA in its root and AR in its attachment',
        multipart([root(soap(ackOf('AA'))), attachment(ackOf('AR'))]),
      ],
      [
        'with AR in its root and AA in its attachment',
        multipart([root(soap(ackOf('AR'))), attachment(ackOf('AA'))]),
      ],
      [
        'with AA in one attachment and AE in another',
        multipart([root(EMPTY), attachment(ackOf('AA')), attachment(ackOf('AE'))]),
      ],
      [
        'with AA in one SOAP document and AR in another',
        multipart([root(soap(ackOf('AA'))), xmlPart(ackOf('AR'))]),
      ],
      [
        'with AA in one bare part and AR in another',
        multipart([attachment(ackOf('AA')), attachment(ackOf('AR'))]),
      ],
      [
        'with AA in a bare part and AR in a SOAP document',
        multipart([attachment(ackOf('AA')), xmlPart(ackOf('AR'))]),
      ],
      [
        'with AA first and AR behind forty other parts',
        multipart([root(soap(ackOf('AA'))), ...filler, attachment(ackOf('AR'))]),
      ],
      [
        'with AA first and AR in a part that is cut off',
        multipart([root(soap(ackOf('AA'))), attachment(ackOf('AR'))], { unclosed: true }),
      ],
      [
        'with AA first and a SOAP fault in another part',
        multipart([
          root(soap(ackOf('AA'))),
          {
            head: ['Content-Type: text/xml'],
            content: '<E><Fault><faultstring>no</faultstring></Fault></E>',
          },
        ]),
      ],
      [
        'that is cut off within its root',
        multipart([root(soap(ackOf('AA')).slice(0, -20))], { unclosed: true }),
      ],
      [
        'with AA before its first part only',
        { headers: multipart([]).headers, body: Buffer.from(ackOf('AA')) },
      ],
    ] as const) {
      it(what, () => assert.notEqual(outcome(answer), 'accepted'));
    }
  });
});
