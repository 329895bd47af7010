/** Runs on the operators' page in Chromium: seen by a reader, by keyboard, at 300 pixels, and with a hundred thousand items. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { ITEM_STATES } from '../../src/delivery/outbox/runs.js';
import { ADMIN_AUTH, type Role } from '../support/admin.js';
import { chromiumPath, launch } from '../support/browser.js';
import { stamped } from '../support/messages.js';
import { type NodeRed, remove, startNodeRed } from '../support/node-red.js';
import { type FlowNode, post, SENDING_SETTINGS, sendingUserDir } from '../support/sending.js';
import { soapAck, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';

/** Runs where it is taken for markup; a formula where it is taken for one. */
const MARKUP = `=<img src=x onerror="window.hacked='yes'">`;
const WORDS = 'No patient found for Example^Alex';

if (chromiumPath === undefined) {
  describe('runs on the operators’ page (needs Chromium, not run)', () =>
    it('are tried where there is a Chromium'));
} else {
  // How its user signs in is all that differs between versions, and is tried on both in `operator.test.ts`.
  describe('runs on the operators’ page', function () {
    this.timeout(120_000);
    suite();
  });
}

function suite(): void {
  let browser: Browser;
  let pkb: TestServer;
  let red: NodeRed;
  let page: Page;
  const agent = new Agent({ keepAlive: true });

  before(async () => {
    browser = await launch();
    pkb = await startServer(({ controlId }, response) =>
      response.end(controlId.startsWith('bad') ? soapAck('AR', controlId, WORDS) : soapAck('AA', controlId)),
    );
    const folder = sendingUserDir(pkb.url);
    const flows = join(folder, 'flows.json');
    const nodes = JSON.parse(readFileSync(flows, 'utf8')) as FlowNode[];
    const func =
      'const { run, reference, expected } = msg.req.query; Object.assign(msg, { run, reference, expected }); return msg;';
    const place = { z: 'tab', x: 1, y: 1 };
    const changed = nodes.map((node) => (node.id === 'in' ? { ...node, wires: [['name']] } : node));
    const more = [
      { id: 'name', type: 'function', func, outputs: 1, wires: [['run', 'send']], ...place },
      { id: 'run', type: 'pkb-run', connection: 'connection', wires: [[], []], ...place },
    ];
    writeFileSync(flows, JSON.stringify([...changed, ...more]));
    red = await startNodeRed('node-red', folder, `${SENDING_SETTINGS}, ${ADMIN_AUTH}`);
    for (const n of [1, 2]) await hand(`good-${n}`, 'night', `letter ${n}`, 4);
    await hand('bad-1', 'night', MARKUP, 4);
    await hand('good-3', MARKUP, 'letter 1', 1);
    await until('all have an answer', () => pkb.arrived.length >= 3);
  });
  after(async () => {
    agent.destroy();
    await browser?.close();
    await red?.stop();
    await pkb?.close();
    if (red) remove(red.userDir);
  });
  afterEach(() => page?.close());

  const hand = async (controlId: string, run: string, reference: string, expected: number): Promise<void> => {
    const query = new URLSearchParams({ run, reference, expected: String(expected) });
    assert.ok(await post(`${red.url}/in?${query}`, stamped(controlId), agent), controlId);
  };
  const open = async (role: Role): Promise<void> => {
    page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
    await page.goto(`${red.url}/pkb`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('User name').fill(role);
    await page.getByLabel('Password').fill(`${role}-password`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
  };
  const entry = (name: string) => page.locator(`li[data-run=${JSON.stringify(name)}]`);
  const dialog = () => page.getByRole('dialog', { name: /^Run / });
  const rows = () => dialog().locator('tbody tr');
  const openRun = async (name = 'night'): Promise<void> => {
    await entry(name).getByRole('button').click();
    await dialog()
      .getByText(/items, page 1|No item/)
      .waitFor();
  };
  const wasHacked = (): Promise<unknown> => page.evaluate('window.hacked');
  /** Presses CSV. @returns the file */
  const saved = async (): Promise<{ name: string; text: string }> => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog().getByRole('button', { name: 'CSV' }).click(),
    ]);
    return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
  };

  it('a reader sees how far each run is and why it is open, in words and as a bar', async () => {
    await open('reader');
    const night = entry('night');
    await night.getByText('1 of 4 items did not come.').waitFor();
    await night.getByText('2 accepted').waitFor();
    const bar = night.getByRole('img');
    assert.equal(await bar.getAttribute('aria-label'), '2 accepted, 1 rejected, 1 did not come');
    // There is one connection, so there is nothing to choose.
    assert.equal(await page.getByRole('region', { name: 'Runs' }).getByRole('combobox').count(), 0);
    await entry(MARKUP)
      .getByText(/1 duplicate/)
      .waitFor();
    await entry(MARKUP)
      .getByText(/^closed /)
      .waitFor();
    assert.equal(await wasHacked(), undefined);
  });

  it('a reader looks at a run, by keyboard alone, and sees no word of PKB', async () => {
    await open('reader');
    const button = entry('night').getByRole('button');
    await button.waitFor();
    await button.focus();
    await page.keyboard.press('Enter');
    await dialog().getByText('3 items, page 1').waitFor();
    assert.equal(await dialog().getByLabel('with PKB’s words').count(), 0);
    const rejected = dialog().getByRole('button', { name: '1 rejected' });
    await rejected.focus();
    await page.keyboard.press('Space');
    await dialog().getByText('1 items, page 1').waitFor();
    assert.equal(await rejected.getAttribute('aria-pressed'), 'true');
    assert.equal(await rows().count(), 1);
    assert.ok((await rows().innerText()).includes(MARKUP));
    assert.ok(!(await dialog().innerText()).includes('No patient'));
    await rows().getByRole('button', { name: 'bad-1' }).focus();
    await page.keyboard.press('Enter');
    const message = page.getByRole('dialog', { name: 'Message bad-1' });
    await message.getByText('rejected (AR)').first().waitFor();
    await page.keyboard.press('Escape');
    await message.waitFor({ state: 'detached' });
    assert.equal(await dialog().count(), 1);
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    assert.equal(await button.evaluate((one) => one === document.activeElement), true);
    assert.equal(await wasHacked(), undefined);
  });

  it('the list refreshes and keeps the place of the keyboard', async () => {
    await open('reader');
    const button = entry('night').getByRole('button');
    await button.focus();
    const before = pkb.arrived.length;
    await hand(`late-${before}`, 'a later run', 'late', 9);
    await entry('a later run').waitFor();
    assert.equal(await button.evaluate((one) => one === document.activeElement), true);
  });

  it('who has pkb.phi sees PKB’s words where they want them, and saves the list without a formula', async () => {
    await open('clinician');
    await openRun();
    assert.ok(!(await dialog().innerText()).includes('No patient'));
    const plain = await saved();
    assert.equal(plain.name, 'run-night.csv');
    assert.match(plain.text, /^\uFEFFReference,Customer,Type,State,Code,Control ID,/);
    assert.equal(plain.text.split('\r\n').length, 5);
    assert.ok(!plain.text.includes('No patient'));
    assert.ok(plain.text.includes(`"'${MARKUP.replaceAll('"', '""')}",`), plain.text);
    await dialog().getByLabel('with PKB’s words').check();
    await dialog().getByText(WORDS).waitFor();
    await dialog().getByRole('button', { name: '1 rejected' }).click();
    await dialog().getByText('1 items, page 1').waitFor();
    const { text } = await saved();
    assert.match(text, /,Code,Words,Control ID,/);
    assert.ok(text.includes(`,AR,AR: ${WORDS},bad-1,`), text);
    assert.equal(text.split('\r\n').length, 3);
    await dialog().getByText('1 items saved as run-night.csv.').waitFor();
    assert.equal(await wasHacked(), undefined);
  });

  it('shows when items ended', async () => {
    await open('reader');
    await openRun();
    await dialog().getByRole('button', { name: 'Ends by the hour' }).click();
    await dialog().locator('svg title').first().waitFor({ state: 'attached' });
    const titles = await dialog().locator('svg title').allTextContents();
    assert.match(titles.join('\n'), /2 accepted/);
  });

  it('has a shape of its own for each state, which does not need its colour', async () => {
    await open('reader');
    await entry('night').waitFor();
    const shapes = await page.evaluate(
      (names) => {
        const bar = document.createElement('div');
        bar.className = 'run-bar';
        document.body.append(bar);
        return names.map((name) => {
          const part = document.createElement('i');
          part.className = `run-part ${name}`;
          part.style.setProperty('--ink', 'black');
          bar.append(part);
          const { backgroundImage, backgroundSize, backgroundColor, borderStyle } = getComputedStyle(part);
          return [backgroundImage, backgroundSize, backgroundColor, borderStyle].join(' ');
        });
      },
      [...ITEM_STATES, 'missing'],
    );
    assert.equal(new Set(shapes).size, ITEM_STATES.length + 1, shapes.join('\n'));
  });

  it('fits a sidebar of 300 pixels', async () => {
    await open('reader');
    await page.setViewportSize({ width: 300, height: 700 });
    await entry('night').waitFor();
    await openRun();
    for (const what of ['document.documentElement', 'document.querySelector("dialog")']) {
      const [wide, room] = (await page.evaluate(`[${what}.scrollWidth, ${what}.clientWidth]`)) as number[];
      assert.ok(Number(wide) <= Number(room), `${what}: ${wide} of ${room}`);
    }
  });

  it('a hundred thousand items cost the browser no more than a page of them', async () => {
    await open('reader');
    const size = 100_000;
    const report = (await (
      await page.context().request.post(`${red.url}/pkb/run`, {
        data: { connection: 'connection', run: 'night', most: 0 },
      })
    ).json()) as { states: Record<string, number> };
    const large = {
      ...report,
      run: 'large',
      count: size,
      places: size,
      expected: size,
      items: [],
      next: null,
    };
    const item = (n: number) => ({ n, message: null, reference: `letter ${n}`, state: 'accepted', at: '' });
    const rest = { code: 'AA', customer: '', messageType: '', controlId: '', endedAt: '', sameState: '' };
    // Node-RED's own answers are tried above: here it is the browser.
    await page.route('**/pkb/runs', (route) => route.fulfill({ json: { runs: [large] } }));
    await page.route('**/pkb/run', (route) => {
      const { after = 0, most = 100 } = route.request().postDataJSON() as { after?: number; most?: number };
      const count = Math.min(most, size - after);
      const items = Array.from({ length: count }, (_, i) => ({
        ...item(after + i + 1),
        ...rest,
        attempts: 1,
      }));
      const next = after + count < size && most > 0 ? after + count : null;
      return route.fulfill({ json: { ...large, items, next } });
    });
    await openRun('large');
    assert.equal(await rows().count(), 100);
    await dialog().getByRole('button', { name: 'Next page' }).click();
    await dialog().getByText('100 items, page 2').waitFor();
    assert.match(await rows().first().innerText(), /^letter 101\b/);
    await dialog().getByRole('button', { name: 'Previous page' }).click();
    await dialog().getByText('100 items, page 1').waitFor();
    assert.match(await rows().first().innerText(), /^letter 1\b/);
    assert.equal(await dialog().getByRole('button', { name: 'Previous page' }).isDisabled(), true);
    const { text } = await saved();
    assert.equal(text.split('\r\n').length, size + 2);
    assert.equal(await rows().count(), 100);
  });

  it('says why there are no runs to see where the outbox is away', async () => {
    await open('reader');
    await entry('night').waitFor();
    await page.route('**/pkb/runs', (route) =>
      route.fulfill({ status: 503, json: { error: 'The outbox cannot be opened.' } }),
    );
    await page.getByRole('region', { name: 'Runs' }).getByText('The outbox cannot be opened.').waitFor();
  });
}
