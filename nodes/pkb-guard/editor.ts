/** The dialog of pkb-guard. */
import { COLOR, errorOf, styleOf, post } from '../editor/dialog.js';
import type { EditorNode } from '../editor/red.js';

/** What is chosen for rules, by their ids; a rule without an entry does what it does by default. */
type Actions = Record<string, string>;

interface GuardSettings {
  name: string;
  rules: Actions;
}

/** The rules, as the runtime gives them. */
interface RuleTable {
  readonly areas: Readonly<Record<string, string>>;
  readonly rules: readonly ListedRule[];
}

interface ListedRule {
  readonly id: string;
  readonly area: string;
  readonly title: string;
  readonly text: string;
  readonly why: string;
  readonly appliesTo: string;
  readonly defaultAction: string;
  readonly strips: boolean;
}

interface Finding {
  /** Id of the rule. */
  readonly rule: string;
  readonly action: string;
  readonly location: string;
  readonly text: string;
}

/** What came of a message that was tried. */
interface Tried {
  readonly blocked: boolean;
  readonly findings: readonly Finding[];
}

const ACTIONS = ['off', 'flag', 'strip', 'block'] as const;

/** How long the dialog waits for the next key before it tries the message. */
const PAUSE_MS = 300;

RED.nodes.registerType<GuardSettings>('pkb-guard', {
  category: 'PKB',
  color: COLOR,
  defaults: {
    name: { value: '' },
    rules: { value: {} },
  },
  inputs: 1,
  outputs: 2,
  icon: 'pkb-guard.svg',
  paletteLabel: 'pkb guard',
  label() {
    return this.name || 'pkb guard';
  },
  labelStyle() {
    return styleOf(this);
  },
  outputLabels(output) {
    return this._(output === 0 ? 'pkb-guard.output.passed' : 'pkb-guard.output.stopped');
  },
  oneditprepare() {
    const list = $('#pkb-guard-rules').empty();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const trySoon = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => tryIt(this), PAUSE_MS);
    };
    $('#pkb-guard-try').on('input', trySoon);
    void $.getJSON('pkb-guard/rules', (table: RuleTable) => showRules(this, table, list, trySoon));
    $('#pkb-guard-search').on('input', () => search(list));
    $('#pkb-guard-reset').on('click', (event) => {
      event.preventDefault();
      list.find('select').val('');
      trySoon();
    });
  },
  oneditsave() {
    this.rules = chosen();
  },
});

/** What is chosen in the dialog: only what differs from the default. */
function chosen(): Actions {
  const selects = $('#pkb-guard-rules select').toArray();
  const entries = selects.map((select) => [$(select).attr('data-rule') ?? '', String($(select).val() ?? '')]);
  return Object.fromEntries(entries.filter(([, action]) => action !== ''));
}

function showRules(
  node: EditorNode<GuardSettings>,
  { areas, rules }: RuleTable,
  list: JQuery,
  changed: () => void,
): void {
  for (const [area, heading] of Object.entries(areas)) {
    const group = $('<div class="pkb-guard-area"></div>').appendTo(list);
    const title = translated(node, `area.${area}`, heading);
    $('<div style="font-weight: bold; margin: 10px 0 4px"></div>').text(title).appendTo(group);
    for (const rule of rules) if (rule.area === area) group.append(ruleRow(node, rule, changed));
  }
}

/** A text of the table of rules in the language of the editor, where its locale has it. */
function translated(node: EditorNode, key: string, fallback: string): string {
  const whole = `pkb-guard.${key}`;
  const text = node._(whole);
  return text === whole ? fallback : text;
}

/** A rule, with the choice of what it does; its reason opens by mouse or keyboard. */
function ruleRow(node: EditorNode<GuardSettings>, rule: ListedRule, changed: () => void): JQuery {
  const title = translated(node, `rule.${rule.id}.title`, rule.title);
  const why = translated(node, `rule.${rule.id}.why`, rule.why);
  const words = [title, rule.id, rule.title, rule.text, rule.appliesTo].join(' ').toLowerCase();
  const row = $(
    '<div class="pkb-guard-rule" style="display: flex; align-items: baseline; margin: 2px 0"></div>',
  ).attr('data-text', words);
  const what = $('<details style="flex: 1; padding-right: 8px"></details>').appendTo(row);
  $('<summary style="cursor: pointer; list-style: none"></summary>').text(title).appendTo(what);
  $('<div style="font-size: smaller; margin: 2px 0 6px 12px"></div>').text(why).appendTo(what);
  const select = $('<select style="width: 150px"></select>')
    .attr({ 'data-rule': rule.id, 'aria-label': title })
    .appendTo(row);
  const byDefault = node._(`pkb-guard.action.${rule.defaultAction}`);
  addOption(select, '', node._('pkb-guard.action.default', { action: byDefault }));
  for (const action of ACTIONS)
    if (action !== 'strip' || rule.strips) addOption(select, action, node._(`pkb-guard.action.${action}`));
  select.val(node.rules?.[rule.id] ?? '').on('change', changed);
  return row;
}

function addOption(select: JQuery, value: string, text: string): void {
  $('<option></option>').val(value).text(text).appendTo(select);
}

/** Shows the rules that hold what is looked for. */
function search(list: JQuery): void {
  const wanted = String($('#pkb-guard-search').val()).toLowerCase().trim();
  list.find('.pkb-guard-area').each((_, area) => {
    let any = false;
    $(area)
      .find('.pkb-guard-rule')
      .each((__, rule) => {
        const fits = ($(rule).attr('data-text') ?? '').includes(wanted);
        $(rule).css('display', fits ? 'flex' : 'none');
        any ||= fits;
      });
    $(area).toggle(any);
  });
}

/** Tries the message that is pasted, with what is chosen. */
function tryIt(node: EditorNode): void {
  const text = $('#pkb-guard-try').val();
  const out = $('#pkb-guard-findings').empty();
  // The dialog may have been closed meanwhile.
  if (typeof text !== 'string' || text.trim() === '') return;
  post('pkb-guard/try', { text, rules: chosen() })
    .done((tried: Tried) => showFindings(node, out, tried))
    .fail((request) => {
      const otherwise = errorOf(request) ?? node._('pkb-guard.try.failed');
      out.text(request.status === 401 ? node._('pkb-guard.try.forbidden') : otherwise);
    });
}

function showFindings(node: EditorNode, out: JQuery, { blocked, findings }: Tried): void {
  out.empty();
  const verdict = blocked ? 'blocked' : findings.length > 0 ? 'flagged' : 'passed';
  const line = (): JQuery => $('<div style="margin-bottom: 4px"></div>').appendTo(out);
  line().text(node._(`pkb-guard.try.${verdict}`));
  for (const { rule, action, location, text } of findings) {
    const row = line();
    $('<b></b>')
      .text(`${node._(`pkb-guard.action.${action}`)} ${location} `)
      .appendTo(row);
    $('<span></span>')
      .text(translated(node, `rule.${rule}.text`, text))
      .appendTo(row);
  }
  // What came of it is to be seen without scrolling.
  out.get(0)?.scrollIntoView({ block: 'nearest' });
}
