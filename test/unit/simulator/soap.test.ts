import assert from 'node:assert/strict';
import { createClientAsync } from 'soap';
import { encodeRequest } from '../../../src/pkb/soap/request.js';
import { decodeResponse } from '../../../src/pkb/soap/response.js';
import { type RunningSimulator, startSimulator } from '../../../src/simulator/server.js';
import { stamped } from '../../support/messages.js';

const BASIC = `Basic ${Buffer.from('partner_mailco:testing').toString('base64')}`;
const SERVICE = 'http://wsssl.hl7api.patientsknowbest.com/';

/** A request by hand, of which each part can be another one. */
function request(
  parts: {
    soap?: string;
    service?: string;
    header?: string;
    operation?: string;
    argument?: string;
    body?: string;
  } = {},
): string {
  const { soap = 'http://schemas.xmlsoap.org/soap/envelope/', service = SERVICE, header = '' } = parts;
  const argument = parts.argument ?? `<arg0><![CDATA[${stamped('id1')}]]></arg0>`;
  const operation = parts.operation ?? `<w:acceptMessage>${argument}</w:acceptMessage>`;
  const body = parts.body ?? `<s:Body>${operation}</s:Body>`;
  return `<s:Envelope xmlns:s="${soap}" xmlns:w="${service}">${header}${body}</s:Envelope>`;
}

describe('the simulator as a SOAP service', () => {
  let running: RunningSimulator;
  beforeEach(async () => {
    running = await startSimulator({ username: 'partner_mailco', password: 'testing' });
  });
  afterEach(() => running.close());

  const post = (
    body: string | Buffer<ArrayBuffer>,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(running.url, {
      method: 'POST',
      headers: { authorization: BASIC, 'content-type': 'text/xml; charset=UTF-8', ...headers },
      body,
    });

  it('takes a request whatever its prefixes and its Header', async () => {
    for (const body of [
      request(),
      request({ header: '<s:Header/>' }),
      request({ header: '<s:Header><x xmlns="urn:x"><y/></x></s:Header>' }),
      `\uFEFF<?xml version="1.0" encoding="UTF-8"?>\n<!-- c -->${request()}`,
      request({
        operation: `<acceptMessage xmlns="${SERVICE}"><arg0 xmlns="">${stamped('id1').replaceAll('&', '&amp;')}</arg0></acceptMessage>`,
      }),
    ]) {
      const response = await post(body);
      assert.equal(response.status, 200, body);
      assert.equal(decodeResponse(await response.text(), 'id1').outcome, 'accepted');
    }
    assert.equal(running.received[0]?.hl7, stamped('id1'));
  });

  for (const [what, body, reason] of [
    ['an Envelope of SOAP 1.2', request({ soap: 'http://www.w3.org/2003/05/soap-envelope' }), /SOAP 1\.2/],
    [
      'an Envelope of another namespace',
      request({ soap: 'urn:x' }),
      /Envelope must be in the namespace http/,
    ],
    ['an Envelope without a namespace', '<Envelope><Body/></Envelope>', /Envelope must be in/],
    ['a prefix that is not bound', request().replace('xmlns:w=', 'xmlns:v='), /not well-formed/],
    ['another root', '<x/>', /no SOAP Envelope/],
    [
      'acceptMessage of another namespace',
      request({ service: 'urn:x' }),
      /acceptMessage must be in the namespace http/,
    ],
    [
      'acceptMessage without a namespace',
      request({ operation: '<acceptMessage><arg0>x</arg0></acceptMessage>' }),
      /must be in the namespace/,
    ],
    ['another operation', request({ operation: '<w:other/>' }), /another element than acceptMessage/],
    ['no operation', request({ operation: '' }), /holds no acceptMessage/],
    [
      'two operations',
      request({ operation: '<w:acceptMessage/><w:acceptMessage/>' }),
      /more than one acceptMessage/,
    ],
    [
      'acceptMessage in the Header',
      request({
        header: `<s:Header><w:acceptMessage><arg0>x</arg0></w:acceptMessage></s:Header>`,
        operation: '',
      }),
      /stands in the Header/,
    ],
    [
      'a Header that must be understood',
      request({ header: '<s:Header><w:x s:mustUnderstand="1"/></s:Header>' }),
      /must be understood/,
    ],
    ['no Body', request({ body: '' }), /no Body/],
    ['two Bodies', request({ body: '<s:Body/><s:Body/>' }), /behind its Body/],
    ['a qualified arg0', request({ argument: '<w:arg0>x</w:arg0>' }), /arg0 must be in no namespace/],
    [
      'an arg0 of the default namespace',
      request({ operation: `<acceptMessage xmlns="${SERVICE}"><arg0>x</arg0></acceptMessage>` }),
      /arg0 must be in no namespace/,
    ],
    ['no arg0', request({ argument: '' }), /no arg0/],
    ['two arg0', request({ argument: '<arg0>x</arg0><arg0>y</arg0>' }), /more than one arg0/],
    ['another argument', request({ argument: '<arg1>x</arg1>' }), /another element than arg0/],
    ['elements in arg0', request({ argument: '<arg0>x<b/></arg0>' }), /text only/],
    ['a DTD', `<!DOCTYPE x [<!ENTITY a "b">]>${request()}`, /DTD/],
    ['what is not closed', request().slice(0, -5), /not well-formed/],
    [
      'a thousand elements',
      request({ header: `<s:Header>${'<a/>'.repeat(1000)}</s:Header>` }),
      /too many elements/,
    ],
    ['no XML', 'MSH|^~\\&|', /not well-formed/],
    ['nothing', '', /not well-formed|no Body/],
  ] as const) {
    it(`answers ${what} with a SOAP fault that says so`, async () => {
      const response = await post(body);
      const text = await response.text();
      assert.equal(response.status, 500);
      assert.match(response.headers.get('content-type') ?? '', /^text\/xml/);
      assert.match(text, /<faultcode>soap:Client<\/faultcode>/);
      assert.match(decodeResponse(text, 'id1').text ?? '', reason);
      assert.deepEqual(running.received, []);
    });
  }

  it('answers other content types, encodings and character sets with 415', async () => {
    for (const [type, reason] of [
      ['application/soap+xml; charset=utf-8', /SOAP 1\.1.*SOAP 1\.2/],
      ['application/xml', /text\/xml/],
      ['text/plain', /text\/xml/],
      ['text/xml; charset=koi8-r', /charset/],
      ['text/xml; charset=constructor', /charset/],
    ] as const) {
      const response = await post(request(), { 'content-type': type });
      assert.equal(response.status, 415, type);
      assert.match(await response.text(), reason);
    }
    assert.equal((await post(request(), { 'content-encoding': 'gzip' })).status, 415);
    const untyped = await fetch(running.url, {
      method: 'POST',
      headers: { authorization: BASIC },
      body: Buffer.from(request()),
    });
    assert.equal(untyped.status, 415);
  });

  const utf16be = (text: string): Buffer<ArrayBuffer> => Buffer.from(text, 'utf16le').swap16();
  for (const [what, type, encode] of [
    ['UTF-8', 'text/xml; charset=utf-8', (text: string) => Buffer.from(text)],
    ['UTF-8 in quotes', 'TEXT/XML;action="";charset="UTF-8"', (text: string) => Buffer.from(text)],
    ['UTF-8 where none is named', 'text/xml', (text: string) => Buffer.from(text)],
    ['ISO-8859-1', 'text/xml; charset=ISO-8859-1', (text: string) => Buffer.from(text, 'latin1')],
    [
      'ISO-8859-1 by declaration',
      'text/xml',
      (text: string) => Buffer.from(`<?xml version="1.0" encoding="ISO-8859-1"?>${text}`, 'latin1'),
    ],
    [
      'ISO-8859-1 by header against its declaration',
      'text/xml; charset=iso-8859-1',
      (text: string) => Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${text}`, 'latin1'),
    ],
    [
      'UTF-16 with a mark',
      'text/xml; charset=utf-16',
      (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le'),
    ],
    [
      'UTF-16, big end first, with a mark',
      'text/xml; charset=utf-16',
      (text: string) => utf16be(`\uFEFF${text}`),
    ],
    ['UTF-16 without a mark', 'text/xml; charset=UTF-16LE', (text: string) => Buffer.from(text, 'utf16le')],
    ['UTF-16, big end first, without a mark', 'text/xml; charset=UTF-16', utf16be],
    ['UTF-16 by its mark alone', 'text/xml', (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')],
  ] as const) {
    it(`reads ${what}`, async () => {
      const hl7 = stamped('id1').replace('Example', 'Müller-é');
      const response = await post(encode(request({ argument: `<arg0><![CDATA[${hl7}]]></arg0>` })), {
        'content-type': type,
      });
      assert.equal(response.status, 200);
      assert.equal(running.received[0]?.hl7, hl7);
    });
  }

  it('answers bytes that are not in the named character set with a fault', async () => {
    const latin = Buffer.from(request({ argument: '<arg0>Müller</arg0>' }), 'latin1');
    const response = await post(latin);
    assert.equal(response.status, 500);
    assert.match(await response.text(), /character set/);
    const declared = Buffer.from(`<?xml version="1.0" encoding="koi8-r"?>${request()}`);
    assert.equal((await post(declared, { 'content-type': 'text/xml' })).status, 500);
  });

  it('serves a WSDL, with which a SOAP client sends and reads', async () => {
    const client = await createClientAsync(`${running.url}?wsdl`, { wsdl_headers: { Authorization: BASIC } });
    client.addHttpHeader('Authorization', BASIC);
    const call = client['acceptMessageAsync'] as (args: object) => Promise<[{ return: string }]>;
    const hl7 = stamped('id1', { more: 'NTE|1||<b>&]]>é\r' });
    const [result] = await call({ arg0: hl7 });
    assert.match(result.return, /MSA\|AA\|id1/);
    assert.equal(running.received[0]?.hl7, hl7);
    await assert.rejects(call({}), /no arg0/);
  });

  it('names in the WSDL the address by which it was asked, and serves it to anyone where it has no password', async () => {
    const open = await startSimulator();
    try {
      const response = await fetch(`${open.url.replace('127.0.0.1', 'localhost')}?WSDL`).catch(() =>
        fetch(`${open.url}?wsdl`),
      );
      assert.equal(response.status, 200);
      assert.match(response.headers.get('content-type') ?? '', /^text\/xml/);
      assert.match(
        await response.text(),
        new RegExp(
          `location="http://(?:localhost|127\\.0\\.0\\.1):${new URL(open.url).port}/pkb-simulator/services/hl7"`,
        ),
      );
    } finally {
      await open.close();
    }
  });

  it('answers what is no POST with 405 and says what it takes', async () => {
    const headers = { authorization: BASIC };
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const response = await fetch(running.url, { method, headers });
      assert.deepEqual([response.status, response.headers.get('allow')], [405, 'POST'], method);
    }
    assert.equal((await post(encodeRequest(stamped('id1')))).status, 200);
  });

  it('asks for credentials with 401, whatever else is wrong', async () => {
    const basic = 'Basic realm="PKB simulator"';
    for (const init of [{}, { method: 'POST', body: 'x' }, { method: 'PUT' }]) {
      const response = await fetch(running.url, init);
      assert.deepEqual([response.status, response.headers.get('www-authenticate')], [401, basic]);
    }
    assert.equal((await fetch(`${running.url}?wsdl`)).status, 401);
  });
});
