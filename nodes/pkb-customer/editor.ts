/** The dialog of pkb-customer. */
import { aliasFault, DEFAULT_ZONE, isOrganisationId, NHS_NUMBER_STATUSES } from '../../src/pkb/alias.js';
import { isZone } from '../../src/hl7/zone.js';
import { isVariable } from '../../src/settings.js';
import { entered } from '../editor/dialog.js';
import type { EditorNode } from '../editor/red.js';

interface CustomerSettings {
  name: string;
  alias: string;
  controllerAlias: string;
  timeZone: string;
  nhsNumberStatus: string;
  organisationId: string;
}

const isStatus = (value: string): boolean => NHS_NUMBER_STATUSES.some((status) => status === value);

function aliasVerdict(this: EditorNode<CustomerSettings>, alias: string, _options: object): true | string {
  const fault = isVariable(alias) ? undefined : aliasFault(alias);
  return fault === undefined ? true : this._(`pkb-customer.invalid.${fault}`);
}

RED.nodes.registerType<CustomerSettings>('pkb-customer', {
  category: 'config',
  icon: 'pkb-customer.svg',
  paletteLabel: 'pkb customer',
  defaults: {
    name: { value: '' },
    // Not "required": the editor would say so in its own words, and nothing of what to enter.
    alias: { value: '', validate: aliasVerdict },
    controllerAlias: {
      value: '',
      validate(alias, options) {
        return alias ? aliasVerdict.call(this, alias, options) : true;
      },
    },
    timeZone: {
      value: DEFAULT_ZONE,
      validate(zone, _options) {
        return !zone || isVariable(zone) || isZone(zone) ? true : this._('pkb-customer.invalid.zone');
      },
    },
    nhsNumberStatus: {
      value: '',
      validate(status, _options) {
        if (!status || isVariable(status) || isStatus(status)) return true;
        return this._('pkb-customer.invalid.status');
      },
    },
    organisationId: {
      value: '',
      validate(id, _options) {
        return !id || isVariable(id) || isOrganisationId(id)
          ? true
          : this._('pkb-customer.invalid.organisation');
      },
    },
  },
  label() {
    return this.name || this.alias || this._('pkb-customer.unnamed');
  },
  oneditprepare() {
    const show = (): void => {
      const alias = entered('#node-config-input-alias');
      const controller = entered('#node-config-input-controllerAlias') || alias;
      const fits = [alias, controller].every((one) => isVariable(one) || aliasFault(one) === undefined);
      $('#pkb-customer-msh4').text(fits ? `${alias}{${controller}}` : '');
    };
    $('#node-config-input-alias, #node-config-input-controllerAlias').on('change keyup paste', show);
    show();

    const status = $('#node-config-input-nhsNumberStatus');
    const add = (value: string, text: string): void =>
      void $('<option></option>').val(value).text(text).appendTo(status);
    for (const value of NHS_NUMBER_STATUSES) add(value, `${value} ${this._(`pkb-customer.status.${value}`)}`);
    // What was written into the flow by hand, such as a variable, is shown and kept.
    const kept = this.nhsNumberStatus || '';
    if (kept && !isStatus(kept)) add(kept, kept);
    status.val(kept).trigger('change');
    if (this.timeZone === undefined) $('#node-config-input-timeZone').val(DEFAULT_ZONE);
  },
});
