/**
 * Takes a picture of every dialog: Node-RED 5, light and dark, and 4.1 side by side. `npm run pictures` runs it; a test
 * tells when a dialog has changed since.
 */
import { createHash } from 'node:crypto';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { chromiumPath, launch } from '../support/browser.js';
import { linkedUserDir, remove, startNodeRed } from '../support/node-red.js';
import { NODE_TYPES } from '../support/node-types.js';

declare const RED: any; // oxlint-disable-line typescript/no-explicit-any -- the editor's own global

const root = join(__dirname, '../..');
const images = join(root, 'docs/images');

/** The operators' page, of which there is a picture, too. */
const PAGE = 'pkb-operator';

/** All of which there are pictures. */
export const PICTURED = [...NODE_TYPES, PAGE].toSorted();

/** Where it is written down of which state of the dialogs the pictures are. */
export const TAKEN = join(images, 'dialogs.json');

/** A hash of what a dialog of a node type shows and how, by type: its form, its code and the texts that these name. */
export function states(): Record<string, string> {
  const parts = ['*.html', 'editor.ts', 'editor/*.ts', 'page/*.ts'];
  return Object.fromEntries(
    PICTURED.map((type) => {
      const cwd = join(root, 'nodes', type);
      const read = (file: string): string => readFileSync(join(cwd, file), 'utf8');
      const sources = globSync(parts, { cwd }).toSorted().map(read).join('\n');
      const texts = type === PAGE ? read('locales/en-US/plugin.json') : dialogTexts(type, sources, read);
      return [type, createHash('sha256').update(sources).update(texts).digest('hex')];
    }),
  );
}

/**
 * The texts that a dialog shows. What only the runtime says, such as the words of a status, is left out, so that a new one
 * asks for no new pictures.
 *
 * @param sources form and code of the dialog
 */
export function dialogTexts(type: string, sources: string, read: (file: string) => string): string {
  const texts = (JSON.parse(read('locales/en-US/node.json')) as Record<string, object>)[type] ?? {};
  const shown = Object.entries(texts).filter(([family]) => sources.includes(`${type}.${family}.`));
  return JSON.stringify(Object.fromEntries(shown));
}

const SHOTS = [
  { runtime: 'node-red', theme: 'light', title: 'Node-RED 5, light' },
  { runtime: 'node-red', theme: 'dark', title: 'Node-RED 5, dark' },
  { runtime: 'node-red-4', theme: 'light', title: 'Node-RED 4.1' },
];

const SIZE = { width: 1100, height: 1150 };

/** The flow of the first example, with an outbox of its own and a node of each type that it does not have. */
export function flow(): { id: string; type: string; [setting: string]: unknown }[] {
  const example = JSON.parse(readFileSync(join(root, 'examples/01 - Send an A28.json'), 'utf8')) as {
    id: string;
    type: string;
  }[];
  const outbox = {
    id: 'outbox',
    type: 'pkb-outbox',
    name: '',
    store: 'embedded',
    retentionDays: 7,
    maxAgeHours: 72,
    showTexts: true,
  };
  return [
    outbox,
    {
      id: 'run',
      type: 'pkb-run',
      z: 'pkb01-tab',
      x: 700,
      y: 460,
      connection: 'pkb01-connection',
      wires: [[], []],
    },
    { id: 'api', type: 'pkb-api', environment: 'other', fhirUrl: '', tokenUrl: '', timeout: 30 },
    {
      id: 'letters',
      type: 'pkb-letters',
      z: 'pkb01-tab',
      x: 700,
      y: 520,
      connection: 'pkb01-connection',
      api: 'api',
      deadlineHours: 72,
      askMinutes: 60,
      graceMinutes: 120,
      wires: [[], [], []],
    },
    {
      id: 'patients',
      type: 'pkb-patients',
      z: 'pkb01-tab',
      x: 700,
      y: 580,
      api: 'api',
      customer: 'pkb01-customer',
      wires: [[]],
    },
    { id: 'events', type: 'pkb-events', z: 'pkb01-tab', x: 700, y: 400, minutes: 15, wires: [[]] },
    ...example.map((node) => (node.type === 'pkb-connection' ? { ...node, outbox: outbox.id } : node)),
  ];
}

/** The dialogs of one editor, by node type, as PNG in Base64. */
async function shoot(
  browser: Browser,
  { runtime, theme }: (typeof SHOTS)[number],
): Promise<Record<string, string>> {
  const red = await startNodeRed(runtime, linkedUserDir());
  const page = await browser.newPage({ viewport: SIZE });
  const taken: Record<string, string> = {};
  try {
    const nodes = flow();
    await fetch(`${red.url}/flows`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(nodes),
    });
    await page.addInitScript({ content: 'globalThis.__name = (named) => named;' });
    const open = async (): Promise<void> => {
      await page.goto(red.url);
      await page.waitForFunction(
        () => typeof RED !== 'undefined' && Boolean(RED.nodes?.node?.('pkb01-send')),
      );
    };
    await open();
    await page.evaluate((name) => RED.settings.setLocal('view-dark-theme', name), theme);
    await open();
    for (const type of NODE_TYPES) {
      const id = nodes.find((node) => node.type === type)?.id ?? '';
      await page.evaluate((nodeId) => {
        const node = RED.nodes.node(nodeId);
        if (node._def.category === 'config') RED.editor.editConfig('', node.type, node.id);
        else RED.editor.edit(node);
      }, id);
      const ok = '#node-dialog-ok, #node-config-dialog-ok';
      await page.waitForSelector(ok);
      // Trays slide in.
      await page.waitForFunction(() => {
        const tray = document.querySelector('.red-ui-tray');
        const isStill =
          tray !== null && tray.getAnimations({ subtree: true }).length === 0 && !$(':animated').length;
        const parts = [...document.querySelectorAll('.red-ui-tray form > *')];
        return isStill && parts.some((part) => part.getBoundingClientRect().width > 0);
      });
      // No higher than what the dialog shows.
      const height = await page.evaluate(() => {
        const shown = [...document.querySelectorAll('.red-ui-tray form > *')].map((part) =>
          part.getBoundingClientRect(),
        );
        return Math.ceil(Math.max(...shown.filter(({ width }) => width > 0).map(({ bottom }) => bottom)));
      });
      await page.setViewportSize({ ...SIZE, height: Math.min(SIZE.height, height + 80) });
      const tray = page.locator('.red-ui-tray').last();
      taken[type] = (await tray.screenshot()).toString('base64');
      await page.setViewportSize(SIZE);
      await page.click(ok);
      await page.waitForFunction(() => document.querySelector('.red-ui-tray') === null);
    }
    taken[PAGE] = await shootPage(page, red.url, theme);
  } finally {
    await page.close();
    await red.stop();
    remove(red.userDir);
  }
  return taken;
}

/** The operators' page with one message open, which the flow has sent by itself. */
async function shootPage(page: Page, url: string, theme: string): Promise<string> {
  await page.emulateMedia({ colorScheme: theme === 'dark' ? 'dark' : 'light' });
  await page.goto(`${url}/pkb`);
  await page.locator('tbody tr').first().click();
  await page.getByRole('dialog').waitFor();
  return (await page.screenshot()).toString('base64');
}

async function takePictures(): Promise<void> {
  const browser = await launch();
  try {
    const sets: { title: string; taken: Record<string, string> }[] = [];
    for (const shot of SHOTS) sets.push({ title: shot.title, taken: await shoot(browser, shot) });
    const page = await browser.newPage({ viewport: { width: 2000, height: 1200 } });
    for (const type of PICTURED) {
      const columns = sets.map(
        ({ title, taken }) =>
          `<figure><figcaption>${title}</figcaption><img src="data:image/png;base64,${taken[type] ?? ''}"></figure>`,
      );
      await page.setContent(
        `<style>body{margin:0;font:14px sans-serif}main{display:inline-flex;gap:12px;padding:12px;background:#fff}
        figure{margin:0}figcaption{padding:0 0 6px}img{display:block;border:1px solid #999;width:520px}</style>
        <main>${columns.join('')}</main>`,
      );
      await page.locator('main').screenshot({ path: join(images, `${type}.png`) });
    }
  } finally {
    await browser.close();
  }
  writeFileSync(TAKEN, `${JSON.stringify(states(), undefined, 2)}\n`);
}

if (require.main === module) {
  if (chromiumPath === undefined) {
    console.error('Pictures need Chromium; install it, or name it in CHROMIUM.');
    process.exitCode = 1;
  } else void takePictures();
}
