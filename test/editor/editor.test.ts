import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { chromiumPath, launch } from '../support/browser.js';
import { DEFAULT_PATIENTS } from '../../src/simulator/known-patients.js';
import { stamped } from '../support/messages.js';
import { type NodeRed, pack, remove, startNodeRed, userDirWith } from '../support/node-red.js';
import { CONFIG_TYPES, FLOW_TYPES, NODE_TYPES } from '../support/node-types.js';
import { until } from '../support/wait.js';

declare const RED: any; // oxlint-disable-line typescript/no-explicit-any -- the editor's own global

const root = join(__dirname, '../..');
const RUNTIMES = ['node-red', 'node-red-4'];

if (chromiumPath === undefined) {
  describe('the editor (needs Chromium, not run)', () => it('is run where there is a Chromium'));
} else {
  for (const runtime of RUNTIMES)
    describe(`the packed package in the editor of ${runtime}`, () => suite(runtime));
}

function suite(runtime: string): void {
  let red: NodeRed;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  before(async function () {
    this.timeout(180_000);
    const userDir = await userDirWith(await pack());
    red = await startNodeRed(runtime, userDir);
    browser = await launch();
    page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    // The test runner's compiler names functions through this helper, which a page does not have.
    await page.addInitScript({ content: 'globalThis.__name = (named) => named;' });
    page.on('console', (message) => {
      // The editor itself asks for things on the internet, which a test machine need not have.
      if (message.text().includes('ERR_NAME_NOT_RESOLVED')) return;
      if (message.type() === 'error' || message.text().includes('Validation error'))
        problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(red.url);
    await page.waitForFunction(
      () => typeof RED !== 'undefined' && RED.nodes?.registry?.getNodeTypes().includes('pkb-send'),
    );
    await page.waitForSelector('.red-ui-palette-node[data-palette-type="pkb-send"]');
  });

  after(async () => {
    await browser?.close();
    await red?.stop();
    if (red) remove(red.userDir);
  });

  const deploy = async (): Promise<void> => {
    await page.click('#red-ui-header-button-deploy');
    await page.waitForFunction(() => !RED.nodes.dirty());
    // An import that leaves a flow without its own connection asks first.
    const confirm = page.locator(
      '#node-dialog-confirm-deploy-deploy, .ui-dialog button:has-text("Confirm deploy")',
    );
    if (await confirm.count()) await confirm.first().click();
  };

  const closeDialog = async (button: string): Promise<void> => {
    await page.click(button);
    await page.waitForFunction((id) => document.querySelector(id) === null, button);
  };

  it('shows all nodes, each with an icon of its own that exists', async () => {
    for (const type of NODE_TYPES) {
      const icon = await page.evaluate((name) => RED.nodes.getType(name)?.icon as string, type);
      assert.equal(icon, `${type}.svg`);
      const answer = await fetch(`${red.url}/icons/@pkb-partner/node-red-pkb/${icon}`);
      assert.equal(answer.status, 200);
      assert.match(await answer.text(), /<svg/);
    }
    for (const type of FLOW_TYPES)
      assert.ok(await page.isVisible(`.red-ui-palette-node[data-palette-type="${type}"]`), type);
  });

  it('shows help for all of them', async () => {
    for (const type of NODE_TYPES) {
      const help = await page.evaluate((name) => RED.nodes.getNodeHelp(name) as string, type);
      assert.ok(help.length > 300, `the help of ${type} is too short to help: ${help}`);
      assert.match(help, /<h3[^>]*>/, `the help of ${type} has no heading (###)`);
    }
  });

  it('has no label that was not found in the catalogue', async () => {
    for (const type of NODE_TYPES) {
      const keys = await page.evaluate((name) => {
        const template = document.querySelector(`script[data-template-name="${name}"]`)?.innerHTML ?? '';
        // One attribute may name several texts, each for an attribute of its own: [title]key;[aria-label]key.
        const found = [...template.matchAll(/data-i18n="([^"]+)"/g)].flatMap((match) =>
          (match[1] ?? '').split(';').map((key) => key.replace(/^\[[a-z-]+\]/, '')),
        );
        const own = RED.nodes.getType(name);
        return found.filter((key) => own._(key) === key || own._(key) === '');
      }, type);
      assert.deepEqual(keys, [], type);
    }
  });

  it('offers the examples in the import menu', async () => {
    const examples = await (
      await fetch(`${red.url}/library/examples/flows/@pkb-partner/node-red-pkb`, {
        headers: { accept: 'application/json' },
      })
    ).json();
    assert.ok(JSON.stringify(examples).includes('01 - Send an A28'));
  });

  it('marks a node until it is configured, and its connection until that is right', async () => {
    const entry = page.locator('.red-ui-palette-node[data-palette-type="pkb-send"]');
    await entry.scrollIntoViewIfNeeded();
    const from = await entry.boundingBox();
    assert.ok(from);
    await page.mouse.move(from.x + 20, from.y + 10);
    await page.mouse.down();
    await page.mouse.move(600, 300, { steps: 10 });
    await page.mouse.move(610, 310, { steps: 5 });
    await page.mouse.up();
    await page.waitForSelector('.red-ui-flow-node-group');
    const send = (): Promise<{ valid: boolean }> =>
      page.evaluate(() => {
        const { valid } = RED.nodes.filterNodes({ type: 'pkb-send' })[0];
        return { valid };
      });
    assert.equal((await send()).valid, false);

    await page.dblclick('.red-ui-flow-node-group');
    await page.waitForSelector('#node-input-connection', { state: 'attached' });
    await settle();
    await page.click('a[id^="node-input-btn-connection-add"], #node-input-lookup-connection');
    await page.waitForSelector('#node-config-input-environment');
    await settle();
    await page.selectOption('#node-config-input-environment', 'custom');
    const marked = (field: string): Promise<boolean> =>
      page.evaluate(
        (id) => document.querySelector(id)?.classList.contains('input-error') ?? false,
        `#node-config-input-${field}`,
      );
    assert.ok(await marked('username'));
    for (const [url, wrong] of [
      ['hello', true],
      ['http://example.org/x', true],
      ['https://user:pass@example.org/x', true],
      ['https://example.org:7443/services/hl7', false],
      ['http://localhost:1880/x', false],
      ['${PKB_URL}', false],
      ['https://127.0.0.1:1/services/hl7', false],
    ] as const) {
      await page.fill('#node-config-input-url', url);
      await page.dispatchEvent('#node-config-input-url', 'change');
      await until(`"${url}" is ${wrong ? '' : 'not '}marked`, async () => (await marked('url')) === wrong);
    }
    await page.fill('#node-config-input-timeout', '0');
    await page.dispatchEvent('#node-config-input-timeout', 'change');
    await until('the timeout is marked', () => marked('timeout'));
    await page.fill('#node-config-input-timeout', '30');
    await page.fill('#node-config-input-username', 'sam');
    await page.fill('#node-config-input-password', 'SECRET-PASSWORD');
    assert.equal(await marked('username'), false);
    await page.click('#node-config-dialog-ok');
    await page.waitForSelector('#node-config-dialog-ok', { state: 'detached' });
    await settle();
    await closeDialog('#node-dialog-ok');
    assert.equal((await send()).valid, true);
  });

  it('refuses an alias that would break MSH-4', async () => {
    const verdicts = await page.evaluate(() => {
      const { alias } = RED.nodes.getType('pkb-customer').defaults;
      const node = { _: (key: string) => key };
      return ['ok', '${ALIAS}', 'a b', 'a{b', 'a|b', 'a^b', 'a&b', 'a~b', 'a\\b', '', ' '].map(
        (value) => alias.validate.call(node, value, {}) === true,
      );
    });
    assert.deepEqual(verdicts, [true, true, ...Array(9).fill(false)]);
  });

  it('keeps the password out of the flow file and out of the browser', async () => {
    await deploy();
    const flows = await (await fetch(`${red.url}/flows`)).text();
    assert.ok(flows.includes('pkb-connection'));
    assert.ok(!flows.includes('SECRET-PASSWORD'));
    const { id } = (JSON.parse(flows) as { id: string; type: string }[]).find(
      ({ type }) => type === 'pkb-connection',
    ) ?? { id: '' };
    const credentials = await (await fetch(`${red.url}/credentials/pkb-connection/${id}`)).json();
    assert.deepEqual(credentials, { username: 'sam', has_password: true });
    for (const file of ['flows.json', 'flows_cred.json']) {
      assert.ok(!readFileSync(join(red.userDir, file), 'utf8').includes('SECRET-PASSWORD'), file);
    }
    assert.ok(!red.output().includes('SECRET-PASSWORD'));
  });

  it('imports example 01, deploys it, and sees PKB’s AA in the debug sidebar', async () => {
    const example = readFileSync(join(root, 'examples/01 - Send an A28.json'), 'utf8');
    await page.evaluate((text) => {
      RED.nodes.eachNode((node: { id: string }) => RED.nodes.remove(node.id));
      const [tab, ...rest] = JSON.parse(text) as object[];
      RED.view.importNodes([tab, ...rest], { generateIds: false, touchImport: true });
      RED.sidebar.show('debug');
    }, example);
    await page.waitForFunction(() => RED.nodes.workspace('pkb01-tab') !== null);
    await deploy();
    await page.waitForFunction(
      () => document.querySelector('.red-ui-debug-content')?.textContent?.includes('AA'),
      undefined,
      { timeout: 20_000 },
    );
    const invalid = await page.evaluate(() => {
      const found: string[] = [];
      RED.nodes.eachNode((node: { z: string; valid: boolean; id: string }) => {
        if (node.z === 'pkb01-tab' && !node.valid) found.push(node.id);
      });
      return found;
    });
    assert.deepEqual(invalid, []);
    const statuses = await page.evaluate(() =>
      ['pkb01-guard', 'pkb01-simulator'].map((id) => RED.nodes.node(id).status?.text as string),
    );
    assert.deepEqual(statuses, ['1 passed, 0 flagged, 0 stopped', '1 received']);
  });

  it('lists a rejected message in the dialog of pkb-send, and sends it again', async () => {
    const authorise = async (aliases: string[]): Promise<void> => {
      await page.evaluate((list) => {
        Object.assign(RED.nodes.node('pkb01-simulator'), { aliases: list, changed: true, dirty: true });
        RED.nodes.dirty(true);
      }, aliases);
      await deploy();
    };
    const open = async (): Promise<void> => {
      await page.evaluate(() => RED.editor.edit(RED.nodes.node('pkb01-send')));
      await page.waitForSelector('#node-dialog-ok');
      await settle();
    };
    await authorise(['other{other}']);
    await page.waitForFunction(
      () => document.querySelector('.red-ui-debug-content')?.textContent?.includes('"AR"'),
      undefined,
      { timeout: 20_000 },
    );
    await authorise([]);
    await open();
    // A deploy may still be starting nodes when the dialog asks them.
    await until('the message is listed', async () => {
      if ((await page.locator('.pkb-send-failed-row').count()) > 0) return true;
      await page.click('#pkb-send-refresh');
      return false;
    });
    const [row] = await page.locator('.pkb-send-failed-row').allTextContents();
    assert.match(row ?? '', /ADT\^A28 · rejected \(AR\)/);
    assert.match(row ?? '', /not authorised/);
    await page.click('.pkb-send-failed-row button');
    await page.waitForFunction(() => !document.querySelector('.pkb-send-failed-row'));
    assert.match((await page.textContent('#pkb-send-failed')) ?? '', /None/);
    await closeDialog('#node-dialog-ok');
    await settle();
  });

  it('lists the patients that the simulator knows, and keeps what is entered', async () => {
    await page.evaluate(() => RED.workspaces.show('pkb01-tab'));
    await page.evaluate(() => RED.editor.edit(RED.nodes.node('pkb01-simulator')));
    await page.waitForSelector('#node-dialog-ok');
    await settle();
    const numbers = page.locator('#node-input-patients-container input[data-field="nhsNumber"]');
    assert.equal(await numbers.count(), DEFAULT_PATIENTS.length);
    assert.equal(await numbers.first().inputValue(), DEFAULT_PATIENTS[0]?.nhsNumber);
    await page.fill('#node-input-patients-container input[data-field="given"] >> nth=1', 'Sascha');
    await page.check('#node-input-autoCreate');
    await closeDialog('#node-dialog-ok');
    await settle();
    const kept = await page.evaluate(() => {
      const { patients, autoCreate } = RED.nodes.node('pkb01-simulator') as unknown as {
        patients: unknown;
        autoCreate: unknown;
      };
      return { patients, autoCreate };
    });
    const patients = DEFAULT_PATIENTS.map((one, i) => (i === 1 ? { ...one, given: 'Sascha' } : one));
    assert.deepEqual(kept, { patients, autoCreate: true });
  });

  it("keeps the organisations and the patients' standing of the simulator, and takes them for defaults where it has none", async () => {
    const open = async (): Promise<void> => {
      await page.evaluate(() => RED.editor.edit(RED.nodes.node('pkb01-simulator')));
      await page.waitForSelector('#node-dialog-ok');
      await settle();
    };
    const kept = (): Promise<Record<string, unknown>> =>
      page.evaluate(() => {
        const node = RED.nodes.node('pkb01-simulator') as unknown as Record<string, unknown>;
        const { patients, organisations, readEvery, receipt } = node;
        return { patients, organisations, readEvery, receipt };
      });
    // As a flow of an earlier version has it.
    await page.evaluate(() => {
      const node = RED.nodes.node('pkb01-simulator') as unknown as Record<string, unknown>;
      for (const name of ['organisations', 'tokenSeconds', 'readEvery', 'readAfterSeconds', 'receipt'])
        delete node[name];
    });
    await open();
    assert.equal(await page.locator('#node-input-organisations-container li').count(), 0);
    const before = (await kept())['patients'];
    await closeDialog('#node-dialog-ok');
    await settle();
    assert.deepEqual(await kept(), { patients: before, organisations: [], readEvery: '', receipt: '' });

    await open();
    const registered = '#node-input-patients-container input[data-field="registered"] >> nth=1';
    assert.equal(await page.isChecked(registered), true);
    await page.uncheck(registered);
    await page.check('#node-input-patients-container input[data-field="deceased"] >> nth=2');
    await page.click('.pkb-simulator-organisations-row .red-ui-editableList-addButton');
    const row = '#node-input-organisations-container input[data-field=';
    await page.fill(`${row}"id"]`, '00000000-0000-4000-8000-0000000000aa');
    await page.fill(`${row}"facility"]`, 'partner{trust}');
    await page.fill('#node-input-readEvery', '3');
    await closeDialog('#node-dialog-ok');
    await settle();
    const after = await kept();
    assert.deepEqual(after['organisations'], [
      { id: '00000000-0000-4000-8000-0000000000aa', facility: 'partner{trust}' },
    ]);
    assert.deepEqual(
      (after['patients'] as object[]).map((one) => ({ registered: true, deceased: false, ...one })),
      (before as object[]).map((one, i) => ({ ...one, registered: i !== 1, deceased: i === 2 })),
    );
    assert.equal(after['readEvery'], '3');
    await open();
    assert.equal(await page.isChecked(registered), false);
    assert.equal(await page.inputValue(`${row}"facility"]`), 'partner{trust}');
    await closeDialog('#node-dialog-cancel');
    await settle();
  });

  it('opens and closes every dialog without a fault', async () => {
    await page.evaluate(() => RED.workspaces.show('pkb01-tab'));
    const ids = await page.evaluate((types) => {
      const found: Record<string, string> = {};
      const note = ({ type, id }: { type: string; id: string }): void => void (found[type] ??= id);
      RED.nodes.eachNode(note);
      RED.nodes.eachConfig(note);
      // Without their settings, as a flow of an earlier version may have them.
      const missing = types
        .filter((type) => !(type in found))
        .map((type) => ({ id: `bare-${type}`, type, z: 'pkb01-tab', x: 100, y: 900, wires: [] }));
      RED.nodes.import(missing, { generateIds: false });
      for (const node of missing) note(node);
      return found;
    }, NODE_TYPES);
    for (const type of NODE_TYPES) {
      const id = ids[type] ?? '';
      await page.evaluate((nodeId) => {
        const node = RED.nodes.node(nodeId);
        if (node._def.category === 'config') RED.editor.editConfig('', node.type, node.id);
        else RED.editor.edit(node);
      }, id);
      const button = CONFIG_TYPES.includes(type) ? '#node-config-dialog-ok' : '#node-dialog-ok';
      await page.waitForSelector(button);
      await settle();
      if (id === 'pkb01-guard') {
        await page.waitForSelector('#pkb-guard-rules select');
        await page.fill('#pkb-guard-search', 'diagnosis');
        await page.dispatchEvent('#pkb-guard-search', 'input');
        assert.equal(await page.locator('.pkb-guard-rule:visible').count(), 1);
        await page.fill('#pkb-guard-search', '');
        await page.dispatchEvent('#pkb-guard-search', 'input');
        await page.fill('#pkb-guard-try', stamped('1', { more: 'DG1|1||SECRET\r' }).replaceAll('\r', '\n'));
        await page.waitForFunction(() =>
          document.querySelector('#pkb-guard-findings')?.textContent?.includes('DG1[1]'),
        );
        const tried = await page.textContent('#pkb-guard-findings');
        assert.ok(tried?.includes('would be stopped') && !tried.includes('SECRET'), tried ?? '');
        await page.selectOption('#pkb-guard-rules select[data-rule="overwriting.diagnoses"]', 'strip');
      }
      if (process.env['PKB_SCREENSHOTS'])
        await page.screenshot({ path: join(process.env['PKB_SCREENSHOTS'], `${runtime}-${id}.png`) });
      await closeDialog(button);
      await settle();
    }
    const rules = await page.evaluate(() => RED.nodes.node('pkb01-guard').rules as object);
    assert.deepEqual(rules, { 'overwriting.diagnoses': 'strip' });
  });

  it('has put nothing wrong into the console', () => assert.deepEqual(problems, []));

  /** The dialog's slide is an animation that ends with no event; its end is when nothing moves any more. */
  async function settle(): Promise<void> {
    let last = '';
    await until('the dialog stands still', async () => {
      const now = await page.evaluate(() =>
        [...document.querySelectorAll('.red-ui-tray')]
          .map((tray) => `${tray.getBoundingClientRect().left}`)
          .join(),
      );
      const still = now === last;
      last = now;
      await page.waitForTimeout(60);
      return still;
    });
  }
}
