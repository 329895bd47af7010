import assert from 'node:assert/strict';
import { encodeRequest } from '../../../src/pkb/soap/request.js';
import { readSoapRequest, SERVICE_NAMESPACE, SOAP_NAMESPACE } from '../../../src/simulator/soap-request.js';

const SPLIT_END = ']]]]><![CDATA[>';
const STAND_IN = '\uF8FF';
const NOT_WELL_FORMED = { fault: 'The request is not well-formed XML.' };

/** A request with something in its arg0 and with something before it. */
const request = (argument: string, before = ''): string =>
  `<s:Envelope xmlns:s="${SOAP_NAMESPACE}" xmlns:w="${SERVICE_NAMESPACE}"><s:Header>${before}</s:Header><s:Body><w:acceptMessage><arg0>${argument}</arg0></w:acceptMessage></s:Body></s:Envelope>`;

describe('the texts that the simulator reads from a request', () => {
  const ends = [']]>', ']]>]]>', 'a]]]>b', ']]]]>>', ']]', '>', `]]>${STAND_IN}]]>`, STAND_IN, ']]>&#xF8FF;'];
  for (const text of ends) {
    it(`are what was sent: ${text}`, () => {
      assert.deepEqual(readSoapRequest(encodeRequest(`MSH|${text}|x`)), { hl7: `MSH|${text}|x` });
    });
  }

  it('may be cut into sections anywhere, and stand beside references', () => {
    const argument = `<![CDATA[a]]]]><![CDATA[>b]]>&gt;c&#xF8FF;<![CDATA[d]]]]><![CDATA[>]]>`;
    assert.deepEqual(readSoapRequest(request(argument)), { hl7: `a]]>b>c${STAND_IN}d]]>` });
    assert.deepEqual(readSoapRequest(request('<![CDATA[a]]>b<![CDATA[c]]>')), { hl7: 'abc' });
  });

  it('may have the split end of a section in a comment beside them', () => {
    const read = readSoapRequest(
      request('<![CDATA[a]]]]><![CDATA[>]]>', `<!--${SPLIT_END}--><?p ${SPLIT_END}?>`),
    );
    assert.deepEqual(read, { hl7: 'a]]>' });
  });

  for (const [where, xml] of [
    ['in text', request(`a${SPLIT_END}`)],
    ['in text between sections', request(`<![CDATA[a]]>${SPLIT_END}<![CDATA[b]]>`)],
    ['in an attribute', request('a', `<x y="${SPLIT_END}"/>`)],
    ['in the name of an element', request('a', `<x${SPLIT_END}/>`)],
    ['in the root', `${SPLIT_END}${request('a')}`],
    ['behind the root', `${request('a')}${SPLIT_END}`],
  ] as const) {
    it(`are refused with the split end of a section ${where}`, () => {
      assert.deepEqual(readSoapRequest(xml), NOT_WELL_FORMED);
    });
  }
});
