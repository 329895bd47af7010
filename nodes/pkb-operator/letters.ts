/** The operators' route of letters: how many are watched, how many ended, when and why. It names no patient and no letter. */
import {
  hoursUntil,
  LETTER_DAYS,
  type LetterDays,
  type LetterReport,
} from '../../src/operator/letter-report.js';
import { adminPost } from '../common/admin.js';
import { lettersNodes } from '../common/letters.js';
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
      const here = new Map(lettersNodes(RED).map(({ id, name = '' }) => [id, name]));
      const [watchers, counts] = [await watcherCounts(outbox), await letterEnds(outbox, days)];
      return {
        ...hoursUntil(Date.now(), days),
        isShared: outbox.sharing !== undefined,
        watchers: watchers.map(({ watcher: id, states }) => {
          return { id, name: here.get(id) ?? '', isHere: here.has(id), states };
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
