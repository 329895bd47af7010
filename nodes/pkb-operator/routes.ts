/**
 * The operators' routes: how connections stand, which messages there are, what became of each, and what a person may do about
 * one. Searches are POSTs, since what is looked for belongs into no log of addresses.
 */
import type { Request, Response } from 'express';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MessageLife } from '../../src/delivery/outbox/ledger.js';
import { firstBroken } from '../../src/delivery/outbox/trail.js';
import { reasonOf } from '../../src/delivery/outcome.js';
import { readMessage } from '../../src/hl7/input.js';
import { inspect } from '../../src/pkb/guard/inspect.js';
import { SendableMessage } from '../../src/pkb/sendable-message.js';
import { adminGet, adminPost, mayI, OPERATE, PATIENT_DATA, userOf } from '../common/admin.js';
import { connections, opened, shown } from '../common/connections.js';
import type { Runtime } from '../common/types.js';
import { allRoutes } from './all.js';
import {
  ACT,
  answer,
  bodyOf,
  connectionFor,
  filterFor,
  lifeOf,
  maySee,
  mustBeOf,
  mustSee,
  noted,
  READ,
  Refused,
  senderOf,
  whyHidden,
} from './answering.js';
import { AskedWrong, confirmedOf, idOf, idsOf, searchOf, textOf, trailOf } from './asked.js';
import { evidenceRoute } from './evidence.js';
import { endedSince } from './hours.js';
import { lettersRoute } from './letters.js';
import { runRoutes } from './runs.js';
import { textsFor } from './texts.js';

const HOUR_MS = 3_600_000;

/** Of how many hours the counts are given. */
const HOURS = 24;

/** Makes the routes. */
export function operatorRoutes(RED: Runtime): void {
  allRoutes(RED);
  evidenceRoute(RED);
  runRoutes(RED);
  lettersRoute(RED);

  adminGet(RED, '/pkb', 'everybody', (_request, response) => page(response, 'page.html', 'html'));
  adminGet(RED, '/pkb/page.js', 'everybody', (_request, response) => page(response, 'page.js', 'js'));

  adminGet(RED, '/pkb/texts', 'everybody', (request, response) => {
    const texts = textsFor(join(__dirname, 'locales'), (languages) => request.acceptsLanguages(languages));
    response.json(texts);
  });

  adminGet(RED, '/pkb/connections', READ, (request, response) =>
    answer(response, async () => ({
      connections: await Promise.all(connections(RED).map(shown)),
      may: { act: mayAct(RED, request), see: mayI(RED, request, PATIENT_DATA) },
      now: Date.now(),
    })),
  );

  adminGet(RED, '/pkb/hours', READ, (_request, response) =>
    answer(response, async () => {
      const since = (Math.floor(Date.now() / HOUR_MS) - HOURS + 1) * HOUR_MS;
      const all = connections(RED);
      const ids = new Set(all.map(({ id }) => id));
      const outboxes = new Set(all.map(opened).filter((outbox) => outbox !== undefined));
      const counts = await Promise.all([...outboxes].map((outbox) => endedSince(outbox, since)));
      return { since, hours: HOURS, counts: counts.flat().filter(({ connection }) => ids.has(connection)) };
    }),
  );

  adminPost(RED, '/pkb/search', READ, (request, response) =>
    answer(response, async () => {
      const search = searchOf(bodyOf(request));
      const node = connectionFor(RED, search.filter.connection);
      const filter = await filterFor(RED, request, node, search);
      const outbox = await node.delivery().outbox();
      return outbox.list(filter, search.before, search.most);
    }),
  );

  adminPost(RED, '/pkb/message', READ, (request, response) =>
    answer(response, async () => {
      const body = bodyOf(request);
      const node = connectionFor(RED, textOf(body, 'connection'));
      const life = await lifeOf(node, idOf(body));
      if (!maySee(RED, request, node)) return { ...withoutTexts(life), hidden: whyHidden(RED) };
      // PKB's words may quote a message whose own text cannot be read any more.
      if (life.message !== undefined || life.outcome !== undefined) {
        const text = `pkb: message ${life.listed.id} of ${node.id} shown to {user}`;
        await noted(RED, request, node, 'pkb.shown', text, { message: life.listed.id });
      }
      return withTexts(life);
    }),
  );

  adminPost(RED, '/pkb/again', ACT, (request, response) =>
    answer(response, async () => {
      const body = bodyOf(request);
      const node = connectionFor(RED, textOf(body, 'connection'));
      const { hl7 } = body;
      if (hl7 !== undefined && typeof hl7 !== 'string') throw new AskedWrong('hl7 must be text.');
      const confirmed = confirmedOf(body);
      const { listed, message } = await lifeOf(node, idOf(body));
      if (hl7 !== undefined) {
        mustSee(RED, request, node);
        if (!confirmed.has('guard')) mustPassGuard(hl7);
        if (!confirmed.has('patient') && message !== undefined) mustBeOfSamePatient(hl7, message.body);
      }
      const override = confirmed.has('superseded');
      const { id, controlId } = listed;
      const how = `${hl7 === undefined ? 'as it was' : 'corrected'}${override ? ', override' : ''}`;
      const details = { message: id, controlId, corrected: hl7 !== undefined, confirmed: [...confirmed] };
      const line = `pkb: message ${id} sent once more by {user} (${how})`;
      await noted(RED, request, node, 'pkb.again', line, details);
      const queued = await senderOf(RED, listed.sender).again({ id, controlId }, override, hl7);
      if (queued) return { queued };
      throw new Refused(
        409,
        hl7 === undefined
          ? 'This message is no longer among those that failed: somebody has sent it once more, or its text was erased.'
          : 'Nothing was sent: the corrected text is about another patient or data point, or the message is no longer among those that failed.',
      );
    }),
  );

  adminPost(RED, '/pkb/discard', ACT, (request, response) =>
    answer(response, async () => {
      const body = bodyOf(request);
      const node = connectionFor(RED, textOf(body, 'connection'));
      const [ids, reason] = [idsOf(body), textOf(body, 'reason')];
      await mustBeOf(node, ids);
      const line = `pkb: ${ids.length} messages of ${node.id} discarded by {user}`;
      await noted(RED, request, node, 'pkb.discard', line, { messages: ids, reason });
      const done = { discarded: 0, inFlight: 0, gone: 0 };
      for (const id of ids) {
        const withdrawal = await node.delivery().withdraw(id, `Discarded by a person: ${reason}`);
        done[withdrawal === 'in flight' ? 'inFlight' : withdrawal]++;
      }
      return done;
    }),
  );

  adminPost(RED, '/pkb/dismiss', ACT, (request, response) =>
    answer(response, async () => {
      const body = bodyOf(request);
      const node = connectionFor(RED, textOf(body, 'connection'));
      const ids = idsOf(body);
      await mustBeOf(node, ids);
      const line = `pkb: ${ids.length} failures of ${node.id} dismissed by {user}`;
      await noted(RED, request, node, 'pkb.dismiss', line, { messages: ids });
      const outbox = await node.delivery().outbox();
      return { dismissed: await outbox.dismiss(ids) };
    }),
  );

  adminPost(RED, '/pkb/pause', ACT, (request, response) =>
    answer(response, async () => {
      const body = bodyOf(request);
      const node = connectionFor(RED, textOf(body, 'connection'));
      const reason = textOf(body, 'reason');
      await noted(RED, request, node, 'pkb.pause', `pkb: ${node.id} paused by {user}`, { reason });
      await node.delivery().pause(userOf(RED, request));
      return { paused: true };
    }),
  );

  adminPost(RED, '/pkb/resume', ACT, (request, response) =>
    answer(response, async () => {
      const node = connectionFor(RED, textOf(bodyOf(request), 'connection'));
      await noted(RED, request, node, 'pkb.resume', `pkb: ${node.id} resumed by {user}`, {});
      return { released: await node.delivery().resume() };
    }),
  );

  adminPost(RED, '/pkb/trail', ACT, (request, response) =>
    answer(response, async () => {
      const body = bodyOf(request);
      const node = connectionFor(RED, textOf(body, 'connection'));
      const outbox = await node.delivery().outbox();
      const { after, most } = trailOf(body);
      // The record before is needed to see whether the first fits.
      const found = await outbox.trail(Math.max(0, after - 1), after > 0 ? most + 1 : most);
      const [before, records] = after > 0 ? [found[0], found.slice(1)] : [undefined, found];
      return { records, firstBroken: firstBroken(records, before, outbox.secret) };
    }),
  );
}

/** The page and its script, which hold nothing of anybody. */
function page(response: Response, file: string, type: string): void {
  // Only Node-RED's own pages may have it in a frame; a page of another origin could have its buttons clicked.
  response.set({ 'Content-Security-Policy': "frame-ancestors 'self'", 'X-Frame-Options': 'SAMEORIGIN' });
  response.type(type).send(readFileSync(join(__dirname, file), 'utf8'));
}

function mayAct(RED: Runtime, request: Request): boolean {
  return mayI(RED, request, OPERATE) || mayI(RED, request, 'pkb-send.write');
}

function mustPassGuard(hl7: string): void {
  const { findings } = inspect(hl7);
  const blocking = findings.filter(({ action }) => action === 'block');
  if (blocking.length === 0) return;
  const words = blocking.slice(0, 5).map(({ location, text }) => `${location}: ${text}`);
  throw new Refused(422, `The guard would stop this message. ${words.join(' ')}`, { confirm: 'guard' });
}

/** A correction may put a wrong identifier right; that it is meant is asked. */
function mustBeOfSamePatient(hl7: string, before: string): void {
  const patientOf = (text: string): string =>
    JSON.stringify(new SendableMessage(text).identifiers.map(({ value }) => value.replaceAll(/\s/g, '')));
  if (patientOf(readMessage(hl7)) === patientOf(before)) return;
  throw new Refused(
    409,
    'The corrected text has other identifiers of the patient (PID-2, PID-3) than the message that was sent. Look whether it is the right patient.',
    { confirm: 'patient' },
  );
}

/** What everybody may see: our own words, and no text of the message or of PKB. */
function withoutTexts({ listed, due, history, outcome, told }: MessageLife): object {
  const ours = outcome !== undefined && 'reason' in outcome ? outcome.reason : undefined;
  return { listed, due, history, told, reason: ours };
}

function withTexts({ message, outcome, ...life }: MessageLife): object {
  const ack = outcome !== undefined && 'ack' in outcome ? outcome.ack : undefined;
  return { ...life, reason: outcome && reasonOf(outcome), ack, hl7: message?.body };
}
