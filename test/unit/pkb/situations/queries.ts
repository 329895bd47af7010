/** QRY^A19 (PKB pages 3365012701, 4424237132). */
import { like, QUERY, type Situation } from './base.js';

const PAGE = '3365012701';

export const QUERIES: readonly Situation[] = [
  {
    it: 'A query by NHS number is answered',
    message: like(QUERY),
    finds: [],
    pkb: 'AA',
    effect: /1 of 1 patients/,
    mark: 'D',
    page: PAGE,
  },
  {
    it: 'A query by NHS number under any type but MR searches the NHS numbers',
    message: like(QUERY, { QRD: { 8: '9990000018^^^^^^^^^^^^NI' } }),
    finds: [],
    near: 'identity.nhs-type',
    pkb: 'AA',
    effect: /1 of 1 patients/,
    mark: 'D',
    page: PAGE,
  },
  {
    it: 'A query by hospital number finds nobody who has none',
    message: like(QUERY, { QRD: { 8: 'ABC12345^^^^^^^^^^^^MR' } }),
    finds: [],
    pkb: 'AA',
    effect: /0 of 0 patients/,
    mark: 'D',
    page: PAGE,
  },
  {
    it: 'A query for everybody is answered',
    message: like(QUERY, { QRD: { 8: '' } }),
    finds: [],
    pkb: 'AA',
    effect: /2 of 2 patients/,
    mark: 'D',
    page: PAGE,
  },
  {
    it: 'A query for what changed since a time is answered',
    message: like(QUERY, { QRD: { 8: '' }, QRF: { 2: '202602280800' } }),
    finds: [],
    pkb: 'AA',
    mark: 'D',
    page: PAGE,
  },
  {
    it: 'A query for the status comes in pages of as many as one asks for',
    message: like(QUERY, { QRD: { 7: '1^RD', 8: '', 9: 'STA', 11: 'REGISTERED' } }),
    finds: [],
    pkb: 'AA',
    effect: /1 of 2 patients/,
    mark: 'D',
    page: PAGE,
  },
  {
    it: 'A query for demographics cannot be limited',
    message: like(QUERY, { QRD: { 7: '1^RD', 8: '' } }),
    finds: [],
    pkb: 'AA',
    effect: /2 of 2 patients/,
    mark: 'D',
    page: '4424237132',
  },
  {
    it: 'A query without a control ID is rejected',
    message: like(QUERY, { MSH: { 10: '' } }),
    finds: ['header.required'],
    pkb: 'AR',
    mark: 'D',
    page: '3850600457',
  },
];
