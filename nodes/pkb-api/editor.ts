/** The dialog of pkb-api. */
import { type EnteredParts, LONGEST_PART, receiptPartsOf } from '../../src/api/receipt-parts.js';
import { urlFault } from '../../src/pkb/environments.js';
import { isVariable, NUMBERS } from '../../src/settings.js';
import { entered, numberField, selectDefault } from '../editor/dialog.js';
import type { EditorNode } from '../editor/red.js';

interface ApiSettings extends EnteredParts {
  name: string;
  environment: string;
  fhirUrl: string;
  tokenUrl: string;
  timeout: number | string;
  tls: string;
  proxy: string;
}

function addressVerdict(this: EditorNode<ApiSettings>, url: string, _options: object): true | string {
  // While its own dialog is open, what is chosen there counts.
  const isOpen = $('#node-config-input-environment').length > 0 && $('#node-config-input-fhirUrl').length > 0;
  const environment = isOpen ? entered('#node-config-input-environment') : this.environment;
  if (environment !== 'other' || isVariable(url) || urlFault(url) === undefined) return true;
  return this._('pkb-api.invalid.url');
}

/** The names are judged together, since no two may be the same. */
function partsVerdict(this: EditorNode<ApiSettings>, _name: string, _options: object): true | string {
  const isOpen = $('#node-config-input-documentPart').length > 0;
  const names = PARTS.map(
    (part) => [part, isOpen ? entered(`#node-config-input-${part}`) : this[part]] as const,
  );
  const parts = Object.fromEntries(names) as unknown as EnteredParts;
  if (names.some(([, name]) => isVariable(name)) || receiptPartsOf(parts) !== undefined) return true;
  return this._('pkb-api.invalid.parts', { most: LONGEST_PART });
}

const PARTS = ['documentPart', 'readPart', 'timePart'] as const;

RED.nodes.registerType<ApiSettings>('pkb-api', {
  category: 'config',
  icon: 'pkb-api.svg',
  paletteLabel: 'pkb api',
  defaults: {
    name: { value: '' },
    environment: { value: 'simulator', required: true },
    fhirUrl: { value: '', validate: addressVerdict },
    tokenUrl: { value: '', validate: addressVerdict },
    timeout: numberField(NUMBERS.timeout, 'pkb-api.invalid.timeout'),
    tls: { type: 'tls-config', value: '', required: false },
    proxy: { type: 'http proxy', value: '', required: false },
    documentPart: { value: '', validate: partsVerdict },
    readPart: { value: '', validate: partsVerdict },
    timePart: { value: '', validate: partsVerdict },
  },
  credentials: {
    clientId: { type: 'text' },
    clientSecret: { type: 'password' },
  },
  label() {
    return this.name || this._(`pkb-api.environment.${this.environment || 'simulator'}`);
  },
  oneditprepare() {
    selectDefault('#node-config-input-environment', 'simulator');
    const environment = $('#node-config-input-environment');
    const credentials = $('#node-config-input-clientId, #node-config-input-clientSecret');
    const show = (): void => {
      $('.pkb-api-other-row').toggle(environment.val() === 'other');
      $('#node-config-input-fhirUrl, #node-config-input-tokenUrl').trigger('change');
    };
    const mark = (): void => {
      credentials.each((_, field) => {
        $(field).toggleClass('input-error', environment.val() === 'other' && !$(field).val());
      });
    };
    const parts = PARTS.map((part) => `#node-config-input-${part}`).join(', ');
    // Another name may be right or wrong now, too.
    $(parts).on('blur', () => void $(parts).trigger('change'));
    credentials.on('change keyup paste', mark);
    environment.on('change', () => {
      show();
      mark();
    });
    show();
    mark();
  },
});
