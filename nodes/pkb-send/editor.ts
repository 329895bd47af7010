/** The dialog of pkb-send. */
import { asText, COLOR, styleOf, post, selectDefault } from '../editor/dialog.js';
import { showElsewhere } from './editor/elsewhere.js';
import { explain } from './editor/explain.js';
import { failedRow } from './editor/failed.js';
import type { ShownFailures, SendSettings } from './editor/types.js';

RED.nodes.registerType<SendSettings>('pkb-send', {
  category: 'PKB',
  color: COLOR,
  defaults: {
    name: { value: '' },
    connection: { type: 'pkb-connection', value: '', required: true },
    orderBy: { value: 'patient' },
    onRejected: { value: 'continue' },
    onUnknown: { value: 'resend' },
  },
  inputs: 1,
  outputs: 2,
  icon: 'pkb-send.svg',
  paletteLabel: 'pkb send',
  label() {
    return this.name || 'pkb send';
  },
  labelStyle() {
    return styleOf(this);
  },
  outputLabels(output) {
    return this._(output === 0 ? 'pkb-send.output.accepted' : 'pkb-send.output.rejected');
  },
  oneditprepare() {
    const list = $('#pkb-send-failed');
    const show = (): void => {
      $.getJSON(`pkb-send/${this.id}/failed`)
        .done(({ failed, elsewhere }: ShownFailures) => {
          showElsewhere(this, elsewhere ?? [], show);
          if (failed === null) list.text(this._('pkb-send.failed.unavailable'));
          else if (failed.length === 0) list.text(this._('pkb-send.failed.none'));
          else list.empty().append(failed.map((message) => failedRow(this, message, show)));
        })
        .fail((request) => {
          list.text(explain(this, request, 'pkb-send.failed.unavailable'));
        });
    };
    $('#pkb-send-refresh').on('click', (event) => {
      event.preventDefault();
      show();
    });
    $('#pkb-send-release').on('click', (event) => {
      event.preventDefault();
      post(`pkb-send/${this.id}/release`, {})
        .done(({ released }: { released: number }) => {
          RED.notify(asText(this._('pkb-send.release.done', { count: released })), 'success');
        })
        .fail((request) => {
          RED.notify(asText(explain(this, request, 'pkb-send.release.failed')), 'error');
        });
    });
    show();
    selectDefault('#node-input-orderBy', 'patient');
    selectDefault('#node-input-onRejected', 'continue');
    selectDefault('#node-input-onUnknown', 'resend');
  },
});
