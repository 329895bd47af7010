/**
 * The guard: runs the rules on a message and returns findings.
 */
import { PkbConfigError, PkbMessageError } from '../../errors.js';
import { afterLineEnd } from '../../hl7/segments.js';
import type { Action, Finding, GuardContext, Report, Rule } from './rule.js';
import { ruleWithId, RULES } from './rules/index.js';
import { Scan } from './scan.js';

/** The result of the guard for a message. */
export interface Inspection {
  /** The message without stripped segments; if it is blocked, the message as given. */
  readonly hl7: string;
  readonly findings: readonly Finding[];
  readonly blocked: boolean;
}

/** Upper limit of listed findings. A message can have more faults than anybody reads, and each costs memory. */
const MOST_FINDINGS = 1000;

/** Actions by rule id; rules left out have their default action. */
export type RuleActions = Readonly<Record<string, Action>>;

/**
 * Inspects a message by PKB's rules for Partners.
 *
 * A text that is not a sendable message is blocked with one finding, `form.unreadable`. A rule that throws is a defect: it
 * is reported as a finding, `form.defect`, and the message is blocked.
 *
 * @param hl7 HL7 text; segments end with CR, LF or CRLF
 * @param rules actions by rule id; absent = the rule's default
 * @param context facts besides the message; rules that need a missing fact find nothing
 * @throws PkbConfigError `PKB_SETTING` for an unknown rule, action, or `strip` on a rule that has nothing to strip
 */
export function inspect(hl7: string, rules: RuleActions = {}, context: GuardContext = {}): Inspection {
  checkActions(rules);
  let message: Scan;
  try {
    message = new Scan(hl7);
  } catch (error) {
    if (!(error instanceof PkbMessageError)) throw error;
    return { hl7, findings: [ownFinding('form.unreadable', 'MSH', error.message)], blocked: true };
  }
  const found: Found = { findings: [], stripped: new Set(), blocked: false, left: 0 };
  const { findings, stripped } = found;
  let current: { rule: Rule; action: Finding['action'] } | undefined;
  const report: Report = (segment, place = '') => {
    if (current !== undefined) note(current.rule, current.action, message, segment, place, found);
  };
  for (const rule of RULES) {
    const action = (Object.hasOwn(rules, rule.id) ? rules[rule.id] : undefined) ?? rule.defaultAction;
    if (action === 'off') continue;
    current = { rule, action };
    try {
      rule.check(message, report, context);
    } catch {
      const text = `The rule ${rule.id} failed on this message; please report it.`;
      findings.push(ownFinding('form.defect', 'MSH', text));
      found.blocked = true;
    }
  }
  const { blocked, left } = found;
  if (left > 0) {
    const text = `And ${left} more findings, which are not listed; mend the first ones and look again.`;
    findings.push({ rule: 'form.more', action: 'flag', severity: 'note', location: 'MSH', text });
  }
  return { hl7: blocked || stripped.size === 0 ? hl7 : strip(message, stripped), findings, blocked };
}

/** What the rules have found so far. */
interface Found {
  readonly findings: Finding[];
  /** Indexes of the segments to strip. */
  readonly stripped: Set<number>;
  blocked: boolean;
  /** How many findings are not listed. */
  left: number;
}

/** Records a finding and, if the rule strips, its notes. Findings beyond the limit take effect, but are only counted. */
function note(
  { id, severity, text, strips }: Rule,
  action: Finding['action'],
  message: Scan,
  segment: number,
  place: string,
  found: Found,
): void {
  if (action === 'block') found.blocked = true;
  if (found.findings.length < MOST_FINDINGS) {
    const location = segment < 0 ? place : message.location(segment) + place;
    found.findings.push({ rule: id, action, severity, location, text });
  } else found.left++;
  if (action !== 'strip') return;
  found.stripped.add(segment);
  for (const following of notesOf(message, segment, strips?.with ?? [])) {
    found.stripped.add(following);
    if (found.findings.length < MOST_FINDINGS) {
      const why = `This note belongs to ${message.location(segment)}${place} and was stripped with it.`;
      found.findings.push({
        rule: id,
        action,
        severity,
        location: message.location(following),
        text: why,
      });
    } else found.left++;
  }
}

/** The notes directly after a segment. */
function notesOf(message: Scan, segment: number, names: readonly string[]): number[] {
  const notes: number[] = [];
  for (let i = segment + 1; i < message.codes.length && names.includes(message.name(i)); i++) notes.push(i);
  return notes;
}

/** The text without some segments, each with its line end. */
function strip({ text, starts, ends }: Scan, segments: ReadonlySet<number>): string {
  let out = '';
  let from = 0;
  for (const [i, start] of starts.entries()) {
    if (!segments.has(i)) continue;
    out += text.slice(from, start);
    from = afterLineEnd(text, ends[i] ?? start);
  }
  return out + text.slice(from);
}

function ownFinding(rule: string, location: string, text: string): Finding {
  return { rule, action: 'block', severity: 'error', location, text };
}

function checkActions(rules: RuleActions): void {
  for (const [id, action] of Object.entries(rules)) {
    const rule = ruleWithId(id);
    if (rule === undefined) {
      throw new PkbConfigError(
        'PKB_SETTING',
        `There is no guard rule "${id.slice(0, 60)}"; see docs/rules.md for the list.`,
      );
    }
    if (
      typeof action !== 'string' ||
      !['off', 'flag', 'strip', 'block'].includes(action) ||
      (action === 'strip' && !rule.strips)
    ) {
      throw new PkbConfigError('PKB_SETTING', `The guard rule ${id} cannot be set to the action given.`);
    }
  }
}
