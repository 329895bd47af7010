import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { ADMIN_AUTH, startAttacked } from '../support/admin.js';
import { chromiumPath, launch } from '../support/browser.js';
import { stamped } from '../support/messages.js';
import { type NodeRed, remove } from '../support/node-red.js';
import { soapAck, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/wait.js';

declare const RED: any; // oxlint-disable-line typescript/no-explicit-any -- the editor's own global

/** Runs where it is taken for markup. */
const MARKUP = `<img src="x" onerror="window.hacked = 'yes'">`;
const PLACE = { z: 'tab', x: 10, y: 10 };

if (chromiumPath === undefined) {
  describe('hostile values in the editor (needs Chromium, not run)', () =>
    it('are tried where there is a Chromium'));
} else {
  for (const runtime of ['node-red', 'node-red-4'])
    describe(`hostile values and pages in the editor of ${runtime}`, function () {
      this.timeout(120_000);
      suite(runtime);
    });
}

function suite(runtime: string): void {
  let browser: Browser;
  let pkb: TestServer;
  let attacker: TestServer;
  let red: NodeRed | undefined;
  let page: Page;

  before(async () => {
    browser = await launch();
    const words = MARKUP.replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    pkb = await startServer(({ controlId }, response) =>
      response.end(soapAck('AR', controlId.replaceAll('<', '&lt;').replaceAll('>', '&gt;'), words)),
    );
    attacker = await startServer((_arrived, response) => response.writeHead(405).end());
  });
  after(async () => {
    await browser?.close();
    await pkb?.close();
    await attacker?.close();
  });

  const open = async (settings: string): Promise<void> => {
    const props = [{ p: 'payload', v: stamped(MARKUP), vt: 'str' }];
    const named = { name: MARKUP };
    red = await startAttacked(runtime, pkb.url, attacker.url, settings, {}, [
      { id: 'inject', type: 'inject', props, once: true, onceDelay: 0.1, ...PLACE, wires: [['send']] },
      { id: 'send', type: 'pkb-send', connection: 'connection', ...named, ...PLACE, wires: [[], []] },
      { id: 'guard', type: 'pkb-guard', rules: { [MARKUP]: 'flag' }, ...named, ...PLACE, wires: [[], []] },
      { id: 'customer', type: 'pkb-customer', alias: 'x', ...named },
      { id: 'build', type: 'pkb-build', customer: 'customer', ...named, ...PLACE, wires: [[]] },
    ]);
    await until('the message is rejected', () => pkb.arrived.length > 0);
    page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    // The test runner's compiler names functions through this helper, which a page does not have.
    await page.addInitScript({ content: 'globalThis.__name = (named) => named;' });
    await page.goto(red.url);
    await page.waitForFunction(() => typeof RED !== 'undefined' && Boolean(RED.nodes?.node?.('send')));
  };
  const close = async (): Promise<void> => {
    await page?.close();
    await red?.stop();
    if (red) remove(red.userDir);
    pkb.arrived.length = 0;
  };
  const edit = async (id: string, shown: string): Promise<void> => {
    await page.evaluate((nodeId) => {
      const node = RED.nodes.node(nodeId);
      if (node._def.category === 'config') RED.editor.editConfig('', node.type, node.id);
      else RED.editor.edit(node);
    }, id);
    await page.waitForSelector(shown, { state: 'attached' });
  };
  const cancel = async (id: string): Promise<void> => {
    await page.evaluate((button) => document.querySelector<HTMLElement>(button)?.click(), id);
    await page.waitForFunction((button) => document.querySelector(button) === null, id);
  };
  const text = async (selector: string): Promise<string> => (await page.textContent(selector)) ?? '';
  const nothingRan = async (): Promise<void> =>
    assert.equal(await page.evaluate(() => (globalThis as { hacked?: string }).hacked), undefined);

  /** Makes the open dialog of pkb-send believe that two messages wait for an address, until it looks again. */
  const waitElsewhere = async (address: string): Promise<void> => {
    const json = { failed: [], elsewhere: [{ address, count: 2 }] };
    await page.route('**/pkb-send/send/failed', (route) => route.fulfill({ json }));
    await page.click('#pkb-send-refresh');
    await page.waitForSelector('#pkb-send-elsewhere-send');
    await page.unroute('**/pkb-send/send/failed');
  };

  describe('without adminAuth', () => {
    before(() => open(''));
    after(close);

    it('what PKB says, and a control ID, are shown as text', async () => {
      await edit('send', '.pkb-send-failed-row');
      assert.equal((await text('.pkb-send-failed-row')).split(MARKUP).length, 3);
      assert.equal(await page.locator('.pkb-send-failed-row img').count(), 0);
      await nothingRan();
    });

    it('an address for which messages wait is shown as text', async () => {
      await waitElsewhere(MARKUP);
      assert.ok((await text('#pkb-send-elsewhere-words')).includes(`stored for ${MARKUP}.`));
      assert.equal(await page.locator('#pkb-send-elsewhere img').count(), 0);
      await page.click('#pkb-send-refresh');
      await page.waitForSelector('.pkb-send-failed-row');
      await nothingRan();
    });

    it('what a server answers is notified as text', async () => {
      await page.route('**/pkb-send/**', (route) => route.fulfill({ status: 500, json: { error: MARKUP } }));
      for (const button of ['#pkb-send-release', '.pkb-send-failed-row button']) {
        await page.click(button);
        await page.waitForFunction(
          (wanted) =>
            [...document.querySelectorAll('.red-ui-notification')].some((one) =>
              one.textContent?.includes(wanted),
            ),
          MARKUP,
        );
        await page.evaluate(() => {
          for (const one of document.querySelectorAll('.red-ui-notification')) one.remove();
        });
      }
      await page.unroute('**/pkb-send/**');
      await nothingRan();
      await cancel('#node-dialog-cancel');
    });

    it('names, rules and verdicts are shown as text', async () => {
      await edit('guard', '#pkb-guard-rules select');
      await page.route('**/pkb-guard/try', (route) =>
        route.fulfill({
          json: { blocked: true, findings: [{ action: 'flag', location: MARKUP, text: MARKUP }] },
        }),
      );
      await page.fill('#pkb-guard-try', 'MSH|');
      await page.waitForFunction(() => document.querySelector('#pkb-guard-findings b') !== null);
      assert.equal((await text('#pkb-guard-findings')).split(MARKUP).length, 3);
      await cancel('#node-dialog-cancel');

      await page.route('**/pkb-connection/test', (route) =>
        route.fulfill({ json: { ok: false, text: MARKUP } }),
      );
      await edit('connection', '#pkb-connection-test');
      await page.evaluate(() => document.querySelector<HTMLElement>('#pkb-connection-test')?.click());
      await page.waitForFunction(
        (wanted) => document.querySelector('#pkb-connection-verdict')?.textContent?.includes(wanted),
        MARKUP,
      );
      await page.unroute('**/pkb-connection/test');
      await cancel('#node-config-dialog-cancel');

      await edit('customer', '#node-config-input-alias');
      await cancel('#node-config-dialog-cancel');
      await edit('build', '#node-input-customer');
      await cancel('#node-dialog-cancel');
      await nothingRan();
    });

    it('a page of another origin reaches no route of ours, and the editor’s own page does', async () => {
      const elsewhere = createServer((_request, response) =>
        response.setHeader('content-type', 'text/html').end('<!doctype html><title>x</title>'),
      );
      await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
      const other = await browser.newPage();
      await other.addInitScript({ content: 'globalThis.__name = (named) => named;' });
      await other.goto(`http://localhost:${(elsewhere.address() as AddressInfo).port}/`);
      const wish = { id: 'connection', environment: 'custom', url: pkb.url, password: '__PWRD__' };
      const ask = { base: red?.url ?? '', wish };
      pkb.arrived.length = 0;
      assert.deepEqual(await other.evaluate(reach, ask), []);
      const [answer] = await Promise.all([
        other.waitForResponse((response) => response.request().method() === 'POST'),
        other.evaluate(({ base }) => {
          document.body.innerHTML = `<form method="post" enctype="text/plain" action="${base}/pkb-connection/test"><input name='{"id":"connection","x":"' value='"}'></form>`;
          document.querySelector('form')?.submit();
        }, ask),
      ]);
      assert.equal(answer.status(), 415);
      assert.equal(pkb.arrived.length, 0);
      assert.deepEqual(await page.evaluate(reach, ask), ['release', 'test', 'failed']);
      assert.equal(pkb.arrived.length, 1);
      await other.close();
      await closeServer(elsewhere);
    });
  });

  describe('to who may only read', () => {
    before(() => open(ADMIN_AUTH));
    after(close);

    it('the dialog of pkb-send says that PKB’s words are hidden, and that acting is not permitted', async () => {
      await edit('send', '.pkb-send-failed-row');
      const row = await text('.pkb-send-failed-row');
      assert.match(row, /rejected \(AR\)/);
      assert.match(row, /no permission to see PKB’s words \(pkb\.phi\)/);
      await page.click('#pkb-send-release');
      await page.waitForFunction(() =>
        document.querySelector('.red-ui-notification')?.textContent?.includes('You have no permission'),
      );
      await page.evaluate(() => {
        for (const one of document.querySelectorAll('.red-ui-notification')) one.remove();
      });
      await waitElsewhere('PKB sandbox');
      await page.click('#pkb-send-elsewhere-send');
      await page.waitForFunction(() =>
        document.querySelector('.red-ui-notification')?.textContent?.includes('You have no permission'),
      );
      await nothingRan();
      await cancel('#node-dialog-cancel');
    });

    it('the other dialogs say it, too', async () => {
      await edit('guard', '#pkb-guard-rules select');
      await page.fill('#pkb-guard-try', 'MSH|');
      await page.waitForFunction(() =>
        document.querySelector('#pkb-guard-findings')?.textContent?.includes('may change flows'),
      );
      await cancel('#node-dialog-cancel');
      await edit('connection', '#pkb-connection-test');
      await page.evaluate(() => document.querySelector<HTMLElement>('#pkb-connection-test')?.click());
      await page.waitForFunction(() =>
        document.querySelector('#pkb-connection-verdict')?.textContent?.includes('may deploy'),
      );
      await cancel('#node-config-dialog-cancel');
    });
  });
}

/** Runs in a page: which routes of ours it gets a good answer from. */
async function reach({ base, wish }: { base: string; wish: object }): Promise<string[]> {
  const json = { 'content-type': 'application/json' };
  const routes: [string, string, RequestInit][] = [
    ['release', '/pkb-send/send/release', { method: 'POST', headers: json, body: '{}' }],
    ['test', '/pkb-connection/test', { method: 'POST', headers: json, body: JSON.stringify(wish) }],
    ['failed', '/pkb-send/send/failed', {}],
  ];
  const reached: string[] = [];
  for (const [name, path, init] of routes) {
    const ok = await fetch(base + path, init).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) reached.push(name);
  }
  return reached;
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
