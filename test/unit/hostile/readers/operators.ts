/** What reads a message, or PKB's answer, for operators. */
import type { MessageLife } from '../../../../src/delivery/outbox/ledger.js';
import { nameOf } from '../../../../src/hl7/field-names.js';
import { csv } from '../../../../src/operator/csv.js';
import { entryOf, type EvidenceAbout, evidenceCsv } from '../../../../src/operator/evidence.js';
import { evidencePage } from '../../../../src/operator/evidence-page.js';
import { type Masking, MessageMask } from '../../../../src/operator/masking.js';
import { newMessage } from '../../../support/outbox-messages.js';
import type { Reader, Readers } from './reader.js';

const ABOUT: EvidenceAbout = {
  masked: true,
  words: false,
  madeAt: 0,
  madeBy: '',
  versions: { package: '', nodeRed: '', node: '' },
  environment: '',
  address: '',
};

function masked(masking: Masking): Reader {
  return (text) => {
    const mask = new MessageMask(text, masking);
    return [mask.text(text), mask.id(text), mask.words(text), mask.fact(text, 'system')];
  };
}

/** A message all of whose texts are this one. */
function lifeWith(text: string): MessageLife {
  const ids = { id: 1, connection: 'c', sender: 's', controlId: text, dataPointId: text, reference: text };
  const listed = { ...ids, messageType: text, facility: text, state: 'rejected', isOnHold: false } as const;
  return {
    listed: { ...listed, storedAt: 0, settledAt: 0, attempts: 1, kept: true, dismissed: false },
    due: undefined,
    history: [],
    outcome: { outcome: 'rejected', code: text, controlId: text, text, ack: text },
    told: true,
    message: { ...newMessage('c', { body: text }), id: 1, attempts: 1, refusals: 0 },
  };
}

function packed(masking: Masking): Reader {
  return (text) => {
    const entries = [entryOf(lifeWith(text), masking)];
    return [evidencePage({ ...ABOUT, ...masking }, entries), evidenceCsv({ ...ABOUT, ...masking }, entries)];
  };
}

/** Readers by name. */
export const OPERATOR_READERS: Readers = {
  'MessageMask, masked': masked({ masked: true, words: false }),
  'MessageMask, with PKB’s words': masked({ masked: true, words: true }),
  'MessageMask, not masked': masked({ masked: false, words: false }),
  'evidence, masked': packed({ masked: true, words: false }),
  'evidence, not masked': packed({ masked: false, words: true }),
  csv: (text) => csv(['a'], [[text]]),
  nameOf: (text) => nameOf(text, 1),
};
