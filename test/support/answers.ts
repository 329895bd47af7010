/** Answers in the forms in which SOAP stacks send them. */

/** What an answer is made of, as it goes over the wire. */
export interface StackAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** One part of a multipart answer. */
export interface AnswerPart {
  /** Header lines, such as `Content-ID: <root>`. */
  readonly head: readonly string[];
  readonly content: string | Buffer;
}

/** An acknowledgement as PKB shows it; MSA-3 raw, segments ended by CR. */
export function ackOf(code: string, controlId = 'id1', text = ''): string {
  return `MSH|^~\\&|HL7API|PKB|A|B|20260101||ACK^R01|PKB-1|P|2.4\rMSA|${code}|${controlId}|${text}\r`;
}

/** A text as it stands in XML, CR as a character reference, as Java's and .NET's writers do. */
export function inXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#xD;');
}

/** A SOAP 1.1 response around what stands in `<return>`. */
export function envelope(content: string, declaration = ''): string {
  return (
    `${declaration}<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>` +
    '<ns2:acceptMessageResponse xmlns:ns2="http://wsssl.hl7api.patientsknowbest.com/">' +
    `<return>${content}</return></ns2:acceptMessageResponse></S:Body></S:Envelope>`
  );
}

/** An answer of one document. */
export function single(
  contentType: string | undefined,
  body: string | Buffer,
  more: Readonly<Record<string, string>> = {},
): StackAnswer {
  const type: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType };
  return { headers: { ...type, ...more }, body: Buffer.from(body) };
}

/**
 * An answer of several parts (RFC 2046, 5.1.1).
 *
 * @param form another line end than CRLF, another boundary or Content-Type, and whether the last boundary is missing
 */
export function multipart(
  parts: readonly AnswerPart[],
  form: { contentType?: string; boundary?: string; end?: string; unclosed?: boolean } = {},
): StackAnswer {
  const { boundary = 'uuid:0ca0e16e', end = '\r\n', unclosed = false } = form;
  const { contentType = `multipart/related; type="application/xop+xml"; boundary="${boundary}"` } = form;
  const written = parts.map(({ head, content }) =>
    Buffer.concat([
      Buffer.from(`--${boundary}${end}${head.map((line) => line + end).join('')}${end}`),
      Buffer.from(content),
      Buffer.from(end),
    ]),
  );
  const last = unclosed ? '' : `--${boundary}--${end}`;
  return { headers: { 'content-type': contentType }, body: Buffer.concat([...written, Buffer.from(last)]) };
}
