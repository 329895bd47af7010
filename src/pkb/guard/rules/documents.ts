/** Rules for documents and care plans (PKB pages 3364848860, 3365012559, 3364947080). */
import type { Rule } from '../rule.js';
import { codeOf, type Scan } from '../scan.js';
import { DOCUMENT_TYPES } from '../../code-sets.js';

const TXA = codeOf('TXA');
const OBX = codeOf('OBX');

/** A rule about TXA of one message type. @param check returns the place of the fault, such as `-17`; blank for none */
function documentRule(
  rule: Omit<Rule, 'area' | 'appliesTo' | 'check'>,
  type: 'MDM^T02' | 'MDM^T11',
  check: (message: Scan, txa: number) => string,
): Rule {
  return {
    ...rule,
    area: 'type',
    appliesTo: type,
    check: (message, report) => {
      const txa = message.messageType === type ? message.first(TXA) : -1;
      const place = txa < 0 ? '' : check(message, txa);
      if (place !== '') report(txa, place);
    },
  };
}

function isCarePlan(message: Scan, txa: number): boolean {
  return message.component(txa, 2, 1) === 'CP';
}

/** The rules, in the order in which they are shown. */
export const DOCUMENTS: readonly Rule[] = [
  documentRule(
    {
      id: 'type.document-status',
      title: 'Document is not AU',
      severity: 'error',
      defaultAction: 'block',
      text: 'TXA-17 (completion status) must be AU.',
      why: 'PKB takes a document in no other status.',
      source: '3364848860, 3365012559',
      mark: 'D',
    },
    'MDM^T02',
    (message, txa) => (message.field(txa, 17) === 'AU' ? '' : '-17'),
  ),
  documentRule(
    {
      id: 'type.document-type',
      title: 'Document type is not known',
      severity: 'warning',
      defaultAction: 'flag',
      text: 'TXA-2 (document type) is none of the codes known from PKB’s list PKBCS05; check it with PKB.',
      why: 'An unknown code may be rejected or shown under the wrong heading. PKB’s list may be newer than ours.',
      source: '3365012136',
      mark: 'I',
    },
    'MDM^T02',
    (message, txa) => (DOCUMENT_TYPES.codes.includes(message.component(txa, 2, 1)) ? '' : '-2'),
  ),
  {
    id: 'type.document-content',
    area: 'type',
    title: 'Document has no content',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'MDM^T02',
    text: 'A document or care plan needs its content in an OBX segment.',
    why: 'Without one there is nothing to show, and PKB rejects the message.',
    source: '3364848860, 3365012559',
    mark: 'D',
    check: (message, report) => {
      if (message.messageType === 'MDM^T02' && message.first(OBX) < 0) report(-1, 'OBX');
    },
  },
  {
    id: 'type.care-plan-fields',
    area: 'type',
    title: 'Care plan has no time or title',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'MDM^T02 with TXA-2 CP',
    text: 'A care plan needs its time in TXA-4 and its title in OBX-3.2.',
    why: 'PKB requires both of a care plan.',
    source: '3365012559',
    mark: 'D',
    check: (message, report) => {
      const txa = message.messageType === 'MDM^T02' ? message.first(TXA) : -1;
      if (txa < 0 || !isCarePlan(message, txa)) return;
      if (message.field(txa, 4) === '') report(txa, '-4');
      const obx = message.first(OBX);
      if (obx >= 0 && message.component(obx, 3, 2) === '') report(obx, '-3.2');
    },
  },
  {
    id: 'type.care-plan-content',
    area: 'type',
    title: 'Care plan is neither HTML nor PDF',
    severity: 'error',
    defaultAction: 'block',
    appliesTo: 'MDM^T02 with TXA-2 CP',
    text: 'The content of a care plan must be TEXT in OBX-5.2 and HTML or PDF in OBX-5.3.',
    why: 'PKB takes a care plan in no other form.',
    source: '3365012559',
    mark: 'D',
    check: (message, report) => {
      const txa = message.messageType === 'MDM^T02' ? message.first(TXA) : -1;
      const obx = message.first(OBX);
      if (txa < 0 || obx < 0 || !isCarePlan(message, txa)) return;
      if (message.component(obx, 5, 2) !== 'TEXT') report(obx, '-5.2');
      else if (!['HTML', 'PDF'].includes(message.component(obx, 5, 3))) report(obx, '-5.3');
    },
  },
  documentRule(
    {
      id: 'type.care-plan-deletion',
      title: 'Care plan is to be deleted',
      severity: 'error',
      defaultAction: 'block',
      text: 'PKB cannot delete a care plan (TXA-2 CP); send a new version instead.',
      why: 'The old versions of a care plan stay visible by design.',
      source: '3364947080',
      mark: 'D',
    },
    'MDM^T11',
    (message, txa) => (isCarePlan(message, txa) ? '-2' : ''),
  ),
];
