/** The dialog of pkb-events. */
import { NUMBERS } from '../../src/settings.js';
import { COLOR, numberField, styleOf } from '../editor/dialog.js';

interface EventsSettings {
  name: string;
  connection: string;
  minutes: number | string;
}

RED.nodes.registerType<EventsSettings>('pkb-events', {
  category: 'PKB',
  color: COLOR,
  defaults: {
    name: { value: '' },
    connection: { value: '', type: 'pkb-connection', required: false },
    minutes: numberField(NUMBERS.minutes, 'pkb-events.invalid.number'),
  },
  inputs: 0,
  outputs: 1,
  icon: 'pkb-events.svg',
  paletteLabel: 'pkb events',
  label() {
    return this.name || 'pkb events';
  },
  labelStyle() {
    return styleOf(this);
  },
});
