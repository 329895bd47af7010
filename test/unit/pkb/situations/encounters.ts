/** ADT of stays in hospital (PKB pages 4356472833, 3364848666, 3365012428, 3365012440). */
import { type Base, ID, like, OTHER_ID, type Situation, STAY, typed } from './base.js';

const PAGE = '4356472833';
const of = (trigger: string): Base => typed(STAY, `ADT^${trigger}`);
/** Only the ID of a stay, as PKB's examples of cancellations have it. */
const bare = (trigger: string, id = ID): string =>
  like(of(trigger), { PV1: { 2: '', 3: '', 19: id, 44: '' } });

/** What happens in a stay, and what takes it back. */
const EVENTS: readonly (readonly [trigger: string, what: string, undo: string, page: string])[] = [
  ['A01', 'an admission', 'A11', PAGE],
  ['A02', 'a transfer', 'A12', '3364848666'],
  ['A03', 'a discharge', 'A13', '3365012428'],
  ['A05', 'a pre-admission', 'A38', PAGE],
  ['A14', 'a pending admission', 'A27', '3365012440'],
];

export const ENCOUNTERS: readonly Situation[] = [
  ...EVENTS.flatMap(([trigger, what, undo, page]): Situation[] => [
    {
      it: `${trigger}, ${what}, with the ID of the stay is filed`,
      message: like(of(trigger)),
      finds: [],
      near: 'datapoint.missing',
      pkb: 'AA',
      effect: /created/,
      mark: 'D',
      page,
    },
    {
      it: `${undo} takes ${what} back by the ID of the stay alone`,
      message: bare(undo),
      after: [like(of(trigger))],
      finds: [],
      pkb: 'AA',
      effect: /cancelled/,
      mark: 'D',
      page,
    },
    {
      it: `${undo} of a stay that PKB does not know does nothing`,
      message: bare(undo, OTHER_ID),
      finds: [],
      pkb: 'AA',
      effect: /nothing happens/,
      mark: 'I',
      page,
    },
    {
      it: `${trigger}, ${what}, without PV1-19 is rejected`,
      message: like(of(trigger), { PV1: { 19: '' } }),
      finds: ['datapoint.missing'],
      pkb: 'AR',
      mark: 'D',
      page,
    },
  ]),
  {
    it: 'A08 changes a stay, and takes its time from EVN-6',
    message: like(of('A08'), { PV1: { 44: '' }, EVN: { 6: '202602281100' } }),
    after: [like(STAY)],
    finds: [],
    pkb: 'AA',
    effect: /updated/,
    mark: 'D',
    page: PAGE,
  },
  {
    it: 'A12 takes back the latest transfer of a stay, and not the stay',
    message: bare('A12'),
    after: [like(STAY), like(of('A02'))],
    finds: [],
    pkb: 'AA',
    mark: 'D',
    page: '3364848666',
  },
  {
    it: 'A stay with an ID such as V00001, as in PKB’s examples, may overwrite one of the Customer’s',
    message: like(STAY, { PV1: { 19: 'V00001' } }),
    finds: ['datapoint.clash'],
    pkb: 'AA',
    mark: 'D',
    page: '3365012161',
  },
  {
    it: 'A stay with a class that PKB does not know is filed as OTHER',
    message: like(STAY, { PV1: { 2: 'Q' } }),
    finds: [],
    pkb: 'AA',
    mark: 'D',
    page: PAGE,
  },
  {
    it: 'A stay with its doctors and specialty is filed',
    message: like(STAY, { PV1: { 7: '^Jones^Stuart^James^^Dr', 8: '^Smith', 9: '^Foster', 10: '300' } }),
    finds: [],
    pkb: 'AA',
    mark: 'D',
    page: PAGE,
  },
  {
    it: 'A pre-admission with its planned date also makes an appointment',
    message: like(of('A05'), { EVN: { 3: '20260401' } }, 'PV2||||||||20260401\r'),
    finds: [],
    pkb: 'AA',
    mark: 'D',
    page: PAGE,
  },
  ...(
    [
      ['PV1-44', { PV1: { 44: '20260228100' } }],
      ['PV1-45', { PV1: { 45: '20260230' } }],
      ['EVN-2', { EVN: { 2: '20260228100' } }],
      ['EVN-6', { EVN: { 6: '2026022' } }],
    ] as const
  ).map(([path, change]): Situation => ({
    it: `A stay with ${path} half specified, or on a day that does not exist, is an error`,
    message: like(STAY, change),
    finds: ['type.time-stamps'],
    // PKB is known to read the times of PV1; those of EVN it reads in some messages only.
    ...(path.startsWith('PV1') ? { pkb: 'AR' as const } : {}),
    mark: 'D',
    page: '3365013095',
  })),
  {
    it: 'A stay with the date of birth of somebody else waits for review, with AA',
    message: like(STAY, { PID: { 7: '19700130' } }),
    finds: [],
    pkb: 'held',
    mark: 'D',
    page: '4213014614',
  },
];
