/** The pack of evidence of chosen messages, as two texts for the browser or the command to save. */
import { entryOf, type EvidenceAbout, evidenceCsv, type EvidenceEntry } from '../../src/operator/evidence.js';
import { evidencePage } from '../../src/operator/evidence-page.js';
import { isEnvironment, PUBLISHED_URLS } from '../../src/pkb/environments.js';
import { adminPost, userOf } from '../common/admin.js';
import { VERSION } from '../common/version.js';
import type { ConnectionNode } from '../common/contracts.js';
import type { Runtime } from '../common/types.js';
import { answer, bodyOf, connectionFor, lifeOf, mustSee, noted, READ } from './answering.js';
import { flagOf, idsOf, textOf } from './asked.js';

/** Makes the route. */
export function evidenceRoute(RED: Runtime): void {
  adminPost(RED, '/pkb/evidence', READ, (request, response) =>
    answer(response, async () => {
      const body = bodyOf(request);
      const node = connectionFor(RED, textOf(body, 'connection'));
      const masked = flagOf(body, 'masked', true);
      const words = flagOf(body, 'words', false);
      const ids = [...new Set(idsOf(body))].toSorted((a, b) => a - b);
      const showsMore = !masked || words;
      if (showsMore) mustSee(RED, request, node);
      const entries: EvidenceEntry[] = [];
      // One after the other, so that the texts of one message only are in memory.
      for (const id of ids) entries.push(entryOf(await lifeOf(node, id), { masked, words }));
      if (showsMore) {
        const line = `pkb: evidence of ${ids.length} messages of ${node.id} given to {user}, ${masked ? 'masked, with PKB’s words' : 'not masked'}`;
        await noted(RED, request, node, 'pkb.evidence', line, { messages: ids, masked, words });
      }
      const about: EvidenceAbout = {
        masked,
        words,
        madeAt: Date.now(),
        madeBy: userOf(RED, request),
        versions: { package: VERSION, nodeRed: await RED.version(), node: process.versions.node },
        ...whereTo(node),
      };
      const name = `pkb-evidence-${new Date(about.madeAt).toISOString().replaceAll(/[:.]/g, '-')}`;
      return { name, html: evidencePage(about, entries), csv: evidenceCsv(about, entries) };
    }),
  );
}

/** The environment of a connection and its address, of which nothing but host, port and path is given out. */
function whereTo({ madeFrom }: ConnectionNode): { environment: string; address: string } {
  const { environment, url } = madeFrom;
  const given = isEnvironment(environment) ? (PUBLISHED_URLS[environment] ?? url) : url;
  if (environment === 'simulator' || !URL.canParse(given)) return { environment, address: '' };
  const { origin, pathname } = new URL(given);
  return { environment, address: origin + pathname };
}
