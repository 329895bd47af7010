/**
 * A person decides in the dialog of pkb-send what becomes of messages that were stored for another address.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { chromiumPath, launch } from '../support/browser.js';
import { NHS_NUMBERS, stamped } from '../support/messages.js';
import { type NodeRed, pack, remove, startNodeRed, userDirWith } from '../support/node-red.js';
import { post, readTold, sendingFlow, SENDING_SETTINGS, tellingErrors } from '../support/sending.js';
import { acceptAll, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';

declare const RED: any; // oxlint-disable-line typescript/no-explicit-any -- the editor's own global

if (chromiumPath === undefined) {
  describe('a changed address in the editor (needs Chromium, not run)', () =>
    it('is tried where there is a Chromium'));
} else {
  for (const runtime of ['node-red', 'node-red-4'])
    describe(`a changed address, in the editor of ${runtime}`, () => suite(runtime));
}

function suite(runtime: string): void {
  const agent = new Agent({ keepAlive: true });
  /** PKB at three addresses, one after the other; those that are busy take nothing. */
  const busy = new Set<number>();
  const pkb: TestServer[] = [];
  let red: NodeRed;
  let browser: Browser;
  let page: Page;

  before(async function () {
    this.timeout(180_000);
    for (const n of [0, 1, 2])
      pkb[n] = await startServer((arrived, response) => {
        if (busy.has(n)) response.writeHead(503).end();
        else acceptAll(arrived, response);
      });
    const userDir = await userDirWith(await pack());
    const flow = [...sendingFlow(urlOf(0), userDir), ...tellingErrors()];
    writeFileSync(join(userDir, 'flows.json'), JSON.stringify(flow));
    const credentials = { connection: { username: 'partner_mailco', password: 'testing' } };
    writeFileSync(join(userDir, 'flows_cred.json'), JSON.stringify(credentials));
    red = await startNodeRed(runtime, userDir, SENDING_SETTINGS);
    browser = await launch();
    page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    // The test runner's compiler names functions through this helper, which a page does not have.
    await page.addInitScript({ content: 'globalThis.__name = (named) => named;' });
    await page.goto(red.url);
    await page.waitForFunction(() => typeof RED !== 'undefined' && Boolean(RED.nodes?.node?.('send')));
  });
  after(async () => {
    agent.destroy();
    await browser?.close();
    await red?.stop();
    for (const one of pkb) await one.close();
    if (red) remove(red.userDir);
  });

  const urlOf = (n: number): string => pkb[n]?.url ?? '';
  const arrivedAt = (n: number): string[] => (pkb[n]?.arrived ?? []).map(({ controlId }) => controlId);
  const handIn = async (controlId: string, nhs: string): Promise<void> =>
    assert.ok(await post(`${red.url}/in`, stamped(controlId, { nhs }), agent));
  const told = (outcome: string): string[] =>
    readTold(red.userDir)
      .filter((one) => one.outcome === outcome && one.id !== '-')
      .map(({ id }) => id);
  const statusSays = async (text: string): Promise<void> => {
    await page.waitForFunction((wanted) => RED.nodes.node('send').status?.text === wanted, text);
  };

  /** Sends the connection elsewhere, as a person does who edits it and deploys. */
  const moveTo = async (n: number): Promise<void> => {
    await page.evaluate((url) => {
      Object.assign(RED.nodes.node('connection'), { url, changed: true, dirty: true });
      RED.nodes.dirty(true);
    }, urlOf(n));
    await page.click('#red-ui-header-button-deploy');
    await page.waitForFunction(() => !RED.nodes.dirty());
  };
  const open = async (): Promise<void> => {
    await page.evaluate(() => RED.editor.edit(RED.nodes.node('send')));
    await page.waitForSelector('#pkb-send-failed', { state: 'attached' });
    await page.waitForFunction(() => document.querySelector('#pkb-send-failed')?.textContent);
  };
  const close = async (): Promise<void> => {
    await page.evaluate(() => document.querySelector<HTMLElement>('#node-dialog-cancel')?.click());
    // The same dialog opens again only when its tray has slid away.
    await page.waitForFunction(() => document.querySelector('.red-ui-tray') === null);
  };
  const words = async (): Promise<string> => (await page.textContent('#pkb-send-elsewhere-words')) ?? '';
  const notified = async (text: string): Promise<void> => {
    await page.waitForFunction(
      (wanted) =>
        [...document.querySelectorAll('.red-ui-notification')].some((one) =>
          one.textContent?.includes(wanted),
        ),
      text,
    );
  };
  /** Presses a button of the question that is being asked. */
  const press = (label: string): Promise<void> =>
    page.click(`.red-ui-notification button:has-text("${label}")`);

  it('says nothing of it while all goes where it was stored for', async () => {
    await handIn('early', NHS_NUMBERS[0]);
    await statusSays('1 accepted');
    await open();
    assert.equal(await page.isVisible('#pkb-send-elsewhere'), false);
    await close();
  });

  it('says in words what waits for which address, and sends it to the new one when told to', async () => {
    busy.add(0);
    for (const n of [1, 2, 3, 4]) await handIn(`w${n}`, NHS_NUMBERS[0]);
    await handIn('other', NHS_NUMBERS[1]);
    await page.waitForFunction(() =>
      /^waiting since \d\d:\d\d: busy \(HTTP 503\), 5 pending$/.test(RED.nodes.node('send').status?.text),
    );
    await moveTo(1);
    await statusSays('paused: address changed, decision needed, 5 pending');
    await open();
    await page.waitForSelector('#pkb-send-elsewhere-words');
    assert.equal(
      await words(),
      `5 messages of this connection were stored for ${new URL(urlOf(0)).origin}. ` +
        `The connection now goes to ${new URL(urlOf(1)).origin}. Nothing is sent until you decide.`,
    );
    if (process.env['PKB_SCREENSHOTS'])
      await page.screenshot({ path: join(process.env['PKB_SCREENSHOTS'], `${runtime}-address.png`) });
    assert.equal(await page.isVisible('#pkb-send-release'), false);
    assert.deepEqual(arrivedAt(1), []);
    await page.click('#pkb-send-elsewhere-send');
    await notified('5 sent to the new address.');
    await until('all have arrived', () => arrivedAt(1).length === 5);
    assert.deepEqual(
      arrivedAt(1).filter((id) => id.startsWith('w')),
      ['w1', 'w2', 'w3', 'w4'],
    );
    await page.waitForSelector('#pkb-send-elsewhere', { state: 'hidden' });
    assert.ok(await page.isVisible('#pkb-send-release'));
    await close();
    await statusSays('5 accepted');
  });

  it('discards it when told to, after a question', async () => {
    busy.add(1);
    for (const n of [1, 2, 3]) await handIn(`d${n}`, NHS_NUMBERS[0]);
    await moveTo(2);
    await statusSays('paused: address changed, decision needed, 3 pending');
    await open();
    await page.waitForSelector('#pkb-send-elsewhere-words');
    assert.match(await words(), /^3 messages of this connection were stored for /);
    await page.click('#pkb-send-elsewhere-discard');
    await notified('Discard the messages stored for another address (3)?');
    await press('Keep them');
    assert.deepEqual(told('PKB_DISCARDED'), []);
    await page.click('#pkb-send-elsewhere-discard');
    await press('Discard them');
    await notified('3 discarded.');
    await until('Catch has each', () => told('PKB_DISCARDED').length === 3);
    await page.waitForSelector('#pkb-send-elsewhere', { state: 'hidden' });
    assert.match((await page.textContent('#pkb-send-failed')) ?? '', /None/);
    await close();
    await handIn('late', NHS_NUMBERS[0]);
    await statusSays('1 accepted, 3 discarded');
    assert.deepEqual(arrivedAt(2), ['late']);
    assert.deepEqual(told('PKB_DISCARDED').toSorted(), ['d1', 'd2', 'd3']);
  });
}
