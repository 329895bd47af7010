/**
 * Character sets of HL7 table 0211, for the bytes of messages that declare one in MSH-18.
 */
import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { PkbMessageError } from '../errors.js';

/** HL7 table 0211 to names that iconv-lite knows. ASCII is read as UTF-8, because it is a part of UTF-8. */
const CHARSETS: Readonly<Record<string, string>> = {
  ASCII: 'utf8',
  UTF8: 'utf8',
  'UTF-8': 'utf8',
  UNICODE: 'utf8',
  'UNICODE UTF-8': 'utf8',
  'UNICODE UTF-16': 'utf16',
  'UTF-16': 'utf16',
  'UNICODE UTF-32': 'utf32',
  'UTF-32': 'utf32',
  'GB 18030-2000': 'gb18030',
  'KS X 1001': 'euc-kr',
  'BIG-5': 'big5',
  ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9, 15].map((part) => [`8859/${part}`, `iso-8859-${part}`])),
};

/**
 * Decodes bytes strictly.
 *
 * @param declared raw MSH-18, a name of table 0211
 * @throws PkbMessageError `PKB_HL7_CHARSET` for an unknown name, or for bytes that are not in that character set
 */
export function decodeCharset(bytes: Buffer, declared: string): string {
  const encoding = Object.hasOwn(CHARSETS, declared.toUpperCase())
    ? CHARSETS[declared.toUpperCase()]
    : undefined;
  if (encoding === undefined) {
    throw new PkbMessageError(
      'PKB_HL7_CHARSET',
      'MSH-18 declares a character set that is not supported; decode the bytes to text before this node.',
    );
  }
  if (encoding === 'utf8' && isUtf8(bytes)) return bytes.toString('utf8');
  const text = encoding === 'utf8' ? '\uFFFD' : iconv.decode(bytes, encoding);
  if (!text.includes('\uFFFD')) return text;
  throw new PkbMessageError(
    'PKB_HL7_CHARSET',
    'The bytes are not in the character set that MSH-18 declares; declare the right one, or decode them before.',
  );
}
