import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClientAsync, listen } from 'soap';
import { judgeAnswer } from '../../../../src/delivery/classify.js';
import { transportFactory } from '../../../../src/delivery/transport.js';
import { requestBody } from '../../../../src/pkb/soap/request.js';
import { startSimulator } from '../../../../src/simulator/server.js';
import { NHS_NUMBERS, stamped } from '../../../support/messages.js';

/** A description of PKB's service as its request implies it: one operation, an unqualified arg0 in, a return out. */
const WSDL = (url: string): string => `<?xml version="1.0"?>
<definitions name="hl7" targetNamespace="http://wsssl.hl7api.patientsknowbest.com/" xmlns="http://schemas.xmlsoap.org/wsdl/"
  xmlns:tns="http://wsssl.hl7api.patientsknowbest.com/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <types><xs:schema targetNamespace="http://wsssl.hl7api.patientsknowbest.com/" elementFormDefault="unqualified">
    <xs:element name="acceptMessage"><xs:complexType><xs:sequence><xs:element name="arg0" type="xs:string"/></xs:sequence></xs:complexType></xs:element>
    <xs:element name="acceptMessageResponse"><xs:complexType><xs:sequence><xs:element name="return" type="xs:string"/></xs:sequence></xs:complexType></xs:element>
  </xs:schema></types>
  <message name="acceptMessage"><part name="parameters" element="tns:acceptMessage"/></message>
  <message name="acceptMessageResponse"><part name="parameters" element="tns:acceptMessageResponse"/></message>
  <portType name="port"><operation name="acceptMessage"><input message="tns:acceptMessage"/><output message="tns:acceptMessageResponse"/></operation></portType>
  <binding name="binding" type="tns:port"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="acceptMessage"><soap:operation soapAction=""/><input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation></binding>
  <service name="hl7"><port name="port" binding="tns:binding"><soap:address location="${url}"/></port></service>
</definitions>`;

describe('a SOAP library that is not ours', () => {
  let server: Server;
  let url: string;
  let received: string[];
  let answer: () => string;

  beforeEach(async () => {
    received = [];
    answer = () => `MSH|^~\\&|HL7API|PKB|A|B|20260101||ACK^R01|PKB-1|P|2.4\rMSA|AA|id1\r`;
    server = createServer((_request, response) => response.writeHead(404).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/hl7`;
    const acceptMessage = ({ arg0 }: { arg0: string }): object => {
      received.push(arg0);
      return { return: answer() };
    };
    listen(server, '/services/hl7', { hl7: { port: { acceptMessage } } }, WSDL(url));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const post = async (hl7: string) => {
    const transport = (await transportFactory())({
      username: 'a',
      password: 'b',
      timeout: 5,
      concurrency: 1,
      userAgent: 'test',
    });
    const exchange = await transport.post(new URL(url), requestBody(hl7), new AbortController().signal);
    transport.close();
    assert.ok('answer' in exchange);
    return judgeAnswer(exchange.answer, 'id1', new Date());
  };

  for (const [what, more] of [
    ['plain text', 'NTE|1||text\r'],
    [']]>', 'NTE|1||a]]>b]]]]>>c\r'],
    ['markup', 'NTE|1||<b>bold</b> & &amp; <![CDATA[x]]> <!-- -->\r'],
    ['escapes', 'NTE|1||a\\F\\b\\.br\\c\r'],
    [
      'every printable plane',
      `NTE|1||${[0x20, 0xa1, 0x141, 0x1e00, 0x3042, 0xac00, 0xe000, 0x1f600, 0x20000, 0x30000, 0xe0100, 0xf0000, 0x10fffd].map((code) => String.fromCodePoint(code)).join('')}\r`,
    ],
  ] as const) {
    it(`reads ${what} as we sent it, line ends as LF`, async () => {
      const hl7 = stamped('id1', { more });
      assert.equal((await post(hl7)).outcome, 'accepted');
      // It takes white space off the ends of a text, and unlike a conformant reader it leaves CR as CR.
      assert.equal(received[0]?.replaceAll('\r', '\n').trim(), hl7.replaceAll('\r', '\n').trim());
    });
  }

  it('is read by us: rejections, and faults', async () => {
    answer = () => `MSH|^~\\&|HL7API|PKB|A|B|20260101||ACK^R01|PKB-1|P|2.4\rMSA|AR|id1|why <not> & so\r`;
    const rejected = await post(stamped('id1'));
    assert.deepEqual([rejected.outcome, 'text' in rejected && rejected.text], ['rejected', 'why <not> & so']);
    answer = () => {
      throw new Error('on purpose');
    };
    assert.equal((await post(stamped('id1'))).outcome, 'refused');
  });

  it('sends to our simulator, and reads its answer', async () => {
    const simulator = await startSimulator({ username: 'partner_mailco', password: 'testing' });
    const client = await createClientAsync(`${url}?wsdl`, { endpoint: simulator.url });
    client.addHttpHeader('Authorization', 'Basic cGFydG5lcl9tYWlsY286dGVzdGluZw==');
    const [result] = await (client['acceptMessageAsync'] as (args: object) => Promise<[{ return: string }]>)({
      arg0: stamped('id1', { nhs: NHS_NUMBERS[1], more: 'NTE|1||<b>&]]>\r' }),
    });
    assert.match(result.return, /MSA\|AA\|id1/);
    assert.equal(
      simulator.received[0]?.hl7,
      stamped('id1', { nhs: NHS_NUMBERS[1], more: 'NTE|1||<b>&]]>\r' }),
    );
    await simulator.close();
  });
});
