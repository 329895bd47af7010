/** The dialog of pkb-build. */
import { isProcessingId } from '../../src/pkb/processing-id.js';
import { isVariable } from '../../src/settings.js';
import { COLOR, entered, styleOf, selectDefault } from '../editor/dialog.js';
import type { EditorNode } from '../editor/red.js';

interface BuildSettings {
  name: string;
  customer: string;
  sendingApplication: string;
  processingId: string;
  processingIdWhere: string;
  controlId: string;
  dataPointId: string;
  dataPointKey: string;
  dataPointKeyType: string;
  partner: string;
  batch: string;
  parsed: boolean;
}

/** How the data point ID is chosen; while the dialog is open, there. */
function modeOf({ dataPointId }: BuildSettings): string {
  return $('#node-input-dataPointId').length > 0 ? entered('#node-input-dataPointId') : dataPointId;
}

RED.nodes.registerType<BuildSettings>('pkb-build', {
  category: 'PKB',
  color: COLOR,
  defaults: {
    name: { value: '' },
    customer: { type: 'pkb-customer', value: '', required: false },
    sendingApplication: {
      value: '',
      validate(application, _options) {
        return /[\r\n]/.test(application ?? '') ? this._('pkb-build.invalid.application') : true;
      },
    },
    processingId: {
      value: '',
      validate(id, _options) {
        return !id || isVariable(id) || isProcessingId(id) ? true : this._('pkb-build.invalid.processing');
      },
    },
    processingIdWhere: { value: 'empty' },
    controlId: { value: 'new' },
    dataPointId: { value: 'keep' },
    dataPointKey: {
      value: '',
      validate(key, _options) {
        const needsKey = ['derive', 'property'].includes(modeOf(this));
        return needsKey && !key ? this._('pkb-build.invalid.key') : true;
      },
    },
    dataPointKeyType: { value: 'msg' },
    partner: {
      value: '',
      validate(partner, _options) {
        return modeOf(this) === 'derive' && !partner ? this._('pkb-build.invalid.partner') : true;
      },
    },
    batch: { value: 'refuse' },
    parsed: { value: false },
  },
  inputs: 1,
  outputs: 1,
  icon: 'pkb-build.svg',
  paletteLabel: 'pkb build',
  label() {
    return this.name || 'pkb build';
  },
  labelStyle() {
    return styleOf(this);
  },
  oneditprepare() {
    $('#node-input-dataPointKey').typedInput({
      default: 'msg',
      types: ['msg', 'flow', 'global', 'str', 'jsonata', 'env'],
      typeField: $('#node-input-dataPointKeyType'),
    });
    selectDefault('#node-input-dataPointId', 'keep');
    selectDefault('#node-input-controlId', 'new');
    selectDefault('#node-input-batch', 'refuse');
    selectDefault('#node-input-processingIdWhere', 'empty');
    $('#node-input-dataPointId').on('change', showKey);
    showKey();
    const show = (): void => showProcessing(this);
    $('#node-input-processingId').on('change keyup paste input', show);
    show();
  },
});

/** Shows the fields that the choice of the data point ID asks for. */
function showKey(): void {
  const chosen = entered('#node-input-dataPointId');
  $('#pkb-build-key-row').toggle(chosen === 'derive' || chosen === 'property');
  $('#pkb-build-partner-row').toggle(chosen === 'derive');
  $('#node-input-dataPointKey').typedInput('width', '70%');
  $('#node-input-dataPointKey, #node-input-partner').trigger('change');
}

/** Says what setting the processing ID always would do. */
function showProcessing(node: EditorNode): void {
  const id = entered('#node-input-processingId').trim();
  $('#pkb-build-processing-row').toggle(id !== '');
  const kind = id.startsWith('P') ? 'always-live' : 'always-test';
  const text = `pkb-build.processing-where.${isProcessingId(id) ? kind : 'always'}`;
  $('#node-input-processingIdWhere option[value=always]').text(node._(text, { id }));
}
