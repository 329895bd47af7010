/**
 * The trail of what people did and looked at: each record is hashed together with the one before it, by the outbox's own key, so
 * that nobody without the key can change, add or remove one in between unseen.
 */
import { createHmac, type KeyObject } from 'node:crypto';

/** What somebody did or looked at. No patient data but what a reason holds that a person typed. */
export interface TrailEntry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly user: string;
  /** Such as `pkb.shown`. */
  readonly event: string;
  /** What it was about, as JSON. */
  readonly details: string;
}

/** An entry in its place. */
export interface TrailRecord extends TrailEntry {
  /** From 1, without a gap. */
  readonly n: number;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

/** A record of an entry. @param before the last record; undefined for the first */
export function recordOf(entry: TrailEntry, before: TrailRecord | undefined, secret: KeyObject): TrailRecord {
  const n = (before?.n ?? 0) + 1;
  return { ...entry, n, hash: hashOf({ ...entry, n }, before?.hash ?? '', secret) };
}

/**
 * Looks whether a trail is as it was written.
 *
 * @param records all of them, or those behind `before`
 * @returns the number at which a record is missing or does not fit; undefined where all are as they were
 */
export function firstBroken(
  records: readonly TrailRecord[],
  before: TrailRecord | undefined,
  secret: KeyObject,
): number | undefined {
  let last = before;
  for (const record of records) {
    const { n, hash } = recordOf(record, last, secret);
    if (record.n !== n || record.hash !== hash) return n;
    last = record;
  }
  return undefined;
}

function hashOf(
  { n, at, user, event, details }: Omit<TrailRecord, 'hash'>,
  before: string,
  secret: KeyObject,
): string {
  return createHmac('sha256', secret)
    .update('trail')
    .update(JSON.stringify([before, n, at, user, event, details]))
    .digest('hex');
}
