/** The dialog of pkb-outbox. */
import { NUMBERS } from '../../src/settings.js';
import { numberField, selectDefault } from '../editor/dialog.js';

interface OutboxSettings {
  name: string;
  store: string;
  path: string;
  poolSize: number | string;
  retentionDays: number | string;
  maxAgeHours: number | string;
  showTexts: boolean;
}

RED.nodes.registerType<OutboxSettings>('pkb-outbox', {
  category: 'config',
  icon: 'pkb-outbox.svg',
  paletteLabel: 'pkb outbox',
  defaults: {
    name: { value: '' },
    store: { value: 'embedded', required: true },
    path: { value: '' },
    poolSize: numberField(NUMBERS.poolSize, 'pkb-outbox.invalid.number'),
    retentionDays: numberField(NUMBERS.retentionDays, 'pkb-outbox.invalid.number'),
    maxAgeHours: numberField(NUMBERS.maxAgeHours, 'pkb-outbox.invalid.number'),
    showTexts: { value: false },
  },
  credentials: { connectionString: { type: 'password' }, encryptionKey: { type: 'password' } },
  label() {
    return this.name || this._(`pkb-outbox.store.${this.store || 'embedded'}`);
  },
  oneditprepare() {
    selectDefault('#node-config-input-store', 'embedded');
    const store = $('#node-config-input-store');
    const show = (): void => {
      $('.pkb-outbox-embedded-row').toggle(store.val() === 'embedded');
      $('.pkb-outbox-postgres-row').toggle(store.val() === 'postgres');
      $('.pkb-outbox-kept-row').toggle(store.val() !== 'memory');
      $('#pkb-outbox-memory-tip').toggle(store.val() === 'memory');
    };
    store.on('change', show);
    show();
  },
});
