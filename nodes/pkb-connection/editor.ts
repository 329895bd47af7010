/** The dialog of pkb-connection. */
import { urlFault } from '../../src/pkb/environments.js';
import { isVariable, NUMBERS } from '../../src/settings.js';
import { entered, numberField, post, selectDefault } from '../editor/dialog.js';
import type { EditorNode } from '../editor/red.js';

interface ConnectionSettings {
  name: string;
  environment: string;
  url: string;
  timeout: number | string;
  concurrency: number | string;
  tls: string;
  proxy: string;
  outbox: string;
}

const FAULTS = { url: 'url', credentials: 'url-credentials', https: 'url-https' } as const;

/** What is sent to have a connection tested; a configuration node that is yet to be made counts as none. */
const TESTED = ['environment', 'url', 'username', 'password', 'tls', 'proxy'] as const;
const TO_BE_MADE = '_ADD_';

RED.nodes.registerType<ConnectionSettings>('pkb-connection', {
  category: 'config',
  icon: 'pkb-connection.svg',
  paletteLabel: 'pkb connection',
  defaults: {
    name: { value: '' },
    environment: { value: 'simulator', required: true },
    url: {
      value: '',
      validate(url, _options) {
        // While its own dialog is open, what is chosen there counts.
        const isOpen =
          $('#node-config-input-environment').length > 0 && $('#node-config-input-url').length > 0;
        const environment = isOpen ? entered('#node-config-input-environment') : this.environment;
        const fault = environment !== 'custom' || isVariable(url) ? undefined : urlFault(url);
        return fault === undefined ? true : this._(`pkb-connection.invalid.${FAULTS[fault]}`);
      },
    },
    timeout: numberField(NUMBERS.timeout, 'pkb-connection.invalid.timeout'),
    concurrency: numberField(NUMBERS.concurrency, 'pkb-connection.invalid.concurrency'),
    tls: { type: 'tls-config', value: '', required: false },
    proxy: { type: 'http proxy', value: '', required: false },
    outbox: { type: 'pkb-outbox', value: '', required: false },
  },
  credentials: {
    username: { type: 'text' },
    password: { type: 'password' },
  },
  label() {
    return this.name || this._(`pkb-connection.environment.${this.environment || 'simulator'}`);
  },
  oneditprepare() {
    selectDefault('#node-config-input-environment', 'simulator');
    const environment = $('#node-config-input-environment');
    const show = (): void => {
      const chosen = environment.val();
      $('#pkb-connection-url-row').toggle(chosen === 'custom');
      $('.pkb-connection-network-row').toggle(chosen !== 'simulator');
      $('#node-config-input-url').trigger('change');
    };
    const credentials = $('#node-config-input-username, #node-config-input-password');
    const mark = (): void => {
      credentials.each((_, field) => {
        $(field).toggleClass('input-error', environment.val() !== 'simulator' && !$(field).val());
      });
    };
    credentials.on('change keyup paste', mark);
    $('#pkb-connection-test').on('click', (event) => {
      event.preventDefault();
      tryIt(this);
    });
    environment.on('change', () => {
      show();
      mark();
    });
    show();
    mark();
  },
});

/** Tests the connection with what is entered, and shows what came of it. */
function tryIt(node: EditorNode): void {
  const out = $('#pkb-connection-verdict').text(node._('pkb-connection.test.running'));
  const fields = TESTED.map((field) => [field, entered(`#node-config-input-${field}`)] as const);
  const wish = Object.fromEntries(fields.map(([field, value]) => [field, value === TO_BE_MADE ? '' : value]));
  post('pkb-connection/test', { id: node.id, ...wish })
    .done((verdict: { ok: boolean; text: string }) => {
      out.text(`${verdict.ok ? '\u2713' : '\u2717'} ${verdict.text}`);
    })
    .fail((request) => {
      const isForbidden = request.status === 401;
      out.text(node._(isForbidden ? 'pkb-connection.test.forbidden' : 'pkb-connection.test.failed'));
    });
}
