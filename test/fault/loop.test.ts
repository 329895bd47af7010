import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { stamped } from '../support/messages.js';
import { type NodeRed, remove, startNodeRed } from '../support/node-red.js';
import { post, readTold, SENDING_SETTINGS, sendingUserDir } from '../support/sending.js';
import { acceptAll, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';

/** How much longer every sync of a file takes. */
const SYNC_MS = 100;
/** One message each so often: 40 in a second. */
const EVERY_MS = 25;
const MESSAGES = 240;
const PATIENTS = 40;
/** What the rest of Node-RED may be slower by while messages are stored and sent. */
const SLOWER = { median: 5, p99: 20 };

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The value below which this part of all values lies. */
function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}

/** Milliseconds until something is done. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

const compiler = process.platform === 'linux' && spawnSync('gcc', ['--version']).status === 0;
if (!compiler)
  console.log('There is no gcc on a Linux here: what a slow disk does to Node-RED is not measured.');
else
  describe(`a Node-RED that sends 40 messages a second, on a disk whose syncs take ${SYNC_MS} ms`, function () {
    this.timeout(180_000);
    let pkb: TestServer;
    let red: NodeRed;
    let userDir: string;

    before(async () => {
      pkb = await startServer(acceptAll);
      const place = { z: 'tab', x: 100, y: 100 };
      userDir = sendingUserDir(pkb.url, [
        { id: 'ask', type: 'http in', url: '/ask', method: 'get', wires: [['answer']], ...place },
        { id: 'answer', type: 'http response', statusCode: '200', wires: [], ...place },
      ]);
      const library = join(userDir, 'slow-sync.so');
      const { status, stderr } = spawnSync(
        'gcc',
        ['-shared', '-fPIC', '-O1', '-o', library, join(__dirname, 'slow-sync.c')],
        { encoding: 'utf8' },
      );
      assert.equal(status, 0, stderr);
      red = await startNodeRed('node-red', userDir, SENDING_SETTINGS, {
        LD_PRELOAD: library,
        PKB_SYNC_MS: String(SYNC_MS),
      });
    });
    after(async () => {
      await red.stop();
      await pkb.close();
      remove(userDir);
    });

    /** Asks another endpoint of the same Node-RED, one request after the other. @returns how long each took */
    const askWhile = async (going: (asked: number) => boolean): Promise<number[]> => {
      const took: number[] = [];
      while (going(took.length)) {
        took.push(await timed(async () => (await fetch(`${red.url}/ask`)).text()));
        await pause(10);
      }
      return took;
    };

    /** Sends messages at an even pace. @returns how long it took until each was stored */
    const load = async (first: number): Promise<number[]> => {
      const agent = new Agent({ keepAlive: true });
      const sending: Promise<number>[] = [];
      const began = performance.now();
      for (let n = 0; n < MESSAGES; n++) {
        const [patient, id] = [n % PATIENTS, `${n % PATIENTS}-${first + n}`];
        const body = stamped(id, { nhs: `99900${patient + 10000}` });
        sending.push(timed(async () => assert.ok(await post(`${red.url}/in`, body, agent, 60_000))));
        await pause(Math.max(0, began + (n + 1) * EVERY_MS - performance.now()));
      }
      const took = await Promise.all(sending);
      agent.destroy();
      return took;
    };

    /** Asks while nothing else happens, then under load. @returns whether both are alike */
    const round = async (first: number): Promise<boolean> => {
      const idle = await askWhile((asked) => asked < 300);
      let over = false;
      const [busy, storing] = await Promise.all([
        askWhile(() => !over),
        load(first).finally(() => (over = true)),
      ]);
      await until('all are told', () => readTold(userDir).length === first + MESSAGES, 60_000);
      const slower = {
        median: quantile(busy, 0.5) - quantile(idle, 0.5),
        p99: quantile(busy, 0.99) - quantile(idle, 0.99),
      };
      const stored = quantile(storing, 0.5);
      const say = (values: readonly number[]): string =>
        `median ${quantile(values, 0.5).toFixed(1)} ms, p99 ${quantile(values, 0.99).toFixed(1)} ms`;
      console.log(
        `      idle: ${say(idle)}; under load: ${say(busy)} (${busy.length} requests); ` +
          `a message is stored in ${stored.toFixed(0)} ms`,
      );
      assert.ok(stored >= SYNC_MS, 'the disk is not slow, so nothing is measured');
      return slower.median <= SLOWER.median && slower.p99 <= SLOWER.p99;
    };

    it('answers other requests as quickly as when it is idle', async () => {
      // The first requests compile and open what later ones only use.
      await load(0);
      await until('all are told', () => readTold(userDir).length === MESSAGES, 60_000);
      await askWhile((asked) => asked < 50);
      // Other processes of this machine can spoil a round; a process that stands still during syncs does so in each.
      for (let n = 1; n <= 3; n++) if (await round(n * MESSAGES)) return;
      assert.fail(`more than ${SLOWER.median} ms (median) or ${SLOWER.p99} ms (p99) slower in three rounds`);
    });
  });
