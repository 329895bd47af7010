/**
 * The simulator's side of the wire: the request that it reads, and the answers that it writes.
 */
import { endSegmentsByCr } from '../hl7/input.js';
import { readXml } from '../pkb/soap/xml.js';

/** Headers of an answer in XML. */
export const XML = { 'content-type': 'text/xml; charset=UTF-8' };

/** The HL7 text in `acceptMessage/arg0`; undefined where there is none. */
export function messageIn(body: string): string | undefined {
  const elements = readXml(body.replace(/^\uFEFF/, ''));
  const argument = elements?.find(({ path }) => path.at(-1) === 'arg0' && path.at(-2) === 'acceptMessage');
  return argument && endSegmentsByCr(argument.text.trimStart());
}

/** The answer in the form that a JAX-WS service gives; PKB's own is not documented (pkb page 3364848470 shows the ACK). */
export function responseBody(ack: string): string {
  const text = ack
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#xD;');
  return (
    '<ns2:acceptMessageResponse xmlns:ns2="http://wsssl.hl7api.patientsknowbest.com/">' +
    `<return>${text}</return></ns2:acceptMessageResponse>`
  );
}

/** A SOAP 1.1 envelope around a body. */
export function envelope(body: string): string {
  return `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>${body}</soap:Body></soap:Envelope>`;
}

/** The body of a SOAP fault. */
export function faultBody(text: string): string {
  return envelope(
    `<soap:Fault><faultcode>soap:Client</faultcode><faultstring>${text}</faultstring></soap:Fault>`,
  );
}
