/** The command about letters, which asks a running Node-RED: letters. */
import { parseArgs } from 'node:util';
import { reasonText } from '../letters/decide.js';
import {
  endCounts,
  inState,
  LETTER_DAYS,
  LETTER_ENDS,
  type LetterReport,
  percentOf,
  printingAvoided,
  reasonCounts,
  type ShownWatcher,
} from '../operator/letter-report.js';
import { chosen } from './filter.js';
import type { NodeRed } from './node-red.js';
import { shownLine } from './shown-line.js';

/** How this command is called. */
export const LETTERS_USAGE = `pkb-outbox letters [--connection C] [--days ${LETTER_DAYS.join('|')}] [--json]
                                       how many letters are watched; how many ended, and why; how much printing was avoided`;

/** What the arguments ask for; undefined where they are not this command, or are wrong. */
export function lettersCommand([command, ...rest]: readonly string[]):
  ((nodeRed: NodeRed) => Promise<string>) | undefined {
  if (command !== 'letters') return undefined;
  let values;
  try {
    ({ values } = parseArgs({
      args: rest,
      options: {
        connection: { type: 'string' },
        days: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
      },
    }));
  } catch {
    return undefined;
  }
  const { connection, json } = values;
  const days = LETTER_DAYS.find((one) => String(one) === values.days);
  if (days === undefined) return undefined;
  return async (nodeRed) => {
    const report: LetterReport = await nodeRed.ask('letters', {
      connection: await chosen(nodeRed, connection),
      days,
    });
    return json ? `${JSON.stringify(report, undefined, 2)}\n` : wordsOf(report);
  };
}

function wordsOf({ hours, isShared, watchers, counts }: LetterReport): string {
  if (watchers.length === 0) return 'There is no letter yet.\n';
  const ends = endCounts(counts);
  const avoided = printingAvoided(ends);
  const numbers = LETTER_ENDS.map((end) => `${ends[end]} ${WORDS[end]}`).join(', ');
  return [
    `${inState(watchers, 'watched')} watched; ended in the last ${hours} hours: ${numbers}\n`,
    ...(avoided === undefined
      ? []
      : [`printing avoided: ${ends.read} of ${ends.read + ends.post} letters (${percentOf(avoided)} %)\n`]),
    ...reasonCounts(counts).map(({ end, reason, count }) =>
      shownLine([`  ${count} ${WORDS[end]}`, reasonText(reason)]),
    ),
    ...watchers.map((one) => watcherLine(one, isShared)),
  ].join('');
}

/** The ends, as the operators' page calls them. */
const WORDS = { read: 'read', post: 'posted', attention: 'attention' } as const;

function watcherLine({ id, name, isHere, states: { watched } }: ShownWatcher, isShared: boolean): string {
  const where = isShared ? 'not in the flows of this Node-RED' : 'not in the flows';
  return shownLine([name || id, `${watched} watched`, isHere ? '' : where]);
}
