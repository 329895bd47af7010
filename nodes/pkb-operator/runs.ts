/** The operators' routes of runs: which there are and how far, and what became of each item of one. */
import { itemPage, type RunPage } from '../../src/operator/run-page.js';
import { type RunReport, summaryReport } from '../../src/operator/run-report.js';
import { adminPost } from '../common/admin.js';
import type { Runtime } from '../common/types.js';
import { answer, bodyOf, connectionFor, mustSee, noted, READ, Refused } from './answering.js';
import { text } from './asked.js';
import { askedRun, askedRuns } from './asked-runs.js';
import { countsOf, latestCounts } from './run-counts.js';

/** Makes the routes. */
export function runRoutes(RED: Runtime): void {
  adminPost(RED, '/pkb/runs', READ, (request, response) =>
    answer(response, async (): Promise<{ runs: readonly RunReport[] }> => {
      const body = bodyOf(request);
      const most = askedRuns(body);
      const outbox = await connectionFor(RED, text(body, 'connection')).delivery().outbox();
      return { runs: (await latestCounts(outbox, most)).map(summaryReport) };
    }),
  );

  adminPost(RED, '/pkb/run', READ, (request, response) =>
    answer(response, async (): Promise<RunPage> => {
      const body = bodyOf(request);
      const { name, ...wanted } = askedRun(body);
      const node = connectionFor(RED, text(body, 'connection'));
      if (wanted.withWords) mustSee(RED, request, node);
      const outbox = await node.delivery().outbox();
      const run = await countsOf(outbox, name);
      if (run === undefined)
        throw new Refused(
          404,
          'There is no run of this name in the outbox of this connection. Names are told apart by capitals, too; runs are kept for a year.',
        );
      if (wanted.withWords) {
        // The name is the integrator's own text, so it is in the trail and in no line of the log.
        const line = `pkb: PKB’s words about items of a run of ${node.id} shown to {user}`;
        await noted(RED, request, node, 'pkb.shown', line, { run: name });
      }
      return { ...summaryReport(run), ...(await itemPage(outbox.runs, name, wanted)) };
    }),
  );
}
