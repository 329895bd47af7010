/** Documents and care plans: MDM^T02 and T11 (PKB pages 3364848860, 3365012559, 3364947080). */
import { type Content, encapsulated, fileNameFor } from '../content.js';
import type { CarePlanFields, DocumentDeletionFields, DocumentFields } from '../fields.js';
import { pid } from '../patient.js';
import { professional } from '../datatypes.js';
import { time } from '../times.js';
import { components, segment, text } from '../write.js';
import type { Draft, DraftContext, KindRow } from '../draft.js';
import carePlanSchema from '../schemas/care-plan.json';
import deletionSchema from '../schemas/document-deletion.json';
import documentSchema from '../schemas/document.json';

/** A document. */
export const document: KindRow<DocumentFields> = {
  schema: documentSchema,
  family: 'document',
  begins: true,
  hasContent: true,
  draft: draftDocument,
};

/** A care plan. */
export const carePlan: KindRow<CarePlanFields> = {
  schema: carePlanSchema,
  family: 'document',
  begins: true,
  hasContent: true,
  draft: draftCarePlan,
};

/** The deletion of a document. */
export const documentDeletion: KindRow<DocumentDeletionFields> = {
  schema: deletionSchema,
  family: 'document',
  begins: false,
  hasContent: false,
  draft: draftDeletion,
};

function draftDocument(fields: DocumentFields, { id }: DraftContext): Draft {
  return {
    messageType: 'MDM^T02',
    segments: [
      pid(fields.patient),
      ...visit(fields),
      segment('TXA', {
        2: text(fields.type),
        4: time(fields.time),
        5: professional(fields.author),
        12: text(id),
        16: text(fields.fileName ?? fileNameFor(fields)),
        17: text('AU'),
      }),
    ],
    content: contentSegment(fields, fields.delayDays),
  };
}

function draftCarePlan(fields: CarePlanFields, { id }: DraftContext): Draft {
  return {
    messageType: 'MDM^T02',
    segments: [
      pid(fields.patient),
      ...visit(fields),
      segment('TXA', {
        2: text('CP'),
        4: time(fields.time),
        5: professional(fields.author),
        12: text(id),
        16: text(fields.fileName),
        17: text('AU'),
      }),
    ],
    content: contentSegment(fields),
  };
}

/** PV1, if it has any value. */
function visit({ patientClass, specialty }: { patientClass?: string; specialty?: string }): string[] {
  if (patientClass === undefined && specialty === undefined) return [];
  return [segment('PV1', { 2: text(patientClass), 10: text(specialty) })];
}

function contentSegment(fields: Content & { readonly title?: string }, delayDays?: number): string {
  return segment('OBX', {
    1: text('1'),
    2: text('ED'),
    3: components(undefined, text(fields.title)),
    5: encapsulated(fields),
    13: delayDays === undefined ? undefined : text(String(delayDays)),
  });
}

function draftDeletion(fields: DocumentDeletionFields, { id }: DraftContext): Draft {
  return { messageType: 'MDM^T11', segments: [pid(fields.patient), segment('TXA', { 12: text(id) })] };
}
