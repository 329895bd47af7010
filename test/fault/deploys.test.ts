import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { type Account, account, type Arrival } from '../support/account.js';
import { stamped } from '../support/messages.js';
import { type NodeRed, remove, startNodeRed } from '../support/node-red.js';
import {
  type FlowNode,
  post,
  readTold,
  SENDING_SETTINGS,
  sendingFlow,
  sendingUserDir,
} from '../support/sending.js';
import { soapAck, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';

/** How many deploys of each kind: a few here, many in `npm run test:deploys`. */
const DEPLOYS = Number(process.env['PKB_DEPLOYS'] ?? 5);
/** How many restarts of each kind. */
const RESTARTS = Math.ceil((DEPLOYS * 3) / 5);
const PATIENTS = 40;
/** How many messages are stored from one disturbance to the next. */
const BETWEEN = 120;
/** How many messages may wait to be sent before the load pauses, so that each disturbance meets requests in flight. */
const BACKLOG = 200;

type Disturb = (red: NodeRed, turn: number) => Promise<NodeRed>;

describe('a whole Node-RED that is disturbed under load', function () {
  this.timeout(60_000 + DEPLOYS * 20_000);
  let pkb: TestServer;
  let red: NodeRed;
  let userDir: string;
  let flows: FlowNode[];
  const arrivals: Arrival[] = [];
  const next = new Map<number, number>();
  let random = Number(process.env['PKB_SEED'] ?? 7);
  const dice = (n: number): number => (random = (random * 1_103_515_245 + 12_345) % 2 ** 31) % n;

  before(async () => {
    pkb = await startServer(async ({ controlId }, response) => {
      const arrival: Arrival = { id: controlId };
      arrivals.push(arrival);
      const [wait, chance] = [5 + dice(16), dice(100)];
      await new Promise((resolve) => setTimeout(resolve, wait));
      const code = chance < 90 ? 'AA' : chance < 95 ? 'AR' : 'AE';
      response.once('finish', () => (arrival.answered = code));
      response.writeHead(200, { 'content-type': 'text/xml' }).end(soapAck(code, controlId, 'as told'));
    });
    userDir = sendingUserDir(pkb.url);
    flows = sendingFlow(pkb.url, userDir);
    red = await start();
  });
  after(async () => {
    await red.stop();
    await pkb.close();
    remove(userDir);
  });

  const start = (): Promise<NodeRed> => startNodeRed('node-red', userDir, SENDING_SETTINGS);

  /** A deploy as the editor does it. */
  const deploy =
    (type: 'full' | 'nodes' | 'flows'): Disturb =>
    async (running, turn) => {
      const changed = turn % 2 === 0 ? 'send' : 'connection';
      flows = flows.map((node) => (node.id === changed ? { ...node, name: `deploy ${turn}` } : node));
      const { status } = await fetch(`${running.url}/flows`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'Node-RED-Deployment-Type': type },
        body: JSON.stringify(flows),
      });
      assert.equal(status, 204);
      return running;
    };

  const restart: Disturb = async (running) => {
    await running.stop();
    return start();
  };

  const kill: Disturb = async (running) => {
    const ended = new Promise((resolve) => running.process.once('exit', resolve));
    running.process.kill('SIGKILL');
    await ended;
    return start();
  };

  for (const [what, times, disturb] of [
    ['full deploys', DEPLOYS, deploy('full')],
    ['deploys of modified nodes', DEPLOYS, deploy('nodes')],
    ['deploys of modified flows', DEPLOYS, deploy('flows')],
    ['restarts (SIGTERM)', RESTARTS, restart],
    ['crashes (SIGKILL)', RESTARTS, kill],
  ] as const) {
    it(`loses nothing, keeps the order and tells of every message in ${times} ${what}`, async () => {
      const acknowledged: string[] = [];
      const posted = new Set<string>();
      const before = arrivals.length;
      const agent = new Agent({ keepAlive: true });
      let away = false;
      let over = false;
      const waiting = (): number => acknowledged.length - (arrivals.length - before);
      const load = Array.from({ length: PATIENTS }, async (_, patient) => {
        while (!over) {
          await until('there is room', () => over || (!away && waiting() < BACKLOG), 60_000);
          const number = (next.get(patient) ?? 0) + 1;
          next.set(patient, number);
          const id = `${patient}-${number}`;
          posted.add(id);
          // What a deploy drops before it is stored is never answered; nobody was promised anything then.
          const stored = await post(
            `${red.url}/in`,
            stamped(id, { nhs: `99900${patient + 10000}` }),
            agent,
            1000,
          );
          if (stored) acknowledged.push(id);
          else await new Promise((resolve) => setTimeout(resolve, 10));
        }
      });
      try {
        for (let turn = 0; turn < times; turn++) {
          const enough = acknowledged.length + BETWEEN;
          await until('the load has gone on', () => acknowledged.length >= enough);
          away = disturb === restart || disturb === kill;
          red = await disturb(red, turn);
          away = false;
        }
      } finally {
        over = true;
        await Promise.all(load);
        agent.destroy();
      }
      const seen = await settled(acknowledged, posted);
      console.log(
        `      ${acknowledged.length} acknowledged, ${seen.duplicates} sent twice, ${seen.untold.length} not told, ` +
          `${seen.lost.length} lost, ${seen.inversions} out of order, ${seen.invented.length} invented`,
      );
      assert.deepEqual(
        { lost: seen.lost, untold: seen.untold, inversions: seen.inversions, invented: seen.invented },
        { lost: [], untold: [], inversions: 0, invented: [] },
      );
    });
  }

  /** Waits until the flow was told of all, or nothing moves any more. @returns the account of what was posted */
  async function settled(acknowledged: readonly string[], posted: ReadonlySet<string>): Promise<Account> {
    const own = <T extends { id: string }>(all: readonly T[]): T[] => all.filter(({ id }) => posted.has(id));
    const look = (): Account => account(acknowledged, own(arrivals), own(readTold(userDir)));
    let seen = look();
    let moved = performance.now();
    await until(
      'all are told, or nothing moves any more',
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        const before = seen.untold.length;
        seen = look();
        if (seen.untold.length !== before) moved = performance.now();
        return seen.untold.length === 0 || performance.now() - moved > 3000;
      },
      60_000,
    );
    return seen;
  }
});
