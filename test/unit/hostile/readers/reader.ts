/** What a reader is, for those who time it. */
import { PkbError } from '../../../../src/errors.js';

/** Reads one text; what it throws must be a {@link PkbError}. */
export type Reader = (text: string) => unknown;

/** Readers by name. */
export type Readers = Readonly<Record<string, Reader>>;

/** A reader of something made of a text. It is made once for each text, so that only the reading is timed. */
export function made<T>(make: (text: string) => T, reader: (made: T) => unknown): Reader {
  let last: { readonly text: string; readonly made: T } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, made: make(text) };
    return reader(last.made);
  };
}

/** A reader of UTF-8 bytes. */
export function ofBytes(reader: (bytes: Buffer) => unknown): Reader {
  return made((text) => Buffer.from(text, 'utf8'), reader);
}

/** Whether an error is one that callers are told to expect. */
export function isExpected(error: unknown): boolean {
  return error instanceof PkbError;
}
