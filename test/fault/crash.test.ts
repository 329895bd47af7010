import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { account, type Arrival as Seen } from '../support/account.js';
import { stamped } from '../support/messages.js';
import { type NodeRed, remove, startNodeRed } from '../support/node-red.js';
import { post, readTold, SENDING_SETTINGS, sendingUserDir } from '../support/sending.js';
import { acceptAll, type Arrived, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';

/** How often the process is killed: a few times here, many in `npm run test:crash`. */
const KILLS = Number(process.env['PKB_KILLS'] ?? 9);
const PATIENTS = 20;

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

interface Arrival extends Seen {
  readonly body: string;
  readonly epoch: number;
}

describe(`life after ${KILLS} crashes (SIGKILL) of a whole Node-RED under load and faults`, function () {
  this.timeout(60_000 + KILLS * 20_000);
  let pkb: TestServer;
  let red: NodeRed | undefined;
  let userDir: string;
  const arrivals: Arrival[] = [];
  const acknowledged: string[] = [];
  /** The points at which the process really died by its own hand. */
  const struckAt = new Set<string>();
  let epoch = 0;
  let random = Number(process.env['PKB_SEED'] ?? 7);
  const dice = (n: number): number => (random = (random * 1_103_515_245 + 12_345) % 2 ** 31) % n;
  let onEvent: (event: (typeof MOMENTS)[number]) => void = () => undefined;

  before(async () => {
    pkb = await startServer(async (arrived: Arrived, response) => {
      const arrival: Arrival = { id: arrived.controlId, body: arrived.body, epoch };
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
        arrival.answered = 'AA';
        onEvent(MOMENTS[2]);
      });
      acceptAll(arrived, response);
    });
    userDir = sendingUserDir(pkb.url);
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
        SENDING_SETTINGS,
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
      const told = new Set(readTold(userDir).map(({ id }) => id));
      return acknowledged.slice(-PATIENTS).every((id) => told.has(id));
    });
    if (KILLS >= MOMENTS.length + POINTS.length)
      assert.deepEqual([...struckAt].toSorted(), POINTS.toSorted());
    check();
    agent.destroy();
  });

  /** Knows only what the flow was told and what the server saw. */
  function check(): void {
    const { lost, untold, invented, inversions, duplicates } = account(
      acknowledged,
      arrivals,
      readTold(userDir),
    );
    for (const [id, all] of Map.groupBy(arrivals, (arrival) => arrival.id)) {
      assert.equal(
        new Set(all.map(({ body }) => body)).size,
        1,
        `${id} was not sent with the same bytes again`,
      );
      for (const [i, again] of all.entries()) {
        const before = all[i - 1];
        if (before === undefined) continue;
        assert.ok(
          before.answered === undefined || before.epoch < again.epoch,
          `${id} was sent again although it was answered and nothing was killed`,
        );
      }
    }
    // A crash between the note that the flow was told and the flow's own work can hide what was in flight, no more.
    assert.equal(untold.length, 0, `${untold.length} were never told`);
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
