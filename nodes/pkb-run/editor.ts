/** The dialog of pkb-run. */
import { NUMBERS } from '../../src/settings.js';
import { COLOR, numberField, styleOf } from '../editor/dialog.js';

interface RunSettings {
  name: string;
  connection: string;
  progressSeconds: number | string;
  quietMinutes: number | string;
  words: boolean;
}

RED.nodes.registerType<RunSettings>('pkb-run', {
  category: 'PKB',
  color: COLOR,
  defaults: {
    name: { value: '' },
    connection: { type: 'pkb-connection', value: '', required: true },
    progressSeconds: numberField(NUMBERS.progressSeconds, 'pkb-run.invalid.number'),
    quietMinutes: numberField(NUMBERS.quietMinutes, 'pkb-run.invalid.number'),
    words: { value: false },
  },
  inputs: 1,
  outputs: 2,
  icon: 'pkb-run.svg',
  paletteLabel: 'pkb run',
  label() {
    return this.name || 'pkb run';
  },
  labelStyle() {
    return styleOf(this);
  },
  outputLabels(output) {
    return this._(output === 0 ? 'pkb-run.output.progress' : 'pkb-run.output.report');
  },
});
