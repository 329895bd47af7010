import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compose } from '../../../../src/pkb/compose/compose.js';
import type { MessageFields } from '../../../../src/pkb/compose/fields.js';
import { inspect } from '../../../../src/pkb/guard/inspect.js';
import { RULES } from '../../../../src/pkb/guard/rules/index.js';
import { messageTypeRow } from '../../../../src/pkb/catalogue.js';
import { encodeRequest } from '../../../../src/pkb/soap/request.js';
import { decodeResponse } from '../../../../src/pkb/soap/response.js';
import { type RunningSimulator, startSimulator } from '../../../../src/simulator/server.js';
import { read } from '../../../../src/hl7/read.js';
import { awkward, EVERY, lines, PATIENT } from './fields.js';

const customer = { alias: 'trustalias' };
const STRICTEST = Object.fromEntries(RULES.map(({ id }) => [id, 'block'] as const));
const nameOf = (fields: MessageFields): string =>
  `${fields.kind}${'event' in fields ? ` (${fields.event})` : ''}`;

describe('composed messages and PKB', () => {
  let simulator: RunningSimulator;
  before(async () => {
    simulator = await startSimulator({ aliases: ['trustalias{trustalias}'] });
  });
  after(() => simulator.close());

  async function post(hl7: string): Promise<ReturnType<typeof decodeResponse>> {
    const response = await fetch(simulator.url, {
      method: 'POST',
      headers: {
        'content-type': 'text/xml; charset=UTF-8',
        authorization: `Basic ${Buffer.from('partner:testing').toString('base64')}`,
      },
      body: encodeRequest(hl7),
    });
    return decodeResponse(await response.text(), read(hl7, 'MSH-10') ?? '');
  }

  for (const [i, fields] of EVERY.entries()) {
    it(`${nameOf(fields)}, set ${i + 1}: passes the guard with every rule set to block, and is accepted`, async () => {
      const hl7 = compose(fields, { customer });
      const { findings, blocked } = inspect(hl7, STRICTEST);
      assert.deepEqual(findings, []);
      assert.equal(blocked, false);
      const answer = await post(hl7);
      assert.equal(answer.outcome, 'accepted', answer.text);
    });
  }

  it('come in every message type that the help promises', () => {
    const types = new Set(EVERY.map((fields) => read(compose(fields, { customer }), 'MSH-9.2')));
    const promised =
      'A01 A02 A03 A05 A08 A11 A12 A13 A14 A19 A27 A28 A31 A38 R01 S12 S13 S14 S15 S26 T02 T11';
    assert.deepEqual([...types].toSorted(), promised.split(' '));
    for (const fields of EVERY)
      assert.ok(messageTypeRow(compose(fields, { customer }).split('|')[8] ?? ''), fields.kind);
  });

  it('stay radiology, and their deletions too, whatever the sender is called', () => {
    const sendingApplication = 'Hello7';
    for (const fields of EVERY) {
      const isRadiology = fields.kind === 'radiology' || ('radiology' in fields && fields.radiology === true);
      const hl7 = compose(fields, { customer, sendingApplication });
      assert.equal(read(hl7, 'MSH-3'), isRadiology ? 'RADIOLOGY' : sendingApplication, fields.kind);
    }
  });

  it('pass the guard at its strictest whatever their texts hold', () => {
    const texts = fc.record({ family: awkward, given: awkward, subject: awkward, notes: lines });
    fc.assert(
      fc.property(texts, fc.uuid({ version: 4 }), ({ family, given, subject, notes }, id) => {
        const patient = { ...PATIENT, name: { family, given } };
        const all: MessageFields[] = [
          {
            kind: 'appointment',
            event: 'new',
            id,
            patient,
            start: '2026-03-01T10:00Z',
            location: subject,
            subject,
            notes,
          },
          { kind: 'document', type: 'CL', id, patient, text: notes, title: subject, author: { family } },
          {
            kind: 'result',
            id,
            patient,
            time: '2026-03-01',
            test: { text: subject },
            results: [{ test: { text: given }, value: family, comment: notes }],
          },
          { kind: 'demographics', event: 'update', patient: { ...patient, address: { street: subject } } },
        ];
        for (const fields of all)
          assert.deepEqual(inspect(compose(fields, { customer }), STRICTEST).findings, []);
      }),
      { numRuns: 100 },
    );
  });

  it('are flagged where their author asks for what PKB discourages: clinical lists, an invitation, a bare cancellation', () => {
    const rulesOf = (fields: MessageFields): string[] =>
      inspect(compose(fields, { customer })).findings.map(({ rule }) => rule);
    const clinical = {
      allergies: [{ allergen: { text: 'Latex' } }],
      diagnoses: [{ diagnosis: { code: 'J45' } }],
      medication: [{ product: 'Aspirin' }],
    };
    assert.deepEqual(rulesOf({ kind: 'demographics', event: 'add', patient: PATIENT, clinical }), [
      'overwriting.allergies',
      'overwriting.diagnoses',
      'overwriting.medication',
    ]);
    const invited = { ...PATIENT, email: 'alex@example.org' };
    assert.deepEqual(rulesOf({ kind: 'demographics', event: 'add', patient: invited }), [
      'identity.invitation',
    ]);
    const id = '0b8a6e0e-8f0b-4f7e-9d7e-0d6a3f2b1c4d';
    assert.deepEqual(rulesOf({ kind: 'appointment', event: 'cancel', id, patient: PATIENT }), [
      'type.unknown-appointment',
    ]);
  });
});
