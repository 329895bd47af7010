/** The dialog of pkb-simulator. */
import { readSendingFacility } from '../../src/pkb/alias.js';
import { readFaultPlan } from '../../src/simulator/faults.js';
import { readApiFaultPlan } from '../../src/simulator/fhir/faults.js';
import { type Organisation, readOrganisations } from '../../src/simulator/fhir/organisations.js';
import { readReceiptShape } from '../../src/simulator/fhir/receipt-shape.js';
import { DEFAULT_PATIENTS } from '../../src/simulator/known-patients.js';
import { isVariable, NUMBERS } from '../../src/settings.js';
import { COLOR, numberField, styleOf } from '../editor/dialog.js';
import type { SettingDefinition } from '../editor/red.js';
import {
  addAlias,
  addOrganisation,
  addPatient,
  enteredAliases,
  enteredOrganisations,
  enteredPatients,
  type Patient,
} from './editor/lists.js';

interface SimulatorSettings {
  name: string;
  path: string;
  aliases: string[];
  autoCreate: boolean;
  patients: Patient[];
  faults: string;
  organisations: Partial<Organisation>[];
  tokenSeconds: number | string;
  readEvery: number | string;
  readAfterSeconds: number | string;
  receipt: string;
  apiFaults: string;
}

/**
 * A setting in JSON, or an environment variable.
 *
 * @param read throws what is wrong: it names the fault and what is allowed
 */
function jsonField(read: (json: string) => unknown): SettingDefinition<SimulatorSettings, string> {
  return {
    value: '',
    validate(json, _options) {
      if (isVariable(json)) return true;
      try {
        read(json ?? '');
        return true;
      } catch (error) {
        return error instanceof Error ? error.message : this._('pkb-simulator.invalid.faults');
      }
    },
  };
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
    faults: jsonField((json) => readFaultPlan(json)),
    organisations: {
      value: [],
      validate(organisations, _options) {
        try {
          // What a row lacks is found by the check.
          readOrganisations((organisations ?? []) as Organisation[]);
          return true;
        } catch (error) {
          return error instanceof Error ? error.message : this._('pkb-simulator.invalid.faults');
        }
      },
    },
    tokenSeconds: numberField(NUMBERS.tokenSeconds, 'pkb-simulator.invalid.number'),
    readEvery: numberField(NUMBERS.readEvery, 'pkb-simulator.invalid.number'),
    readAfterSeconds: numberField(NUMBERS.readAfterSeconds, 'pkb-simulator.invalid.number'),
    receipt: jsonField(readReceiptShape),
    apiFaults: jsonField(readApiFaultPlan),
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
    const patients = $('#node-input-patients-container').css({ 'min-height': '250px', 'min-width': '450px' });
    patients.editableList({
      addItem: (row, _index, item) => addPatient(this, row, item as Patient),
      removable: true,
      sortable: true,
    });
    // A node that was made before there was this setting knows the patients of the examples.
    for (const patient of this.patients ?? DEFAULT_PATIENTS) patients.editableList('addItem', patient);
    const organisations = $('#node-input-organisations-container').css({
      'min-height': '120px',
      'min-width': '450px',
    });
    organisations.editableList({
      addItem: (row, _index, item) => addOrganisation(this, row, item as Partial<Organisation>),
      removable: true,
      sortable: true,
    });
    for (const organisation of this.organisations ?? []) organisations.editableList('addItem', organisation);
  },
  oneditsave() {
    this.aliases = enteredAliases('#node-input-aliases-container');
    this.patients = enteredPatients('#node-input-patients-container');
    this.organisations = enteredOrganisations('#node-input-organisations-container');
  },
});
