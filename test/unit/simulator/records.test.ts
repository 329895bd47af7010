import assert from 'node:assert/strict';
import { encodeRequest } from '../../../src/pkb/soap/request.js';
import { decodeResponse } from '../../../src/pkb/soap/response.js';
import { DEFAULT_PATIENTS, type KnownPatient } from '../../../src/simulator/known-patients.js';
import { startSimulator } from '../../../src/simulator/server.js';
import { type Received, Simulator, type SimulatorOptions } from '../../../src/simulator/simulator.js';
import { NHS_NUMBERS, stamped } from '../../support/messages.js';

const BASIC = `Basic ${Buffer.from('any:one').toString('base64')}`;
const ALEX: KnownPatient = {
  nhsNumber: NHS_NUMBERS[0],
  birthDate: '1970-01-01',
  family: 'Example',
  given: 'Alex',
  postcode: 'N1 1AA',
};

/** A simulator that knows one patient, and how to ask it. */
function pkb(options: SimulatorOptions = {}): {
  ask(hl7: string): Received;
  ackOf(hl7: string): string[];
  simulator: Simulator;
} {
  const simulator = new Simulator({ patients: [ALEX], ...options });
  const handle = (hl7: string) => simulator.handle({ authorization: BASIC, body: encodeRequest(hl7) });
  return {
    simulator,
    ask(hl7) {
      const { received } = handle(hl7);
      assert.ok(received);
      return received;
    },
    ackOf: (hl7) => (decodeResponse(handle(hl7).body, '1').ack ?? '').split(/[\r\n]+/),
  };
}

const texts = ({ effects }: Received): string[] => effects.map(({ text }) => text);
const wrongDay = (hl7: string): string => hl7.replace('19700101', '19700102');
const noDay = (hl7: string): string => hl7.replace('19700101', '');

const LETTER = 'TXA|1|CL||20260101||||||||DOC1|||||AU\rOBX|1|ED|||^TEXT^PDF^Base64^eA==\r';
const PLAN = 'TXA|1|CP||20260101||||||||PLAN1|||||AU\rOBX|1|ED|^Plan||^TEXT^HTML^A^x\r';
const letter = (more = LETTER): string => stamped('1', { type: 'MDM^T02', more });
const remove = (id: string): string => stamped('1', { type: 'MDM^T11', more: `TXA||||||||||||${id}\r` });
const visit = (type: string): string =>
  stamped('1', { type, more: 'SCH|A1||||||||||^^^20260301\rPV1|||^^^^^^^^Clinic\r' });
const report = (id: string, status = ''): string =>
  stamped('1', {
    type: 'ORU^R01',
    more: `OBR|1||${id}|T^Test|||2026||||||||||||||||||${status}\rOBX|1|ST|T||1\r`,
  });

describe('the records of the simulator', () => {
  const NOBODY = 'Parsing or validation error: No patient found for PID segment';

  it('are made by demographics, and by nothing else unless the organisation has auto-create', () => {
    const full = letter().replace('|U\r', '|M\r');
    const { code, text } = pkb({ patients: [] }).ask(full);
    assert.deepEqual([code, text], ['AR', NOBODY]);
    const created = pkb({ patients: [], autoCreate: true }).ask(full);
    assert.deepEqual([created.code, texts(created)[0]], ['AA', 'A record was created.']);
    const after = pkb({ patients: [] });
    after.ask(stamped('1'));
    assert.equal(after.ask(letter()).code, 'AA');
  });

  it('are made by auto-create from an NHS number that is not known to be unverified only', () => {
    const open = (): ReturnType<typeof pkb> => pkb({ patients: [], autoCreate: true });
    for (const [status, code] of [
      ['01', 'AA'],
      ['02', 'AR'],
      ['03', 'AR'],
    ] as const)
      assert.equal(open().ask(letter().replace('NHS^NH', `NHS^NH{status:${status}}`)).code, code, status);
    assert.equal(open().ask(letter().replace('NHS^NH', 'RXX^MR')).text, NOBODY);
  });

  it('are there from the start for the patients of the examples', async () => {
    const running = await startSimulator();
    try {
      for (const { nhsNumber, birthDate } of DEFAULT_PATIENTS) {
        const hl7 = letter()
          .replace(NHS_NUMBERS[0], nhsNumber)
          .replace('19700101', birthDate.replaceAll('-', ''));
        await fetch(running.url, {
          method: 'POST',
          headers: { authorization: BASIC, 'content-type': 'text/xml' },
          body: encodeRequest(hl7),
        });
      }
      assert.deepEqual(
        running.received.map(({ code, held }) => `${code} ${held}`),
        DEFAULT_PATIENTS.map(() => 'AA false'),
      );
    } finally {
      await running.close();
    }
  });

  for (const [what, patients] of [
    ['no list', 'x'],
    ['an NHS number that is none', [{ nhsNumber: '9990000019', birthDate: '1970-01-01' }]],
    ['no date of birth', [{ nhsNumber: NHS_NUMBERS[0] }]],
    ['a day that does not exist', [{ nhsNumber: NHS_NUMBERS[0], birthDate: '1970-02-30' }]],
    ['the same patient twice', [ALEX, ALEX]],
    ['null', [null]],
  ] as [string, unknown][]) {
    it(`are not made from ${what} in the settings, and no value is named`, () => {
      assert.throws(
        () => new Simulator({ patients: patients as KnownPatient[] }),
        (error: Error & { code?: string }) => error.code === 'PKB_SETTING' && !error.message.includes('999'),
      );
    });
  }

  it('are found by PID-2 alone, and not by types of identifiers that PKB does not know', () => {
    const { ask } = pkb();
    assert.equal(ask(letter().replace('PID|||', 'PID||').replace('^^^NHS^NH|', '^^^NHS^NH||')).code, 'AA');
    for (const type of ['NHSNBR^NHSNMBR', 'NHS^NI'])
      assert.match(ask(letter().replace('NHS^NH', type)).text, /at least one identifier/);
  });

  it('take a part of a date of birth as its first day', () => {
    const { ask } = pkb();
    assert.equal(ask(letter().replace('19700101', '1970')).held, false);
    assert.equal(ask(letter().replace('19700101', '197001011230+0100')).held, false);
    assert.equal(ask(letter().replace('19700101', '197002')).held, true);
  });

  it('do not change by demographics that are held: an unverified NHS number, or a local identifier only', () => {
    const changed = stamped('1', { more: 'DG1|1||1^Eczema\r' }).replace('19700101', '19991231');
    for (const [hl7, reason] of [
      [changed.replace('NHS^NH', 'NHS^NH{status:02}'), /Held for review.*not verified \(status 02\)/],
      [changed.replace('NHS^NH', 'NHS^NH{status:03}'), /Held for review.*not verified \(status 03\)/],
      [changed.replace('NHS^NH', 'RXX^MR'), /Held for review.*organisation's own/],
    ] as const) {
      const { ask } = pkb();
      const received = ask(hl7);
      assert.deepEqual([received.code, received.held], ['AA', true]);
      assert.match(texts(received).join(), reason);
      assert.equal(ask(letter()).held, false);
    }
    assert.equal(pkb().ask(changed.replace('NHS^NH', 'NHS^NH{status:01}')).held, false);
    assert.equal(pkb().ask(changed.replace('NHS^NH', 'NHS^NH~L1^^^RXX^MR')).held, false);
  });

  it('keep a care plan whatever is deleted, and show its versions', () => {
    const { ask } = pkb();
    ask(letter(PLAN));
    assert.match(texts(ask(remove('PLAN1'))).join(), /care plan cannot be deleted/);
    assert.match(texts(ask(letter(PLAN))).join(), /new version; the old one stays visible/);
    ask(letter());
    assert.deepEqual(texts(ask(remove('DOC1'))), ['The data point is deleted.']);
  });

  it('do nothing with the withdrawal of a report that they do not know', () => {
    const { ask } = pkb();
    assert.deepEqual(texts(ask(report('R1', 'R'))), ['No such data point: nothing happens.']);
    assert.deepEqual(texts(ask(report('R1'))), ['A data point is created.']);
    assert.deepEqual(texts(ask(report('R1', 'R'))), ['The data point is deleted.']);
    assert.deepEqual(texts(ask(report('R1', 'R'))), ['No such data point: nothing happens.']);
  });

  it('let a change of an appointment follow what was decided about the appointment', () => {
    const { ask } = pkb();
    assert.equal(ask(visit('SIU^S12')).held, false);
    assert.equal(ask(noDay(visit('SIU^S13'))).held, false);
    assert.equal(ask(wrongDay(visit('SIU^S15'))).held, false);
    const other = pkb();
    assert.equal(other.ask(wrongDay(visit('SIU^S12'))).held, true);
    const moved = other.ask(visit('SIU^S13'));
    assert.deepEqual([moved.code, moved.held], ['AA', true]);
    assert.match(texts(moved).join(), /Held for review/);
    assert.equal(other.ask(visit('SIU^S12')).held, false);
    assert.equal(other.ask(noDay(visit('SIU^S13'))).held, false);
  });

  it('take no change of an appointment that they do not know without what a new one needs', () => {
    const { ask } = pkb();
    const bare = (type: string): string => stamped('1', { type, more: 'SCH|A1\r' });
    for (const type of ['SIU^S12', 'SIU^S13', 'SIU^S15', 'SIU^S26'])
      assert.match(ask(bare(type)).text, /SCH-11\.4 \(start time\)/, type);
    assert.match(ask(visit('SIU^S12').replace('PV1|||^^^^^^^^Clinic\r', '')).text, /PV1-3 \(location\)/);
    ask(visit('SIU^S12'));
    assert.equal(ask(bare('SIU^S15')).code, 'AA');
  });

  it('take a care plan only with its time, title and format', () => {
    const { ask } = pkb();
    assert.match(ask(letter(PLAN.replace('20260101', ''))).text, /TXA-4/);
    assert.match(ask(letter(PLAN.replace('^Plan', ''))).text, /OBX-3\.2/);
    assert.match(ask(letter(PLAN.replace('HTML', 'RTF'))).text, /HTML or PDF/);
  });

  it('hold letters and appointments of one ID apart', () => {
    const { ask } = pkb();
    ask(letter(LETTER.replace('DOC1', 'A1')));
    assert.deepEqual(texts(ask(visit('SIU^S12'))), ['A data point is created.']);
  });

  it('are forgotten, the oldest first, where there are too many', () => {
    const { ask, simulator } = pkb({ limits: { patients: 3 } });
    for (const nhs of NHS_NUMBERS.slice(1)) ask(stamped('1', { nhs }));
    assert.equal(simulator.forgotten, 2);
    assert.equal(ask(letter()).text, NOBODY);
    assert.equal(ask(letter().replace(NHS_NUMBERS[0], NHS_NUMBERS[4])).code, 'AA');
  });

  it('are forgotten where they take too much memory', () => {
    const { ask, simulator } = pkb({ limits: { memory: 20_000 } });
    for (let n = 0; n < 20; n++)
      ask(
        stamped('1', { more: `AL1|1||${'x'.repeat(200)}${n}\r` })
          .replace('NHS^NH', `NHS^NH~L${n}^^^RXX^MR`)
          .replace(NHS_NUMBERS[0], NHS_NUMBERS[n % 5] ?? ''),
      );
    assert.equal(simulator.forgotten, 0);
    for (let n = 0; n < 100; n++) ask(letter(LETTER.replace('DOC1', `${'x'.repeat(200)}${n}`)));
    assert.ok(simulator.forgotten > 0);
    assert.equal(ask(letter().replace(NHS_NUMBERS[0], NHS_NUMBERS[1])).text, NOBODY);
  });

  it('keep so many data points of a patient and no more', () => {
    const { ask, simulator } = pkb({ limits: { dataPoints: 2 } });
    for (const id of ['D1', 'D2', 'D3']) ask(letter(LETTER.replace('DOC1', id)));
    assert.equal(simulator.forgotten, 1);
    assert.deepEqual(texts(ask(remove('D1'))), ['No such data point: nothing happens.']);
    assert.deepEqual(texts(ask(remove('D3'))), ['The data point is deleted.']);
  });

  it('take no identifiers and IDs without end', () => {
    const { ask } = pkb();
    const many = Array.from({ length: 101 }, (_, n) => `${n}^^^RXX^MR`).join('~');
    assert.match(ask(stamped('1').replace('9990000018^^^NHS^NH', many)).text, /Too many identifiers/);
    assert.match(ask(letter(LETTER.replace('DOC1', 'x'.repeat(2000)))).text, /ID is too long/);
  });
});

describe('queries to the simulator', () => {
  const query = (qrd: string, more = ''): string =>
    `MSH|^~\\&|App|trustalias{trustalias}|HL7API|PKB|20260101||QRY^A19|1|P|2.4\rQRD|20260101|R|I|Q1|||${qrd}\r${more}`;
  const BY_NHS = `|${NHS_NUMBERS[0]}^^^^^^^^^^^^NH|DEM`;
  const PID = `PID|1||${NHS_NUMBERS[0]}^^^NHS^NH||Example^Alex||19700101||||^^^^N1 1AA`;

  it('by NHS number are answered by ADR^A19: MSH, MSA, QRD, PID', () => {
    const { ackOf, ask } = pkb({ now: () => new Date('2019-02-01T10:25:00Z') });
    assert.deepEqual(ackOf(query(BY_NHS)), [
      'MSH|^~\\&|HL7API|PKB|App|trustalias{trustalias}|20190201102500+0000||ADR^A19|PKB-20190201102500+0000|P|2.4',
      'MSA|AA|1',
      `QRD|20260101|R|I|Q1|||${BY_NHS}`,
      PID,
    ]);
    assert.deepEqual(texts(ask(query(BY_NHS))), ['A query: 1 of 1 patients found are in the answer.']);
    assert.deepEqual(ackOf(query(BY_NHS.replace('^NH', '^NI'))).slice(3), [PID]);
    assert.deepEqual(ackOf(query(BY_NHS.replace(NHS_NUMBERS[0], NHS_NUMBERS[1]))).slice(3), []);
  });

  it('by local identifier find who has it, and see what demographics changed', () => {
    const { ackOf, ask } = pkb();
    const byLocal = query('|L1^^^^^^^^^^^^MR|DEM');
    assert.deepEqual(ackOf(byLocal).slice(3), []);
    ask(stamped('1').replace('NHS^NH', 'NHS^NH~L1^^^RXX^MR').replace('Example', 'O\\T\\Neill'));
    assert.deepEqual(ackOf(byLocal).slice(3), [
      `PID|1||${NHS_NUMBERS[0]}^^^NHS^NH~L1^^^RXX^MR||O\\T\\Neill^Alex||19700101||||^^^^N1 1AA`,
    ]);
  });

  it('for all give all, or those changed since a time', () => {
    const { ackOf, ask } = pkb({ now: () => new Date('2026-02-01T00:00:00Z') });
    ask(stamped('1', { nhs: NHS_NUMBERS[1] }));
    assert.equal(ackOf(query('||DEM')).slice(3).length, 2);
    assert.deepEqual(ackOf(query('||DEM', 'QRF||202601311200\r')).slice(3), [
      `PID|1||${NHS_NUMBERS[1]}^^^NHS^NH||Example^Alex||19700101||||^^^^`,
    ]);
    assert.deepEqual(ackOf(query('||DEM', 'QRF||202602011200\r')).slice(3), []);
  });

  it('for the status come in pages, each behind the last one', () => {
    const { ackOf, ask } = pkb();
    for (const nhs of NHS_NUMBERS.slice(1)) ask(stamped('1', { nhs }));
    const seen: string[] = [];
    let dsc = '';
    let pages = 0;
    do {
      const segments = ackOf(query('2^RD||STA', dsc)).slice(3);
      seen.push(
        ...segments
          .filter((one) => one.startsWith('PID'))
          .map((one) => one.split('|')[3]?.slice(0, 10) ?? ''),
      );
      const last = segments.at(-1) ?? '';
      dsc = last.startsWith('DSC|') ? `${last}\r` : '';
      pages++;
    } while (dsc !== '' && pages < 10);
    assert.deepEqual(seen, [...NHS_NUMBERS]);
    assert.equal(pages, 3);
  });

  it('for the status tell those who are registered, as the known ones are, from those who are not', () => {
    const { ackOf, ask } = pkb();
    ask(stamped('1', { nhs: NHS_NUMBERS[1] }));
    const found = (which: string): number => ackOf(query(`10^RD||STA||${which}`)).slice(3).length;
    assert.deepEqual([found('REGISTERED'), found('NOT_REGISTERED'), found('')], [1, 1, 2]);
  });

  it('that PKB does not document are rejected', () => {
    const { ask } = pkb();
    for (const [qrd, more, reason] of [
      ['||', '', /QRD-9/],
      ['||MRI', '', /QRD-9/],
      ['x^RD||STA', '', /QRD-7/],
      ['5^CH||STA', '', /QRD-7/],
      ['||STA||SOME', '', /QRD-11/],
      ['||STA', 'DSC|x\r', /DSC-1/],
      ['||DEM', 'QRF||x\r', /QRF-2/],
    ] as const) {
      const { code, text } = ask(query(qrd, more));
      assert.equal(code, 'AR', qrd);
      assert.match(text, reason);
    }
  });
});
