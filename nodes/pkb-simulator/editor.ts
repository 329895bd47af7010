/** The dialog of pkb-simulator. */
import { readSendingFacility } from '../../src/pkb/alias.js';
import { readFaultPlan } from '../../src/simulator/faults.js';
import { DEFAULT_PATIENTS } from '../../src/simulator/known-patients.js';
import { isVariable } from '../../src/settings.js';
import { COLOR, styleOf } from '../editor/dialog.js';
import type { EditorNode } from '../editor/red.js';

/** The fields of a known patient, and how wide they are. */
const FIELDS = { nhsNumber: '24%', birthDate: '20%', family: '20%', given: '16%', postcode: '14%' } as const;

type Patient = Partial<Record<keyof typeof FIELDS, string>>;

interface SimulatorSettings {
  name: string;
  path: string;
  aliases: string[];
  autoCreate: boolean;
  patients: Patient[];
  faults: string;
}

RED.nodes.registerType<SimulatorSettings>('pkb-simulator', {
  category: 'PKB',
  color: COLOR,
  defaults: {
    name: { value: '' },
    path: {
      value: '/pkb-simulator/services/hl7',
      required: true,
      validate(path, _options) {
        if (isVariable(path) || /^\/[^\s?#:*()]*$/.test(path)) return true;
        return this._('pkb-simulator.invalid.path');
      },
    },
    aliases: {
      value: [],
      validate(aliases, _options) {
        const fit = (aliases ?? []).every((pair) => readSendingFacility(pair) !== undefined);
        return fit ? true : this._('pkb-simulator.invalid.alias');
      },
    },
    autoCreate: { value: false },
    patients: {
      value: DEFAULT_PATIENTS.map((patient) => ({ ...patient })),
      validate(patients, _options) {
        const fit = (patients ?? []).every(
          ({ nhsNumber = '', birthDate = '' }) =>
            /^[0-9 ]{10,12}$/.test(nhsNumber) && /^\d{4}-\d\d-\d\d$/.test(birthDate),
        );
        return fit ? true : this._('pkb-simulator.invalid.patients');
      },
    },
    faults: {
      value: '',
      validate(faults, _options) {
        if (isVariable(faults)) return true;
        try {
          readFaultPlan(faults ?? '');
          return true;
        } catch (error) {
          // It names the fault that there is not, and those that there are.
          return error instanceof Error ? error.message : this._('pkb-simulator.invalid.faults');
        }
      },
    },
  },
  credentials: {
    username: { type: 'text' },
    password: { type: 'password' },
  },
  inputs: 0,
  outputs: 1,
  icon: 'pkb-simulator.svg',
  paletteLabel: 'pkb simulator',
  label() {
    return this.name || 'pkb simulator';
  },
  labelStyle() {
    return styleOf(this);
  },
  outputLabels() {
    return this._('pkb-simulator.output.received');
  },
  oneditprepare() {
    const aliases = $('#node-input-aliases-container').css({ 'min-height': '120px', 'min-width': '300px' });
    aliases.editableList({
      addItem: (row, _index, item) => addAlias(this, row, item),
      removable: true,
      sortable: true,
    });
    for (const pair of this.aliases ?? []) aliases.editableList('addItem', pair);
    const patients = $('#node-input-patients-container').css({ 'min-height': '160px', 'min-width': '450px' });
    patients.editableList({
      addItem: (row, _index, item) => addPatient(this, row, item as Patient),
      removable: true,
      sortable: true,
    });
    // A node that was made before there was this setting knows the patients of the examples.
    for (const patient of this.patients ?? DEFAULT_PATIENTS) patients.editableList('addItem', patient);
  },
  oneditsave() {
    this.aliases = rowsOf('#node-input-aliases-container')
      .map((row) => valueOf(row.find('input')))
      .filter(Boolean);
    this.patients = rowsOf('#node-input-patients-container')
      .map((row): Patient => {
        const inputs = row.find('input').toArray();
        return Object.fromEntries(inputs.map((input) => [$(input).attr('data-field'), valueOf($(input))]));
      })
      .filter((patient) => Object.values(patient).some(Boolean));
  },
});

function addAlias(node: EditorNode, row: JQuery, item: unknown): void {
  $('<input type="text" placeholder="trustalias{trustalias}" style="width: 95%">')
    .attr('aria-label', node._('pkb-simulator.label.alias'))
    .val(typeof item === 'string' ? item : '')
    .appendTo(row);
}

function addPatient(node: EditorNode, row: JQuery, patient: Patient): void {
  for (const field of Object.keys(FIELDS) as (keyof typeof FIELDS)[]) {
    const label = node._(`pkb-simulator.patient.${field}`);
    $('<input type="text">')
      .attr({ 'data-field': field, placeholder: label, 'aria-label': label })
      .css({ width: FIELDS[field], 'margin-right': '4px' })
      .val(patient[field] ?? '')
      .appendTo(row);
  }
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
