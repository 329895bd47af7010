/** What became of each item of a run, as data and as a list for a spreadsheet. */
import { reasonOf } from '../delivery/outcome.js';
import type { ItemState, ReportedItem, RunCounts } from '../delivery/outbox/runs.js';
import { isoTime } from '../iso-time.js';
import { csv, csvRows } from './csv.js';

/** One item in a report. Times are in ISO 8601 with an offset; what is not known is blank. */
export interface ReportRow {
  readonly reference: string;
  /** MSH-4. */
  readonly customer: string;
  readonly messageType: string;
  readonly state: ItemState;
  /** MSA-1, rule of the guard, or code of the error. */
  readonly code: string;
  /** PKB's words, or why it could not be delivered; left out unless they are asked for, since they may quote the message. */
  readonly words?: string;
  /** Of its message, or of the same one for a duplicate. */
  readonly controlId: string;
  readonly dataPointId: string;
  /** When it came last. */
  readonly at: string;
  /** When its message ended. */
  readonly endedAt: string;
  readonly attempts: number;
  /** How often it came. */
  readonly arrivals: number;
  /** How the same one stands, for a duplicate. */
  readonly sameState: string;
}

/** A run with all its items. */
export interface RunReport {
  readonly run: string;
  readonly closed: boolean;
  /** Why it is not closed; blank where it is. */
  readonly reason: string;
  readonly startedAt: string;
  readonly closedAt: string;
  /** Null while it is not known. */
  readonly expected: number | null;
  /** How many items came. */
  readonly count: number;
  /** How many places of its list came, to be compared with what was expected: an item with another content is at the same place. */
  readonly places: number;
  /** How many of them are in each state. */
  readonly states: Readonly<Record<ItemState, number>>;
  /** How often an item came that had come before. */
  readonly repeats: number;
  /** How many items came with different contents. */
  readonly changed: number;
}

/** The numbers of a run, and why it is open. */
export function summaryReport(run: RunCounts): RunReport {
  const { name, startedAt, closedAt, expected, items, places, states, repeats, changed } = run;
  return {
    run: name,
    closed: closedAt !== undefined,
    reason: whyOpen(run),
    startedAt: isoTime(startedAt),
    closedAt: isoTime(closedAt),
    expected: expected ?? null,
    count: items,
    places,
    states,
    repeats,
    changed,
  };
}

/** One item. @param withWords whether PKB's words are asked for */
export function reportRow(item: ReportedItem, withWords: boolean): ReportRow {
  const { outcome, reference, facility, messageType, state, controlId, dataPointId, attempts, arrivals } =
    item;
  const acknowledged = outcome !== undefined && 'code' in outcome ? outcome.code : '';
  const words = outcome === undefined || outcome.outcome === 'accepted' ? '' : reasonOf(outcome);
  return {
    reference,
    customer: facility,
    messageType,
    state,
    code: item.code || acknowledged,
    ...(withWords && { words }),
    controlId,
    dataPointId,
    at: isoTime(item.at),
    endedAt: isoTime(item.settledAt),
    attempts,
    arrivals,
    sameState: item.sameState === 'queued' ? 'pending' : (item.sameState ?? ''),
  };
}

/** The columns of the list, with their heads. */
const COLUMNS = [
  ['reference', 'Reference'],
  ['customer', 'Customer'],
  ['messageType', 'Type'],
  ['state', 'State'],
  ['code', 'Code'],
  ['words', 'Words'],
  ['controlId', 'Control ID'],
  ['dataPointId', 'Data point ID'],
  ['at', 'Came'],
  ['endedAt', 'Ended'],
  ['attempts', 'Attempts'],
  ['arrivals', 'Arrivals'],
  ['sameState', 'State of the earlier message'],
] as const satisfies readonly (readonly [keyof ReportRow, string])[];

/** The items as CSV for a spreadsheet: UTF-8 with a byte order mark, and no cell is a formula. */
export function reportCsv(rows: readonly ReportRow[]): string {
  const withWords = rows.some((row) => row.words !== undefined);
  return reportCsvHead(withWords) + reportCsvRows(rows, withWords);
}

/** The beginning of {@link reportCsv}: the byte order mark and the heads. @param withWords whether it has PKB's words */
export function reportCsvHead(withWords: boolean): string {
  return csv(
    columnsOf(withWords).map(([, head]) => head),
    [],
  );
}

/** Some rows of {@link reportCsv}, so that a long list is made in parts. @param withWords as in its head */
export function reportCsvRows(rows: readonly ReportRow[], withWords: boolean): string {
  const columns = columnsOf(withWords);
  return csvRows(rows.map((row) => columns.map(([name]) => String(row[name] ?? ''))));
}

function columnsOf(withWords: boolean): readonly (typeof COLUMNS)[number][] {
  return COLUMNS.filter(([name]) => name !== 'words' || withWords);
}

/** Why a run is not closed, in a sentence; blank where it is. */
export function whyOpen({ closedAt, expected, items, places, states: { waiting } }: RunCounts): string {
  if (closedAt !== undefined) return '';
  const waits = waiting === 0 ? '' : ` ${waiting} ${waiting === 1 ? 'is' : 'are'} waiting.`;
  if (expected === undefined)
    return `It is not known how many items are to come: set msg.expected. ${items} came.${waits}`;
  if (places < expected) return `${expected - places} of ${expected} items did not come.${waits}`;
  return waits === '' ? 'It is about to be closed.' : waits.trim();
}
