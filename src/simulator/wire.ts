/**
 * Writes the simulator's answers.
 */

/** Headers of an answer in XML. */
export const XML = { 'content-type': 'text/xml; charset=UTF-8' };

/** Escapes text for an element or an attribute. */
export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#xD;');
}

/** The answer in the form of a JAX-WS service. PKB's own form is not documented (PKB page 3364848470 shows the ACK). */
export function responseBody(ack: string): string {
  return (
    '<ns2:acceptMessageResponse xmlns:ns2="http://wsssl.hl7api.patientsknowbest.com/">' +
    `<return>${escapeXml(ack)}</return></ns2:acceptMessageResponse>`
  );
}

/** A SOAP 1.1 envelope around a body. */
export function envelope(body: string): string {
  return `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>${body}</soap:Body></soap:Envelope>`;
}

/** The body of a SOAP fault. */
export function faultBody(text: string): string {
  return envelope(
    `<soap:Fault><faultcode>soap:Client</faultcode><faultstring>${escapeXml(text)}</faultstring></soap:Fault>`,
  );
}
