/** Embedded documents and long values, which no pack of evidence holds: what stands in their place. */
import { createHash } from 'node:crypto';

/** Longer values are shown by their size. */
const LONGEST_VALUE = 4000;

/** Of shorter documents a hash would give the content away to whoever tries all there could be. */
const SHORTEST_HASHED = 1024;

/** OBX-5 of type ED: source, type, subtype and encoding, then the data (HL7 v2.5, chapter 2A, ED). */
export interface Embedded {
  /** What stands before the data, with its last delimiter. */
  readonly head: string;
  readonly isBase64: boolean;
  readonly data: string;
}

/**
 * Takes OBX-5 of type ED apart.
 *
 * @param component the delimiter of components
 * @returns undefined where it has no data
 */
export function embeddedIn(value: string, component: string): Embedded | undefined {
  let at = -1;
  let encoding = '';
  for (let i = 0; i < 4; i++) {
    const next = value.indexOf(component, at + 1);
    if (next < 0) return undefined;
    encoding = value.slice(at + 1, Math.min(next, at + 20));
    at = next;
  }
  if (at + 1 >= value.length) return undefined;
  return {
    head: value.slice(0, at + 1),
    isBase64: encoding.toLowerCase() === 'base64',
    data: value.slice(at + 1),
  };
}

/**
 * What stands in the place of a document: its size and hash, so that it can be compared with the file.
 *
 * @returns undefined where it is too short, or no file, so that a hash would give it away
 */
export function documentShown({ data, isBase64 }: Embedded): string | undefined {
  if (!isBase64) return undefined;
  const bytes = Buffer.from(data.replaceAll('\\.br\\', ''), 'base64');
  return bytes.length < SHORTEST_HASHED ? undefined : sized('document', bytes);
}

/** A value as it is shown where it is not masked: a document or a long text by its size and hash. */
export function valueShown(value: string): string {
  return value.length > LONGEST_VALUE ? sized('text', Buffer.from(value, 'utf8')) : value;
}

/** As {@link documentShown}, of any size and kind. */
export function anyDocumentShown({ data, isBase64 }: Embedded): string {
  if (!isBase64) return sized('document', Buffer.from(data, 'utf8'));
  return sized('document', Buffer.from(data.replaceAll('\\.br\\', ''), 'base64'));
}

function sized(what: string, bytes: Buffer): string {
  return `[${what}: ${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}]`;
}
