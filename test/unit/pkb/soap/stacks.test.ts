import assert from 'node:assert/strict';
import { judgeAnswer } from '../../../../src/delivery/classify.js';
import { type Transport, transportFactory } from '../../../../src/delivery/transport.js';
import { requestBody } from '../../../../src/pkb/soap/request.js';
import { readAnswer } from '../../../../src/pkb/soap/response.js';
import { ackOf, envelope, inXml, multipart, single, type StackAnswer } from '../../../support/answers.js';
import { stamped } from '../../../support/messages.js';
import { startServer, type TestServer } from '../../../support/server.js';

/** What MSA-3 says in every answer of this file, and how it stands in HL7. */
const WORDS = 'not <known> & "so" on';
const RAW_WORDS = 'not <known> \\T\\ "so" on';
const TYPES =
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"';

const rootPart = (content: string, id = 'root.message@cxf.apache.org') => ({
  head: [
    'Content-Type: application/xop+xml; charset=UTF-8; type="text/xml"',
    'Content-Transfer-Encoding: binary',
    `Content-ID: <${id}>`,
  ],
  content,
});
const include = (id: string): string =>
  `<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:${id}"/>`;
const cxf = (start = 'root.message@cxf.apache.org') => ({
  boundary: 'uuid:5e0a2b1c-90b1-4c1d-8e0c-1f2b0c3d4e5f',
  contentType: `multipart/related; type="application/xop+xml"; boundary="uuid:5e0a2b1c-90b1-4c1d-8e0c-1f2b0c3d4e5f"; start="<${start}>"; start-info="text/xml"`,
});

/** By stack, its answer around an acknowledgement. */
const STACKS: Readonly<Record<string, (ack: string) => StackAnswer>> = {
  'JAX-WS RI': (ack) =>
    single('text/xml; charset=utf-8', envelope(inXml(ack), "<?xml version='1.0' encoding='UTF-8'?>")),
  'JAX-WS RI with SOAP 1.2': (ack) =>
    single(
      'application/soap+xml; charset=utf-8; action="urn:acceptMessage"',
      envelope(inXml(ack)).replace(
        'http://schemas.xmlsoap.org/soap/envelope/',
        'http://www.w3.org/2003/05/soap-envelope',
      ),
    ),
  'JAX-WS RI with MTOM': (ack) =>
    multipart(
      [
        rootPart(envelope(include('a0@example.jaxws.sun.com')), 'rootpart*9@example.jaxws.sun.com'),
        {
          head: [
            'Content-Id: <a0@example.jaxws.sun.com>',
            'Content-Type: application/octet-stream',
            'Content-Transfer-Encoding: binary',
          ],
          content: ack,
        },
      ],
      {
        boundary: 'uuid:9',
        contentType:
          'multipart/related;start="<rootpart*9@example.jaxws.sun.com>";type="application/xop+xml";boundary="uuid:9";start-info="text/xml"',
      },
    ),
  CXF: (ack) =>
    single('text/xml;charset=UTF-8', envelope(inXml(ack)).replaceAll('S:', 'soap:').replace(':S=', ':soap=')),
  'CXF with MTOM, the ACK in the root': (ack) => multipart([rootPart(envelope(inXml(ack)))], cxf()),
  'CXF with MTOM, the ACK as an attachment': (ack) =>
    multipart(
      [
        rootPart(envelope(include('ack-1@cxf'))),
        { head: ['Content-Type: text/plain', 'Content-ID: <ack-1@cxf>'], content: ack },
      ],
      cxf(),
    ),
  'CXF with the root after an attachment': (ack) =>
    multipart(
      [
        { head: ['Content-Type: image/png', 'Content-ID: <logo>'], content: 'PNG' },
        rootPart(envelope(inXml(ack))),
      ],
      cxf(),
    ),
  Axis2: (ack) =>
    single(
      'text/xml;charset=UTF-8',
      envelope(inXml(ack), "<?xml version='1.0' encoding='UTF-8'?>")
        .replaceAll('S:', 'soapenv:')
        .replace(':S=', ':soapenv='),
      { 'transfer-encoding': 'chunked' },
    ),
  gSOAP: (ack) =>
    single(
      'text/xml; charset=utf-8',
      '<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" ' +
        `xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/" ${TYPES} xmlns:ns1="http://wsssl.hl7api.patientsknowbest.com/">` +
        `\n<SOAP-ENV:Body>\n<ns1:acceptMessageResponse><return>${inXml(ack).replaceAll('&#xD;', '&#xd;')}</return>` +
        '</ns1:acceptMessageResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>',
      { server: 'gSOAP/2.8' },
    ),
  'PHP SoapServer': (ack) =>
    single(
      'text/xml; charset=utf-8',
      '<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" ' +
        'xmlns:ns1="http://wsssl.hl7api.patientsknowbest.com/"><SOAP-ENV:Body><ns1:acceptMessageResponse>' +
        `<return>${inXml(ack).replaceAll('&#xD;', '&#13;')}</return></ns1:acceptMessageResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>\n`,
    ),
  'SOAP::Lite, as a string': (ack) =>
    single(
      'text/xml; charset=utf-8',
      `<?xml version="1.0" encoding="UTF-8"?><soap:Envelope ${TYPES} xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" ` +
        'soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><soap:Body><acceptMessageResponse xmlns="http://wsssl.hl7api.patientsknowbest.com/">' +
        `<s-gensym3 xsi:type="xsd:string">${inXml(ack)}</s-gensym3></acceptMessageResponse></soap:Body></soap:Envelope>`,
    ),
  'SOAP::Lite, as base64': (ack) =>
    single(
      'text/xml; charset=utf-8',
      `<soap:Envelope ${TYPES} xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><acceptMessageResponse>` +
        `<s-gensym3 xsi:type="xsd:base64Binary">${Buffer.from(ack).toString('base64').replaceAll(/.{76}/g, '$&\n')}</s-gensym3>` +
        '</acceptMessageResponse></soap:Body></soap:Envelope>',
    ),
  Spyne: (ack) =>
    single(
      'text/xml; charset=utf-8',
      "<?xml version='1.0' encoding='UTF-8'?>\n<soap11env:Envelope xmlns:soap11env=\"http://schemas.xmlsoap.org/soap/envelope/\" " +
        'xmlns:tns="http://wsssl.hl7api.patientsknowbest.com/"><soap11env:Body><tns:acceptMessageResponse>' +
        `<tns:acceptMessageResult>${inXml(ack).replaceAll('&#xD;', '&#13;')}</tns:acceptMessageResult>` +
        '</tns:acceptMessageResponse></soap11env:Body></soap11env:Envelope>',
    ),
  WCF: (ack) =>
    single(
      'text/xml; charset=utf-8',
      '\uFEFF<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>' +
        '<ActivityId CorrelationId="1" xmlns="http://schemas.microsoft.com/2004/09/ServiceModel/Diagnostics">0</ActivityId></s:Header>' +
        `<s:Body ${TYPES}><acceptMessageResponse xmlns="http://wsssl.hl7api.patientsknowbest.com/">` +
        `<return xmlns="">${inXml(ack)}</return></acceptMessageResponse></s:Body></s:Envelope>`,
    ),
  'WCF with MTOM': (ack) =>
    multipart(
      [
        {
          head: [
            'Content-ID: <http://tempuri.org/0>',
            'Content-Transfer-Encoding: 8bit',
            'Content-Type: application/xop+xml;charset=utf-8;type="text/xml"',
          ],
          content: envelope(inXml(ack)),
        },
      ],
      {
        boundary: 'uuid:1b2c+id=1',
        contentType:
          'multipart/related; type="application/xop+xml";start="<http://tempuri.org/0>";boundary="uuid:1b2c+id=1";start-info="text/xml"',
      },
    ),
  'a stack that writes CDATA': (ack) => single('text/xml', envelope(`<![CDATA[${ack}]]>`)),
  'a gateway that answers with the bare ACK': (ack) => single('application/hl7-v2; charset=utf-8', ack),
};

describe('answers in the forms of SOAP stacks', () => {
  let server: TestServer;
  let transport: Transport;
  let answer: StackAnswer;
  before(async () => {
    server = await startServer((_arrived, response) =>
      response.writeHead(200, answer.headers).end(answer.body),
    );
    const create = await transportFactory();
    transport = create({ username: 'a', password: 'b', timeout: 5, concurrency: 1, userAgent: 'test' });
  });
  after(async () => {
    transport.close();
    await server.close();
  });

  const judged = async (given: StackAnswer) => {
    answer = given;
    const body = requestBody(stamped('id1'));
    const exchange = await transport.post(new URL(server.url), body, new AbortController().signal);
    assert.ok('answer' in exchange, JSON.stringify(exchange));
    return judgeAnswer(exchange.answer, 'id1', new Date());
  };

  for (const [stack, write] of Object.entries(STACKS)) {
    it(`${stack}: AA, AR and AE are read with their words, over HTTP, and AA of another message is unknown`, async () => {
      for (const [code, id, outcome] of [
        ['AA', 'id1', 'accepted'],
        ['AR', 'id1', 'rejected'],
        ['AE', 'id1', 'errored'],
      ] as const) {
        const seen = await judged(write(ackOf(code, id, RAW_WORDS)));
        assert.deepEqual(
          [seen.outcome, 'text' in seen && seen.text, 'controlId' in seen && seen.controlId],
          [outcome, WORDS, id],
        );
      }
      assert.equal((await judged(write(ackOf('AA', 'id2')))).outcome, 'unknown');
      assert.equal((await judged(write(ackOf('AA', '')))).outcome, 'unknown');
    });
  }

  it('asks for XML that is not compressed, by POST, and with an empty SOAPAction', async () => {
    await judged(single('text/xml', envelope(inXml(ackOf('AA')))));
    const { method, headers } = server.arrived.at(-1)?.request ?? assert.fail();
    assert.deepEqual(
      [method, headers.accept, headers['accept-encoding'], headers.soapaction, headers['content-type']],
      ['POST', 'text/xml', 'identity', '""', 'text/xml; charset=UTF-8'],
    );
  });

  for (const contentType of [
    undefined,
    '',
    'TEXT/XML',
    'Text/Xml ; Charset = "UTF-8"',
    'text/xml;charset=utf-8;charset=iso-8859-1',
    'text/xml;;; charset=utf-8; ',
    "text/xml; charset='utf-8'",
    'text/xml; charset=',
    'text/xml; charset=unheard-of',
    'text/plain',
    'text/html; charset=utf-8',
    'application/octet-stream',
    'multipart/related',
    'multipart/related; boundary=""',
    `text/xml; ${'x=y; '.repeat(600)}`,
  ]) {
    it(`reads an answer whose Content-Type is ${JSON.stringify(contentType?.slice(0, 50))}`, async () => {
      assert.equal((await judged(single(contentType, envelope(inXml(ackOf('AA')))))).outcome, 'accepted');
    });
  }

  for (const contentType of [
    'Multipart/Related;Boundary=b',
    'MULTIPART/RELATED ; BOUNDARY = "b" ; START = "<root>"',
    ' multipart/mixed;boundary="b"',
    'multipart/related; start=root; boundary=b',
    'multipart/related; start="<gone>"; boundary=b',
    'multipart/related; type="application/xop+xml"; start-info="text/xml; charset=utf-16"; boundary=b',
  ]) {
    it(`reads parts whose Content-Type is ${JSON.stringify(contentType)}`, () => {
      const { headers, body } = multipart([rootPart(envelope(inXml(ackOf('AA'))), 'root')], {
        boundary: 'b',
        contentType,
      });
      const media = { contentType: headers['content-type'] };
      assert.equal(readAnswer(body, 'id1', media).outcome, 'accepted');
    });
  }
});
