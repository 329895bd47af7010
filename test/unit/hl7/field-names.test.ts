import assert from 'node:assert/strict';
import { NAMED_SEGMENTS, nameOf } from '../../../src/hl7/field-names.js';
import { DATA_POINT_FIELDS } from '../../../src/pkb/catalogue.js';

/** How many fields each segment has in HL7 v2.5; PKB's own by its pages. */
const COUNTS = `MSH 21 MSA 6 ERR 12 EVN 7 PID 39 PD1 21 NK1 39 MRG 7 ROL 12 PV1 52 PV2 49 AL1 6 DG1 21 ZRX 5 ZTM 2 ZAP 1 SCH 27
  RGS 3 AIS 12 AIG 14 AIL 12 AIP 12 NTE 4 ORC 30 OBR 49 OBX 19 TXA 23 QRD 12 QRF 10 QAK 6 DSC 2`;

describe('names of segments and fields', () => {
  it('are as many as the standard has', () => {
    const last = (segment: string): number => {
      let n = 0;
      for (let i = 1; i < 60; i++) if (nameOf(segment, i) !== undefined) n = i;
      return n;
    };
    assert.equal(
      NAMED_SEGMENTS.map((one) => `${one} ${last(one)}`).join(' '),
      COUNTS.replaceAll(/\s+/g, ' '),
    );
  });

  it('stand at the right number', () => {
    for (const [segment, field, name] of [
      ['MSH', 10, 'Message Control ID'],
      ['MSA', 3, 'Text Message'],
      ['ERR', 8, 'User Message'],
      ['EVN', 6, 'Event Occurred'],
      ['PID', 3, 'Patient Identifier List'],
      ['PID', 5, 'Patient Name'],
      ['PID', 30, 'Patient Death Indicator'],
      ['NK1', 33, 'Identifiers'],
      ['PV1', 19, 'Visit Number'],
      ['PV1', 44, 'Admit Date/Time'],
      ['PV2', 8, 'Expected Admit Date/Time'],
      ['AL1', 6, 'Identification Date'],
      ['DG1', 16, 'Diagnosing Clinician'],
      ['SCH', 11, 'Appointment Timing Quantity'],
      ['AIP', 3, 'Personnel Resource ID'],
      ['ORC', 12, 'Ordering Provider'],
      ['OBR', 25, 'Result Status'],
      ['OBX', 14, 'Date/Time of the Observation'],
      ['TXA', 12, 'Unique Document Number'],
      ['TXA', 17, 'Document Completion Status'],
      ['TXA', 22, 'Authentication Person, Time Stamp'],
      ['QRD', 9, 'What Subject Filter'],
      ['ROL', 4, 'Role Person'],
      ['MRG', 7, 'Prior Patient Name'],
      ['ZRX', 2, 'Product'],
      ['PID', 0, 'Patient Identification'],
    ] as const)
      assert.equal(nameOf(segment, field), name);
  });

  it('are there for every data point ID', () => {
    for (const place of Object.values(DATA_POINT_FIELDS).flat()) {
      const [segment = '', field] = place.split(/[-.]/);
      assert.ok(nameOf(segment, Number(field)), place);
    }
  });

  it('are none for what has none, whatever is asked', () => {
    for (const [segment, field] of [
      ['PID', 40],
      ['PID', -1],
      ['PID', 0.5],
      ['PID', Number.NaN],
      ['ZRX', 4],
      ['ZZZ', 1],
      ['', 0],
      ['constructor', 0],
      ['__proto__', 0],
    ] as const)
      assert.equal(nameOf(segment, field), undefined, `${segment}-${field}`);
  });
});
