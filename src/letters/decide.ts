/** What becomes of a letter after PKB was asked about it: a pure function of what is known. */
import type { Receipt } from '../api/read-receipts.js';
import type { LetterEnd, WatchedLetter } from '../delivery/outbox/letters.js';

/** Why the watching of a letter ended, for people and for the flow. */
export const END_REASONS = {
  read: 'PKB says that it was read.',
  unread: 'It was not read by its deadline.',
  unknown:
    'PKB does not know the letter at its deadline: it may be held for the Customer’s review, or deleted.',
  unclear: 'Whether it was read cannot be told from PKB’s answer; check the names of the parts in pkb api.',
  unanswered: 'PKB gave no usable answer by its deadline, nor in the time of Wait for PKB after it.',
  organisation: 'PKB cannot be asked: its Customer has no organisation UUID.',
  unregistered: 'The patient is not registered with PKB.',
  requested: 'The flow asked for it to be posted at once.',
  refused: 'PKB rejected the letter, or it could not be delivered. After an unclear answer, PKB may have it.',
  unsent: 'It was not taken for sending; the error of pkb send says why.',
  discarded: 'A person discarded the letter before it was sent.',
} as const;

/** One of {@link END_REASONS}. */
export type EndReason = keyof typeof END_REASONS;

/** A reason in words; the reason itself where it is of another version, which this one does not know. */
export function reasonText(reason: string): string {
  return Object.hasOwn(END_REASONS, reason) ? END_REASONS[reason as EndReason] : reason;
}

/** What PKB said of a letter; `unknown` where it left it out, `unanswered` where it gave no answer. */
export type Said = Receipt | { readonly state: 'unknown' | 'unanswered' | 'organisation' };

/** The terms on which letters are watched. */
export interface WatchTerms {
  /** How long after the deadline an answer is waited for, in milliseconds. */
  readonly graceMs: number;
  /** What becomes of a letter that PKB does not know at its deadline. */
  readonly ifUnknown: 'attention' | 'post';
}

/** An end, or undefined while the letter is watched on. */
export type Decision =
  { readonly end: LetterEnd; readonly reason: EndReason; readonly readAt: number | undefined } | undefined;

/**
 * Decides. Of a letter that PKB knows, only an explicit “read” stops the posting; no failure does.
 *
 * @param now when PKB was asked, in milliseconds since 1970
 */
export function decide(
  { deadline, at }: Pick<WatchedLetter, 'deadline' | 'at'>,
  said: Said,
  now: number,
  { graceMs, ifUnknown, since }: WatchTerms & { readonly since: number },
): Decision {
  if (said.state === 'read') return { end: 'read', reason: 'read', readAt: said.at };
  if (now < deadline) return undefined;
  const post = (reason: EndReason): Decision => ({ end: 'post', reason, readAt: undefined });
  switch (said.state) {
    case 'unread':
      return post('unread');
    case 'undetermined':
      return post('unclear');
    case 'organisation':
      return post('organisation');
    case 'unknown':
      return { end: ifUnknown, reason: 'unknown', readAt: undefined };
    case 'unanswered':
      // A process that was away could not ask, and a deadline may have been past from the beginning.
      return now >= Math.max(deadline, at, since) + graceMs ? post('unanswered') : undefined;
    default:
      return said satisfies never;
  }
}
