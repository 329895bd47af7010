/**
 * The message types that PKB accepts, as one table. Documentation (`docs/message-types.md`), help and the simulator are
 * made from it or tested against it.
 *
 * Sources are the page ids of PKB's wiki. A page id stays the same when the host changes.
 */

/** What a message is about. This decides which field holds its data point ID. */
export type Family = 'demographics' | 'encounter' | 'appointment' | 'document' | 'result' | 'query';

/** What PKB does with the data point that a message names. */
export type ResendEffect = 'replaces' | 'updates' | 'cancels' | 'deletes' | 'reads';

/** One message type. */
export interface MessageType {
  /** MSH-9.1 and MSH-9.2, such as `MDM^T02`. */
  readonly type: string;
  readonly title: string;
  readonly family: Family;
  /** What PKB does with it. */
  readonly effect: ResendEffect;
  /** What happens when the same data point ID is sent a second time, in words. */
  readonly again: string;
  /** The harm of a second copy of the same message (after a lost answer, for example); left out if none is known. */
  readonly resent?: {
    readonly text: string;
    /** Limits the harm to messages with this value. */
    readonly only?: { readonly path: string; readonly value: string };
  };
  /** The message type that takes it back; blank if PKB has none. */
  readonly undo: string;
  /** PKB page ids. */
  readonly source: string;
}

/** The fields that hold the data point ID of each family. ORU holds it twice, and both must be equal. */
export const DATA_POINT_FIELDS = {
  demographics: [],
  encounter: ['PV1-19.1'],
  appointment: ['SCH-1.1'],
  document: ['TXA-12.1'],
  result: ['ORC-3.1', 'OBR-3.1'],
  query: [],
} as const satisfies Readonly<Record<Family, readonly string[]>>;

const encounter = (
  type: string,
  title: string,
  effect: ResendEffect,
  again: string,
  undo: string,
  source: string,
): MessageType => ({ type: `ADT^${type}`, title, family: 'encounter', effect, again, undo, source });

const replacedOrAdded = 'The event is replaced, or added to the encounter.';
const noFurtherEffect = 'Nothing further happens; an unknown ID has no effect.';

/** PKB's message types, in the order of its documentation. */
export const MESSAGE_TYPES: readonly MessageType[] = [
  {
    type: 'ADT^A28',
    title: 'Add a person',
    family: 'demographics',
    effect: 'updates',
    again:
      'Demographics are updated if MSH-7 is not older than what the record holds; processed exactly as A31.',
    undo: '',
    source: '3365078168',
  },
  {
    type: 'ADT^A31',
    title: 'Update a person',
    family: 'demographics',
    effect: 'updates',
    again:
      'Demographics are updated if MSH-7 is not older than what the record holds; processed exactly as A28.',
    undo: '',
    source: '4714823834',
  },
  encounter('A01', 'Admit', 'replaces', replacedOrAdded, 'ADT^A11', '4356472833'),
  encounter('A02', 'Transfer', 'replaces', replacedOrAdded, 'ADT^A12', '4356472833'),
  encounter('A03', 'Discharge', 'replaces', replacedOrAdded, 'ADT^A13', '4356472833'),
  encounter('A05', 'Pre-admit', 'replaces', replacedOrAdded, 'ADT^A38', '4356472833'),
  encounter('A08', 'Update encounter', 'updates', replacedOrAdded, '', '4356472833'),
  encounter('A11', 'Cancel admit', 'cancels', noFurtherEffect, '', '4356472833'),
  encounter('A12', 'Cancel the latest transfer', 'cancels', noFurtherEffect, '', '3364848666'),
  encounter('A13', 'Cancel discharge', 'cancels', noFurtherEffect, '', '3365012428'),
  encounter('A14', 'Pending admit', 'replaces', replacedOrAdded, 'ADT^A27', '3365012440'),
  encounter('A27', 'Cancel pending admit', 'cancels', noFurtherEffect, '', '4356472833'),
  encounter('A38', 'Cancel pre-admit', 'cancels', noFurtherEffect, '', '4356472833'),
  {
    type: 'SIU^S12',
    title: 'New appointment',
    family: 'appointment',
    effect: 'replaces',
    again:
      'The whole appointment is replaced: links in e-mails already sent break. Send S13 or S14 to change one.',
    resent: { text: 'A second S12 replaces the appointment, and links in e-mails already sent break.' },
    undo: 'SIU^S15',
    source: '3364947182, 3835887617',
  },
  {
    type: 'SIU^S13',
    title: 'Reschedule appointment',
    family: 'appointment',
    effect: 'updates',
    again:
      'Updated; blanks are left as they were, the list of participants is replaced, a cancelled one is active again.',
    undo: 'SIU^S15',
    source: '3365012684',
  },
  {
    type: 'SIU^S14',
    title: 'Change appointment',
    family: 'appointment',
    effect: 'updates',
    again: 'As S13.',
    undo: 'SIU^S15',
    source: '3364947182',
  },
  {
    type: 'SIU^S15',
    title: 'Cancel appointment',
    family: 'appointment',
    effect: 'cancels',
    again: 'Stays cancelled. An unknown ID is created and cancelled, for which the fields of S12 are needed.',
    undo: 'SIU^S13',
    source: '3364849014',
  },
  {
    type: 'SIU^S26',
    title: 'Patient did not attend',
    family: 'appointment',
    effect: 'cancels',
    again: 'Stays so. An unknown ID is created first, for which the fields of S12 are needed.',
    undo: 'SIU^S13',
    source: '3365078416',
  },
  {
    type: 'MDM^T02',
    title: 'Document or care plan',
    family: 'document',
    effect: 'replaces',
    again:
      'A document is replaced whole; a care plan (TXA-2 CP) gets a new version and the old one stays visible.',
    resent: {
      text: 'A second copy of a care plan becomes a second visible version.',
      only: { path: 'TXA-2.1', value: 'CP' },
    },
    undo: 'MDM^T11',
    source: '3364848860, 3365012559',
  },
  {
    type: 'MDM^T11',
    title: 'Delete document',
    family: 'document',
    effect: 'deletes',
    again: 'Nothing further happens; an unknown ID has no effect. A care plan cannot be deleted.',
    undo: '',
    source: '3364947080',
  },
  {
    type: 'ORU^R01',
    title: 'Results: laboratory, radiology, measurement',
    family: 'result',
    effect: 'replaces',
    again: 'Replaced by report and test; with OBR-25 R all results of the report are deleted.',
    undo: 'ORU^R01',
    source: '3364848908, 3365012682, 4718755841',
  },
  {
    type: 'QRY^A19',
    title: 'Query a patient',
    family: 'query',
    effect: 'reads',
    again: 'Asked again.',
    undo: '',
    source: '3365012701',
  },
];

const BY_TYPE: ReadonlyMap<string, MessageType> = new Map(MESSAGE_TYPES.map((row) => [row.type, row]));

/**
 * Looks up a message type.
 *
 * @param messageType such as `ADT^A28`
 * @returns undefined if PKB does not accept it (PKB answers "Unknown messageType received from HL7")
 */
export function messageTypeRow(messageType: string): MessageType | undefined {
  return BY_TYPE.get(messageType);
}

/**
 * Whether a later message undoes or replaces an earlier one about the same data point ID. If so, sending the earlier one
 * again would restore old data. The events of one stay share their ID, but do not replace one another.
 *
 * @param earlier, later such as `MDM^T02` and `MDM^T11`
 */
export function supersedes(later: string, earlier: string): boolean {
  const [a, b] = [BY_TYPE.get(earlier), BY_TYPE.get(later)];
  if (a === undefined || b === undefined || a.family !== b.family) return false;
  return a.family !== 'encounter' || a.type === b.type || a.undo === b.type || b.undo === a.type;
}
