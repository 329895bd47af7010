/**
 * Encryption of what an outbox holds of messages: AES-256-GCM, the key made from a password by scrypt. Each sealed
 * value is bound to its place (table, column, row and part), so that none can be put into the place of another.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  type KeyObject,
  randomBytes,
  scryptSync,
} from 'node:crypto';
import { PkbOutboxError } from '../../errors.js';

/** As it is. */
const PLAIN = 0;
/** Encrypted by a version that did not bind values to their places; read only to seal them anew. */
const UNBOUND = 1;
/** Encrypted and bound. */
const BOUND = 2;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Where a sealed value stands, such as `text.body:12`. */
export type SealPlace = string;

/** Seals and opens values. A sealed value begins with a byte that says how. */
export class BodyCipher {
  readonly #key: Buffer | undefined;

  /** @param password blank = values are sealed as they are */
  constructor(password: string, salt: Buffer) {
    this.#key = password === '' ? undefined : scryptSync(password, salt, 32);
  }

  /** Whether it encrypts. */
  get isKeyed(): boolean {
    return this.#key !== undefined;
  }

  /** @returns the sealed text */
  seal(text: string, place: SealPlace): Buffer {
    if (this.#key === undefined) {
      const bytes = Buffer.allocUnsafe(1 + Buffer.byteLength(text));
      bytes[0] = PLAIN;
      bytes.write(text, 1, 'utf8');
      return bytes;
    }
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv);
    cipher.setAAD(Buffer.from(place));
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.from([BOUND]), iv, cipher.getAuthTag(), body]);
  }

  /**
   * @returns the text; blank for one that was erased
   * @throws PkbOutboxError where it was sealed with another key, for another place, or, where there is a key, not at all
   */
  open(sealed: unknown, place: SealPlace): string {
    if (!(sealed instanceof Uint8Array)) return '';
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (bytes[0] === PLAIN && this.#key === undefined) return bytes.toString('utf8', 1);
    if (bytes[0] !== BOUND || this.#key === undefined) throw wrongKey();
    return this.#decrypt(this.#key, bytes, place);
  }

  /** As {@link open}, also for values that are plain or not bound to their places: those of a file that is sealed anew. */
  openEarlier(sealed: unknown, place: SealPlace): string {
    if (!(sealed instanceof Uint8Array)) return '';
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (bytes[0] === PLAIN) return bytes.toString('utf8', 1);
    if (bytes[0] === UNBOUND && this.#key !== undefined) return this.#decrypt(this.#key, bytes, undefined);
    return this.open(sealed, place);
  }

  #decrypt(key: Buffer, bytes: Buffer, place: SealPlace | undefined): string {
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 1 + IV_BYTES));
      decipher.setAuthTag(bytes.subarray(1 + IV_BYTES, 1 + IV_BYTES + TAG_BYTES));
      if (place !== undefined) decipher.setAAD(Buffer.from(place));
      const body = bytes.subarray(1 + IV_BYTES + TAG_BYTES);
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
    } catch {
      throw wrongKey();
    }
  }
}

/** How a value is sealed: as it is, by an earlier version, or as this one does. */
export function formOf(sealed: Uint8Array): 'plain' | 'unbound' | 'bound' {
  if (sealed[0] === PLAIN) return 'plain';
  return sealed[0] === UNBOUND ? 'unbound' : 'bound';
}

/**
 * Names and IDs in an encrypted file: in their columns stand keyed hashes, by which they can be searched for, and the values
 * themselves are sealed. In a file without a key they stand as they are.
 */
export class Hidden {
  readonly #secret: KeyObject | undefined;

  /** @param secret undefined = nothing is hidden */
  constructor(secret: KeyObject | undefined) {
    this.#secret = secret;
  }

  /** What stands in a column for a value; blank stays blank. */
  hide(value: string): string {
    if (this.#secret === undefined || value === '') return value;
    return createHmac('sha256', this.#secret).update('column').update(value).digest('hex').slice(0, 32);
  }
}

function wrongKey(): PkbOutboxError {
  return new PkbOutboxError(
    'PKB_OUTBOX',
    'Enter the encryption key of the outbox: it was encrypted with another key than the one entered. Nothing was changed.',
  );
}
