/** What a writer is to do, and what it did, in the order in which it did it: to the files of one folder, and what it said of it. */

/** A change of a folder's files, or a sync. Files are numbered, since a name can stand for one after the other. */
export type FileEvent =
  | { readonly kind: 'create'; readonly name: string; readonly file: number }
  | { readonly kind: 'write'; readonly file: number; readonly offset: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly file: number; readonly size: number }
  | { readonly kind: 'unlink'; readonly name: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'sync'; readonly file: number }
  | { readonly kind: 'syncFolder' };

/** An operation on the outbox, as the writer says it before it begins. `message` is the control ID it first had. */
export type Operation =
  | {
      readonly op: 'add';
      readonly message: string;
      readonly key: string;
      readonly text: string;
      readonly life: number;
    }
  | {
      readonly op: 'postpone';
      readonly message: string;
      readonly version: string;
      readonly attempts: number;
    }
  | {
      readonly op: 'settle';
      readonly message: string;
      readonly version: string;
      readonly state: string;
      readonly hold: boolean;
    }
  | { readonly op: 'told'; readonly message: string }
  | {
      readonly op: 'replay';
      readonly message: string;
      readonly version: string;
      readonly text: string;
    }
  | { readonly op: 'release' }
  /** A file is removed under the outbox by somebody else; done when the outbox has acknowledged something after that. */
  | { readonly op: 'remove' };

/** One life of a writer. */
export interface Life {
  /** How many messages it hands in. */
  readonly messages: number;
  /** Whether it is killed in the end or closes the outbox. */
  readonly ending: 'kill' | 'close';
  /** Length of the longest texts. */
  readonly longest?: number;
  /** The file that it removes under its outbox, half-way: SQLite's own or its log. */
  readonly removes?: '' | '-wal';
}

/** A line of the writer's: an operation begins, or has been acknowledged by the outbox. `text` is a SHA-256. */
export type Fact =
  | { readonly n: number; readonly begun: Operation }
  | { readonly n: number; readonly done: true; readonly id?: number };

/** One event of a recording. */
export type RecordedEvent = FileEvent | { readonly kind: 'fact'; readonly fact: Fact };
