import assert from 'node:assert/strict';
import { readAck } from '../../../src/hl7/ack.js';
import { encodeRequest } from '../../../src/pkb/soap/request.js';
import { decodeResponse } from '../../../src/pkb/soap/response.js';
import { startSimulator } from '../../../src/simulator/server.js';
import { Simulator, type Received, type SimulatorOptions } from '../../../src/simulator/simulator.js';
import { NHS_NUMBERS, stamped } from '../../support/messages.js';

const BASIC = `Basic ${Buffer.from('any:one').toString('base64')}`;

function ask(simulator: Simulator, hl7: string): Received {
  const { received } = simulator.handle({ authorization: BASIC, body: encodeRequest(hl7) });
  assert.ok(received);
  return received;
}

const once = (hl7: string, options: SimulatorOptions = {}): Received => ask(new Simulator(options), hl7);

const PREFIX = 'Parsing or validation error: ';
const one = (type: string, more: string, id = '1'): string => stamped(id, { type, more });
const LETTER = 'TXA|1|CL||20260101||||||||DOC1|||||AU\rOBX|1|ED|||^TEXT^PDF^Base64^eA==\r';
const full = (text: string): string => text.replace('|U\r', '|M\r');

describe('the simulator', () => {
  it('accepts an A28 and says what it did', () => {
    const { code, held, effects } = once(stamped('1'));
    assert.deepEqual([code, held], ['AA', false]);
    assert.deepEqual(
      effects.map(({ text }) => text),
      ['A record was created.', 'Demographics applied.'],
    );
  });

  for (const [what, hl7, text] of [
    ['an unsupported type', one('ADT^A40', ''), 'Unknown messageType received from HL7'],
    ['no time', stamped('1', { time: '' }), 'MSH-7.1 (message timestamp) must be provided. You provided []'],
    ['no control ID', stamped(''), 'MSH-10.1 (message control ID) must be provided. You provided []'],
    [
      'no processing ID',
      stamped('1').replace('|P|2.4', '||2.4'),
      'MSH-11.1 (processing ID) must be provided. You provided []',
    ],
    [
      'no identifier',
      stamped('1').replace('9990000018^^^NHS^NH', '9990000018'),
      'Lookup single patient must be provided with at least one identifier',
    ],
    [
      'no surname and given name',
      stamped('1').replace('Example^Alex', ''),
      'Cannot create patient missing these fields: surname, givenName',
    ],
    ['an unknown sex', stamped('1').replace('|U\r', '|X\r'), 'Invalid gender. Expected U, M, F or I'],
    [
      'an allergy without a code',
      one('ADT^A28', 'AL1|1||^^x\r'),
      'You need to provide at least one of: AL1.3.1 (Allergen code ID), AL1.3.2 (Allergen code text)',
    ],
    [
      'a diagnosis without a code',
      one('ADT^A31', 'DG1|1||\r'),
      'You need to provide at least one of: DG1.3.1 (Diagnosis code ID), DG1.3.2 (Diagnosis code text)',
    ],
    ['the same allergy twice', one('ADT^A28', 'AL1|1||A\rAL1|2||A\r'), 'Duplicate AL1 (simulator wording)'],
    [
      'an appointment without an ID',
      one('SIU^S12', 'SCH||\r'),
      'SCH-1.1 (placer ID) must be provided. You provided []',
    ],
    [
      'a cancellation of what it does not know, without a start',
      full(one('SIU^S15', 'SCH|1\r')),
      'SCH-11.4 (start time) must be provided. You provided []',
    ],
    [
      'a document without an ID',
      one('MDM^T02', LETTER.replace('DOC1', '')),
      'TXA-12.1 (document ID) must be provided. You provided []',
    ],
    [
      'a document that is not AU',
      one('MDM^T02', LETTER.replace('|AU', '|LA')),
      'TXA-17 (completion status) must be AU (simulator wording)',
    ],
    [
      'a result without a time',
      one('ORU^R01', 'OBR|1||R1\rOBX|1\rOBX|2\r'),
      'OBR[1].OBX[1]: No observation timestamp in OBX or OBR',
    ],
    [
      'a result without an ID',
      one('ORU^R01', 'OBR|1||||||2026\r'),
      'ORC-3.1 or OBR-3.1 (filler order number) must be provided (simulator wording)',
    ],
    [
      'two IDs that differ',
      one('ORU^R01', 'ORC|RE||A\rOBR|1||B||||2026\r'),
      'OBR[1]-3: ORC-3.1 and OBR-3.1 of a report must be equal where both are given. (simulator wording)',
    ],
    [
      'an encounter without an ID',
      one('ADT^A01', 'PV1|1\r'),
      'PV1-19.1 (visit number) must be provided. You provided []',
    ],
    [
      'half a time',
      stamped('1').replace('19700101', '1970010'),
      'PID-7 is not a valid timestamp (simulator wording)',
    ],
    [
      'a letter for a patient who cannot be made',
      one('MDM^T02', LETTER).replace('19700101', ''),
      'No patient found for PID segment',
    ],
    [
      'MSH-4 without braces',
      stamped('1').replace('trustalias{trustalias}', 'trustalias'),
      'MSH-4 must be connecting-alias{data-controller-alias} (simulator wording)',
    ],
  ] as const) {
    it(`rejects ${what} in the words that PKB uses, where they are known`, () => {
      const { code, text: said } = once(hl7, { autoCreate: true });
      assert.deepEqual([code, said], ['AR', PREFIX + text]);
    });
  }

  it('rejects aliases it was not told of', () => {
    assert.equal(once(stamped('1'), { aliases: ['trustalias{trustalias}'] }).code, 'AA');
    assert.equal(once(stamped('1'), { aliases: ['other{other}'] }).code, 'AR');
  });

  it('answers AE to what it cannot read', () => {
    assert.deepEqual(once('hello').text, 'Unexpected error while processing: null');
    assert.equal(once('hello').code, 'AE');
  });

  it('accepts and holds what does not match by date of birth, and files what does', () => {
    const simulator = new Simulator({});
    ask(simulator, full(stamped('1')));
    const wrong = ask(simulator, one('MDM^T02', LETTER, '2').replace('19700101', '19700102'));
    assert.deepEqual([wrong.code, wrong.held], ['AA', true]);
    const right = ask(simulator, one('MDM^T02', LETTER, '3'));
    assert.deepEqual([right.code, right.held], ['AA', false]);
  });

  it('shows what an A31 with a diagnosis overwrites', () => {
    const simulator = new Simulator({});
    ask(simulator, stamped('1'));
    const { effects } = ask(simulator, one('ADT^A31', 'DG1|1||1^Eczema\r', '2'));
    const overwritten = effects.find(({ text }) => text.startsWith('OVERWRITTEN'));
    assert.deepEqual(overwritten?.before, ["Asthma (the Customer's entry)"]);
    assert.deepEqual(overwritten?.after, ['Eczema']);
  });

  it('does not apply demographics that are older than those it has', () => {
    const simulator = new Simulator({});
    ask(simulator, stamped('1', { time: '20260102' }));
    assert.match(ask(simulator, stamped('2', { time: '20260101' })).effects[0]?.text ?? '', /older/);
  });

  it('keeps data points: created, replaced, deleted', () => {
    const simulator = new Simulator({ autoCreate: true });
    const said = (hl7: string): string | undefined => ask(simulator, full(hl7)).effects.at(-1)?.text;
    assert.equal(said(one('MDM^T02', LETTER)), 'A data point is created.');
    assert.equal(said(one('MDM^T02', LETTER)), 'The data point is replaced.');
    assert.equal(said(one('MDM^T11', 'TXA||||||||||||DOC1\r')), 'The data point is deleted.');
    assert.equal(said(one('MDM^T11', 'TXA||||||||||||DOC1\r')), 'No such data point: nothing happens.');
  });

  it('calls identifiers of two records ambiguous', () => {
    const simulator = new Simulator({});
    ask(simulator, stamped('1'));
    ask(simulator, stamped('2', { nhs: NHS_NUMBERS[1] }));
    const both = stamped('3').replace('^^^NHS^NH', `^^^NHS^NH~${NHS_NUMBERS[1]}^^^NHS^NH`);
    assert.equal(ask(simulator, both).text, `${PREFIX}Ambiguous patient IDs provided`);
  });

  it('writes acknowledgements in the form that PKB shows', () => {
    const simulator = new Simulator({ now: () => new Date('2019-02-01T10:25:00Z') });
    const { body } = simulator.handle({ authorization: BASIC, body: encodeRequest(stamped('id&1')) });
    const { ack = '' } = decodeResponse(body, 'id&1');
    assert.equal(
      ack.replaceAll(/\r/g, '\n'),
      'MSH|^~\\&|HL7API|PKB|MAILCO|trustalias{trustalias}|20190201102500+0000||ACK^R01|PKB-20190201102500+0000|P|2.4\nMSA|AA|id\\T\\1',
    );
    assert.equal(readAck(ack)?.controlId, 'id&1');
  });

  it('answers a control ID with delimiters in it by the same ID', () => {
    const { body } = new Simulator({}).handle({
      authorization: BASIC,
      body: encodeRequest(stamped('A\\T\\B')),
    });
    assert.equal(decodeResponse(body, 'A&B').outcome, 'accepted');
  });

  it('lets in only who has the name and password it was given', async () => {
    const running = await startSimulator({ username: 'partner_mailco', password: 'testing' });
    try {
      const post = async (authorization?: string): Promise<number> => {
        const headers = {
          'content-type': 'text/xml',
          ...(authorization === undefined ? {} : { authorization }),
        };
        return (await fetch(running.url, { method: 'POST', headers, body: encodeRequest(stamped('1')) }))
          .status;
      };
      assert.equal(await post(), 401);
      assert.equal(await post(BASIC), 401);
      assert.equal(await post('Basic cGFydG5lcl9tYWlsY286dGVzdGluZw=='), 200);
      assert.equal(running.received.length, 1);
      assert.equal((await fetch(running.url)).status, 401);
      const headers = { authorization: 'Basic cGFydG5lcl9tYWlsY286dGVzdGluZw==' };
      assert.equal((await fetch(running.url, { headers })).status, 405);
      assert.equal((await fetch(`${running.url}/x`, { method: 'POST' })).status, 404);
    } finally {
      await running.close();
    }
  });

  it('answers a request without a message with a SOAP fault', () => {
    const { status, body } = new Simulator({}).handle({ authorization: BASIC, body: '<x/>' });
    assert.equal(status, 500);
    assert.equal(decodeResponse(body, '1').outcome, 'refused');
  });
});
