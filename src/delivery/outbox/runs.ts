/**
 * Runs: what becomes of each item of a list, such as the letters of one night. Part of the contract of every store.
 *
 * States of an item, and what moves it on. It is in exactly one of them, because it is one row:
 *
 * - *waiting*: announced, or its message is pending, in flight or on hold.
 * - *accepted, rejected, errored, undeliverable, discarded*: as its message ended. Sending the message again makes it *waiting*.
 * - *duplicate*: the same was accepted or pending already, so that it was not stored: in another run, or at another place of the list.
 * - *stopped*: the guard stopped it. *unbuilt*: it could not be built or stored. Where it comes again and is stored, it is *waiting*.
 *
 * A run is *open* or *closed*. It is closed once all expected places of its list have come and none of their items is waiting; a message that is stored for it
 * afterwards opens it again. A crash changes none of this, since an item and its message are written in one transaction.
 */
import type { Outcome, Withdrawn } from '../outcome.js';
import type { FinalState } from './messages.js';

/** What tells an item from others, and whether it has changed. */
export interface RunItem {
  /** Name of the run. */
  readonly run: string;
  /** Keyed hash of what names the item within its Customer: the integrator's own reference, or the data point ID. */
  readonly key: string;
  /** Keyed hash of the reference alone, by which it is found where its Customer is not known; `key` where it has none. */
  readonly referenceKey: string;
  /** Keyed hash of its content; blank while that is not known. */
  readonly content: string;
  /** The integrator's own reference; blank where it has none. */
  readonly reference: string;
  /** Where it stands in its list, from 0; undefined where that is not known. The same at two places is two items. */
  readonly position: number | undefined;
}

/** The states of an item. */
export const ITEM_STATES = [
  'waiting',
  'accepted',
  'rejected',
  'errored',
  'undeliverable',
  'discarded',
  'stopped',
  'unbuilt',
  'duplicate',
] as const satisfies readonly ('waiting' | FinalState | 'stopped' | 'unbuilt' | 'duplicate')[];

/** One of {@link ITEM_STATES}. */
export type ItemState = (typeof ITEM_STATES)[number];

/** A message that is there already. */
export interface SameMessage {
  readonly id: number;
  readonly controlId: string;
  readonly state: 'queued' | 'accepted';
  /** Milliseconds since 1970. */
  readonly storedAt: number;
}

/** What became of an item that was handed in: its message was stored under this id, or the same is there. */
export type Placed = { readonly id: number } | { readonly same: SameMessage };

/** An item of which no message is stored. */
export interface ItemPlace extends RunItem {
  /** `waiting`: it was announced. */
  readonly state: 'waiting' | 'stopped' | 'unbuilt';
  /** Rule of the guard, or code of the error; blank where it waits. */
  readonly code: string;
  /** MSH-4; blank where it is not known. */
  readonly facility: string;
  /** Blank where it is not known. */
  readonly messageType: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What is said of a run when one of its items comes by. */
export interface RunStart {
  readonly name: string;
  /** Id of the pkb-run node that reports on it. */
  readonly reporter: string;
  /** How many items it is to have; undefined where nothing is said of that. */
  readonly expected: number | undefined;
  /** Whether it is the number, whatever was said before; otherwise the largest counts, unless one was exact. */
  readonly isExact: boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A run. */
export interface RunSummary {
  readonly name: string;
  /** Blank where no pkb-run node has seen it. */
  readonly reporter: string;
  /** Undefined while it is not known. */
  readonly expected: number | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Undefined while it is open. */
  readonly closedAt: number | undefined;
  /** Whether its report has been given to the flow since it was closed. */
  readonly isReported: boolean;
}

/** A run with its numbers. */
export interface RunCounts extends RunSummary {
  readonly items: number;
  /** How many places of its list have come: an item that came with another content is at the same place. */
  readonly places: number;
  /** How many items are in each state; all together are `items`. */
  readonly states: Readonly<Record<ItemState, number>>;
  /** How often an item came that had been stored before with this content. */
  readonly repeats: number;
  /** How many items came with different contents. */
  readonly changed: number;
}

/** One item in a report. */
export interface ReportedItem {
  /** Grows with the order in which items came first. */
  readonly n: number;
  readonly reference: string;
  /** MSH-4; blank where it is not known. */
  readonly facility: string;
  readonly messageType: string;
  readonly state: ItemState;
  /** Rule of the guard, or code of the error; blank otherwise. */
  readonly code: string;
  /** Of its message, or of the same one for a duplicate; blank where there is none. */
  readonly controlId: string;
  readonly dataPointId: string;
  /** Of its message, or of the same one; undefined where there is none. */
  readonly message: number | undefined;
  /** How the same one stands, for a duplicate. */
  readonly sameState: 'queued' | FinalState | undefined;
  /** How its message ended; undefined while it is pending, or where that was erased. PKB's words may quote the message. */
  readonly outcome: Outcome | Withdrawn | undefined;
  /** When it was stored; of an item without a message, when it came last. In milliseconds since 1970. */
  readonly at: number;
  /** When its message ended, in milliseconds since 1970. */
  readonly settledAt: number | undefined;
  readonly attempts: number;
  /** How often it came. */
  readonly arrivals: number;
}

/** What every outbox does for runs. All methods reject with a PkbOutboxError where the store cannot do its duty. */
export interface Runs {
  /** Makes a run, or says more of one. */
  begin(run: RunStart): Promise<void>;

  /** Notes items that have no message, in their order. One that has a message, or was announced before, stays as it is. */
  place(places: readonly ItemPlace[]): Promise<void>;

  /** The latest runs, the last begun first. @param reporter of this pkb-run node only, and of these those not yet reported */
  all(most: number, reporter?: string): Promise<RunSummary[]>;

  /** One run with its numbers; undefined where there is none of this name. */
  one(name: string): Promise<RunCounts | undefined>;

  /** Items of a run in the order in which they came first. @param after `n` of the one behind which to begin; 0 = all */
  items(name: string, after: number, most: number): Promise<ReportedItem[]>;

  /** Closes a run if all expected items have come and none is waiting. @returns whether this call closed it */
  close(name: string, at: number): Promise<boolean>;

  /**
   * Asks for the right to give out the report of a closed run, which several processes may want.
   *
   * @param at now, in milliseconds since 1970
   * @param until after which another may have it, if the report has not been noted
   */
  claim(name: string, at: number, until: number): Promise<boolean>;

  /** Notes that the report was given to the flow. @param closedAt which closing it is about */
  reported(name: string, closedAt: number): Promise<void>;
}
