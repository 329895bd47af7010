/** Letters on the operators' page in Chromium: what a reader sees, by words, bars and table, at 300 pixels, and where a node is gone. */
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { END_REASONS } from '../../src/letters/decide.js';
import { hoursUntil } from '../../src/operator/letter-report.js';
import { ADMIN_AUTH } from '../support/admin.js';
import { chromiumPath, launch } from '../support/browser.js';
import { handLetter, lettersUserDir } from '../support/letters.js';
import { type NodeRed, remove, startNodeRed } from '../support/node-red.js';
import { SENDING_SETTINGS } from '../support/sending.js';

const HOUR_MS = 3_600_000;
const MARKUP = `<img src=x onerror="window.hacked='yes'">`;

if (chromiumPath === undefined) {
  describe('letters on the operators’ page (needs Chromium, not run)', () =>
    it('are tried where there is a Chromium'));
} else {
  // How its user signs in is all that differs between versions, and is tried on both in `operator.test.ts`.
  describe('letters on the operators’ page', function () {
    this.timeout(120_000);
    suite();
  });
}

function suite(): void {
  let browser: Browser;
  let red: NodeRed;
  let page: Page;

  before(async () => {
    browser = await launch();
    red = await startNodeRed('node-red', lettersUserDir(), `${SENDING_SETTINGS}, ${ADMIN_AUTH}`);
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
    if (red) remove(red.userDir);
  });
  afterEach(() => page?.close());

  /** Opens the page as a reader. @param answer what Node-RED answers in place of its own numbers */
  const open = async (answer?: (days: number) => object): Promise<void> => {
    page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
    if (answer)
      await page.route('**/pkb/letters', (route) =>
        route.fulfill({ json: answer((route.request().postDataJSON() as { days: number }).days) }),
      );
    await page.goto(`${red.url}/pkb`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('User name').fill('reader');
    await page.getByLabel('Password').fill('reader-password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
  };
  const letters = () => page.getByRole('region', { name: 'Letters' });
  const rows = async (): Promise<string[]> =>
    (await letters().locator('tbody tr').allInnerTexts()).map((row) => row.replaceAll(/\s+/g, ' ').trim());
  const titles = () => letters().locator('svg title').allTextContents();

  /** Numbers of two nodes, of which one is gone. */
  const made = (days: number, isShared = false): object => {
    const { since, hours } = hoursUntil(Date.now(), days as 1);
    const last = since + (hours - 1) * HOUR_MS;
    const count = (hour: number, watcher: string, end: string, reason: string, number: number) => ({
      hour,
      watcher,
      end,
      reason,
      count: number,
    });
    const states = { read: 0, post: 0, attention: 0, cancelled: 0 };
    return {
      since,
      hours,
      isShared,
      watchers: [
        { id: 'l1', name: MARKUP, isHere: true, states: { ...states, watched: 1200 } },
        { id: 'l2', name: '', isHere: false, states: { ...states, watched: 7 } },
      ],
      counts: [
        count(last, 'l1', 'read', 'read', 75),
        count(last, 'l1', 'post', 'unread', 20),
        count(last - 2 * HOUR_MS, 'l2', 'post', 'unanswered', 5),
        count(since, 'l1', 'attention', 'unknown', 3),
        count(since, 'l1', 'attention', 'from a later version', 1),
      ],
    };
  };

  it('says that there are none, then how many are watched and how much printing was avoided', async () => {
    await open();
    await letters()
      .getByText(/^No letter yet/)
      .waitFor();
    // There is one connection, and no node with letters, so there is nothing to choose but the time.
    assert.equal(await letters().getByRole('combobox').count(), 1);
    await handLetter(red.url, 'd1', 'PT1S');
    await letters().getByText('printing avoided: 1 of 1 letters (100 %)').waitFor();
    await handLetter(red.url, 'd2', 'P30D');
    await letters().getByText('1 watched: not read yet, and not yet posted').waitFor();
    assert.deepEqual(await rows(), [`1 read ${END_REASONS.read}`]);
    assert.match((await titles()).join('\n'), /: 1 read$/m);
  });

  it('shows ends by the hour, and why, for all nodes or one', async () => {
    await open((days) => made(days));
    await letters().getByText('1,207 watched: not read yet, and not yet posted').waitFor();
    await letters().getByText('printing avoided: 75 of 100 letters (75 %)').waitFor();
    assert.deepEqual(await rows(), [
      `75 read ${END_REASONS.read}`,
      `20 posted ${END_REASONS.unread}`,
      `5 posted ${END_REASONS.unanswered}`,
      `3 attention ${END_REASONS.unknown}`,
      '1 attention from a later version',
    ]);
    const bars = await titles();
    assert.equal(bars.length, 24);
    assert.match(bars.at(-1) ?? '', /: 75 read, 20 posted$/);
    assert.match(bars.at(-3) ?? '', /: 5 posted$/);
    assert.match(bars[0] ?? '', /: 4 attention$/);
    const picture = letters().getByRole('img');
    assert.equal(await picture.getAttribute('aria-label'), '75 read, 25 posted, 4 attention');
    await letters().getByLabel('Watched by').selectOption('l2');
    assert.deepEqual(await rows(), [`5 posted ${END_REASONS.unanswered}`]);
    // Numbers that come anew leave the choice as it is.
    await page.waitForResponse('**/pkb/letters');
    await page.waitForResponse('**/pkb/letters');
    assert.deepEqual(await rows(), [`5 posted ${END_REASONS.unanswered}`]);
    assert.equal(await page.evaluate('window.hacked'), undefined);
  });

  it('shows a week and a month by the day', async () => {
    await open((days) => made(days));
    await letters().getByLabel('Ended in the last').selectOption('7 days');
    await letters().locator('svg g').nth(6).waitFor({ state: 'attached' });
    const week = await titles();
    // Hours of seven days are of eight dates, unless it is the last hour of a day.
    assert.ok(week.length >= 7 && week.length <= 8, week.join('\n'));
    assert.match(week.join('\n'), /: 75 read, (?:20|25) posted/);
    await letters().getByLabel('Ended in the last').selectOption('30 days');
    await letters().locator('svg g').nth(29).waitFor({ state: 'attached' });
  });

  it('says whose letters nobody sees to, unless another Node-RED may', async () => {
    await open((days) => made(days));
    const left = letters().getByText(/^7 watched by l2, which is not in the flows: deploy a pkb letters/);
    await left.waitFor();
    await page.unroute('**/pkb/letters');
    await page.route('**/pkb/letters', (route) => route.fulfill({ json: made(1, true) }));
    await letters()
      .getByText(/^7 watched by l2, .* but may be in those of another$/)
      .waitFor();
    assert.equal(await left.count(), 0);
  });

  it('has a shape of its own for each end, which does not need its colour', async () => {
    await open((days) => made(days));
    await letters().getByRole('img').waitFor();
    const shapes = await letters()
      .locator('svg g')
      .last()
      .locator('rect')
      .evaluateAll((all) =>
        all.map((one) =>
          [getComputedStyle(one).fill, getComputedStyle(one).stroke].map((ink) => ink === 'none'),
        ),
      );
    // Read stands at the foot and is filled, “posted” is an outline, and what is “attention” is filled at the top.
    assert.deepEqual(shapes, [
      [false, true],
      [true, false],
      [false, true],
    ]);
  });

  it('fits a sidebar of 300 pixels', async () => {
    await open((days) => made(days));
    await page.setViewportSize({ width: 300, height: 700 });
    await letters().getByRole('img').waitFor();
    const [wide, room] = (await page.evaluate(
      '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
    )) as number[];
    assert.ok(Number(wide) <= Number(room), `${wide} of ${room}`);
  });

  it('says why there is nothing to see where the outbox is away', async () => {
    await open();
    await page.route('**/pkb/letters', (route) =>
      route.fulfill({ status: 503, json: { error: 'The outbox cannot be opened.' } }),
    );
    await letters().getByText('The outbox cannot be opened.').waitFor();
  });
}
