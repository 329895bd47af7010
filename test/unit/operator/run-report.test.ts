/** What is reported of a run: numbers, items, and the list for a spreadsheet. */
import assert from 'node:assert/strict';
import {
  ITEM_STATES,
  type ItemState,
  type ReportedItem,
  type RunCounts,
} from '../../../src/delivery/outbox/runs.js';
import {
  reportCsv,
  reportCsvHead,
  reportCsvRows,
  reportRow,
  summaryReport,
  whyOpen,
} from '../../../src/operator/run-report.js';

const AT = Date.UTC(2026, 10, 30, 18);

const item = (more: Partial<ReportedItem> = {}): ReportedItem => ({
  n: 1,
  reference: 'letter 1',
  facility: 'north{north}',
  messageType: 'MDM^T02',
  state: 'rejected',
  code: '',
  controlId: 'c-1',
  dataPointId: 'd-1',
  message: 7,
  sameState: undefined,
  outcome: {
    outcome: 'rejected',
    code: 'AR',
    controlId: 'c-1',
    text: 'No patient found for Example^Alex',
    ack: 'MSH|',
  },
  at: AT,
  settledAt: AT + 1000,
  attempts: 2,
  arrivals: 1,
  ...more,
});

const counts = (more: Partial<RunCounts>, states: Partial<Record<ItemState, number>> = {}): RunCounts => ({
  name: 'night',
  reporter: 'run',
  expected: 3,
  startedAt: AT,
  closedAt: undefined,
  isReported: false,
  items: 0,
  places: more.items ?? 0,
  repeats: 0,
  changed: 0,
  ...more,
  states: {
    ...(Object.fromEntries(ITEM_STATES.map((state) => [state, 0])) as Record<ItemState, number>),
    ...states,
  },
});

/** The cells of a line of CSV in which no cell has a comma or a line end. */
const cells = (line = ''): string[] => line.split(',').map((cell) => cell.replaceAll(/^"|"$/g, ''));

describe('the report of a run', () => {
  it('has PKB’s words only where they are asked for, and never the acknowledgement', () => {
    const without = reportRow(item(), false);
    assert.ok(!('words' in without) && !JSON.stringify(without).includes('Example'));
    assert.equal(without.code, 'AR');
    const withWords = reportRow(item(), true);
    assert.equal(withWords.words, 'AR: No patient found for Example^Alex');
    assert.ok(!JSON.stringify(withWords).includes('MSH'));
    const ours = { outcome: 'discarded', reason: 'Discarded by a person: sent by post' } as const;
    assert.equal(reportRow(item({ outcome: ours }), true).words, ours.reason);
    const accepted = { outcome: 'accepted', code: 'AA', controlId: 'c-1', text: 'stored', ack: '' } as const;
    assert.deepEqual([reportRow(item({ outcome: accepted }), true).words], ['']);
  });

  it('has times with an offset, and blanks for what is not known', () => {
    const nothing = item({ settledAt: undefined, outcome: undefined, code: 'PKB_FIELDS', state: 'unbuilt' });
    const { at, endedAt, code, sameState } = reportRow(nothing, true);
    assert.deepEqual([at, endedAt, code, sameState], ['2026-11-30T18:00:00.000Z', '', 'PKB_FIELDS', '']);
    assert.equal(reportRow(item({ sameState: 'queued' }), false).sameState, 'pending');
    assert.equal(reportRow(item({ sameState: 'accepted' }), false).sameState, 'accepted');
  });

  it('says why a run is open', () => {
    const rows: [RunCounts, string][] = [
      [counts({ closedAt: AT }), ''],
      [counts({ items: 1 }), '2 of 3 items did not come.'],
      [counts({ items: 1 }, { waiting: 1 }), '2 of 3 items did not come. 1 is waiting.'],
      [counts({ items: 3 }, { waiting: 2 }), '2 are waiting.'],
      [counts({ items: 3 }), 'It is about to be closed.'],
      [counts({ items: 3, places: 2, changed: 1 }), '1 of 3 items did not come.'],
      [
        counts({ items: 2, expected: undefined }),
        'It is not known how many items are to come: set msg.expected. 2 came.',
      ],
    ];
    for (const [run, why] of rows) assert.equal(whyOpen(run), why);
    const { closed, closedAt, expected, reason } = summaryReport(counts({ expected: undefined }));
    assert.deepEqual([closed, closedAt, expected], [false, '', null]);
    assert.match(reason, /not known/);
  });
});

describe('the list of a run for a spreadsheet', () => {
  it('begins with a byte order mark and the heads, and ends each line with CR LF', () => {
    const text = reportCsv([reportRow(item(), false)]);
    const [head, row, rest, ...more] = text.split('\r\n');
    assert.equal(
      head,
      '\uFEFFReference,Customer,Type,State,Code,Control ID,Data point ID,Came,Ended,Attempts,Arrivals,State of the earlier message',
    );
    assert.equal(
      row,
      'letter 1,north{north},MDM^T02,rejected,AR,c-1,d-1,2026-11-30T18:00:00.000Z,2026-11-30T18:00:01.000Z,2,1,',
    );
    assert.deepEqual([rest, more], ['', []]);
    assert.equal(text.lastIndexOf('\uFEFF'), 0, 'one mark, at the beginning');
  });

  it('has a column for PKB’s words only where there are any', () => {
    const [head = ''] = reportCsv([reportRow(item(), true)]).split('\r\n', 1);
    assert.deepEqual(cells(head).slice(4, 7), ['Code', 'Words', 'Control ID']);
    assert.equal(reportCsv([]), reportCsvHead(false));
  });

  for (const formula of [
    '=1+1',
    '+44 20 7946 0000',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '=HYPERLINK("https://attacker.example";"x")',
  ])
    it(`has no formula where a reference, a control ID or PKB says ${JSON.stringify(formula)}`, () => {
      const outcome = { outcome: 'rejected', code: formula, controlId: '', text: '', ack: '' } as const;
      const hostile = item({ reference: formula, controlId: formula, dataPointId: formula, outcome });
      const text = reportCsv([reportRow({ ...hostile, facility: formula, messageType: formula }, true)]);
      const [, row = ''] = /^.*?\r\n([\s\S]*)$/.exec(text) ?? [];
      assert.equal(row.match(/(?:^|,)"?'/g)?.length, 7, row);
      assert.ok(!/(?:^|,)"?[=+\-@\t\r]/.test(row.trimEnd()), row);
    });

  it('keeps quotes, commas and line ends within their cell', () => {
    const reference = 'say "it", twice\r\nand on';
    const text = reportCsv([reportRow(item({ reference }), false), reportRow(item(), false)]);
    assert.ok(text.includes('\r\n"say ""it"", twice\r\nand on",north{north},'), text);
    assert.equal(text.split('\r\nletter 1,').length, 2);
  });

  it('is the same in parts', () => {
    for (const withWords of [false, true]) {
      const rows = [1, 2, 3].map((n) => reportRow(item({ reference: `=${n}` }), withWords));
      const parts = [reportCsvHead(withWords), ...rows.map((row) => reportCsvRows([row], withWords))];
      assert.equal(parts.join(''), reportCsv(rows));
    }
  });
});
