/** Example 07: a person corrects what PKB rejected, on a web page. */
import assert from 'node:assert/strict';
import { until } from '../support/wait.js';
import { type FlowNode, run, type RunningExample } from './examples.js';
import { server, version } from './runtime.js';

const FILE = '07 - A person corrects what PKB rejected.json';
const BUTTON = 'two patients and a letter';

describe(`07 lets a person correct what PKB rejected, on Node-RED ${version}`, () => {
  before(() => server.start());
  after(() => server.stop());
  afterEach(() => server.unload());

  const url = (): URL => new URL('/pkb/corrections', server.url());
  const page = async (said = ''): Promise<string> => (await fetch(`${url().href}${said}`)).text();

  /** What a browser sends for a form, and the page it is led to. */
  async function submit(fields: Record<string, string>): Promise<string> {
    const answer = await fetch(url(), {
      method: 'POST',
      body: new URLSearchParams(fields),
      redirect: 'manual',
    });
    assert.equal(answer.status, 303);
    return (await fetch(new URL(answer.headers.get('location') ?? '', url()))).text();
  }
  const decode = (html: string): string =>
    html
      .replace(/&#x([0-9A-F]+);/gi, (_all, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
      .replace(/&#(\d+);/g, (_all, n: string) => String.fromCodePoint(Number(n)))
      .replace(/&lt;/g, '<')
      .replace(/&gt;/g, '>')
      .replace(/&quot;/g, '"')
      .replace(/&amp;/g, '&');
  /** The forms on a page, as a browser reads them: line ends are CRLF, the first in a text area counts for nothing. */
  const forms = (html: string): { key: string; text: string }[] =>
    [...html.matchAll(/<form[^]*?<\/form>/g)].map(([form]) => ({
      key: /name="key" value="([^"]*)"/.exec(form)?.[1] ?? '',
      text: decode(/<textarea[^>]*>\n?([^]*?)<\/textarea>/.exec(form)?.[1] ?? '').replace(/\n/g, '\r\n'),
    }));
  const onlyForm = async (): Promise<{ key: string; text: string }> => {
    const [form, ...others] = forms(await page());
    assert.ok(form);
    assert.deepEqual(others, []);
    return form;
  };
  const send = (key: string, text: string): Promise<string> => submit({ key, text, what: 'send' });

  /** Starts the example, and sends the sample of which the letter is rejected. */
  async function rejected(change?: (node: FlowNode) => object): Promise<RunningExample> {
    const flow = await run(FILE, change);
    flow.press(BUTTON);
    await flow.wait('pkb07-rejected');
    return flow;
  }
  const letters = (flow: RunningExample): string[] =>
    flow
      .seen('pkb07-seen')
      .map(({ payload }) => payload as string)
      .filter((hl7) => hl7.includes('MDM^T02'));

  it('and sends nothing by itself', async () => {
    const flow = await rejected();
    await flow.wait('pkb07-seen', 3);
    const html = await page();
    assert.match(
      html,
      /PKB answered <strong>AR: Parsing or validation error: Ambiguous patient IDs provided/,
    );
    // Another message there and back: whatever would have been sent by itself has been.
    flow.press(BUTTON);
    await flow.wait('pkb07-rejected', 2);
    assert.equal(letters(flow).length, 2);
  });

  it('sends the corrected letter once for a press, in the place of the first, and takes it off the list', async () => {
    const flow = await rejected();
    const { key, text } = await onlyForm();
    const corrected = text.replace('H-200', 'H-100');
    const [one, two] = await Promise.all([send(key, corrected), send(key, corrected)]);
    const taken = [one, two].filter((html) => html.includes('role="status">It is being sent. Reload'));
    assert.equal(taken.length, 1);
    const accepted = await flow.wait('pkb07-accepted', 3);
    assert.equal(accepted.payload.code, 'AA');
    assert.match(accepted.hl7, /~H-100\^\^\^EXAMPLE\^MR\|/);
    assert.equal(accepted.pkb.failed, undefined);
    assert.match(await send(key, corrected), /no longer in the list/);
    assert.match(await page(), /Nothing waits to be corrected/);
    assert.deepEqual(flow.seen('pkb07-errors'), []);
    assert.equal(letters(flow).length, 2);
    assert.equal(letters(flow)[1], letters(flow)[0]?.replace('H-200', 'H-100'));
  });

  it('refuses what was not changed, what is empty, and what it does not know, and sends nothing', async () => {
    const flow = await rejected();
    const { key, text } = await onlyForm();
    assert.match(await send(key, text), /Nothing was changed, so nothing was sent/);
    assert.match(await send(key, `${text}\r\n \r\n`), /Nothing was changed/);
    assert.match(await send(key, ' \r\n '), /The message is empty/);
    for (const unknown of ['', '__proto__', 'constructor'])
      assert.match(await send(unknown, text), /no longer in the list/);
    assert.match(await submit({}), /no longer in the list/);
    assert.deepEqual([letters(flow).length, (await onlyForm()).text], [1, text]);
  });

  it('keeps what PKB rejects again, what the guard stops, and what is no message, each with its reason', async () => {
    const flow = await rejected();
    const { key, text } = await onlyForm();
    await send(key, text.replace('|CL|', '|DL|'));
    await flow.wait('pkb07-rejected', 2);
    const again = await onlyForm();
    assert.equal(again.key, key);
    const stopped = again.text.replace('|AU', '|XX');
    await send(key, stopped);
    await flow.wait('pkb07-errors');
    assert.match(await page(), /Stopped by the guard: /);
    assert.equal((await onlyForm()).text, stopped, 'what the person wrote is kept');
    await send(key, 'hello');
    await flow.wait('pkb07-errors', 2);
    assert.match(await page(), /Stopped by the guard: /);
    assert.equal(letters(flow).length, 2);
  });

  it('says when a newer letter has gone out meanwhile', async () => {
    const flow = await rejected();
    const { key, text } = await onlyForm();
    flow.press(BUTTON);
    await flow.wait('pkb07-rejected', 2);
    const [, second] = forms(await page());
    assert.ok(second);
    await send(second.key, second.text.replace('H-200', 'H-100'));
    await flow.wait('pkb07-accepted', 5);
    await send(key, text.replace('H-200', 'H-100'));
    assert.equal((await flow.wait('pkb07-errors')).error.code, 'PKB_SUPERSEDED');
    assert.match(await page(), /a later message about the same data point was already sent/);
    assert.match(await submit({ key, what: 'off' }), /taken off the list/);
    assert.match(await page(), /Nothing waits/);
    assert.equal(letters(flow).length, 3);
  });

  it('shows hostile values as text, with headers that let no script run, and keeps them as they were', async () => {
    const hostile = `</textarea><script>alert("1")</script><img src=x onerror='a'>{{payload.said}}&amp;`;
    const flow = await run(FILE);
    const [first, second, letter] = flow.held(BUTTON) as [object, object, object];
    flow
      .node('pkb07-sample')
      .send({ payload: [first, second, { ...letter, text: hostile, title: hostile }] });
    await flow.wait('pkb07-rejected');
    const keep = flow.node('pkb07-keep');
    const list = keep.context().flow.get('rejected');
    const [key = ''] = Object.keys(list);
    Object.assign(list[key], { reason: hostile, note: hostile, type: hostile, customer: hostile });
    const html = await page(`?said=${encodeURIComponent(hostile)}`);
    assert.ok(!/<script|<img|onerror='/.test(html), html);
    assert.equal(html.match(/<textarea/g)?.length, 1);
    const form = await onlyForm();
    assert.ok(form.text.includes(`</textarea><script>`.replaceAll('&', '\\T\\')), form.text);
    assert.match(await send(form.key, form.text), /Nothing was changed/);
    const { headers } = await fetch(url());
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.match(headers.get('content-type') ?? '', /^text\/html/);
  });

  it('shows a PDF as a mark, and sends it as it was', async () => {
    const flow = await run(FILE);
    const pdf = Buffer.from(`%PDF-1.4\n${'x'.repeat(300_000)}`).toString('base64');
    const [first, second, { text: _text, ...letter }] = flow.held(BUTTON) as [
      object,
      object,
      { text: string },
    ];
    flow.node('pkb07-sample').send({ payload: [first, second, { ...letter, pdf }] });
    await flow.wait('pkb07-rejected');
    const { key, text } = await onlyForm();
    assert.ok(text.length < 1000 && text.includes(`{part 1 of ${key}: ${pdf.length} characters}`), text);
    assert.match(await send(key, text), /Nothing was changed/);
    await send(key, text.replace('H-200', 'H-100'));
    const accepted = await flow.wait('pkb07-accepted', 3);
    assert.ok(accepted.hl7.includes(pdf));
  });

  it('forgets the oldest beyond two hundred', async () => {
    const flow = await rejected();
    const list = flow.node('pkb07-keep').context().flow.get('rejected');
    const [first = ''] = Object.keys(list);
    for (let n = 0; n < 199; n++) list[`other ${n}`] = { ...list[first], controlId: `other ${n}` };
    flow.press(BUTTON);
    await flow.wait('pkb07-rejected', 2);
    await until('the oldest is gone', () => list[first] === undefined);
    assert.equal(Object.keys(list).length, 200);
  });
});
