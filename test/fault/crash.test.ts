import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stamped } from '../support/messages.js';
import { type NodeRed, remove, startNodeRed } from '../support/node-red.js';
import { acceptAll, type Arrived, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';

/** How often the process is killed: a few times here, many in `npm run test:crash`. */
const KILLS = Number(process.env['PKB_KILLS'] ?? 9);
const PATIENTS = 20;
const root = join(__dirname, '../..');

/** When the process is killed, seen from outside. */
const MOMENTS = [
  'when a message has been acknowledged to the flow',
  'when a request has arrived at the server, before its answer',
  'when an answer has been written',
  'at a random moment',
] as const;

/** When the process dies by its own hand (kill-inside.cjs), at points that cannot be seen from outside. */
const POINTS = [
  'before a commit',
  'after a commit, before anybody is told',
  'after a message was claimed',
  'after a request was written',
  'after an answer, before it is written down',
] as const;

interface Arrival {
  readonly id: string;
  readonly body: string;
  readonly epoch: number;
  /** Whether the server answered it with AA, as far as it knows. */
  answered: boolean;
}

describe(`life after ${KILLS} crashes (SIGKILL) of a whole Node-RED under load and faults`, function () {
  this.timeout(60_000 + KILLS * 20_000);
  let pkb: TestServer;
  let red: NodeRed | undefined;
  let userDir: string;
  const arrivals: Arrival[] = [];
  const acknowledged: string[] = [];
  let accepted: string[] = [];
  /** The points at which the process really died by its own hand. */
  const struckAt = new Set<string>();
  let epoch = 0;
  let random = Number(process.env['PKB_SEED'] ?? 7);
  const dice = (n: number): number => (random = (random * 1_103_515_245 + 12_345) % 2 ** 31) % n;
  let onEvent: (event: (typeof MOMENTS)[number]) => void = () => undefined;

  before(async () => {
    pkb = await startServer(async (arrived: Arrived, response) => {
      const arrival: Arrival = { id: arrived.controlId, body: arrived.body, epoch, answered: false };
      const fault = dice(100);
      // Reset before processing and a busy answer: the server has not taken the message.
      if (fault < 5) return response.destroy();
      if (fault < 10) return response.writeHead(503).end();
      arrivals.push(arrival);
      onEvent(MOMENTS[1]);
      await new Promise((resolve) => setTimeout(resolve, dice(5)));
      // Reset after processing: the sender cannot know.
      if (fault < 14) return response.destroy();
      response.once('finish', () => {
        arrival.answered = true;
        onEvent(MOMENTS[2]);
      });
      acceptAll(arrived, response);
    });
    userDir = mkdtempSync(join(tmpdir(), 'pkb-crash-'));
    mkdirSync(join(userDir, 'node_modules/@pkb-partner'), { recursive: true });
    symlinkSync(root, join(userDir, 'node_modules/@pkb-partner/node-red-pkb'), 'junction');
    writeFileSync(
      join(userDir, 'package.json'),
      JSON.stringify({ name: 'crash', private: true, dependencies: { '@pkb-partner/node-red-pkb': '*' } }),
    );
    writeFileSync(join(userDir, 'flows.json'), JSON.stringify(flow(pkb.url, join(userDir, 'accepted'))));
    const credentials = { connection: { username: 'partner_mailco', password: 'testing' } };
    writeFileSync(join(userDir, 'flows_cred.json'), JSON.stringify(credentials));
  });

  after(async () => {
    await red?.stop();
    await pkb.close();
    remove(userDir);
  });

  it('has lost nothing, reordered nothing, and called nothing accepted without an answer', async () => {
    const agent = new Agent({ keepAlive: true });
    const next = new Map<number, number>();
    for (let kill = 0; kill <= KILLS; kill++) {
      epoch = kill;
      const last = kill === KILLS;
      const turn = kill % (MOMENTS.length + POINTS.length);
      const moment = last ? undefined : MOMENTS[turn];
      const point = last ? undefined : POINTS[turn - MOMENTS.length];
      red = await startNodeRed(
        'node-red',
        userDir,
        "credentialSecret: false, functionGlobalContext: { fs: require('fs') }",
        point === undefined
          ? {}
          : {
              NODE_OPTIONS: `--require ${join(__dirname, 'kill-inside.cjs')}`,
              PKB_KILL_AT: point,
              PKB_KILL_AFTER: String(10 + dice(40)),
            },
      );
      let dead = false;
      const { process: child } = red;
      const end = new Promise<void>((resolve) => {
        if (child.signalCode !== null) resolve();
        else child.once('exit', () => resolve());
      });
      void end.then(() => {
        if (!dead) struckAt.add(point ?? '');
        dead = true;
      });
      const strike = (): void => {
        if (dead) return;
        dead = true;
        red?.process.kill('SIGKILL');
      };
      let countdown = 20 + dice(60);
      onEvent = (event) => {
        if (event === moment && --countdown <= 0) strike();
      };
      const sending = Array.from({ length: PATIENTS }, async (_, patient) => {
        for (let n = 0; n < 30 && !dead; n++) {
          const number = (next.get(patient) ?? 0) + 1;
          next.set(patient, number);
          const id = `${patient}-${number}`;
          const done = await post(`${red?.url}/in`, stamped(id, { nhs: `99900${patient + 10000}` }), agent);
          if (!done) continue;
          acknowledged.push(id);
          onEvent(MOMENTS[0]);
          if (moment === MOMENTS[3] && dice(200) === 0) strike();
        }
      });
      await Promise.all(sending);
      if (last) break;
      // Under faults the point may be reached only while what has been stored is sent.
      if (point !== undefined) await until(`it dies ${point}`, () => dead, 60_000);
      strike();
      await end;
      onEvent = () => undefined;
    }
    // What many crashes have left behind takes its time under faults; only when nothing moves any more is it lost.
    let arrived = 0;
    let moved = Date.now();
    await until(
      'all that was acknowledged has arrived, or nothing moves any more',
      () => {
        const seen = new Set(arrivals.filter(({ answered }) => answered).map(({ id }) => id));
        if (seen.size > arrived) [arrived, moved] = [seen.size, Date.now()];
        return acknowledged.every((id) => seen.has(id)) || Date.now() - moved > 30_000;
      },
      60_000 + KILLS * 10_000,
    );
    await until('the flow has been told of the last one', () => {
      accepted = readFileSync(join(userDir, 'accepted'), 'utf8').trim().split('\n');
      return acknowledged.slice(-PATIENTS).every((id) => accepted.includes(id));
    });
    if (KILLS >= MOMENTS.length + POINTS.length)
      assert.deepEqual([...struckAt].toSorted(), POINTS.toSorted());
    check();
    agent.destroy();
  });

  /** Knows only what the flow was told and what the server saw. */
  function check(): void {
    const arrived = new Map<string, Arrival[]>();
    const latest = new Map<string, number>();
    let inversions = 0;
    for (const arrival of arrivals) {
      const [patient = '', number = ''] = arrival.id.split('-');
      if (Number(number) < (latest.get(patient) ?? 0)) inversions++;
      latest.set(patient, Math.max(latest.get(patient) ?? 0, Number(number)));
      arrived.set(arrival.id, [...(arrived.get(arrival.id) ?? []), arrival]);
    }
    const lost = acknowledged.filter((id) => !arrived.has(id));
    let duplicates = 0;
    for (const [id, all] of arrived) {
      assert.equal(
        new Set(all.map(({ body }) => body)).size,
        1,
        `${id} was not sent with the same bytes again`,
      );
      for (const [i, again] of all.entries()) {
        const before = all[i - 1];
        if (before === undefined) continue;
        duplicates++;
        assert.ok(
          !before.answered || before.epoch < again.epoch,
          `${id} was sent again although it was answered and nothing was killed`,
        );
      }
    }
    // A crash between the note that the flow was told and the flow's own work can hide what was in flight, no more.
    const untold = acknowledged.filter((id) => !accepted.includes(id));
    assert.ok(untold.length <= KILLS * 8, `${untold.length} were never told`);
    const invented = accepted.filter((id) => !arrived.get(id)?.some(({ answered }) => answered));
    console.log(
      `      ${acknowledged.length} acknowledged, ${arrivals.length} arrivals, ${duplicates} duplicates, ` +
        `${untold.length} not told, ${lost.length} lost, ${inversions} out of order, ${invented.length} accepted without an answer`,
    );
    assert.deepEqual(lost, []);
    assert.equal(inversions, 0);
    assert.deepEqual(invented, []);
    assert.ok(acknowledged.length > KILLS * 20, `${acknowledged.length} acknowledged`);
  }
});

/** Posts a message into the flow. @returns whether the flow said that it was done with it */
function post(url: string, body: string, agent: Agent): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request(
      url,
      { method: 'POST', agent, headers: { 'content-type': 'text/plain' } },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode === 200));
        response.once('error', () => resolve(false));
      },
    );
    sent.once('error', () => resolve(false));
    sent.setTimeout(20_000, () => sent.destroy());
    sent.end(body);
  });
}

/** http in → pkb-send; the Complete node answers when the message is stored; what is accepted is written down. */
function flow(url: string, accepted: string): object[] {
  const place = { z: 'tab', x: 100, y: 100 };
  return [
    { id: 'tab', type: 'tab', label: 'crash', env: [{ name: 'PKB_ACCEPTED', value: accepted, type: 'str' }] },
    { id: 'outbox', type: 'pkb-outbox', store: 'embedded', path: 'crash.sqlite' },
    {
      id: 'connection',
      type: 'pkb-connection',
      environment: 'custom',
      url,
      timeout: 5,
      concurrency: 8,
      outbox: 'outbox',
    },
    { id: 'in', type: 'http in', url: '/in', method: 'post', wires: [['send']], ...place },
    { id: 'send', type: 'pkb-send', connection: 'connection', wires: [['keep'], []], ...place },
    { id: 'complete', type: 'complete', scope: ['send'], wires: [['stored']], ...place },
    { id: 'stored', type: 'http response', statusCode: '200', wires: [], ...place },
    {
      id: 'keep',
      type: 'function',
      func: "global.get('fs').appendFileSync(env.get('PKB_ACCEPTED'), `${msg.payload.controlId}\\n`);",
      outputs: 0,
      wires: [],
      ...place,
    },
  ];
}
