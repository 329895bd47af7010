/**
 * Times of day without an offset under an MSH-7 with one: HL7 makes MSH-7's offset the default of them all, so that ten
 * o'clock in a British summer becomes eleven (HL7 2.4, 2.9.47; PKB pages 3365012972 and 3365013095).
 */
import {
  A28,
  A31,
  APPOINTMENT,
  type Base,
  type Fields,
  IMAGING,
  LETTER,
  like,
  REPORT,
  type Situation,
  STAY,
  typed,
  WITH_OFFSET,
} from './base.js';

const PAGE = '3365012972, 3365013095';
const ID = 'header.clock-times';

/** A message in which one field has a time of day, all others none or a day. */
const PLACES: readonly (readonly [
  path: string,
  what: string,
  from: Base,
  change: (time: string) => Readonly<Record<string, Fields>>,
  also?: string,
])[] = [
  ['SCH-11.4', 'the start of an appointment', APPOINTMENT, (t) => ({ SCH: { 11: `^^^${t}` } })],
  ['SCH-11.5', 'the end of an appointment', APPOINTMENT, (t) => ({ SCH: { 11: `^^^20260401^${t}` } })],
  ['TXA-4', 'the time of a letter', LETTER, (t) => ({ TXA: { 4: t } })],
  ['TXA-6', 'the origination of a letter', LETTER, (t) => ({ TXA: { 6: t } })],
  ['TXA-7', 'the transcription of a letter', LETTER, (t) => ({ TXA: { 7: t } })],
  ['TXA-8', 'the edit of a letter', LETTER, (t) => ({ TXA: { 8: t } })],
  ['OBR-7', 'the time of a report', REPORT, (t) => ({ OBR: { 7: t } })],
  ['OBR-7 of radiology', 'the time of an image', IMAGING, (t) => ({ OBR: { 7: t } })],
  ['OBX-14', 'the time of a result', REPORT, (t) => ({ OBR: { 7: '20260228' }, OBX: { 14: t } })],
  ['PV1-44', 'an admission', STAY, (t) => ({ PV1: { 44: t } })],
  ['PV1-45', 'a discharge', typed(STAY, 'ADT^A03'), (t) => ({ PV1: { 44: '', 45: t } })],
  ['EVN-2', 'the recording of an event', STAY, (t) => ({ PV1: { 44: '' }, EVN: { 2: t } })],
  ['EVN-3', 'a planned event', typed(STAY, 'ADT^A05'), (t) => ({ PV1: { 44: '' }, EVN: { 3: t } })],
  ['EVN-6', 'the time of an event', typed(STAY, 'ADT^A08'), (t) => ({ PV1: { 44: '' }, EVN: { 6: t } })],
  ['PID-29', 'a death', A31, (t) => ({ PID: { 29: t, 30: 'Y' } })],
  [
    'AL1-6',
    'the onset of an allergy',
    A28,
    (t) => ({ AL1: { 3: 'A1^Nuts', 6: t } }),
    'overwriting.allergies',
  ],
  [
    'DG1-5',
    'the time of a diagnosis',
    A28,
    (t) => ({ DG1: { 3: 'D1^Gout', 5: t } }),
    'overwriting.diagnoses',
  ],
];

export const CLOCK_TIMES: readonly Situation[] = [
  ...PLACES.flatMap(([path, what, from, change, also]): Situation[] => {
    const others = also === undefined ? [] : [also];
    return [
      {
        it: `${path}, ${what}, without an offset may be read an hour off under an MSH-7 with one`,
        message: like(from, { ...change('20260715100000'), MSH: WITH_OFFSET }),
        finds: [ID, ...others],
        pkb: 'AA',
        mark: 'D',
        page: PAGE,
      },
      {
        it: `${path}, ${what}, with an offset of its own is what it is`,
        message: like(from, { ...change('20260715100000+0100'), MSH: WITH_OFFSET }),
        finds: others,
        near: ID,
        pkb: 'AA',
        mark: 'D',
        page: PAGE,
      },
    ];
  }),
  {
    it: 'Times of day without an offset are local where MSH-7 has none either',
    message: like(APPOINTMENT),
    finds: [],
    near: ID,
    pkb: 'AA',
    mark: 'I',
    page: PAGE,
  },
  {
    it: 'A day has no offset to be wrong by',
    message: like(LETTER, { TXA: { 4: '20260228' }, MSH: WITH_OFFSET }),
    finds: [],
    near: ID,
    pkb: 'AA',
    mark: 'I',
    page: PAGE,
  },
  {
    it: 'An hour without minutes is a time of day, too',
    message: like(LETTER, { TXA: { 4: '2026071510' }, MSH: WITH_OFFSET }),
    finds: [ID],
    pkb: 'AA',
    mark: 'I',
    page: PAGE,
  },
  {
    it: 'Midnight is a time of day, too: an hour off, it is another day',
    message: like(LETTER, { TXA: { 4: '20260715000000' }, MSH: WITH_OFFSET }),
    finds: [ID],
    pkb: 'AA',
    mark: 'I',
    page: PAGE,
  },
  {
    it: 'One time without an offset is found among others that have one',
    message: like(APPOINTMENT, {
      SCH: { 11: '^^^202607151000+0100^202607151030' },
      MSH: { 7: '20260301120000+0100' },
    }),
    finds: [ID],
    pkb: 'AA',
    mark: 'I',
    page: PAGE,
  },
  {
    it: 'A date of birth with a time of day is taken literally, whatever MSH-7 says',
    message: like(LETTER, { PID: { 7: '197001310000' }, MSH: WITH_OFFSET }),
    finds: [],
    near: ID,
    pkb: 'AA',
    mark: 'D',
    page: '3365013095',
  },
  {
    it: 'The time of the second result of a report is looked at as the first is',
    message: like(
      REPORT,
      { OBR: { 7: '20260228' }, OBX: { 14: '202602280800+0000' }, MSH: WITH_OFFSET },
      'OBX|2|NM|FT4^FT4||12.5|pmol/L|||||F|||202602280800\r',
    ),
    finds: [ID],
    pkb: 'AA',
    mark: 'I',
    page: PAGE,
  },
];
