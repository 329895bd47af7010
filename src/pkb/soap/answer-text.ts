/**
 * Converts the bytes of an answer to text. SOAP stacks send answers compressed or not, in any common character set, as one
 * document or as `multipart/related` (SOAP with attachments, MTOM and XOP). All sizes are limited.
 */
import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';

/** The headers that describe the body of an answer. */
export interface Media {
  /** `Content-Type`, such as `multipart/related; boundary="x"`. */
  readonly contentType?: string | undefined;
  /** `Content-Encoding`; blank or `identity` for none. */
  readonly contentEncoding?: string | undefined;
}

/** An answer as text. */
export interface AnswerText {
  /** The document. */
  readonly text: string;
  /** The other parts of a multipart answer, to which XOP's `Include` refers. */
  readonly attachments: readonly string[];
}

/** More parts than any answer has. An answer with more is not read, because the further parts could contradict. */
const MAX_PARTS = 32;

/**
 * Reads the bytes of an answer.
 *
 * @param limit the largest size of the inflated body, in bytes
 * @returns undefined if it cannot be inflated, is too large, has too many parts, or breaks off within a part
 */
export function answerText(body: Uint8Array, media: Media, limit: number): AnswerText | undefined {
  const bytes = inflated(Buffer.from(body.buffer, body.byteOffset, body.byteLength), media, limit);
  if (bytes === undefined) return undefined;
  const { contentType = '' } = media;
  const boundary = parameter(contentType, 'boundary');
  if (!isMultipart(contentType) || boundary === '')
    return { text: decoded(bytes, contentType), attachments: [] };
  const parts = partsOf(bytes, boundary);
  if (parts === undefined) return undefined;
  const start = parameter(contentType, 'start');
  const root = parts.findIndex(({ id }) => id === start && start !== '');
  const texts = parts.map(({ type, content }) => decoded(content, type));
  const at = Math.max(root, 0);
  return { text: texts[at] ?? '', attachments: texts.filter((_, i) => i !== at) };
}

/** Undoes `gzip` and `deflate` (RFC 9110, 8.4.1), in case they are used unasked. Some servers send deflate without header. */
function inflated(bytes: Buffer, { contentEncoding = '' }: Media, limit: number): Buffer | undefined {
  const options = { maxOutputLength: limit };
  try {
    switch (contentEncoding.trim().toLowerCase()) {
      case '':
      case 'identity':
        return bytes;
      case 'gzip':
      case 'x-gzip':
        return gunzipSync(bytes, options);
      case 'deflate':
        return ((bytes[0] ?? 0) & 0x0f) === 8 ? inflateSync(bytes, options) : inflateRawSync(bytes, options);
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}

/** Decodes by byte order mark, beginning of wide XML, `charset`, or XML declaration, in this order; else as UTF-8. */
function decoded(bytes: Buffer, contentType: string): string {
  const label =
    byteOrderMark(bytes) ||
    wideXml(bytes) ||
    parameter(contentType, 'charset') ||
    declaredEncoding(bytes) ||
    'utf-8';
  try {
    return new TextDecoder(label).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}

function byteOrderMark(bytes: Buffer): string {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 'utf-8' : '';
}

/** The byte order of UTF-16, by the beginning of the document; `charset=UTF-16` does not tell it (XML 1.0, F). */
function wideXml(bytes: Buffer): string {
  if (bytes[0] === 0 && bytes[1] === 0x3c) return 'utf-16be';
  return bytes[0] === 0x3c && bytes[1] === 0 ? 'utf-16le' : '';
}

/** The encoding in the XML declaration, which is readable in every superset of ASCII. */
function declaredEncoding(bytes: Buffer): string {
  const head = bytes.toString('latin1', 0, 200);
  return /^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']/.exec(head)?.[1] ?? '';
}

/** A parameter of a header such as `multipart/related; start="<root>"`, without quotes and angle brackets. */
function parameter(header: string, name: string): string {
  for (const piece of header.slice(0, 2000).split(';')) {
    const at = piece.indexOf('=');
    if (piece.slice(0, Math.max(at, 0)).trim().toLowerCase() !== name) continue;
    return withoutBrackets(
      piece
        .slice(at + 1)
        .trim()
        .replace(/^"/, '')
        .replace(/"$/, ''),
    );
  }
  return '';
}

function withoutBrackets(id: string): string {
  return id.startsWith('<') && id.endsWith('>') ? id.slice(1, -1) : id;
}

interface Part {
  readonly id: string;
  readonly type: string;
  readonly content: Buffer;
}

function isMultipart(contentType: string): boolean {
  return /^\s*multipart\//i.test(contentType);
}

/**
 * The parts between the boundaries (RFC 2046, 5.1.1).
 *
 * @returns undefined if there are too many, or the last one is not closed
 */
function partsOf(bytes: Buffer, boundary: string): Part[] | undefined {
  const mark = `--${boundary}`;
  const parts: Part[] = [];
  let at = boundaryFrom(bytes, mark, 0);
  while (at >= 0) {
    const begin = at + mark.length;
    if (bytes.toString('latin1', begin, begin + 2) === '--') return parts;
    const next = boundaryFrom(bytes, mark, begin);
    if (next < 0 || parts.length === MAX_PARTS) return undefined;
    const part = partOf(bytes.subarray(begin, next));
    // Nested parts are refused: they could say anything, and no SOAP stack sends them.
    if (isMultipart(part.type)) return undefined;
    parts.push(part);
    at = next;
  }
  return undefined;
}

/** The offset of the next boundary, which must be at the beginning of a line and complete. */
function boundaryFrom(bytes: Buffer, mark: string, from: number): number {
  for (let at = bytes.indexOf(mark, from); at >= 0; at = bytes.indexOf(mark, at + 1)) {
    const after = bytes.toString('latin1', at + mark.length, at + mark.length + 1);
    if ((at === 0 || bytes[at - 1] === 0x0a) && ['', '-', '\r', '\n', ' ', '\t'].includes(after)) return at;
  }
  return -1;
}

/** @param bytes the bytes between two boundaries, with the line ends around them */
function partOf(bytes: Buffer): Part {
  const crlf = bytes.indexOf('\r\n\r\n');
  const lf = crlf < 0 ? bytes.indexOf('\n\n') : -1;
  const headEnd = Math.max(crlf, lf, 0);
  // A header continues on lines that begin with a blank.
  const head = bytes.toString('latin1', 0, Math.min(headEnd, 8192)).replaceAll(/\r?\n[ \t]/g, ' ');
  const header = (name: string): string =>
    head
      .split(/\r?\n/)
      .find((line) => line.toLowerCase().startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim() ?? '';
  const content = bytes.subarray(headEnd + (crlf < 0 ? 2 : 4), lineEndBefore(bytes));
  const isBase64 = header('content-transfer-encoding').toLowerCase() === 'base64';
  return {
    id: withoutBrackets(header('content-id')),
    type: header('content-type'),
    content: isBase64 ? Buffer.from(content.toString('latin1'), 'base64') : content,
  };
}

/** The line end before a boundary belongs to the boundary. */
function lineEndBefore(bytes: Buffer): number {
  const end = bytes.length;
  if (bytes[end - 1] !== 0x0a) return end;
  return bytes[end - 2] === 0x0d ? end - 2 : end - 1;
}
