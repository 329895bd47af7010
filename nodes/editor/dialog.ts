/** What several dialogs do. */
import { isVariable, type NumberSetting, readNumber } from '../../src/settings.js';
import type { EditorNode, SettingDefinition } from './red.js';

/** The color of all our nodes in the palette. */
export const COLOR = '#C0DEED';

/** Gives a select its default where the node was made before there was the setting. */
export function selectDefault(id: string, fallback: string): void {
  const select = $(id);
  if (!select.val()) select.val(fallback);
}

/** What stands in a field, as text; blank where the dialog does not have it. */
export function entered(id: string): string {
  const value = $(id).val();
  return typeof value === 'string' ? value : '';
}

/** A notification takes a text for markup; an element is shown as it is. */
export function asText(text: string): JQuery {
  return $('<p>').text(text);
}

/** Sends an object to one of our own routes. */
export function post(url: string, what: object): JQuery.jqXHR {
  return $.ajax({ url, method: 'POST', contentType: 'application/json', data: JSON.stringify(what) });
}

/** What a route said of a request that failed; undefined where it said nothing. */
export function errorOf(request: JQuery.jqXHR): string | undefined {
  const { error } = (request.responseJSON ?? {}) as { error?: unknown };
  return typeof error === 'string' ? error : undefined;
}

/**
 * A setting that is a number, or an environment variable.
 *
 * @param fault key of the text that says what it must be; it is given `least` and `most`
 */
export function numberField<Settings>(
  setting: NumberSetting,
  fault: string,
): SettingDefinition<Settings, number | string> {
  return {
    value: setting.fallback,
    validate(value, _options) {
      if (isVariable(value) || readNumber(value, setting) !== undefined) return true;
      return this._(fault, { least: setting.least, most: setting.most });
    },
  };
}

/** How the label of a node is written: named nodes in italics, as Node-RED's own are. */
export function styleOf({ name }: EditorNode): string {
  return name ? 'node_label_italic' : '';
}
