import assert from 'node:assert/strict';
import { decodeResponse } from '../../../../src/pkb/soap/response.js';
import { ackOf, envelope, inXml } from '../../../support/answers.js';
import { stamped } from '../../../support/messages.js';

/** In the three ways in which the words of an acknowledgement come. */
const everyWay = (ack: string): string[] => [ack, envelope(inXml(ack)), envelope(`<![CDATA[${ack}]]>`)];

describe('MSA-3 of an answer', () => {
  for (const [name, end] of [
    ['CR', '\r'],
    ['LF', '\n'],
    ['CRLF', '\r\n'],
  ] as const) {
    const rejection = (words: string): string => ackOf('AR', 'id1', words).replaceAll('\r', end);

    it(`over several lines (${name}) is read whole`, () => {
      for (const body of everyWay(rejection(`first${end}second, with a | in it${end}third`)))
        assert.deepEqual(
          [decodeResponse(body, 'id1').outcome, decodeResponse(body, 'id1').text],
          ['rejected', 'first\nsecond, with a | in it\nthird'],
          body,
        );
    });

    it(`that ends where a segment begins (${name}) leaves it out`, () => {
      for (const body of everyWay(`${rejection('first')}ERR|PID^1^3${end}`))
        assert.equal(decodeResponse(body, 'id1').text, 'first', body);
    });

    it(`quoting a header on its own line (${name}) is read whole, and the quote is no second answer`, () => {
      for (const body of everyWay(rejection(`cannot read:${end}MSH|^~\\&|MAILCO|x{x}|HL7API|PKB`))) {
        const { outcome, text, controlId } = decodeResponse(body, 'id1');
        assert.deepEqual([outcome, controlId], ['rejected', 'id1'], body);
        assert.equal(text, 'cannot read:\nMSH|^~\\&|MAILCO|x{x}|HL7API|PKB', body);
      }
    });

    it(`quoting a whole message (${name}) is read whole`, () => {
      const quoted = stamped('id7').trimEnd();
      for (const body of everyWay(rejection(`cannot read:${end}${quoted.replaceAll('\r', end)}`))) {
        const { outcome, text = '' } = decodeResponse(body, 'id1');
        assert.equal(outcome, 'rejected', body);
        assert.equal(text, `cannot read:\n${quoted.replaceAll('\r', '\n')}`, body);
      }
    });

    it(`quoting an acceptance of this message (${name}) is not called accepted`, () => {
      for (const body of everyWay(rejection(`cannot read:${end}${ackOf('AA').replaceAll('\r', end)}`)))
        assert.notEqual(decodeResponse(body, 'id1').outcome, 'accepted', body);
      for (const body of everyWay(rejection(`cannot read:${end}MSA|AA|id1`)))
        assert.notEqual(decodeResponse(body, 'id1').outcome, 'accepted', body);
    });
  }

  it('quoting a header in the same line is read to the end of the line', () => {
    for (const body of everyWay(ackOf('AR', 'id1', 'cannot read MSH|^~\\&|MAILCO|x{x}')))
      assert.equal(decodeResponse(body, 'id1').text, 'cannot read MSH|^~\\&|MAILCO|x{x}', body);
  });

  it('quoting the acceptance of another message in the same line does not decide', () => {
    const quoting = ackOf('AR', 'id1', 'was MSH|^~\\&|x MSA|AA|id1');
    for (const body of everyWay(quoting)) assert.equal(decodeResponse(body, 'id1').outcome, 'rejected', body);
    const accepting = ackOf('AA', 'id1', 'was MSH|^~\\&|x MSA|AR|id1');
    for (const body of everyWay(accepting))
      assert.equal(decodeResponse(body, 'id1').outcome, 'accepted', body);
  });

  it('whose second line begins like a segment name, but is none, is read whole', () => {
    for (const line of ['PID is missing', 'NHS number not found', 'OBX-5 is empty']) {
      const [body = ''] = everyWay(ackOf('AR', 'id1', `first\r${line}`));
      assert.equal(decodeResponse(body, 'id1').text, `first\n${line}`);
    }
  });

  it('escaped by HL7 and by XML is read as people wrote it', () => {
    const words = 'a\\F\\b \\S\\ \\R\\ \\E\\ \\T\\ <x> "q" \u00e9 \u0141';
    for (const body of everyWay(ackOf('AR', 'id1', words)))
      assert.equal(decodeResponse(body, 'id1').text, 'a|b ^ ~ \\ & <x> "q" é Ł', body);
  });
});

describe('two acknowledgements in one answer', () => {
  const two = (first: string, second: string): string[] => [
    first + second,
    envelope(inXml(first) + inXml(second)),
    envelope(inXml(first)).replace('</return>', `</return><return>${inXml(second)}</return>`),
    envelope(inXml(first)).replace('<S:Body>', `<S:Header><old>${inXml(second)}</old></S:Header><S:Body>`),
    envelope(`${inXml(first)}<![CDATA[${second}]]>`),
  ];
  for (const [what, first, second] of [
    ['AA and AR', ackOf('AA'), ackOf('AR')],
    ['AR and AA', ackOf('AR'), ackOf('AA')],
    ['AA for this message and for another', ackOf('AA'), ackOf('AA', 'id2')],
    ['AA for another message and for this', ackOf('AA', 'id2'), ackOf('AA')],
    ['AR and AE', ackOf('AR'), ackOf('AE')],
    ['AA twice, with words that differ', ackOf('AA', 'id1', 'one'), ackOf('AA', 'id1', 'two')],
    ['AA and one without a code', ackOf('AA'), ackOf('')],
  ] as const) {
    it(`${what}: unknown`, () => {
      for (const body of two(first, second))
        assert.equal(decodeResponse(body, 'id1').outcome, 'unknown', body);
    });
  }
});
