import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { type OrderBy, orderKey } from '../../../src/delivery/order-key.js';
import { SendableMessage } from '../../../src/pkb/sendable-message.js';
import { stamped } from '../../support/messages.js';

const secret = createSecretKey(Buffer.alloc(32, 1));
const letter = (id: string): string =>
  `${stamped('1').replace('ADT^A28', 'MDM^T02')}TXA|1|CL||20260101||||||||${id}|||||AU\r`;
const by = (order: OrderBy, hl7: string): string => orderKey(new SendableMessage(hl7), order, secret);
const key = (hl7: string): string => by('patient', hl7);

describe('the order key', () => {
  it('is the same for one patient of one Customer, by NHS number whatever stands beside it', () => {
    const first = stamped('1');
    assert.equal(key(stamped('2')), key(first));
    assert.equal(
      key(first.replace('9990000018^^^NHS^NH', 'L1^^^LOC^MR~999 000 0018^^^NHS^NH{status:01}')),
      key(first),
    );
    assert.notEqual(key(first.replace('trustalias{trustalias}', 'other{other}')), key(first));
    assert.notEqual(key(first.replace('9990000018', '9990000026')), key(first));
  });

  it('is by the first identifier where there is no NHS number', () => {
    const local = stamped('1').replace('9990000018^^^NHS^NH', '~L1^^^LOC^MR~L2^^^LOC^MR');
    assert.equal(key(local), key(local.replace('~L2', '~L3')));
    assert.notEqual(key(local), key(local.replace('~L1', '~L0')));
  });

  it('is by PID-2 as by PID-3, since PKB finds patients by both', () => {
    const first = stamped('1');
    const inPid2 = first.replace('PID|||9990000018^^^NHS^NH', 'PID||9990000018^^^NHS^NH|');
    assert.notEqual(inPid2, first);
    assert.equal(key(inPid2), key(first));
    assert.equal(key(inPid2.replace('NHS^NH||', 'NHS^NH|L1^^^LOC^MR|')), key(first));
    assert.notEqual(key(inPid2.replace('9990000018', '9990000026')), key(first));
  });

  it('is by data point where told, and falls back to the patient without one', () => {
    assert.notEqual(by('datapoint', letter('a')), by('datapoint', letter('b')));
    assert.equal(by('datapoint', letter('')), key(letter('')));
    assert.equal(by('datapoint', stamped('1')), key(stamped('1')));
  });

  it('is one for all of a connection where told', () => {
    const one = (nhs: string): string => by('connection', stamped('1', { nhs }));
    assert.equal(one('9990000018'), one('9990000026'));
  });

  it('shows nothing of the patient, and differs between installations', () => {
    assert.match(key(stamped('1')), /^[0-9a-f]{32}$/);
    const other = createSecretKey(Buffer.alloc(32, 2));
    assert.notEqual(orderKey(new SendableMessage(stamped('1')), 'patient', other), key(stamped('1')));
  });
});
