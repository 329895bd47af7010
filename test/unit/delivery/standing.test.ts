import assert from 'node:assert/strict';
import { refusal } from '../../../src/delivery/classify.js';
import type { Outcome } from '../../../src/delivery/outcome.js';
import { type RefusalName, REFUSALS } from '../../../src/delivery/refusal.js';
import { type Evidence, type Sent, Standing } from '../../../src/delivery/standing.js';

const ONE: Sent = { id: 1, facility: 'alias{one}' };
const TWO: Sent = { id: 2, facility: 'alias{two}' };
const THREE: Sent = { id: 3, facility: 'alias{three}' };

describe('the standing of a connection', () => {
  let standing: Standing;
  beforeEach(() => {
    standing = new Standing();
  });
  const acknowledge = (message: Sent, outcome: 'accepted' | 'rejected' | 'errored' = 'accepted'): Evidence =>
    standing.note(message, { outcome, code: '', controlId: '', text: '', ack: '' }, false);
  const refuse = (message: Sent, name: RefusalName = 'fault', together = false): Evidence => {
    const outcome: Outcome = refusal(name, '');
    return standing.note(message, outcome, together);
  };

  it('counts no refusal against a message that was not refused before', () => {
    assert.deepEqual(refuse(ONE), { counts: false, failures: 1, unreadable: 0 });
    assert.equal(standing.failures, 1);
  });

  it('counts no refusal while nothing was acknowledged, however often it comes', () => {
    refuse(ONE);
    for (let failures = 2; failures < 10; failures++)
      assert.deepEqual(refuse(ONE), { counts: false, failures, unreadable: 0 });
  });

  for (const outcome of ['accepted', 'rejected', 'errored'] as const)
    it(`counts a refusal of a message when another one was ${outcome} since`, () => {
      refuse(ONE);
      assert.deepEqual(acknowledge(TWO, outcome), { counts: false, failures: 0, unreadable: 0 });
      assert.deepEqual(refuse(ONE), { counts: true, failures: 0, unreadable: 0 });
    });

  it('goes on counting while refusals that count are all there is', () => {
    refuse(ONE);
    acknowledge(TWO);
    for (let n = 0; n < 3; n++) assert.equal(refuse(ONE).counts, true);
    assert.equal(standing.failures, 0);
  });

  it('counts nothing any more when a message is refused for the first time, until the next acknowledgement', () => {
    refuse(ONE);
    acknowledge(TWO);
    assert.equal(refuse(THREE).counts, false);
    assert.equal(refuse(ONE).counts, false);
    acknowledge(TWO);
    assert.equal(refuse(ONE).counts, true);
    assert.equal(refuse(THREE).counts, true);
  });

  it('has forgotten the refusals of a message that was acknowledged itself', () => {
    refuse(ONE);
    acknowledge(ONE);
    assert.equal(refuse(ONE).counts, false);
  });

  it('has forgotten the refusals of a message that is said to be forgotten', () => {
    refuse(ONE);
    acknowledge(TWO);
    standing.forget(1);
    assert.equal(refuse(ONE).counts, false);
  });

  for (const [name, { blames }] of Object.entries(REFUSALS)) {
    if (blames === 'message') continue;
    it(`never counts "${name}" against a message, and sees in it no refusal of that message`, () => {
      for (let n = 0; n < 3; n++) {
        assert.equal(refuse(ONE, name as RefusalName).counts, false);
        acknowledge(TWO);
      }
      assert.equal(refuse(ONE).counts, false);
    });
  }

  it('counts a refusal that is about nothing but the message at once, and sees no failure of the connection', () => {
    assert.deepEqual(refuse(ONE, 'oversized'), { counts: true, failures: 0, unreadable: 0 });
    refuse(TWO);
    assert.deepEqual(refuse(ONE, 'oversized'), { counts: true, failures: 1, unreadable: 0 });
  });

  it('counts messages that fail together as one failure', () => {
    assert.equal(refuse(ONE, 'busy').failures, 1);
    assert.equal(refuse(TWO, 'busy', true).failures, 1);
    assert.equal(refuse(THREE, 'busy').failures, 2);
  });

  it('counts a failure where one fails together with others, but something was acknowledged in between', () => {
    refuse(ONE, 'busy');
    acknowledge(TWO);
    assert.equal(refuse(THREE, 'busy', true).failures, 1);
  });

  it('counts unreadable answers in a row, over other refusals and up to an acknowledgement', () => {
    assert.equal(refuse(ONE, 'unreadable').unreadable, 1);
    assert.equal(refuse(TWO, 'busy').unreadable, 1);
    assert.equal(refuse(TWO, 'unreadable').unreadable, 2);
    assert.equal(acknowledge(THREE).unreadable, 0);
    assert.equal(refuse(THREE, 'unreadable').unreadable, 1);
  });

  it('does not count an unreadable answer as one in a row where it counts against the message', () => {
    refuse(ONE, 'unreadable');
    acknowledge(TWO);
    assert.deepEqual(refuse(ONE, 'unreadable'), { counts: true, failures: 0, unreadable: 0 });
  });

  describe('where PKB refuses Customers', () => {
    it('takes the first refusal as this Customer’s, and one of the same Customer too', () => {
      assert.equal(standing.refuseCustomer(ONE, 'why'), 'customer');
      assert.equal(standing.refuseCustomer({ ...ONE, id: 9 }, 'why now'), 'customer');
      assert.deepEqual([...standing.refusedCustomers], [['alias{one}', 'why now']]);
      assert.equal(standing.isProbingCustomers, true);
    });

    it('takes the refusal of a second Customer as the connection’s, and then blames no Customer', () => {
      standing.refuseCustomer(ONE, 'why');
      assert.equal(standing.refuseCustomer(TWO, 'why'), 'connection');
      assert.equal(standing.refusedCustomers.size, 0);
      assert.equal(standing.isProbingCustomers, false);
    });

    it('takes both as the Customers’ where something was acknowledged in between', () => {
      standing.refuseCustomer(ONE, 'why');
      acknowledge(THREE);
      assert.equal(standing.isProbingCustomers, false);
      assert.equal(standing.refuseCustomer(TWO, 'why'), 'customer');
      assert.deepEqual([...standing.refusedCustomers.keys()], ['alias{one}', 'alias{two}']);
    });

    it('keeps a Customer refused though others are acknowledged', () => {
      standing.refuseCustomer(ONE, 'why');
      acknowledge(TWO);
      assert.deepEqual([...standing.refusedCustomers.keys()], ['alias{one}']);
    });
  });

  it('begins anew after a person has seen to it: no Customer refused, no failure counted', () => {
    refuse(ONE, 'unreadable');
    standing.refuseCustomer(TWO, 'why');
    standing.reset();
    assert.equal(standing.failures, 0);
    assert.equal(standing.refusedCustomers.size, 0);
    assert.equal(standing.isProbingCustomers, false);
    assert.deepEqual(refuse(ONE, 'unreadable'), { counts: false, failures: 1, unreadable: 1 });
  });

  it('does not take a person’s word for PKB’s: after it nothing counts before an acknowledgement', () => {
    refuse(ONE);
    standing.reset();
    assert.equal(refuse(ONE).counts, false);
    acknowledge(TWO);
    assert.equal(refuse(ONE).counts, true);
  });
});
