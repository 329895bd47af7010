/**
 * What an open page for operators costs a Node-RED whose embedded outbox holds many messages: its processor time with the page closed
 * and open, one after the other, several times. `PKB_ROWS=1000000` fills the outbox with a million. Needs Chromium.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { SqliteOutbox } from '../src/delivery/outbox/sqlite/sqlite-outbox.js';
import { launch } from '../test/support/browser.js';
import { remove, startNodeRed } from '../test/support/node-red.js';
import { operatedUserDir } from '../test/support/operating.js';
import { SENDING_SETTINGS } from '../test/support/sending.js';
import { machine, median, table } from './harness.js';
import { messageOf } from './scale-instance.js';

const ROWS = Number(process.env['PKB_ROWS'] ?? 200_000);
const SECONDS = Number(process.env['PKB_SECONDS'] ?? 30);
const ROUNDS = 3;
const AT_ONCE = 2000;
const DAY_MS = 24 * 3_600_000;

/** Processor time of a process in clock ticks of a hundredth of a second (proc(5), fields 14 and 15). */
function ticks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

async function fill(path: string): Promise<void> {
  const outbox = await SqliteOutbox.open({ path, retentionMs: 1e12 });
  for (let from = 0; from < ROWS; from += AT_ONCE)
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, ROWS - from) }, (_, i) => {
        const message = { ...messageOf(`b-${from + i}`, from + i), sender: 'send' };
        return outbox.add({ ...message, connection: 'connection' });
      }),
    );
  await outbox.close();
  const db = new DatabaseSync(path);
  const at = `${Date.now()} - (${ROWS} - id) * ${Math.floor(DAY_MS / ROWS)}`;
  db.exec(`UPDATE message SET state = 'accepted', told = 1, head = 0, stored_at = ${at}, settled_at = ${at}`);
  db.close();
}

async function main(): Promise<void> {
  console.log(`An open page for operators: ${machine()}, ${ROWS} messages, ${SECONDS} s each\n`);
  const userDir = operatedUserDir('http://127.0.0.1:9/', {
    store: 'embedded',
    path: 'bench.sqlite',
    showTexts: true,
  });
  await fill(join(userDir, 'bench.sqlite'));
  const red = await startNodeRed('node-red', userDir, SENDING_SETTINGS);
  const browser = await launch();
  const share = async (): Promise<number> => {
    const before = ticks(red.process.pid ?? 0);
    await sleep(SECONDS * 1000);
    return (ticks(red.process.pid ?? 0) - before) / SECONDS;
  };
  const closed: number[] = [];
  const open: number[] = [];
  await sleep(10_000);
  for (let round = 0; round < ROUNDS; round++) {
    closed.push(await share());
    const page = await browser.newPage();
    await page.goto(`${red.url}/pkb`);
    // What opening it costs is not what it costs to be open.
    await sleep(10_000);
    open.push(await share());
    await page.close();
  }
  await browser.close();
  await red.stop();
  remove(userDir);
  const percent = (values: readonly number[]): string => `${median(values).toFixed(2)} %`;
  console.log(
    table(
      ['page', 'of a core'],
      [
        ['closed', percent(closed)],
        ['open', percent(open)],
        ['difference', `${(median(open) - median(closed)).toFixed(2)} %`],
      ],
    ),
  );
}

void main();
