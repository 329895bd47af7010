/**
 * Content-Type and character set of a request. The charset in the header has priority over the document's own declaration
 * (RFC 7303, section 3).
 */

/** Encodings of a request. */
export type Encoding = 'utf-8' | 'utf-16' | 'iso-8859-1' | 'as-declared';

/** A parsed Content-Type. */
export interface ContentType {
  /** Such as `text/xml`, in lower case. */
  readonly type: string;
  /** `as-declared` if no charset is named; undefined for an unsupported one. */
  readonly encoding: Encoding | undefined;
}

/** Names of the supported character sets, as SOAP clients write them. US-ASCII is part of UTF-8. */
const NAMES: Readonly<Record<string, Encoding>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  'utf-16': 'utf-16',
  'utf-16le': 'utf-16',
  'utf-16be': 'utf-16',
  'iso-8859-1': 'iso-8859-1',
  latin1: 'iso-8859-1',
};

/** Reads a Content-Type header. */
export function readContentType(header: string | undefined): ContentType {
  const [type = '', ...parameters] = (header ?? '').split(';').map((part) => part.trim());
  const charset = parameters.map((one) => /^charset\s*=\s*"?([^"\s]*)"?$/i.exec(one)?.[1]).find(Boolean);
  return {
    type: type.toLowerCase(),
    encoding: charset === undefined ? 'as-declared' : encodingOf(charset),
  };
}

/**
 * Decodes a body.
 *
 * @returns undefined if it is not in that character set, or declares an unsupported one
 */
export function decodeBody(bytes: Buffer, encoding: Encoding): string | undefined {
  const named = encoding === 'as-declared' ? declared(bytes) : encoding;
  if (named === undefined) return undefined;
  if (named === 'iso-8859-1') return bytes.toString('latin1');
  try {
    return new TextDecoder(named === 'utf-16' ? utf16(bytes) : named, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function encodingOf(name: string): Encoding | undefined {
  const lower = name.toLowerCase();
  return Object.hasOwn(NAMES, lower) ? NAMES[lower] : undefined;
}

/** The encoding that a document declares: by its byte order mark, else in its XML declaration (XML 1.0, appendix F). */
function declared(bytes: Buffer): Encoding | undefined {
  const start = bytes.toString('latin1', 0, 200);
  if (/^(?:\xfe\xff|\xff\xfe|<\0|\0<)/.test(start)) return 'utf-16';
  const name = /^<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(start)?.[1];
  return name === undefined ? 'utf-8' : encodingOf(name);
}

/** Big-endian, unless the mark or the zero byte beside the first `<` shows little-endian (RFC 2781, section 4.3). */
function utf16(bytes: Buffer): string {
  const little = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0x3c && bytes[1] === 0);
  return little ? 'utf-16le' : 'utf-16be';
}
