import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { aliasFault } from '../../src/pkb/alias.js';
import { isZone } from '../../src/hl7/zone.js';
import { isVariable, NUMBERS, readNumber } from '../../src/settings.js';
import { chromiumPath, launch } from '../support/browser.js';
import { linkedUserDir, type NodeRed, remove, startNodeRed } from '../support/node-red.js';
import { until } from '../support/wait.js';

declare const RED: any; // oxlint-disable-line typescript/no-explicit-any -- the editor's own global

const FLOW = [
  { id: 'tab', type: 'tab', label: 'settings' },
  // As a flow of an earlier version has them: without the settings that have come since.
  { id: 'customer', type: 'pkb-customer', alias: 'trustalias', controllerAlias: '' },
  { id: 'build', type: 'pkb-build', z: 'tab', x: 200, y: 100, customer: 'customer', wires: [[]] },
  { id: 'outbox', type: 'pkb-outbox', store: 'memory' },
  { id: 'connection', type: 'pkb-connection', environment: 'simulator', outbox: 'outbox' },
  { id: 'run', type: 'pkb-run', z: 'tab', x: 200, y: 160, connection: 'connection', wires: [[], []] },
  { id: 'api', type: 'pkb-api' },
  {
    id: 'letters',
    type: 'pkb-letters',
    z: 'tab',
    x: 200,
    y: 200,
    connection: 'connection',
    api: 'api',
    wires: [[], [], []],
  },
  { id: 'patients', type: 'pkb-patients', z: 'tab', x: 200, y: 300, api: 'api', wires: [[]] },
];

if (chromiumPath === undefined) {
  describe('the settings in dialogs (need Chromium, not run)', () =>
    it('are opened where there is a Chromium'));
} else {
  for (const runtime of ['node-red', 'node-red-4'])
    describe(`the settings in dialogs in the editor of ${runtime}`, function () {
      this.timeout(120_000);
      suite(runtime);
    });
}

function suite(runtime: string): void {
  let red: NodeRed;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  before(async () => {
    const userDir = linkedUserDir();
    writeFileSync(join(userDir, 'flows.json'), JSON.stringify(FLOW));
    red = await startNodeRed(runtime, userDir);
    browser = await launch();
    page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    // The test runner's compiler names functions through this helper, which a page does not have.
    await page.addInitScript({ content: 'globalThis.__name = (named) => named;' });
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(red.url);
    await page.waitForFunction(() => typeof RED !== 'undefined' && Boolean(RED.nodes?.node?.('build')));
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
    if (red) remove(red.userDir);
  });

  const isMarked = (field: string): Promise<boolean> =>
    page.evaluate((id) => document.querySelector(id)?.classList.contains('input-error') ?? false, field);

  const enter = async (field: string, value: string, wrong: boolean): Promise<void> => {
    await page.fill(field, value);
    await page.dispatchEvent(field, 'change');
    await until(
      `${JSON.stringify(value)} in ${field} is ${wrong ? '' : 'not '}marked`,
      async () => (await isMarked(field)) === wrong,
    );
  };

  const open = async (id: string, button: string): Promise<void> => {
    await page.evaluate((nodeId) => {
      const node = RED.nodes.node(nodeId);
      if (node._def.category === 'config') RED.editor.editConfig('', node.type, node.id);
      else RED.editor.edit(node);
    }, id);
    await page.waitForSelector(button);
    await settle();
  };

  const close = async (button: string): Promise<void> => {
    await page.click(button);
    await page.waitForFunction((id) => document.querySelector(id) === null, button);
    await settle();
  };

  /** What a setting's own check says of some values, in the words that a person gets; true where nothing. */
  const verdicts = (type: string, setting: string, values: readonly unknown[]): Promise<unknown[]> =>
    page.evaluate(
      ([name, field, list]) => {
        const definition = RED.nodes.getType(name);
        const node = { _: (key: string, words?: object) => definition._(key, words) as string };
        return list.map((value) => definition.defaults[field].validate.call(node, value, {}) as unknown);
      },
      [type, setting, [...values]] as const,
    );

  it('marks names of the parts of a receipt that are the same or too long, also those left blank', async () => {
    await open('api', '#node-config-dialog-ok');
    const [document, read, time] = ['documentPart', 'readPart', 'timePart'].map(
      (part) => `#node-config-input-${part}`,
    ) as [string, string, string];
    await enter(read, 'isRead', false);
    await enter(time, 'isRead', true);
    await page.dispatchEvent(read, 'change');
    await until('the other one is marked, too', () => isMarked(read));
    await enter(time, 'readTime', false);
    await enter(read, '${READ_PART}', false);
    // The name of Document where it is left blank.
    await enter(read, 'documentIdentifier', true);
    await enter(read, 'x'.repeat(101), true);
    await enter(read, 'x'.repeat(100), false);
    assert.equal(await isMarked(document), false);
    await close('#node-config-dialog-cancel');
  });

  it('finds the faults of an alias that the runtime finds, and says each in words of its own', async () => {
    const aliases = [
      'ok',
      'a-b_1.2',
      '',
      ' ',
      'a b',
      'a\u00a0b',
      'a\u200b',
      'a\u00adb',
      'a\u0000',
      '\u3164',
      'a\u2800',
      '\uff41',
    ];
    const more = [
      '\ufb01',
      'a{b',
      'a}b',
      'a|b',
      'a^b',
      'a&b',
      'a~b',
      'a\\b',
      'a'.repeat(180),
      'a'.repeat(181),
    ];
    const all = [...aliases, ...more];
    const said = await verdicts('pkb-customer', 'alias', all);
    const words = new Map<string, Set<unknown>>();
    for (const [i, alias] of all.entries()) {
      const fault = aliasFault(alias) ?? 'none';
      words.set(fault, (words.get(fault) ?? new Set()).add(said[i]));
    }
    assert.deepEqual([...words.keys()].toSorted(), ['blank', 'character', 'long', 'none', 'unseen']);
    assert.deepEqual([...(words.get('none') ?? [])], [true]);
    for (const [fault, texts] of words) assert.equal(texts.size, 1, fault);
    assert.equal(new Set([...words.values()].flatMap((texts) => [...texts])).size, words.size);
    for (const text of said)
      assert.ok(text === true || !String(text).includes('pkb-customer.'), String(text));
    const controllers = await verdicts('pkb-customer', 'controllerAlias', all);
    assert.deepEqual(
      controllers,
      said.map((text, i) => (all[i] === '' ? true : text)),
    );
    assert.deepEqual(await verdicts('pkb-customer', 'alias', ['${ALIAS}']), [true]);
  });

  it('marks numbers and faults that the runtime refuses, each in words that name the remedy', async () => {
    const rows: Record<keyof typeof NUMBERS, readonly [type: string, values: readonly (string | number)[]]> =
      {
        concurrency: ['pkb-connection', ['', '1', 64, '1.5', 0, '65', 'two', ' ', '${MANY}']],
        timeout: ['pkb-connection', ['', '0.1', 600, '0', '601', 'soon', '${LONG}']],
        retentionDays: ['pkb-outbox', ['', '0', 7, '-1', '1e9', 'x', '${DAYS}']],
        maxAgeHours: ['pkb-outbox', ['', '0', 72, '-1', 'x', '${HOURS}']],
        minutes: ['pkb-events', ['', '0', 15, '0.5', '-1', '10001', 'soon', '${MINUTES}']],
        progressSeconds: ['pkb-run', ['', '0', 86_400, '0.5', '-1', '86401', 'often', '${SECONDS}']],
        quietMinutes: ['pkb-run', ['', '0', 100_000, '0.5', '-1', '100001', 'x', '${QUIET}']],
        deadlineHours: ['pkb-letters', ['', '0', 8760, '0.5', '-1', '8761', 'soon', '${HOURS}']],
        askMinutes: ['pkb-letters', ['', '0.01', 10_000, '0', '-1', '10001', 'often', '${MINUTES}']],
        graceMinutes: ['pkb-letters', ['', '0', 10_000, '-1', '10001', 'x', '${MINUTES}']],
        tokenSeconds: ['pkb-simulator', ['', '1', 86_400, '0', '86401', '1.5', 'x', '${LIFE}']],
        readEvery: ['pkb-simulator', ['', '0', 3, '-1', '1.5', '1000001', 'all', '${EVERY}']],
        readAfterSeconds: ['pkb-simulator', ['', '0', 0.5, '-1', '31536001', 'x', '${AFTER}']],
        poolSize: ['pkb-outbox', ['', '2', 100, '1', '101', '2.5', 'x', '${POOL}']],
      };
    for (const field of Object.keys(rows) as (keyof typeof NUMBERS)[]) {
      const [type, values] = rows[field];
      const said = await verdicts(type, field, values);
      const fits = values.map(
        (value) => isVariable(value) || readNumber(value, NUMBERS[field]) !== undefined,
      );
      assert.deepEqual(
        said.map((text) => text === true),
        fits,
        field,
      );
      const { least, most } = NUMBERS[field];
      for (const text of said)
        assert.ok(
          text === true || [least, most].every((limit) => String(text).includes(String(limit))),
          field,
        );
    }
    const timeouts = rows.timeout[1];
    assert.deepEqual(
      (await verdicts('pkb-api', 'timeout', timeouts)).map((text) => text === true),
      (await verdicts('pkb-connection', 'timeout', timeouts)).map((text) => text === true),
      'pkb-api has the timeout of a connection',
    );
    const plans = [
      '',
      '{"script":["503"]}',
      '{"script":["504x"]}',
      '{"rates":{"AR":2}}',
      '[1]',
      '{',
      '${PLAN}',
    ];
    const faults = await verdicts('pkb-simulator', 'faults', plans);
    assert.deepEqual(
      faults.map((text) => text === true),
      [true, true, false, false, false, false, true],
    );
    assert.match(String(faults[2]), /no fault "504x"; there are: .*503/);
    const apiFaults = await verdicts('pkb-simulator', 'apiFaults', [
      undefined,
      '{"script":["token-refused"],"slowness":10}',
      '{"script":["AR"]}',
      '{"slowness":-1}',
      '${PLAN}',
    ]);
    assert.deepEqual(
      apiFaults.map((text) => text === true),
      [true, true, false, false, true],
    );
    const receipts = await verdicts('pkb-simulator', 'receipt', [
      undefined,
      '{"read":{"name":"isRead","type":"valueString"}}',
      '{"read":{"type":"valueNothing"}}',
      '{',
      '${FORM}',
    ]);
    assert.deepEqual(
      receipts.map((text) => text === true),
      [true, true, false, false, true],
    );
    assert.match(String(receipts[2]), /valueBoolean, valueString, valueCode/);
    const id = '00000000-0000-4000-8000-0000000000aa';
    const organisations = await verdicts('pkb-simulator', 'organisations', [
      undefined,
      [{ id, facility: 'partner{trust}' }],
      [{ id }],
      [{ id: 'x', facility: 'partner{trust}' }],
    ]);
    assert.deepEqual(
      organisations.map((text) => text === true),
      [true, true, false, false],
    );
  });

  it('takes for the organisation of a Customer nothing but a UUID', async () => {
    const id = '00000000-0000-4000-8000-0000000000aa';
    const said = await verdicts('pkb-customer', 'organisationId', ['', id, '${ID}', 'trustalias', `${id}a`]);
    assert.deepEqual(
      said.map((text) => text === true),
      [true, true, true, false, false],
    );
  });

  it('takes for time zones what the runtime takes for them', async () => {
    const zones = ['Europe/London', 'UTC', 'America/St_Johns', 'Europe/Lundon', '+01:00', 'London', ' ', 'a'];
    const said = await verdicts('pkb-customer', 'timeZone', zones);
    assert.deepEqual(
      said.map((text) => text === true),
      zones.map((zone) => isZone(zone)),
    );
    assert.deepEqual(await verdicts('pkb-customer', 'timeZone', ['', '${ZONE}']), [true, true]);
  });

  it('marks a wrong alias and time zone of a Customer, and keeps right ones and a status', async () => {
    await open('customer', '#node-config-dialog-ok');
    const zone = '#node-config-input-timeZone';
    assert.equal(await page.inputValue(zone), 'Europe/London');
    assert.equal(await page.inputValue('#node-config-input-nhsNumberStatus'), '');
    for (const field of ['alias', 'controllerAlias', 'timeZone', 'nhsNumberStatus'])
      assert.equal(await isMarked(`#node-config-input-${field}`), false, field);
    await picture('customer');
    await enter(zone, 'Europe/Lundon', true);
    await enter(zone, '${PKB_ZONE}', false);
    await enter(zone, '', false);
    await enter(zone, 'Europe/Dublin', false);
    await enter('#node-config-input-alias', 'trust\u200balias', true);
    assert.equal(await page.textContent('#pkb-customer-msh4'), '');
    await enter('#node-config-input-alias', '', true);
    await enter('#node-config-input-alias', 'trustalias', false);
    assert.equal(await page.textContent('#pkb-customer-msh4'), 'trustalias{trustalias}');
    const options = await page.locator('#node-config-input-nhsNumberStatus option').allTextContents();
    assert.match(options.join('\n'), /^not said \(default\)\n01 number verified\n(0\d .+\n){6}08 .+$/);
    await page.selectOption('#node-config-input-nhsNumberStatus', '01');
    await close('#node-config-dialog-ok');
  });

  it('marks a wrong processing ID of pkb build, and asks where to write it only where there is one', async () => {
    await open('build', '#node-dialog-ok');
    const [id, where] = ['#node-input-processingId', '#node-input-processingIdWhere'];
    assert.equal(await page.inputValue(id), '');
    assert.equal(await isMarked(id), false);
    assert.equal(await page.isVisible(where), false);
    for (const wrong of ['X', 'p', 'PT', 'P|', 'PRODUCTION']) await enter(id, wrong, true);
    for (const right of ['', 'D', 'T^A', '${PKB_PROCESSING}']) await enter(id, right, false);
    const always = (): Promise<string | null> => page.textContent(`${where} option[value=always]`);
    await enter(id, 'T', false);
    assert.equal(await always(), 'always: also turns live messages into T');
    await enter(id, 'P', false);
    assert.equal(await always(), 'always: also turns test messages into P');
    assert.equal(await page.isVisible(where), true);
    assert.equal(await page.inputValue(where), 'empty');
    await page.selectOption(where, 'always');
    await picture('build');
    await close('#node-dialog-ok');
  });

  it('asks in pkb api for addresses, TLS, proxy and credentials only for other addresses, and marks wrong ones', async () => {
    await open('api', '#node-config-dialog-ok');
    const field = (name: string): string => `#node-config-input-${name}`;
    const others = ['fhirUrl', 'tokenUrl', 'tls', 'proxy'];
    const shown = (): Promise<boolean[]> =>
      Promise.all(others.map((name) => page.locator(`.form-row:has(${field(name)})`).isVisible()));
    assert.equal(await page.inputValue(field('environment')), 'simulator');
    assert.deepEqual(await shown(), [false, false, false, false]);
    for (const name of ['fhirUrl', 'tokenUrl', 'clientId', 'clientSecret'])
      assert.equal(await isMarked(field(name)), false, name);
    await page.selectOption(field('environment'), 'other');
    assert.deepEqual(await shown(), [true, true, true, true]);
    for (const name of ['clientId', 'clientSecret']) {
      assert.equal(await isMarked(field(name)), true, name);
      await enter(field(name), 'SECRET-OF-CLIENT', false);
    }
    const wrong = ['', 'hello', 'http://example.org/fhir', 'https://user:pass@example.org/fhir'];
    const right = ['${PKB_FHIR}', 'http://127.0.0.1:1/fhir', 'https://example.org/fhir'];
    for (const name of ['fhirUrl', 'tokenUrl']) {
      for (const url of wrong) await enter(field(name), url, true);
      for (const url of right) await enter(field(name), url, false);
    }
    await enter(field('timeout'), '0', true);
    await enter(field('timeout'), '60', false);
    await page.fill(field('readPart'), 'isRead');
    await picture('api');
    await close('#node-config-dialog-ok');
  });

  it('shows for pkb letters and pkb patients of an earlier flow what applies without a setting, and keeps what is chosen', async () => {
    await open('letters', '#node-dialog-ok');
    assert.equal(await page.inputValue('#node-input-ifUnknown'), 'attention');
    assert.equal(await page.inputValue('#node-input-unregistered'), 'wait');
    await enter('#node-input-askMinutes', '0', true);
    await enter('#node-input-askMinutes', '30', false);
    await page.selectOption('#node-input-ifUnknown', 'post');
    await page.selectOption('#node-input-unregistered', 'post');
    await picture('letters');
    await close('#node-dialog-ok');
    await open('patients', '#node-dialog-ok');
    assert.equal(await page.inputValue('#node-input-ask'), 'status');
    await page.selectOption('#node-input-ask', 'invitations');
    await picture('patients');
    await close('#node-dialog-ok');
  });

  it('marks wrong numbers of pkb run, and keeps right ones', async () => {
    await open('run', '#node-dialog-ok');
    const [progress, quiet] = ['#node-input-progressSeconds', '#node-input-quietMinutes'] as const;
    assert.equal(await page.inputValue('#node-input-connection'), 'connection');
    for (const field of ['#node-input-connection', progress, quiet])
      assert.equal(await isMarked(field), false, field);
    assert.equal(await page.isChecked('#node-input-words'), false);
    for (const wrong of ['often', '-1', '100001']) {
      await enter(progress, wrong, true);
      await enter(quiet, wrong, true);
    }
    for (const right of ['', '0', '${PKB_TIME}', '2.5']) {
      await enter(progress, right, false);
      await enter(quiet, right, false);
    }
    await page.check('#node-input-words');
    await picture('run');
    await close('#node-dialog-ok');
  });

  it('deploys what was entered', async () => {
    await page.click('#red-ui-header-button-deploy');
    await page.waitForFunction(() => !RED.nodes.dirty());
    const flows = (await (await fetch(`${red.url}/flows`)).json()) as { id: string }[];
    const { timeZone, nhsNumberStatus, alias } = (flows.find(({ id }) => id === 'customer') ?? {}) as {
      timeZone?: string;
      nhsNumberStatus?: string;
      alias?: string;
    };
    assert.deepEqual([alias, timeZone, nhsNumberStatus], ['trustalias', 'Europe/Dublin', '01']);
    const { processingId, processingIdWhere } = (flows.find(({ id }) => id === 'build') ?? {}) as {
      processingId?: string;
      processingIdWhere?: string;
    };
    assert.deepEqual([processingId, processingIdWhere], ['P', 'always']);
    const deployed = (id: string, settings: object): void => {
      const node = (flows.find((one) => one.id === id) ?? {}) as Record<string, unknown>;
      assert.deepEqual(Object.fromEntries(Object.keys(settings).map((name) => [name, node[name]])), settings);
    };
    const url = 'https://example.org/fhir';
    deployed('api', { environment: 'other', fhirUrl: url, tokenUrl: url, timeout: '60', readPart: 'isRead' });
    deployed('letters', { ifUnknown: 'post', unregistered: 'post', askMinutes: '30' });
    deployed('patients', { ask: 'invitations' });
    deployed('run', { connection: 'connection', progressSeconds: '2.5', quietMinutes: '2.5', words: true });
    assert.ok(!JSON.stringify(flows).includes('SECRET-OF-CLIENT'));
  });

  it('shows a status that was written into the flow by hand, and keeps it', async () => {
    await page.evaluate(() => (RED.nodes.node('customer').nhsNumberStatus = '${PKB_STATUS}'));
    await open('customer', '#node-config-dialog-ok');
    assert.equal(await page.inputValue('#node-config-input-nhsNumberStatus'), '${PKB_STATUS}');
    assert.equal(await isMarked('#node-config-input-nhsNumberStatus'), false);
    await close('#node-config-dialog-ok');
    assert.equal(
      await page.evaluate(() => RED.nodes.node('customer').nhsNumberStatus as string),
      '${PKB_STATUS}',
    );
  });

  it('has thrown nothing in the page', () => assert.deepEqual(problems, []));

  async function picture(name: string): Promise<void> {
    const folder = process.env['PKB_SCREENSHOTS'];
    if (folder) await page.screenshot({ path: join(folder, `${runtime}-settings-${name}.png`) });
  }

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
