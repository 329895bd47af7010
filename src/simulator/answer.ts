/**
 * An HTTP answer, and how it is sent.
 */

/** An HTTP answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Milliseconds before it is sent. */
  readonly delay?: number;
  /** How to send it, if not simply whole. */
  readonly manner?: 'drop' | 'half' | 'never' | 'drip';
}
