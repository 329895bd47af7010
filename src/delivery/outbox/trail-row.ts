/** A record of the trail as a row of an outbox's database. */
import type { BodyCipher } from './cipher.js';
import type { Row, Value } from './row.js';
import type { TrailRecord } from './trail.js';

/** The columns of `trail`, in the order of {@link trailValues}. */
export const TRAIL_COLUMNS = 'n, at, username, event, details, hash';

/** The values of {@link TRAIL_COLUMNS}. */
export function trailValues({ n, at, user, event, details, hash }: TrailRecord, cipher: BodyCipher): Value[] {
  return [n, at, user, event, cipher.seal(details, placeOfDetails(n)), hash];
}

/** A record from a row with {@link TRAIL_COLUMNS}. */
export function trailRecord(row: Row, cipher: BodyCipher): TrailRecord {
  const n = Number(row['n']);
  return {
    n,
    at: Number(row['at']),
    user: row['username'] as string,
    event: row['event'] as string,
    details: cipher.open(row['details'], placeOfDetails(n)),
    hash: row['hash'] as string,
  };
}

function placeOfDetails(n: number): string {
  return `trail.details:${n}`;
}
