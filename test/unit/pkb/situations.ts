/** All situations, by area: what PKB's pages say of a message, and what this package does. */
import type { ComposedSituation, Situation } from './situations/base.js';
import { APPOINTMENTS } from './situations/appointments.js';
import { CARE_PLANS } from './situations/care-plans.js';
import { CLOCK_TIMES } from './situations/clock-times.js';
import { COMPOSED } from './situations/composed.js';
import { COMPOSED_RESULTS } from './situations/composed-results.js';
import { COMPOSED_VISITS } from './situations/composed-visits.js';
import { DEMOGRAPHICS } from './situations/demographics.js';
import { DOCUMENTS } from './situations/documents.js';
import { ENCOUNTERS } from './situations/encounters.js';
import { FORM } from './situations/form.js';
import { HEADER } from './situations/header.js';
import { IDENTIFIERS } from './situations/identifiers.js';
import { PERSON } from './situations/person.js';
import { QUERIES } from './situations/queries.js';
import { RADIOLOGY } from './situations/radiology.js';
import { RESULTS } from './situations/results.js';

/** Messages that come as HL7. */
export const SITUATIONS: Readonly<Record<string, readonly Situation[]>> = {
  'the header': HEADER,
  'clock times': CLOCK_TIMES,
  'identifiers of the patient': IDENTIFIERS,
  'the person': PERSON,
  'a person’s details (A28, A31)': DEMOGRAPHICS,
  'documents (T02, T11)': DOCUMENTS,
  'care plans (T02 with CP)': CARE_PLANS,
  'appointments (S12, S13, S14, S15, S26)': APPOINTMENTS,
  'laboratory results and measurements (R01)': RESULTS,
  'radiology (R01)': RADIOLOGY,
  'stays in hospital (A01 and others)': ENCOUNTERS,
  'queries (A19)': QUERIES,
  'the form of the text': FORM,
};

/** Messages that this package composes. */
export const COMPOSED_SITUATIONS: Readonly<Record<string, readonly ComposedSituation[]>> = {
  'composed letters, plans, persons and queries': COMPOSED,
  'composed appointments and stays': COMPOSED_VISITS,
  'composed results and measurements': COMPOSED_RESULTS,
};
