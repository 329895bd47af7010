/**
 * Texts just stored, which mostly are sent at once: kept on this side of the thread, up to a limit, so that they need not
 * come back from it.
 */
import type { Texts } from '../texts.js';

/** How much is kept, in UTF-16 units; or one text, however long. */
const LIMIT = 2 ** 21;

/** Keeps texts by the id of their message. */
export class KeptTexts {
  readonly #texts = new Map<number, Texts>();
  #units = 0;

  /** Makes room for the texts of a message that is being stored. @returns whether there is any */
  reserve(texts: Texts): boolean {
    const units = unitsOf(texts);
    if (this.#units > 0 && this.#units + units > LIMIT) return false;
    this.#units += units;
    return true;
  }

  /** Keeps what room was made for. */
  keep(id: number, { body, carried }: Texts): void {
    this.#texts.set(id, { body, carried });
  }

  /** The room is not needed: the message was not stored. */
  giveUp(texts: Texts): void {
    this.#units -= unitsOf(texts);
  }

  /** Gives texts back and forgets them. */
  release(id: number): Texts | undefined {
    const texts = this.#texts.get(id);
    if (texts === undefined) return undefined;
    this.#texts.delete(id);
    this.#units -= unitsOf(texts);
    return texts;
  }

  /** Forgets all. */
  clear(): void {
    for (const id of this.#texts.keys()) this.release(id);
  }
}

function unitsOf({ body, carried }: Texts): number {
  return body.length + carried.length;
}
