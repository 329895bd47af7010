/** The pack of evidence: what stands in it, and that nothing of it runs. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ListedMessage, MessageLife } from '../../../src/delivery/outbox/ledger.js';
import { entryOf, type EvidenceAbout, evidenceCsv, testCasesOf } from '../../../src/operator/evidence.js';
import { evidencePage } from '../../../src/operator/evidence-page.js';
import { MASK } from '../../../src/operator/masking.js';
import { stamped } from '../../support/messages.js';
import { newMessage } from '../../support/outbox-messages.js';

const AT = Date.UTC(2026, 0, 31, 8);
const STRICT = { masked: true, words: false };
const OPEN = { masked: false, words: true };
const HOSTILE = `"><script>alert(1)</script><img src=x onerror='x'>&amp;`;

const about = (more: Partial<EvidenceAbout> = {}): EvidenceAbout => ({
  ...STRICT,
  madeAt: AT,
  madeBy: 'operator',
  versions: { package: '1.2.3', nodeRed: '5.0.7', node: '24.1.0' },
  environment: 'sandbox',
  address: 'https://sandbox.patientsknowbest.com:7443/services/hl7',
  ...more,
});

const life = (listed: Partial<ListedMessage> = {}, more: Partial<MessageLife> = {}): MessageLife => {
  const controlId = listed.controlId ?? 'c-1';
  return {
    listed: {
      id: 1,
      connection: 'c',
      sender: 's',
      controlId,
      messageType: 'ADT^A28',
      facility: 'trustalias{trustalias}',
      dataPointId: '',
      reference: 'TC-1',
      state: 'rejected',
      isOnHold: false,
      storedAt: AT - 5000,
      settledAt: AT - 1000,
      attempts: 1,
      kept: true,
      dismissed: false,
      ...listed,
    },
    due: undefined,
    history: [{ at: AT - 1000, outcome: 'rejected', reason: '' }],
    outcome: {
      outcome: 'rejected',
      code: 'AR',
      controlId,
      text: 'No patient Example found',
      ack: `MSH|^~\\&|HL7API|PKB|||20260131||ACK^R01|PKB-1|P|2.4\rMSA|AR|${controlId}|No patient Example found\r`,
    },
    told: true,
    message: { ...newMessage(controlId, { body: stamped(controlId) }), id: 1, attempts: 1, refusals: 0 },
    ...more,
  };
};

describe('a pack of evidence', () => {
  it('has message, acknowledgement, times, versions and the outcome of each test case, masked', () => {
    const entries = [
      entryOf(life(), STRICT),
      entryOf(life({ id: 2, state: 'accepted', reference: 'TC-2' }), STRICT),
    ];
    const [html, list] = [evidencePage(about(), entries), evidenceCsv(about(), entries)];
    for (const text of [html, list]) {
      for (const word of [
        'TC-1',
        'TC-2',
        'rejected by PKB',
        'accepted by PKB',
        '2026-01-31T07:59:55.000Z',
        '2026-01-31T07:59:59.000Z',
        '1.2.3',
        '5.0.7',
        '24.1.0',
        'https://sandbox.patientsknowbest.com:7443/services/hl7',
        'ADT^A28',
        `MSA|AR|c-1|${MASK}`,
        `PID|||${MASK}^^^NHS^NH||${MASK}^${MASK}||${MASK}|${MASK}`,
      ])
        assert.ok(text.includes(word), word);
      for (const word of ['Example', '9990000018', '19700101', 'No patient'])
        assert.ok(!text.includes(word), word);
    }
  });

  it('shows values and PKB’s words where both are chosen, and says so', () => {
    const entries = [entryOf(life(), OPEN)];
    const html = evidencePage(about(OPEN), entries);
    assert.match(html, /This file holds patient data/);
    for (const word of ['PID|||9990000018^^^NHS^NH||Example^Alex', 'No patient Example found'])
      assert.ok(html.includes(word) && evidenceCsv(about(OPEN), entries).includes(word), word);
  });

  it('shows PKB’s words of a masked message only where they are chosen', () => {
    assert.equal(entryOf(life(), STRICT).reason, MASK);
    assert.equal(entryOf(life(), { masked: true, words: true }).reason, 'No patient Example found');
  });

  it('masks why a person discarded a message, and shows our own sentences', () => {
    const discarded = { outcome: 'discarded', reason: 'Discarded by a person: Example moved' } as const;
    assert.equal(entryOf(life({}, { outcome: discarded }), STRICT).reason, MASK);
    const away = { outcome: 'notSent', refusal: 'connection', reason: 'Connection refused.' } as const;
    assert.equal(entryOf(life({}, { outcome: away as never }), STRICT).reason, 'Connection refused.');
  });

  it('masks facts of a list that do not look like what they should be', () => {
    const { messageType, customer, code } = entryOf(
      life({ messageType: 'Example', facility: 'a|Example' }),
      STRICT,
    );
    assert.deepEqual([messageType, customer, code], [MASK, MASK, 'AR']);
  });

  it('says which messages have no text any more, or no answer yet', () => {
    const erased = entryOf(life({ kept: false }, { message: undefined }), STRICT);
    const pending = entryOf(
      life({ id: 2, state: 'queued', settledAt: undefined }, { outcome: undefined, history: [] }),
      STRICT,
    );
    const html = evidencePage(about(), [erased, pending]);
    for (const words of ['was erased after its time', 'None for this message', 'None yet'])
      assert.ok(html.includes(words), words);
  });

  it('counts the messages of a test case together, and those without a reference alone', () => {
    const of = (id: number, state: ListedMessage['state'], reference: string) =>
      entryOf(life({ id, state, reference, controlId: `c-${id}` }), STRICT);
    const cases = testCasesOf([
      of(1, 'accepted', 'TC-1'),
      of(2, 'rejected', 'TC-1'),
      of(3, 'accepted', ''),
      of(4, 'queued', ''),
    ]);
    assert.deepEqual(
      cases.map(({ name, accepted, all, outcome }) => [name, accepted, all, outcome]),
      [
        ['TC-1', 1, 2, 'accepted by PKB, rejected by PKB'],
        ['(no reference) c-3', 1, 1, 'accepted by PKB'],
        ['(no reference) c-4', 0, 1, 'pending'],
      ],
    );
  });

  it('is one HTML file that runs nothing and loads nothing', () => {
    const listed = {
      controlId: HOSTILE,
      reference: HOSTILE,
      dataPointId: HOSTILE,
      facility: HOSTILE,
      messageType: HOSTILE,
    };
    const history = [{ at: AT, outcome: 'rejected' as const, reason: HOSTILE }];
    const body = `${stamped('c-1')}NTE|1||${HOSTILE}\r`;
    const one = life(listed, { history });
    const hostile = { ...one, message: one.message && { ...one.message, body } };
    const html = evidencePage(about({ ...OPEN, madeBy: HOSTILE, environment: HOSTILE, address: HOSTILE }), [
      entryOf(hostile, OPEN),
    ]);
    const tags = html.match(/<[^/!][^>]*>/g) ?? [];
    const kinds = new Set(tags.map((tag) => /^<(\w+)/.exec(tag)?.[1]));
    const known = 'html head meta title style body h1 h2 h3 p table thead tbody tr th td span section pre';
    assert.deepEqual([...kinds].toSorted(), known.split(' ').toSorted());
    assert.ok(tags.every((tag) => !/\s(?:src|href|on\w+)\s*=/.test(tag)));
    assert.ok(html.includes('&lt;script&gt;alert(1)'));
    const style = /<style>([\s\S]*)<\/style>/.exec(html)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    assert.ok(html.includes(`content="default-src &#39;none&#39;; style-src &#39;sha256-${hash}&#39;;`));
    assert.ok(html.indexOf('Content-Security-Policy') < html.indexOf('<style>'));
  });

  it('shows characters that nobody sees by their number', () => {
    const body = `${stamped('c-1')}NTE|1||a\u202Eb\u0000c\uD800d\r`;
    const one = life();
    const html = evidencePage(about(OPEN), [
      entryOf({ ...one, message: one.message && { ...one.message, body } }, OPEN),
    ]);
    assert.ok(html.includes('a‹U+202E›b‹U+0000›c‹U+D800›d'));
  });

  it('has no formula in its list', () => {
    const entry = entryOf(life({ reference: '=HYPERLINK("x")', controlId: '+1', dataPointId: '@x' }), OPEN);
    const [, row = ''] = evidenceCsv(about(OPEN), [entry]).split('\r\n', 2);
    for (const cell of [`"'=HYPERLINK(""x"")"`, `'+1`, `'@x`]) assert.ok(row.includes(cell), row);
    assert.doesNotMatch(row, /(?:^|,)"?[=+@]/);
  });

  it('stays small whatever a message holds', () => {
    const body = `${stamped('c-1')}${`NTE|1||${'x'.repeat(1_000_000)}\r`.repeat(3)}`;
    const one = life();
    for (const how of [STRICT, OPEN]) {
      const entry = entryOf({ ...one, message: one.message && { ...one.message, body } }, how);
      assert.ok((entry.message ?? '').length < 2000);
      const long = entryOf(life({ controlId: 'x'.repeat(1_000_000), reference: 'y'.repeat(1_000_000) }), how);
      assert.ok(JSON.stringify(long).length < 10_000);
    }
  });
});
