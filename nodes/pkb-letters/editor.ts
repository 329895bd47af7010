/** The dialog of pkb-letters. */
import { NUMBERS } from '../../src/settings.js';
import { COLOR, numberField, selectDefault, styleOf } from '../editor/dialog.js';

interface LettersSettings {
  name: string;
  connection: string;
  api: string;
  deadlineHours: number | string;
  askMinutes: number | string;
  graceMinutes: number | string;
  ifUnknown: string;
  unregistered: string;
}

const OUTPUTS = ['read', 'post', 'attention'];

RED.nodes.registerType<LettersSettings>('pkb-letters', {
  category: 'PKB',
  color: COLOR,
  defaults: {
    name: { value: '' },
    connection: { type: 'pkb-connection', value: '', required: true },
    api: { type: 'pkb-api', value: '', required: true },
    deadlineHours: numberField(NUMBERS.deadlineHours, 'pkb-letters.invalid.number'),
    askMinutes: numberField(NUMBERS.askMinutes, 'pkb-letters.invalid.number'),
    graceMinutes: numberField(NUMBERS.graceMinutes, 'pkb-letters.invalid.number'),
    ifUnknown: { value: 'attention' },
    unregistered: { value: 'wait' },
  },
  inputs: 1,
  outputs: 3,
  icon: 'pkb-letters.svg',
  paletteLabel: 'pkb letters',
  label() {
    return this.name || 'pkb letters';
  },
  labelStyle() {
    return styleOf(this);
  },
  outputLabels(output) {
    return this._(`pkb-letters.output.${OUTPUTS[output] ?? 'read'}`);
  },
  oneditprepare() {
    selectDefault('#node-input-ifUnknown', 'attention');
    selectDefault('#node-input-unregistered', 'wait');
  },
});
