/** The commands about runs, which ask a running Node-RED: runs, run. */
import { parseArgs } from 'node:util';
import { ITEM_STATES } from '../delivery/outbox/runs.js';
import { MOST_ITEMS, type RunPage, type ShownItem } from '../operator/run-page.js';
import { reportCsvHead, reportCsvRows, type RunReport } from '../operator/run-report.js';
import { chosen } from './filter.js';
import type { NodeRed } from './node-red.js';
import { shownLine } from './shown-line.js';

/** How these commands are called. */
export const RUNS_USAGE = `pkb-outbox runs    [--connection C] [--most 20] [--json]
                                       the latest runs with their numbers
pkb-outbox run     [--connection C] [--state S] [--csv|--json] [--words] NAME
                                       one run; what became of each item with --csv, --json or --state
           S is ${ITEM_STATES.slice(0, 5).join('|')}
                |${ITEM_STATES.slice(5).join('|')}
           --words adds PKB's words: for users with pkb.phi, and a line in the trail
           exit code of run: 0 = the run is closed, so that each expected item has an end, accepted or not;
           1 = it is open, there is none of this name, or Node-RED does not answer; 2 = wrong call or setting`;

/** What a command does. @param print takes what it says, piece by piece; gives back the exit code */
type Run = (nodeRed: NodeRed, print: (text: string) => void) => Promise<number>;

const OPTIONS = {
  connection: { type: 'string' },
  most: { type: 'string' },
  state: { type: 'string' },
  csv: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  words: { type: 'boolean', default: false },
} as const;

/** How many runs can be asked for. */
const MOST_RUNS = 100;

/** What the arguments ask for; undefined where they are none of these commands, or are wrong. */
export function runsCommand([command, ...rest]: readonly string[]): Run | undefined {
  if (command !== 'runs' && command !== 'run') return undefined;
  let parsed;
  try {
    parsed = parseArgs({ args: rest, allowPositionals: true, options: OPTIONS });
  } catch {
    return undefined;
  }
  const { positionals, values } = parsed;
  const { connection, most = '20', state, csv, json, words } = values;
  if (command === 'runs') {
    const count = Number(most);
    const isWrong = positionals.length > 0 || csv || words || state !== undefined;
    if (isWrong || !Number.isInteger(count) || count < 1 || count > MOST_RUNS) return undefined;
    return listRuns(connection, count, json);
  }
  const [name, second] = positionals;
  if (!name || second !== undefined || values.most !== undefined || (csv && json)) return undefined;
  if (state !== undefined && !ITEM_STATES.some((one) => one === state)) return undefined;
  if (words && !csv && !json && state === undefined) return undefined;
  const form = csv ? CSV : json ? JSON_TEXT : state === undefined ? SUMMARY : LINES;
  return printRun({ run: name, connection, state, words }, form);
}

function listRuns(connection: string | undefined, most: number, json: boolean): Run {
  return async (nodeRed, print) => {
    const asked = { connection: await chosen(nodeRed, connection), most };
    const { runs } = await nodeRed.ask<{ runs: readonly RunReport[] }>('runs', asked);
    if (json) print(`${JSON.stringify(runs, undefined, 2)}\n`);
    else if (runs.length === 0) print('There is no run yet.\n');
    else for (const run of runs) print(shownLine([run.run, standing(run), numbers(run).join(', ')]));
    return 0;
  };
}

/** How a run is printed: its numbers, then its items page by page, unless there is nothing for them. */
interface Form {
  readonly head: (run: RunReport, words: boolean) => string;
  readonly items?: (items: readonly ShownItem[], words: boolean, isFirst: boolean) => string;
  readonly end?: string;
}

const SUMMARY: Form = {
  head: (run) => [shownLine([run.run, standing(run)]), ...numbers(run).map((line) => `  ${line}\n`)].join(''),
};

const LINES: Form = { ...SUMMARY, items: (items) => items.map(itemLine).join('') };

const CSV: Form = {
  head: (_, words) => reportCsvHead(words),
  items: (items, words) => reportCsvRows(items, words),
};

const JSON_TEXT: Form = {
  head: (run) => `${JSON.stringify(run).slice(0, -1)},"items":[`,
  items: (items, _, isFirst) =>
    items.map((item, i) => `${isFirst && i === 0 ? '' : ','}\n${JSON.stringify(item)}`).join(''),
  end: '\n]}\n',
};

interface AskedRun {
  readonly run: string;
  readonly connection: string | undefined;
  readonly state: string | undefined;
  readonly words: boolean;
}

function printRun(asked: AskedRun, { head, items: shown, end }: Form): Run {
  return async (nodeRed, print) => {
    const connection = await chosen(nodeRed, asked.connection);
    const most = shown === undefined ? 0 : MOST_ITEMS;
    let after: number | null = 0;
    let isFirst = true;
    let isClosed = false;
    let count = 0;
    do {
      const page: RunPage = await nodeRed.ask('run', { ...asked, connection, after, most });
      const { items, next, ...report } = page;
      if (after === 0) {
        print(head(report, asked.words));
        isClosed = report.closed;
      }
      if (items.length > 0) print(shown?.(items, asked.words, isFirst) ?? '');
      isFirst &&= items.length === 0;
      count += items.length;
      after = next;
    } while (after !== null);
    if (shown === LINES.items && count === 0) print('No item is in this state.\n');
    print(end ?? '');
    return isClosed ? 0 : 1;
  };
}

function standing({ closed, reason, startedAt, closedAt }: RunReport): string {
  return closed ? `closed ${closedAt}` : `open since ${startedAt}: ${reason}`;
}

function numbers({ expected, places, states, repeats, changed }: RunReport): string[] {
  const some = ITEM_STATES.filter((state) => states[state] > 0).map((state) => `${states[state]} ${state}`);
  return [
    `${places} of ${expected ?? '?'} came`,
    ...some,
    ...(repeats > 0 ? [`${repeats} came again`] : []),
    ...(changed > 0 ? [`${changed} came with different contents`] : []),
  ];
}

function itemLine({
  reference,
  customer,
  messageType,
  code,
  controlId,
  sameState,
  words,
}: ShownItem): string {
  const same = sameState === '' ? '' : `the same is ${sameState}`;
  return shownLine(['', reference, customer, messageType, code, controlId, same, words ?? '']);
}
