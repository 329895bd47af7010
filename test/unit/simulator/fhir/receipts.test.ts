import assert from 'node:assert/strict';
import { readReceiptShape } from '../../../../src/simulator/fhir/receipt-shape.js';
import type { SimulatorOptions } from '../../../../src/simulator/simulator.js';
import {
  ALEX,
  asked,
  letter,
  OTHER,
  outcomeOf,
  parameters,
  READ,
  RECEIPTS,
  removal,
  resultsOf,
  TRUST,
} from './asking.js';

const ORGANISATIONS = [
  { id: TRUST, facility: 'trustalias{trustalias}' },
  { id: OTHER, facility: 'otheralias{otheralias}' },
];
const AT = new Date('2026-01-31T09:30:00Z');

/** A simulator with a clock that a test moves. */
function timed(options: SimulatorOptions = {}) {
  let now = AT;
  return {
    ...asked({ now: () => now, ...options }),
    pass: (seconds: number) => (now = new Date(now.getTime() + seconds * 1000)),
  };
}

describe('the read receipts of the simulator', () => {
  it('say of a letter that it is unread, and after reading that it is read, with the time', () => {
    const { send, receipts, simulator } = timed();
    assert.equal(send(letter('DOC1')).code, 'AA');
    assert.deepEqual(receipts(['DOC1']).get('DOC1'), { documentIdentifier: { value: 'DOC1' }, read: false });
    assert.equal(simulator.markRead('DOC1'), true);
    assert.deepEqual(receipts(['DOC1']).get('DOC1'), {
      documentIdentifier: { value: 'DOC1' },
      read: true,
      readTime: '2026-01-31T09:30:00.000+00:00',
    });
  });

  it('leave out unknown, rejected, held and deleted letters', () => {
    const { send, receipts } = timed();
    send(letter('KEPT'));
    assert.equal(send(letter('REJECTED').replace('|AU', '|LA')).code, 'AR');
    assert.equal(send(letter('HELD', undefined, '19700102')).held, true);
    send(letter('DELETED'));
    send(removal('DELETED'));
    assert.deepEqual([...receipts(['UNKNOWN', 'REJECTED', 'HELD', 'DELETED', 'KEPT']).keys()], ['KEPT']);
  });

  it('keep a care plan, which cannot be deleted', () => {
    const { send, receipts } = timed();
    const plan = 'TXA|1|CP||20260101||||||||PLAN1|||||AU\rOBX|1|ED|^Plan||^TEXT^HTML^A^x\r';
    assert.equal(send(letter('x').replace(/TXA[^]*/, plan)).code, 'AA');
    send(removal('PLAN1'));
    assert.equal(receipts(['PLAN1']).size, 1);
  });

  it('are for the organisation that created the letter, where organisations are entered', () => {
    const { send, receipts, simulator } = timed({ organisations: ORGANISATIONS });
    send(letter('DOC1'));
    send(letter('BOTH'));
    send(letter('BOTH', 'otheralias{otheralias}'));
    assert.deepEqual([...receipts(['DOC1', 'BOTH']).keys()].toSorted(), ['BOTH', 'DOC1']);
    assert.deepEqual([...receipts(['DOC1', 'BOTH'], OTHER).keys()], ['BOTH']);
    send(removal('BOTH'));
    assert.equal(receipts(['BOTH']).size, 0);
    assert.equal(receipts(['BOTH'], OTHER).size, 1);
    assert.equal(simulator.markRead('BOTH'), true);
    assert.equal(receipts(['BOTH'], OTHER).get('BOTH')?.['read'], true);
  });

  it('are for every organisation, where none are entered', () => {
    const { send, receipts } = timed();
    send(letter('DOC1'));
    send(letter('DOC2', 'otheralias{otheralias}'));
    assert.equal(receipts(['DOC1', 'DOC2']).size, 2);
    assert.equal(receipts(['DOC1', 'DOC2'], OTHER).size, 2);
  });

  it('come once for each letter, in another order than it was asked for', () => {
    const { send, receipts } = timed();
    const ids = Array.from({ length: 100 }, (_, n) => `DOC${n}`);
    for (const id of ids) send(letter(id));
    const found = [...receipts([...ids, ...ids]).keys()];
    assert.notDeepEqual(found, ids);
    assert.deepEqual(found.toSorted(), ids.toSorted());
  });

  it('say again unread of a letter that is replaced, or stay, as is entered', () => {
    for (const replacedStaysRead of [false, true]) {
      const { send, receipts, simulator } = timed({ replacedStaysRead });
      send(letter('DOC1'));
      simulator.markRead('DOC1');
      send(letter('DOC1'));
      assert.equal(receipts(['DOC1']).get('DOC1')?.['read'], replacedStaysRead);
    }
  });

  it('count the first time that a letter is read, and none that is still to come', () => {
    const { send, receipts, simulator, pass } = timed();
    send(letter('DOC1'));
    simulator.markRead('DOC1', new Date('2026-01-31T09:31:00Z'));
    pass(59);
    assert.equal(receipts(['DOC1']).get('DOC1')?.['read'], false);
    pass(1);
    assert.equal(receipts(['DOC1']).get('DOC1')?.['readTime'], '2026-01-31T09:31:00.000+00:00');
    pass(1);
    simulator.markRead('DOC1');
    assert.equal(receipts(['DOC1']).get('DOC1')?.['readTime'], '2026-01-31T09:31:00.000+00:00');
    simulator.markRead('DOC1', AT);
    assert.equal(receipts(['DOC1']).get('DOC1')?.['readTime'], '2026-01-31T09:30:00.000+00:00');
    assert.equal(simulator.markRead('UNKNOWN'), false);
    assert.throws(() => simulator.markRead('DOC1', new Date('x')), { code: 'PKB_SETTING' });
  });

  it('say by themselves that the first of each few letters is read, after a time', () => {
    const { send, receipts, pass } = timed({ readEvery: 3, readAfterSeconds: 60 });
    const ids = ['A', 'B', 'C', 'D', 'E', 'F', 'G'];
    for (const id of ids) send(letter(id));
    const read = () => ids.filter((id) => receipts([id]).get(id)?.['read'] === true);
    assert.deepEqual(read(), []);
    pass(60);
    assert.deepEqual(read(), ['A', 'D', 'G']);
  });

  it('have the names, types and time that are entered', () => {
    const receipt = readReceiptShape(
      '{"documentIdentifier":{"name":"id","type":"valueString"},"read":{"name":"__proto__","type":"valueCode"},' +
        '"readTime":{"name":"constructor","type":"valueDate"},"timeWhenUnread":true}',
    );
    const { send, post, simulator } = timed({ receipt });
    send(letter('DOC1'));
    const partsOf = (): unknown => {
      const { body } = post(RECEIPTS, parameters('documentIdentifier', [{ value: 'DOC1' }]));
      return (JSON.parse(body) as { parameter: { part: unknown }[] }).parameter[0]?.part;
    };
    const id = { name: 'id', valueString: 'DOC1' };
    assert.deepEqual(partsOf(), [id, { name: '__proto__', valueCode: 'UNREAD' }, { name: 'constructor' }]);
    simulator.markRead('DOC1');
    assert.deepEqual(partsOf(), [
      id,
      { name: '__proto__', valueCode: 'READ' },
      { name: 'constructor', valueDate: '2026-01-31' },
    ]);
    assert.throws(() => readReceiptShape('{'), { code: 'PKB_SETTING' });
  });

  it('take an identifier as text, too, and give back a system that was asked with', () => {
    const { send, post } = timed();
    send(letter('DOC1'));
    const ask = (value: object): unknown =>
      resultsOf(
        post(RECEIPTS, { resourceType: 'Parameters', parameter: [{ name: 'documentIdentifier', ...value }] }),
      )[0]?.['documentIdentifier'];
    assert.deepEqual(ask({ valueString: 'DOC1' }), { value: 'DOC1' });
    const identifier = { system: 'urn:x', value: 'DOC1' };
    assert.deepEqual(ask({ valueIdentifier: identifier }), identifier);
  });

  it('are empty without a list, as FHIR wants it, where nothing is found', () => {
    const { body } = timed().post(RECEIPTS, parameters('documentIdentifier', [{ value: 'DOC1' }]));
    assert.deepEqual(JSON.parse(body), { resourceType: 'Parameters' });
  });

  it('are given for 5,000 letters, and for no more in one request', () => {
    const { post } = timed();
    const many = (count: number): object =>
      parameters(
        'documentIdentifier',
        Array.from({ length: count }, (_, n) => ({ value: `DOC${n}` })),
      );
    assert.equal(post(RECEIPTS, many(5000)).status, 200);
    const refused = post(RECEIPTS, many(5001));
    assert.equal(refused.status, 400);
    assert.match(outcomeOf(refused).text, /5001 documentIdentifier; send at most 5000/);
  });

  it('forget the oldest letters beyond the limits, and count them', () => {
    for (const limits of [{ documents: 3 }, { documentMemory: 1500 }]) {
      const { send, receipts, simulator } = timed({ limits, patients: [ALEX] });
      const ids = ['A', 'B', 'C', 'D', 'E'];
      for (const id of ids) send(letter(id));
      send(letter('C'));
      assert.deepEqual([...receipts(ids).keys()].toSorted(), ['C', 'D', 'E']);
      assert.equal(simulator.forgotten, 2);
      send(removal('C'));
      send(letter('F'));
      assert.equal(simulator.forgotten, 2);
    }
  });
});

describe('marking letters as read over HTTP', () => {
  const ask = (resource: unknown, organisation = TRUST) => {
    const asking = timed({ organisations: ORGANISATIONS });
    asking.send(letter('DOC1'));
    const answer = asking.post(READ, resource, { organisation, contentType: 'application/json' });
    return { ...asking, answer, read: asking.receipts(['DOC1']).get('DOC1') };
  };

  it('marks the letters of the organisation, now or at a time, and counts those it does not know', () => {
    const { answer, read } = ask({ documentIdentifier: ['DOC1', 'DOC2'] });
    assert.deepEqual([answer.status, JSON.parse(answer.body)], [200, { read: 1, notFound: 1 }]);
    assert.equal(read?.['readTime'], '2026-01-31T09:30:00.000+00:00');
    const earlier = ask({ documentIdentifier: ['DOC1'], readTime: '2026-01-31T09:00:00+01:00' });
    assert.equal(earlier.read?.['readTime'], '2026-01-31T08:00:00.000+00:00');
    const foreign = ask({ documentIdentifier: ['DOC1'] }, OTHER);
    assert.deepEqual(JSON.parse(foreign.answer.body), { read: 0, notFound: 1 });
    assert.equal(foreign.read?.['read'], false);
  });

  const WRONG: Record<string, unknown> = {
    null: null,
    text: 'DOC1',
    'no identifiers': {},
    'an empty list': { documentIdentifier: [] },
    'one text': { documentIdentifier: 'DOC1' },
    'a number': { documentIdentifier: ['DOC1', 1] },
    'a blank': { documentIdentifier: [''] },
    'a long text': { documentIdentifier: ['x'.repeat(1001)] },
    'too many': { documentIdentifier: Array.from({ length: 5001 }, () => 'DOC1') },
    'a time that is none': { documentIdentifier: ['DOC1'], readTime: '2026-02-31' },
    'a time without an offset': { documentIdentifier: ['DOC1'], readTime: '2026-01-31T09:00:00' },
    'a month that is none': { documentIdentifier: ['DOC1'], readTime: '2026-13-31T09:00:00Z' },
    'a time of another type': { documentIdentifier: ['DOC1'], readTime: 7 },
  };
  for (const [what, resource] of Object.entries(WRONG)) {
    it(`refuses ${what} in words, and marks nothing`, () => {
      const { answer, read } = ask(resource);
      assert.equal(answer.status, 400);
      assert.match(outcomeOf(answer).text, /\.$/);
      assert.equal(read?.['read'], false);
    });
  }
});
