/** A person's details: ADT^A28 and A31 (PKB pages 3365078168, 3736141825, 4716855297, 3738402817). */
import type { Allergy, ClinicalLists, DemographicsFields, Diagnosis, Medicine, Teams } from '../fields.js';
import { coded } from '../datatypes.js';
import { pid } from '../patient.js';
import { date, time } from '../times.js';
import { components, repetitions, segment, text } from '../write.js';
import type { Draft, KindRow } from '../draft.js';
import schema from '../schemas/demographics.json';

/** A person; with clinical lists only if they are given. */
export const demographics: KindRow<DemographicsFields> = {
  schema,
  family: 'demographics',
  begins: false,
  hasContent: false,
  draft,
};

function draft({ event, patient, clinical = {}, teams }: DemographicsFields): Draft {
  return {
    messageType: event === 'add' ? 'ADT^A28' : 'ADT^A31',
    segments: [pid(patient), ...clinicalLists(clinical), ...teamsOf(teams)],
  };
}

/** ZTM (PKB page 4251353138): aliases of teams to add and to remove. */
function teamsOf(teams: Teams | undefined): string[] {
  if (teams === undefined) return [];
  const { add = [], remove = [] } = teams;
  const aliases = (list: readonly string[]) => repetitions(...list.map((alias) => text(alias)));
  return [segment('ZTM', { 1: aliases(add), 2: aliases(remove) })];
}

function clinicalLists({ allergies = [], diagnoses = [], medication = [] }: ClinicalLists): string[] {
  return [...allergies.flatMap(allergy), ...diagnoses.map(diagnosis), ...medication.map(medicine)];
}

function allergy(entry: Allergy, i: number): string[] {
  const al1 = segment('AL1', {
    1: text(String(i + 1)),
    3: coded(entry.allergen),
    4: text(entry.severity),
    5: text(entry.reaction),
    6: date(entry.onset),
  });
  return entry.provider === undefined ? [al1] : [al1, segment('NTE', { 3: text(entry.provider) })];
}

function diagnosis(entry: Diagnosis, i: number): string {
  return segment('DG1', { 1: text(String(i + 1)), 3: coded(entry.diagnosis), 5: time(entry.time) });
}

function medicine(entry: Medicine): string {
  return segment('ZRX', {
    1: components(undefined, text(entry.frequency), undefined, time(entry.start), time(entry.end)),
    2: components(text(entry.code), text(entry.product)),
    3: text(entry.dose),
    5: text(entry.units),
  });
}
