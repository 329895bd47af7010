/**
 * The guard: a message and the rules in, findings out.
 */
import { PkbConfigError, PkbMessageError } from '../../errors.js';
import { afterLineEnd } from '../../hl7/segments.js';
import type { Action, Finding, Rule } from './rule.js';
import { ruleWithId, RULES } from './rules.js';
import { type Scan, scan } from './scan.js';

/** What the guard says of a message. */
export interface Inspection {
  /** The message: without the segments that were stripped, or, where it is blocked, as it came. */
  readonly hl7: string;
  readonly findings: readonly Finding[];
  readonly blocked: boolean;
}

/** Actions by rule id; rules left out act by their defaults. */
export type RuleActions = Readonly<Record<string, Action>>;

/**
 * Inspects a message by PKB's rules for Partners.
 *
 * A text that is no sendable message is blocked with one finding, `form.unreadable`. A rule that throws is a defect: it
 * is reported as a finding, `form.defect`, and the message is blocked.
 *
 * @param hl7 HL7 text; segments ended by CR, LF or CRLF
 * @param rules what to do by rule id; absent = the rule's default
 * @throws PkbConfigError `PKB_SETTING` for an unknown rule, action, or `strip` on a rule that has nothing to strip
 */
export function inspect(hl7: string, rules: RuleActions = {}): Inspection {
  checkActions(rules);
  let message: Scan;
  try {
    message = scan(hl7);
  } catch (error) {
    if (!(error instanceof PkbMessageError)) throw error;
    return { hl7, findings: [ownFinding('form.unreadable', 'MSH', error.message)], blocked: true };
  }
  const findings: Finding[] = [];
  const stripped: string[] = [];
  for (const rule of RULES)
    run(rule, message, Object.hasOwn(rules, rule.id) ? rules[rule.id] : undefined, findings, stripped);
  const blocked = findings.some((finding) => finding.action === 'block');
  return {
    hl7: blocked || stripped.length === 0 ? hl7 : strip(message, new Set(stripped)),
    findings,
    blocked,
  };
}

function run(
  rule: Rule,
  message: Scan,
  chosen: Action | undefined,
  findings: Finding[],
  stripped: string[],
): void {
  const action = chosen ?? rule.defaultAction;
  if (action === 'off') return;
  try {
    rule.check(message, (location) => {
      findings.push({ rule: rule.id, action, severity: rule.severity, location, text: rule.text });
      if (action !== 'strip') return;
      for (const segment of withNotes(message, location, rule.strips?.with ?? [])) {
        stripped.push(segment);
        if (segment === location) continue;
        findings.push({
          rule: rule.id,
          action,
          severity: rule.severity,
          location: segment,
          text: `${segment} belongs to ${location} and was stripped with it.`,
        });
      }
    });
  } catch {
    findings.push(
      ownFinding('form.defect', 'MSH', `The rule ${rule.id} failed on this message; please report it.`),
    );
  }
}

/** A segment and the notes that follow it directly. */
function withNotes(message: Scan, location: string, notes: readonly string[]): string[] {
  const at = indexOf(message, location);
  const segments = [location];
  for (let i = at + 1; notes.includes(message.names[i] ?? ''); i++) segments.push(locationOf(message, i));
  return segments;
}

function indexOf(message: Scan, location: string): number {
  return message.names.findIndex((_, i) => locationOf(message, i) === location);
}

function locationOf(message: Scan, index: number): string {
  const name = message.names[index] ?? '';
  let occurrence = 0;
  for (let i = 0; i <= index; i++) if (message.names[i] === name) occurrence++;
  return `${name}[${occurrence}]`;
}

/** The text without the segments named, each with its line end. */
function strip(message: Scan, segments: ReadonlySet<string>): string {
  let out = '';
  let from = 0;
  for (const [i, start] of message.starts.entries()) {
    if (!segments.has(locationOf(message, i))) continue;
    out += message.text.slice(from, start);
    from = afterLineEnd(message.text, message.ends[i] ?? start);
  }
  return out + message.text.slice(from);
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
