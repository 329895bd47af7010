/** The operators' page and sidebar in Chromium: what three kinds of users see and do, and hostile values. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Agent } from 'node:http';
import { join } from 'node:path';
import type { Browser, Download, Page } from 'playwright-core';
import { ADMIN_AUTH, type Role } from '../support/admin.js';
import { chromiumPath, launch } from '../support/browser.js';
import { stamped } from '../support/messages.js';
import { type NodeRed, remove, startNodeRed } from '../support/node-red.js';
import { type FlowNode, post, SENDING_SETTINGS, sendingUserDir } from '../support/sending.js';
import { soapAck, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';

declare const RED: any; // oxlint-disable-line typescript/no-explicit-any -- the editor's own global

/** Runs where it is taken for markup. */
const MARKUP = `<img src=x onerror="window.hacked='yes'">`;
const WORDS = `No patient found ${MARKUP}`;

if (chromiumPath === undefined) {
  describe('the operators’ page (needs Chromium, not run)', () => it('is tried where there is a Chromium'));
} else {
  for (const runtime of ['node-red', 'node-red-4'])
    describe(`the operators’ page of ${runtime}`, function () {
      this.timeout(120_000);
      suite(runtime);
    });
}

function suite(runtime: string): void {
  let browser: Browser;
  let pkb: TestServer;
  let red: NodeRed;
  let page: Page;
  let rejects = true;
  const agent = new Agent({ keepAlive: true });

  before(async () => {
    browser = await launch();
    const words = WORDS.replaceAll('<', '&lt;').replaceAll('"', '&quot;');
    pkb = await startServer(({ controlId }, response) =>
      response.end(rejects ? soapAck('AR', controlId, words) : soapAck('AA', controlId)),
    );
  });
  after(async () => {
    agent.destroy();
    await browser?.close();
    await pkb?.close();
  });

  const start = async (settings: string): Promise<void> => {
    const folder = sendingUserDir(pkb.url);
    const flows = join(folder, 'flows.json');
    const nodes = JSON.parse(readFileSync(flows, 'utf8')) as FlowNode[];
    const func = 'msg.reference = msg.req.query.reference; return msg;';
    const refer = {
      id: 'refer',
      type: 'function',
      func,
      outputs: 1,
      z: 'tab',
      x: 1,
      y: 1,
      wires: [['send']],
    };
    const changed = nodes.map((node) => {
      if (node.id === 'in') return { ...node, wires: [['refer']] };
      if (node.id === 'send') return { ...node, onRejected: 'hold' };
      return node.id === 'connection' ? { ...node, name: MARKUP, concurrency: 1 } : node;
    });
    writeFileSync(flows, JSON.stringify([...changed, refer]));
    red = await startNodeRed(runtime, folder, `${SENDING_SETTINGS}, ${ADMIN_AUTH}, ${settings}`);
  };
  const stop = async (): Promise<void> => {
    await page?.close();
    await red?.stop();
    if (red) remove(red.userDir);
  };
  /** @param patient the last digits of an NHS number of the test range */
  const hand = async (controlId: string, reference: string, patient: string): Promise<void> => {
    const url = `${red.url}/in?reference=${encodeURIComponent(reference)}`;
    assert.ok(await post(url, stamped(controlId).replace('9990000018', `99900000${patient}`), agent));
    await until(`${controlId} has arrived`, () => pkb.arrived.some((one) => one.controlId === controlId));
  };
  const open = async (role?: Role): Promise<void> => {
    page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
    await page.goto(`${red.url}/pkb`);
    if (role === undefined) return;
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('User name').fill(role);
    await page.getByLabel('Password').fill(`${role}-password`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
  };
  const find = async (by: string, value: string): Promise<void> => {
    await page.getByLabel('Find by').selectOption(by);
    await page.getByLabel('Value').fill(value);
    await page.getByRole('button', { name: 'Search', exact: true }).click();
  };
  const row = (controlId: string) => page.locator(`tr[data-control-id="${controlId}"]`);
  const wasHacked = (): Promise<unknown> => page.evaluate('window.hacked');

  describe('with three users', () => {
    before(async () => {
      await start('');
      await hand('held-1', 'letter 1', '18');
      await hand('other-1', MARKUP, '26');
    });
    after(stop);
    afterEach(() => page?.close());

    it('a reader sees states and no text, and cannot act', async () => {
      await open('reader');
      await find('reference', 'letter 1');
      await row('held-1').click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('rejected (AR)').first().waitFor();
      const text = await dialog.innerText();
      assert.ok(!text.includes('Example') && !text.includes('No patient found'), text);
      assert.match(text, /pkb\.phi/);
      assert.equal(await dialog.getByRole('button', { name: 'Send again' }).count(), 0);
      await dialog.getByRole('button', { name: 'Close' }).click();
      assert.equal(await page.getByRole('button', { name: 'Resume sending' }).count(), 0);
      await row('held-1').getByRole('checkbox').check();
      assert.equal(await page.getByRole('button', { name: /Dismiss/ }).count(), 0);
    });

    it('shows hostile values as text', async () => {
      await open('everything');
      assert.ok((await page.locator('.card').first().innerText()).includes('<img'));
      await find('reference', 'letter 1');
      await row('held-1').click();
      await page.getByRole('dialog').getByText('No patient found').first().waitFor();
      assert.ok((await page.getByRole('dialog').innerText()).includes(WORDS));
      assert.equal(await wasHacked(), undefined);
      assert.equal(await page.locator('img').count(), 0);
    });

    it('somebody finds a rejected message by its reference, corrects it, sends it again, and the failure leaves the list', async () => {
      await open('everything');
      await page.getByLabel('State', { exact: true }).selectOption('failures');
      await find('reference', 'letter 1');
      await row('held-1').focus();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: 'Edit' }).click();
      const field = dialog.getByRole('textbox');
      await field.fill((await field.inputValue()).replace('Example', 'Corrected'));
      assert.match(await dialog.locator('del').innerText(), /Example\^Alex/);
      assert.match(await dialog.locator('ins').innerText(), /Corrected\^Alex/);
      rejects = false;
      await dialog.getByRole('button', { name: 'Send the corrected text' }).click();
      await page.getByText('It is pending again.').waitFor();
      await until('it is accepted and gone from the failures', async () => {
        await page.getByRole('button', { name: 'Search', exact: true }).click();
        await page.getByText('No message fits.').waitFor();
        return (await row('held-1').count()) === 0;
      });
      await page.getByLabel('State', { exact: true }).selectOption('accepted');
      await until('it is among the accepted', async () => {
        await page.getByRole('button', { name: 'Search', exact: true }).click();
        return row('held-1')
          .waitFor({ timeout: 2000 })
          .then(
            () => true,
            () => false,
          );
      });
      assert.ok(pkb.arrived.filter(({ controlId }) => controlId === 'held-1').length >= 2);
    });

    it('what is on hold is resumed', async () => {
      rejects = true;
      await hand('hold-2', 'letter 2', '34');
      const behind = stamped('behind-2').replace('9990000018', '9990000034');
      assert.ok(await post(`${red.url}/in`, behind, agent));
      await open('operator');
      await page
        .getByText(/1 on hold/)
        .first()
        .waitFor();
      rejects = false;
      await page.getByRole('button', { name: 'Resume sending' }).click();
      await page.getByText(/Sending resumed/).waitFor();
      await until('it is sent', () => pkb.arrived.some(({ controlId }) => controlId === 'behind-2'));
    });

    it('several are dismissed at once, after a question with their number', async () => {
      rejects = true;
      await hand('bulk-1', 'letter 3', '42');
      await open('operator');
      await page.getByLabel('State', { exact: true }).selectOption('failures');
      await page.getByRole('button', { name: 'Search', exact: true }).click();
      await row('bulk-1').getByRole('checkbox').check();
      await row('hold-2').getByRole('checkbox').check();
      const asked = new Promise<string>((resolve) =>
        page.once('dialog', (dialog) => {
          resolve(dialog.message());
          void dialog.accept();
        }),
      );
      await page.getByRole('button', { name: 'Dismiss (2)' }).click();
      assert.match(await asked, /Take 2 messages off/);
      await page.getByText('2 of 2 done.').waitFor();
      assert.equal(await row('bulk-1').count(), 0);
    });

    it('the name of a field is said under the text, for the mouse and for the keyboard', async () => {
      await open('everything');
      await find('controlId', 'other-1');
      await row('other-1').click();
      const hl7 = page.getByRole('group', { name: 'HL7 text' });
      const said = page.getByRole('dialog').getByRole('status').last();
      await hl7.getByText('Example^Alex').hover();
      assert.equal(await said.innerText(), 'PID-5: Patient Name');
      // Tab stops once in each text; then the arrow keys go on.
      await hl7.locator('[tabindex="0"]').focus();
      assert.equal(await hl7.locator('[tabindex="0"]').count(), 1);
      assert.equal(await said.innerText(), 'MSH: Message Header');
      for (const [key, name] of [
        ['ArrowRight', 'MSH-2: Encoding Characters'],
        ['ArrowDown', 'PID: Patient Identification'],
        // Fields that are empty are passed over.
        ['ArrowRight', 'PID-3: Patient Identifier List'],
        ['ArrowRight', 'PID-5: Patient Name'],
        ['End', 'PID-8: Administrative Sex'],
        ['ArrowLeft', 'PID-7: Date/Time of Birth'],
        ['Home', 'PID: Patient Identification'],
        ['ArrowUp', 'MSH: Message Header'],
        ['ArrowLeft', 'MSH: Message Header'],
      ] as const) {
        await page.keyboard.press(key);
        assert.equal(await said.innerText(), name, key);
      }
      const answer = page.getByRole('group', { name: 'Acknowledgement' });
      await answer.getByText(WORDS).hover();
      const first = page.getByRole('dialog').getByRole('status').first();
      assert.equal(await first.innerText(), 'MSA-3: Text Message');
      assert.equal(await wasHacked(), undefined);
    });

    /** Saves the evidence of a message. @returns its two files as texts, and where the page is */
    const saved = async (
      controlId: string,
      ...choices: string[]
    ): Promise<{ html: string; csv: string; path: string }> => {
      await row(controlId).getByRole('checkbox').check();
      await page.getByRole('button', { name: 'Evidence (1)' }).click();
      const dialog = page.getByRole('dialog');
      for (const choice of choices) await dialog.getByLabel(choice).check();
      const files: Download[] = [];
      page.on('download', (download) => files.push(download));
      await dialog.getByRole('button', { name: 'Save' }).click();
      await until('both files are saved', () => files.length === 2);
      await page.getByText('Evidence of 1 messages saved.').waitFor();
      const [one, two] = files;
      assert.match(one?.suggestedFilename() ?? '', /^pkb-evidence-.*\.html$/);
      assert.match(two?.suggestedFilename() ?? '', /^pkb-evidence-.*\.csv$/);
      const path = join(red.userDir, one?.suggestedFilename() ?? '');
      const list = join(red.userDir, two?.suggestedFilename() ?? '');
      await one?.saveAs(path);
      await two?.saveAs(list);
      return { html: readFileSync(path, 'utf8'), csv: readFileSync(list, 'utf8'), path };
    };

    it('a reader saves masked evidence of chosen messages, and has no other choice', async () => {
      await open('reader');
      await find('controlId', 'other-1');
      const { html, csv } = await saved('other-1');
      for (const text of [html, csv]) {
        assert.ok(text.includes('other-1') && text.includes('[masked]^^^NHS^NH'));
        for (const word of ['Example', '9990000026', 'No patient found'])
          assert.ok(!text.includes(word), word);
      }
      assert.ok(csv.startsWith('\uFEFF'));
      await row('other-1').getByRole('checkbox').uncheck();
      await row('other-1').getByRole('checkbox').check();
      await page.getByRole('button', { name: 'Evidence (1)' }).click();
      assert.equal(await page.getByRole('dialog').getByRole('checkbox').count(), 0);
      assert.match(await page.getByRole('dialog').innerText(), /are masked/);
    });

    it('evidence that is not masked opens without a network, and runs nothing of what it holds', async () => {
      await open('everything');
      await find('controlId', 'other-1');
      const { html, path } = await saved('other-1', 'Show the values of patients', 'Show PKB’s words');
      assert.ok(html.includes('Example^Alex') && html.includes('No patient found &lt;img'));
      const context = await browser.newContext({ offline: true });
      try {
        const pack = await context.newPage();
        const asked: string[] = [];
        pack.on('request', (request) => asked.push(request.url()));
        const faults: string[] = [];
        pack.on('console', (line) => faults.push(line.text()));
        await pack.goto(pathToFileURL(path).href);
        await pack.getByRole('heading', { name: 'Evidence: messages to Patients Know Best' }).waitFor();
        assert.ok((await pack.locator('body').innerText()).includes(WORDS));
        assert.equal(await pack.evaluate('window.hacked'), undefined);
        assert.deepEqual([await pack.locator('img, script').count(), asked.length, faults], [0, 1, []]);
        // The style is let through by its hash.
        assert.equal(
          await pack.evaluate("getComputedStyle(document.querySelector('pre')).whiteSpace"),
          'pre-wrap',
        );
      } finally {
        await context.close();
      }
    });

    it('all that fit are counted, and dismissed after a question with their number', async () => {
      rejects = true;
      await hand('all-1', 'for all', '50');
      await hand('all-2', 'for all', '69');
      await open('operator');
      await page.getByLabel('State', { exact: true }).selectOption('failures');
      await find('reference', 'for all');
      await row('all-1').waitFor();
      await row('all-2').waitFor();
      await page.getByRole('button', { name: 'Select all that fit' }).click();
      await page.getByText('All that fit: 2').waitFor();
      assert.equal(await page.getByRole('button', { name: 'Send again (2)' }).count(), 1);
      // What is not pending cannot be discarded.
      assert.equal(await page.getByRole('button', { name: /^Discard/ }).count(), 0);
      const asked: string[] = [];
      page.on('dialog', (dialog) => {
        asked.push(dialog.message());
        void (asked.length === 1 ? dialog.dismiss() : dialog.accept());
      });
      await page.getByRole('button', { name: 'Dismiss (2)' }).click();
      await until('the question was answered', () => asked.length === 1);
      assert.match(asked[0] ?? '', /Take all that fit off the list of failures \(2\)/);
      assert.equal(await row('all-1').count(), 1);
      await page.getByRole('button', { name: 'Dismiss (2)' }).click();
      await page.getByText('2 done', { exact: true }).waitFor();
      await page.getByText('No message fits.').waitFor();
    });

    it('a search anew forgets what was counted; a reader is not offered it', async () => {
      await open('operator');
      await find('reference', 'for all');
      await row('all-1').waitFor();
      await page.getByRole('button', { name: 'Select all that fit' }).click();
      await page.getByText('All that fit: 2').waitFor();
      await find('reference', 'nothing of this kind');
      await page.getByText('No message fits.').waitFor();
      assert.equal(await page.getByText(/All that fit/).count(), 0);
      await page.close();
      await open('reader');
      await find('reference', 'for all');
      await row('all-1').waitFor();
      assert.equal(await page.getByRole('button', { name: 'Select all that fit' }).count(), 0);
    });

    it('fits a sidebar of 300 pixels, and the editor has it as one', async () => {
      await open('reader');
      await page.setViewportSize({ width: 300, height: 700 });
      const wide = await page.evaluate('document.documentElement.scrollWidth');
      assert.ok(Number(wide) <= 300, String(wide));
      await page.goto(red.url);
      await page.waitForFunction(() => typeof RED !== 'undefined' && Boolean(RED.nodes?.node?.('send')));
      await page.evaluate(() => RED.sidebar.show('pkb-operator'));
      const frame = page.frameLocator('iframe[title="PKB messages"]');
      await frame.getByRole('heading', { name: 'PKB messages' }).waitFor();
    });
  });

  describe('where the editor is disabled', () => {
    before(() => start('disableEditor: true'));
    after(stop);

    it('works all the same', async () => {
      await open('operator');
      await page.getByRole('heading', { name: 'Connections' }).waitFor();
      assert.equal(await wasHacked(), undefined);
    });
  });
}
