/**
 * The documents that PKB has filed, and when their patients read them. A document is known by its facility (MSH-4) and its
 * identifier (TXA-12.1), from MDM^T02 until MDM^T11. What is held for review is unknown here.
 */
import { PkbConfigError } from '../../errors.js';
import { own } from '../../hl7/own.js';
import type { Limits } from '../limits.js';

/** A filed document. */
export interface FiledDocument {
  readonly id: string;
  /** MSH-4 of the message that brought it. */
  readonly facility: string;
  /** When it is first read, as milliseconds since 1970; in the future if it is still to be read; undefined if never. */
  readAt: number | undefined;
}

/** When documents are read without anybody's doing. */
export interface ReadingHabit {
  /** The first of each so many documents is read; 0 = none. */
  readonly every: number;
  /** How long after it was received it is read, in seconds. */
  readonly afterSeconds: number;
  /** Whether a document counts as unread again when an MDM^T02 replaces it. PKB's own way is unknown. */
  readonly againUnread: boolean;
}

/** Estimated bytes of a document without its texts. */
const DOCUMENT_BYTES = 400;

/** The filed documents, the least recently received first. */
export class Documents {
  readonly #limits: Limits;
  readonly #habit: ReadingHabit;
  readonly #now: () => Date;
  /** Customers may use the same identifier, so there can be several documents of one. */
  readonly #byId = new Map<string, FiledDocument[]>();
  readonly #order = new Set<FiledDocument>();
  #received = 0;
  #bytes = 0;
  #forgotten = 0;

  constructor(limits: Limits, habit: ReadingHabit, now: () => Date) {
    this.#limits = limits;
    this.#habit = habit;
    this.#now = now;
  }

  /** How many documents have been forgotten, to stay within the limits. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Takes a new document, or a new version of a known one. */
  put(facility: string, id: string): void {
    const before = this.find(id, facility);
    if (before !== undefined) this.#remove(before);
    const { every, afterSeconds, againUnread } = this.#habit;
    const isRead = every > 0 && this.#received++ % every === 0;
    const readAt = isRead ? this.#now().getTime() + afterSeconds * 1000 : undefined;
    const kept = againUnread ? undefined : before?.readAt;
    const document: FiledDocument = { id: own(id), facility: own(facility), readAt: kept ?? readAt };
    const same = this.#byId.get(document.id);
    if (same === undefined) this.#byId.set(document.id, [document]);
    else same.push(document);
    this.#order.add(document);
    this.#bytes += sizeOf(document);
    for (const oldest of this.#order) {
      if (this.#order.size <= this.#limits.documents && this.#bytes <= this.#limits.documentMemory) return;
      this.#remove(oldest);
      this.#forgotten++;
    }
  }

  /** Takes a document back. */
  delete(facility: string, id: string): void {
    const document = this.find(id, facility);
    if (document !== undefined) this.#remove(document);
  }

  /**
   * Finds a document.
   *
   * @param facility MSH-4 of its Customer; undefined = any, and then the latest with this identifier
   */
  find(id: string, facility: string | undefined): FiledDocument | undefined {
    return this.#byId.get(id)?.findLast((one) => facility === undefined || one.facility === facility);
  }

  /** When a document was first read; undefined if it has not been read yet. */
  readTime({ readAt }: FiledDocument): Date | undefined {
    return readAt !== undefined && readAt <= this.#now().getTime() ? new Date(readAt) : undefined;
  }

  /**
   * Has a document be read. The first time counts.
   *
   * @param at when; default now. In the future, it is unread until then
   * @param facility as for {@link find}; undefined = the documents of all Customers with this identifier
   * @returns whether there is such a document
   * @throws PkbConfigError `PKB_SETTING` for a time that is none
   */
  markRead(id: string, at: Date = this.#now(), facility?: string): boolean {
    const time = at.getTime();
    if (Number.isNaN(time))
      throw new PkbConfigError('PKB_SETTING', 'The time at which a document is read must be a valid time.');
    const documents = (this.#byId.get(id) ?? []).filter(
      (one) => facility === undefined || one.facility === facility,
    );
    for (const document of documents) document.readAt = Math.min(document.readAt ?? Infinity, time);
    return documents.length > 0;
  }

  #remove(document: FiledDocument): void {
    if (!this.#order.delete(document)) return;
    this.#bytes -= sizeOf(document);
    const others = (this.#byId.get(document.id) ?? []).filter((one) => one !== document);
    if (others.length === 0) this.#byId.delete(document.id);
    else this.#byId.set(document.id, others);
  }
}

function sizeOf({ id, facility }: FiledDocument): number {
  return 2 * (id.length + facility.length) + DOCUMENT_BYTES;
}
