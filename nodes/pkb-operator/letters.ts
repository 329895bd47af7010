/** The operators' route of letters: how many are watched, how many ended, when and why. It names no patient and no letter. */
import {
  hoursUntil,
  LETTER_DAYS,
  type LetterDays,
  type LetterReport,
} from '../../src/operator/letter-report.js';
import { adminPost } from '../common/admin.js';
import { lettersNode } from '../common/letters.js';
import type { Runtime } from '../common/types.js';
import { answer, bodyOf, connectionFor, READ } from './answering.js';
import { AskedWrong, type Body, text } from './asked.js';
import { letterEnds, watcherCounts } from './letter-counts.js';

/** Makes the route. */
export function lettersRoute(RED: Runtime): void {
  adminPost(RED, '/pkb/letters', READ, (request, response) =>
    answer(response, async (): Promise<LetterReport> => {
      const body = bodyOf(request);
      const days = daysOf(body);
      const outbox = await connectionFor(RED, text(body, 'connection')).delivery().outbox();
      const [watchers, counts] = [await watcherCounts(outbox), await letterEnds(outbox, days)];
      return {
        ...hoursUntil(Date.now(), days),
        isShared: outbox.sharing !== undefined,
        watchers: watchers.map(({ watcher: id, states }) => {
          const node = lettersNode(RED, id);
          return { id, name: node?.name ?? '', isHere: node !== undefined, states };
        }),
        counts,
      };
    }),
  );
}

/** @throws AskedWrong */
function daysOf({ days = 1 }: Body): LetterDays {
  const known = LETTER_DAYS.find((one) => one === days);
  if (known !== undefined) return known;
  throw new AskedWrong(`days must be one of ${LETTER_DAYS.join(', ')}.`);
}
