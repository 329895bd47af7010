/** The dialog of pkb-patients. */
import { COLOR, selectDefault, styleOf } from '../editor/dialog.js';

interface PatientsSettings {
  name: string;
  api: string;
  customer: string;
  ask: string;
}

RED.nodes.registerType<PatientsSettings>('pkb-patients', {
  category: 'PKB',
  color: COLOR,
  defaults: {
    name: { value: '' },
    api: { type: 'pkb-api', value: '', required: true },
    customer: { type: 'pkb-customer', value: '', required: false },
    ask: { value: 'status' },
  },
  inputs: 1,
  outputs: 1,
  icon: 'pkb-patients.svg',
  paletteLabel: 'pkb patients',
  label() {
    return this.name || 'pkb patients';
  },
  labelStyle() {
    return styleOf(this);
  },
  oneditprepare() {
    selectDefault('#node-input-ask', 'status');
  },
});
