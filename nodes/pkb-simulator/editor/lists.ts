/** The lists in the dialog of pkb-simulator: Customers, patients, organisations. */
import type { Organisation } from '../../../src/simulator/fhir/organisations.js';
import { STANDING } from '../../../src/simulator/known-patients.js';
import type { EditorNode } from '../../editor/red.js';

/** The fields of a known patient that are texts, and how wide they are. */
const TEXTS = { nhsNumber: '24%', birthDate: '20%', family: '20%', given: '16%', postcode: '14%' } as const;

/** The fields of an organisation, and how wide they are. */
const ORGANISATION = { id: '54%', facility: '40%' } as const;

/** A patient as the dialog keeps it. */
export type Patient = Partial<Record<keyof typeof TEXTS, string>> &
  Partial<Record<keyof typeof STANDING, boolean>>;

/** Adds a row with the MSH-4 of a Customer. */
export function addAlias(node: EditorNode, row: JQuery, item: unknown): void {
  $('<input type="text" placeholder="trustalias{trustalias}" style="width: 95%">')
    .attr('aria-label', node._('pkb-simulator.label.alias'))
    .val(typeof item === 'string' ? item : '')
    .appendTo(row);
}

/** The Customers that are entered. */
export function enteredAliases(list: string): string[] {
  return rowsOf(list)
    .map((row) => valueOf(row.find('input')))
    .filter(Boolean);
}

/** Adds a row with a patient: texts, and below them what is true or false. */
export function addPatient(node: EditorNode, row: JQuery, patient: Patient): void {
  addTexts(row, TEXTS, patient, (field) => node._(`pkb-simulator.patient.${field}`));
  const line = $('<div style="margin-top: 4px"></div>').appendTo(row);
  for (const field of Object.keys(STANDING) as (keyof typeof STANDING)[]) {
    const label = $('<label style="display: inline-block; width: auto; margin: 0 12px 0 0"></label>');
    $('<input type="checkbox" style="width: auto; margin: 0 4px 0 0; vertical-align: baseline">')
      .attr('data-field', field)
      .prop('checked', patient[field] ?? STANDING[field])
      .appendTo(label);
    $('<span></span>')
      .text(node._(`pkb-simulator.patient.${field}`))
      .appendTo(label);
    label.appendTo(line);
  }
}

/** The patients that are entered. What is true or false is kept where it is not the default. */
export function enteredPatients(list: string): Patient[] {
  return rowsOf(list)
    .map((row) => ({ texts: enteredTexts(row), flags: enteredFlags(row) }))
    .filter(({ texts }) => Object.values(texts).some(Boolean))
    .map(({ texts, flags }): Patient => ({ ...texts, ...flags }));
}

/** Adds a row with an organisation. */
export function addOrganisation(node: EditorNode, row: JQuery, organisation: Partial<Organisation>): void {
  addTexts(row, ORGANISATION, organisation, (field) => node._(`pkb-simulator.organisation.${field}`));
}

/** The organisations that are entered. */
export function enteredOrganisations(list: string): Partial<Organisation>[] {
  return rowsOf(list)
    .map(enteredTexts)
    .filter((organisation) => Object.values(organisation).some(Boolean));
}

function addTexts<Field extends string>(
  row: JQuery,
  fields: Readonly<Record<Field, string>>,
  values: NoInfer<Readonly<Partial<Record<Field, string>>>>,
  labelOf: (field: Field) => string,
): void {
  for (const field of Object.keys(fields) as Field[]) {
    const label = labelOf(field);
    $('<input type="text">')
      .attr({ 'data-field': field, placeholder: label, 'aria-label': label })
      .css({ width: fields[field], 'margin-right': '4px' })
      .val(values[field] ?? '')
      .appendTo(row);
  }
}

function enteredTexts(row: JQuery): Record<string, string> {
  const inputs = row.find('input[type=text]').toArray();
  return Object.fromEntries(inputs.map((input) => [$(input).attr('data-field'), valueOf($(input))]));
}

function enteredFlags(row: JQuery): Record<string, boolean> {
  const boxes = row.find('input[type=checkbox]').toArray();
  const flags = boxes.map((box) => [$(box).attr('data-field') ?? '', $(box).is(':checked')] as const);
  return Object.fromEntries(
    flags.filter(([field, value]) => Object.hasOwn(STANDING, field) && value !== defaultOf(field)),
  );
}

function defaultOf(field: string): boolean | undefined {
  return (STANDING as Readonly<Record<string, boolean>>)[field];
}

function rowsOf(list: string): JQuery[] {
  return $(list)
    .editableList('items')
    .toArray()
    .map((row) => $(row));
}

function valueOf(input: JQuery): string {
  const value = input.val();
  return typeof value === 'string' ? value.trim() : '';
}
