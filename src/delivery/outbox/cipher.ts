/**
 * Encryption of what an outbox file holds of messages: AES-256-GCM, the key made from a password by scrypt.
 */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { PkbOutboxError } from '../../errors.js';

const PLAIN = 0;
const ENCRYPTED = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Seals and opens texts. A sealed text begins with a byte that says whether it is encrypted. */
export class BodyCipher {
  readonly #key: Buffer | undefined;

  /** @param password blank = texts are sealed as they are */
  constructor(password: string, salt: Buffer) {
    this.#key = password === '' ? undefined : scryptSync(password, salt, 32);
  }

  /** @returns the sealed text */
  seal(text: string): Buffer {
    if (this.#key === undefined) {
      const bytes = Buffer.allocUnsafe(1 + Buffer.byteLength(text));
      bytes[0] = PLAIN;
      bytes.write(text, 1, 'utf8');
      return bytes;
    }
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv);
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.from([ENCRYPTED]), iv, cipher.getAuthTag(), body]);
  }

  /** @returns the text; blank for one that was erased */
  open(sealed: unknown): string {
    if (!(sealed instanceof Uint8Array)) return '';
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (bytes[0] === PLAIN) return bytes.toString('utf8', 1);
    if (this.#key === undefined) throw wrongKey();
    const iv = bytes.subarray(1, 1 + IV_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, iv);
    decipher.setAuthTag(bytes.subarray(1 + IV_BYTES, 1 + IV_BYTES + TAG_BYTES));
    try {
      const body = bytes.subarray(1 + IV_BYTES + TAG_BYTES);
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
    } catch {
      throw wrongKey();
    }
  }

  /** Whether a sealed text is encrypted. */
  encrypts(sealed: Uint8Array): boolean {
    return sealed[0] === ENCRYPTED;
  }

  /** @throws PkbOutboxError where a sealed text cannot be opened with this key */
  mustOpen(sealed: Uint8Array): void {
    this.open(sealed);
  }
}

function wrongKey(): PkbOutboxError {
  return new PkbOutboxError(
    'PKB_OUTBOX',
    'The outbox file was encrypted with another key than the one entered; enter the right one. The file is untouched.',
  );
}
