import assert from 'node:assert/strict';
import { judgeAnswer, judgeFailure } from '../../../src/delivery/classify.js';
import { QUERY, readQueryAnswer } from '../../../src/pkb/query-answer.js';
import { envelope, inXml } from '../../support/answers.js';
import { timed } from '../../support/clock.js';
import { NHS_NUMBERS } from '../../support/messages.js';

/** An answer to the query q1. */
function adr(...segments: string[]): string {
  const head = [
    'MSH|^~\\&|HL7API|PKB|App|alias|20260101||ADR^A19|PKB-1|P|2.4',
    'MSA|AA|q1',
    'QRD|20260101|R|I|Q1',
  ];
  return [...head, ...segments, ''].join('\r');
}

/** So many patients, of some 110 bytes each. */
function many(count: number): string {
  return adr(
    ...Array.from(
      { length: count },
      (_, i) =>
        `PID|${i + 1}||${NHS_NUMBERS[0]}^^^NHS^NH{status:01}~H${i}^^^RXX^MR||Example${i}^Alex||19700131||||^^^^N1 1AA`,
    ),
  );
}

const judge = (body: string, messageType?: string) =>
  judgeAnswer({ status: 200, headers: {}, body: Buffer.from(body) }, 'q1', new Date(0), messageType);

describe('the answer to a query', () => {
  it('gives the patients, in their order', () => {
    const pid = [
      `PID|1||${NHS_NUMBERS[0]}^^^NHS^NH{status:01}~H1^^^RXX^MR||O\\T\\Neill&x^Alex^Sam~Other^Name||197001310000+0100|F|||1 Street^^London^^N1 1AA^GBR~^^^^E1`,
      'PID|2|X7^^^RYY^MR|||Example|||||',
      'PID|3',
    ];
    assert.deepEqual(readQueryAnswer(adr(...pid)), {
      patients: [
        {
          nhsNumber: NHS_NUMBERS[0],
          identifiers: [
            { value: NHS_NUMBERS[0], authority: 'NHS', type: 'NH', status: '01' },
            { value: 'H1', authority: 'RXX', type: 'MR' },
          ],
          family: 'O&Neill',
          given: 'Alex',
          birthDate: '1970-01-31',
          postcode: 'N1 1AA',
        },
        {
          nhsNumber: '',
          identifiers: [{ value: 'X7', authority: 'RYY', type: 'MR' }],
          family: 'Example',
          given: '',
          birthDate: '',
          postcode: '',
        },
        { nhsNumber: '', identifiers: [], family: '', given: '', birthDate: '', postcode: '' },
      ],
    });
  });

  it('leaves a date of birth that is no whole day as PKB wrote it', () => {
    assert.equal(readQueryAnswer(adr('PID|1||||||1970')).patients[0]?.birthDate, '1970');
  });

  it('says where the next page begins, and nothing on the last one', () => {
    assert.equal(readQueryAnswer(adr('PID|1', 'DSC|5|I')).next, '5');
    assert.deepEqual(readQueryAnswer(adr('DSC||I')), { patients: [] });
    assert.deepEqual(readQueryAnswer(adr()), { patients: [] });
  });

  it('is read whatever its line ends and separators', () => {
    const text = adr('PID|1||H1^^^RXX^MR||Example^Alex', 'DSC|5|I');
    for (const end of ['\n', '\r\n']) {
      const { patients, next } = readQueryAnswer(text.replaceAll('\r', end));
      assert.deepEqual([patients.length, patients[0]?.given, next], [1, 'Alex', '5']);
    }
    const other = text.replaceAll('^', '!');
    assert.equal(readQueryAnswer(other).patients[0]?.identifiers[0]?.authority, 'RXX');
  });

  it('of 100,000 patients is read', function () {
    this.timeout(20_000);
    const body = envelope(inXml(many(100_000)));
    const outcome = judge(body, QUERY);
    assert.ok(outcome.outcome === 'accepted', outcome.outcome);
    const { patients } = readQueryAnswer(outcome.ack);
    assert.equal(patients.length, 100_000);
    assert.equal(patients.at(-1)?.family, 'Example99999');
  });

  it('is read in a time that grows with its length only', function () {
    this.timeout(60_000);
    const time = (count: number): number => {
      const body = Buffer.from(envelope(inXml(many(count))));
      let best = Infinity;
      for (let round = 0; round < 5; round++) {
        const one = timed(() => {
          const outcome = judgeAnswer({ status: 200, headers: {}, body }, 'q1', new Date(0), QUERY);
          assert.ok(outcome.outcome === 'accepted');
          readQueryAnswer(outcome.ack);
        });
        best = Math.min(best, one);
      }
      return best;
    };
    time(10_000);
    const ratio = time(80_000) / time(10_000);
    assert.ok(ratio < 24, `8 times the patients took ${ratio.toFixed(1)} times as long`);
  });

  it('of other messages keeps to the size of an acknowledgement', () => {
    const body = envelope(inXml(many(20_000)));
    assert.ok(body.length > 1024 * 1024);
    assert.equal(judge(body, QUERY).outcome, 'accepted');
    for (const type of ['ADT^A28', undefined]) assert.equal(judge(body, type).outcome, 'unknown');
  });

  it('that is cut short is named so, and is no acceptance', () => {
    const body = envelope(inXml(many(10)));
    const outcome = judge(body.slice(0, body.length / 2), QUERY);
    assert.ok('refusal' in outcome);
    assert.deepEqual([outcome.outcome, outcome.refusal], ['unknown', 'foreign']);
    assert.match(outcome.reason, /breaks off or cannot be read/);
  });

  it('that is too large ends the query, with what to do; that of another message does not', () => {
    const failure = { code: 'PKB_RESPONSE_TOO_LARGE', written: true };
    const query = judgeFailure(failure, QUERY);
    assert.ok('refusal' in query);
    assert.equal(query.refusal, 'oversized');
    assert.match(query.reason, /ask for fewer patients/);
    const other = judgeFailure(failure, 'ADT^A28');
    assert.ok('refusal' in other);
    assert.equal(other.refusal, 'foreign');
  });
});
