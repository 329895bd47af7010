/** What the routes answer (`../routes.ts`). */
import type {
  EndedCount,
  ListedMessage,
  MessageLife,
  MessageList,
} from '../../../src/delivery/outbox/ledger.js';
import type { LetterCount } from '../../../src/delivery/outbox/letters.js';
import type { LetterReport, ShownWatcher } from '../../../src/operator/letter-report.js';
import type { RunPage, ShownItem } from '../../../src/operator/run-page.js';
import type { RunReport } from '../../../src/operator/run-report.js';
import type { ShownConnection } from '../../common/shown.js';

export type { LetterCount, LetterReport, ShownWatcher };
export type { RunPage, RunReport, ShownItem };
export type { EndedCount, ListedMessage, MessageList, ShownConnection };

/** How all connections stand, and what the user may do. */
export interface Overview {
  readonly connections: readonly ShownConnection[];
  readonly may: { readonly act: boolean; readonly see: boolean };
  readonly now: number;
}

/** What ended in the last hours. */
export interface Hours {
  readonly since: number;
  readonly hours: number;
  readonly counts: readonly EndedCount[];
}

/** One message, with its texts where the user may see them. */
export interface Life extends Pick<MessageLife, 'listed' | 'due' | 'history' | 'told'> {
  readonly reason?: string;
  readonly ack?: string;
  readonly hl7?: string;
  /** Why texts are not shown. */
  readonly hidden?: string;
}
