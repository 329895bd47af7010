import assert from 'node:assert/strict';
import { compose, composeMessage } from '../../../../src/pkb/compose/compose.js';
import { deriveId } from '../../../../src/pkb/data-point.js';
import { read } from '../../../../src/hl7/read.js';
import { PATIENT } from './fields.js';

const customer = { alias: 'trustalias' };
const lastLine = (hl7: string, segment: string): string =>
  hl7.split('\r').find((line) => line.startsWith(segment)) ?? '';

describe('compose, against the examples on PKB\u2019s pages', () => {
  it('writes the A28 of the Partner page (3365012161) field by field', () => {
    const page =
      'MSH|^~\\&|Hello7|trustalias{trustalias}|HL7API|PKB|20191029150209+0000||ADT^A28|f691896e-977f-4f06-91ee-625155ca71f8|P|2.4|\r' +
      'PID|||9191029996^^^NHS^NH||Patient^20191029^^^Mr||20191029|M|||123 Main Street^^London^London^CB11BC^GBR||||en|\r';
    const composed = compose(
      {
        kind: 'demographics',
        event: 'add',
        patient: {
          nhsNumber: '919 102 9996',
          name: { family: 'Patient', given: '20191029', prefix: 'Mr' },
          birthDate: '2019-10-29',
          sex: 'M',
          address: {
            street: '123 Main Street',
            city: 'London',
            county: 'London',
            postcode: 'CB11BC',
            country: 'GBR',
          },
          language: 'en',
        },
      },
      {
        customer,
        sendingApplication: 'Hello7',
        newId: () => 'f691896e-977f-4f06-91ee-625155ca71f8',
        now: () => new Date('2019-10-29T15:02:09Z'),
      },
    );
    // The page closes its segments with an empty field more, which says nothing.
    assert.equal(composed, page.replaceAll('|\r', '\r'));
  });

  it('writes an S12 as the page does: subject, times, comment, location, participant', () => {
    const hl7 = compose(
      {
        kind: 'appointment',
        event: 'new',
        id: 'ID123',
        patient: PATIENT,
        subject: 'checkup',
        start: '2014-11-20T12:31',
        end: '2014-11-20T12:32',
        notes: 'My comment',
        location: 'health centre',
        participants: [{ family: 'Jones', given: 'Stuart', middle: 'James', prefix: 'Dr', role: 'Doctor' }],
      },
      { customer },
    );
    assert.equal(lastLine(hl7, 'SCH'), 'SCH|ID123||||||^checkup||||^^^201411201231+0000^201411201232+0000');
    assert.equal(lastLine(hl7, 'NTE'), 'NTE|||My comment');
    assert.equal(lastLine(hl7, 'PV1'), 'PV1|||^^^^^^^^health centre');
    assert.equal(lastLine(hl7, 'AIP'), 'AIP|1||^Jones^Stuart^James^^Dr|^Doctor');
  });

  it('writes telephones and e-mail addresses as the pages do', () => {
    const patient = {
      ...PATIENT,
      email: 'a@example.org',
      phone: '01234567890',
      mobile: '07123456789',
      workEmail: 'b@example.org',
      workPhone: '01234098765',
    };
    const hl7 = compose({ kind: 'demographics', event: 'add', patient }, { customer });
    assert.equal(read(hl7, 'PID-13[1].2'), 'NET');
    assert.equal(lastLine(hl7, 'PID').split('|')[13], '^NET^^a@example.org~01234567890^PRN~07123456789^PRS');
    assert.equal(lastLine(hl7, 'PID').split('|')[14], '^NET^^b@example.org~01234098765^WPN');
  });

  it('writes a T11 and an A03 as the pages do', () => {
    const deletion = compose({ kind: 'document-deletion', id: 'MYDOC00001', patient: PATIENT }, { customer });
    assert.equal(lastLine(deletion, 'TXA'), 'TXA||||||||||||MYDOC00001');
    const discharge = compose(
      {
        kind: 'encounter',
        event: 'discharge',
        id: 'V00001',
        patient: PATIENT,
        patientClass: 'I',
        location: 'My Ward',
        attending: { family: 'Jones', given: 'Stuart', middle: 'James', prefix: 'Dr' },
        referring: { family: 'Smith', given: 'William', prefix: 'Dr' },
        consulting: { family: 'Foster', given: 'Terry', prefix: 'Mr' },
        admitted: '2015-08-01T10:00',
        discharged: '2015-08-01T12:00',
      },
      { customer },
    );
    assert.equal(
      lastLine(discharge, 'PV1'),
      `PV1|1|I|^^^^^^^^My Ward||||^Jones^Stuart^James^^Dr|^Smith^William^^^Dr|^Foster^Terry^^^Mr||||||||||V00001${'|'.repeat(25)}201508011000+0100|201508011200+0100`,
    );
  });

  it('writes an A19 as the page does', () => {
    const hl7 = compose(
      { kind: 'query', nhsNumber: '9990000018', changedSince: '2013-02-19T11:00' },
      { customer, newId: () => '_3B30U4GM1', now: () => new Date('2013-02-19T14:03:16Z') },
    );
    assert.equal(
      lastLine(hl7, 'QRD'),
      'QRD|20130219140316+0000|R|I|_3B30U4GM1||||9990000018^^^^^^^^^^^^NH|DEM',
    );
    assert.equal(lastLine(hl7, 'QRF'), 'QRF||201302191100+0000');
  });

  it('writes clinical lists only where asked, each entry with what PKB reads (3736141825, 4716855297, 3738402817)', () => {
    const hl7 = compose(
      {
        kind: 'demographics',
        event: 'update',
        patient: PATIENT,
        clinical: {
          allergies: [
            {
              allergen: { code: '111', text: 'Latex' },
              severity: 'SV',
              reaction: 'Rash',
              onset: '2020-01-02',
              provider: 'Dr Jones',
            },
          ],
          diagnoses: [{ diagnosis: { text: 'Asthma' }, time: '2019-05' }],
          medication: [
            {
              product: 'Aspirin 75 mg',
              code: '222',
              dose: '1',
              units: 'tablet',
              frequency: 'daily',
              start: '2020',
            },
          ],
        },
      },
      { customer },
    );
    assert.deepEqual(hl7.split('\r').slice(2, -1), [
      'AL1|1||111^Latex|SV|Rash|20200102',
      'NTE|||Dr Jones',
      'DG1|1||^Asthma||201905',
      'ZRX|^daily^^2020|222^Aspirin 75 mg|1||tablet',
    ]);
  });
});

describe('the data point ID of a composed message', () => {
  const fields = { kind: 'document', patient: PATIENT, type: 'CL', text: 'x' } as const;
  const id = (hl7: string): string | undefined => read(hl7, 'TXA-12.1');

  it('is the one given, or a new one for what begins something', () => {
    const kept = composeMessage({ ...fields, id: 'L1' }, { customer });
    assert.deepEqual(kept.dataPoint, { field: 'TXA-12.1', id: 'L1', owner: 'kept' });
    const made = composeMessage(fields, { customer });
    assert.match(made.dataPoint?.id ?? '', /^[0-9a-f-]{36}$/);
    assert.equal(made.dataPoint?.owner, 'partner');
    assert.notEqual(made.dataPoint?.id, made.controlId);
  });

  it('is derived, new, or the Customer\u2019s where the options say so, whatever the fields hold', () => {
    const derived = composeMessage(
      { ...fields, id: 'L1' },
      { customer, dataPointId: { derive: 'L1', partner: 'MailCo' } },
    );
    assert.equal(id(derived.hl7), deriveId('MailCo', customer, 'document', 'L1'));
    assert.equal(derived.dataPoint?.owner, 'partner');
    const own = composeMessage({ ...fields, id: 'L1' }, { customer, dataPointId: { own: 'RXX-7' } });
    assert.deepEqual(own.dataPoint, { field: 'TXA-12.1', id: 'RXX-7', owner: 'customer' });
    assert.notEqual(id(compose({ ...fields, id: 'L1' }, { customer, dataPointId: 'new' })), 'L1');
  });

  it('is the same for an appointment created, moved and cancelled from one key', () => {
    const dataPointId = { derive: 'booking 4711', partner: 'MailCo' };
    const appointment = {
      kind: 'appointment',
      patient: PATIENT,
      start: '2026-03-01T10:00Z',
      location: 'x',
      participants: [],
    };
    const ids = ['new', 'reschedule', 'cancel'].map(
      (event) => composeMessage({ ...appointment, event }, { customer, dataPointId }).dataPoint?.id,
    );
    assert.equal(new Set(ids).size, 1);
  });

  it('is the same in ORC-3 and OBR-3 of a result', () => {
    const hl7 = compose({ kind: 'result-deletion', id: 'R1', patient: PATIENT }, { customer });
    assert.deepEqual([read(hl7, 'ORC-3.1'), read(hl7, 'OBR-3.1'), read(hl7, 'OBR-25')], ['R1', 'R1', 'R']);
  });
});
