/** The content of a file that is written to here and there. */
import type { FileEvent } from './events.js';
import type { Dice } from './random.js';

type Write = Extract<FileEvent, { kind: 'write' }>;
type Truncation = Extract<FileEvent, { kind: 'truncate' }>;

/** A file's content. */
export class Image {
  #store: Buffer;
  #size: number;

  constructor(content: Buffer = Buffer.alloc(0)) {
    this.#store = Buffer.from(content);
    this.#size = content.length;
  }

  get bytes(): Buffer {
    return this.#store.subarray(0, this.#size);
  }

  copy(): Image {
    return new Image(this.bytes);
  }

  apply(change: Write | Truncation): void {
    if (change.kind === 'write') return this.#write(change.offset, change.data);
    if (change.size > this.#size) return this.grow(change.size, 0);
    this.#size = change.size;
  }

  applyAll(changes: readonly (Write | Truncation)[]): this {
    for (const change of changes) this.apply(change);
    return this;
  }

  /** Writes those units of a write that chance chooses; units stand at multiples of their length in the file. */
  writeTorn({ offset, data }: Write, unit: number, dice: Dice): void {
    const end = offset + data.length;
    for (let at = offset; at < end;) {
      const next = Math.min(end, (Math.floor(at / unit) + 1) * unit);
      if (dice(2) === 0) this.#write(at, data.subarray(at - offset, next - offset));
      at = next;
    }
  }

  /** Makes it at least so long; what is new is filled with a byte. */
  grow(size: number, filling: number): void {
    if (size <= this.#size) return;
    if (size > this.#store.length) {
      const larger = Buffer.alloc(Math.max(size, 2 * this.#store.length));
      this.#store.copy(larger, 0, 0, this.#size);
      this.#store = larger;
    }
    this.#store.fill(filling, this.#size, size);
    this.#size = size;
  }

  #write(offset: number, data: Buffer): void {
    this.grow(offset + data.length, 0);
    data.copy(this.#store, offset);
  }
}
