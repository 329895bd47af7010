/**
 * What a rule of the guard is. A rule is a value: the list in the editor, the help and `docs/rules.md` come from the
 * same table that is run.
 */
import type { Scan } from './scan.js';

/** What the guard does about a finding. `strip` exists only for rules about whole segments. */
export type Action = 'off' | 'flag' | 'strip' | 'block';

/** How grave a finding is: `error` harms data or is sure to be rejected, `warning` may, `note` is worth knowing. */
export type Severity = 'error' | 'warning' | 'note';

/** The areas into which rules are grouped. */
export type Area = 'overwriting';

/** Called by a check for each place at fault: `DG1[2]` or `PID-7`; never with a value. */
export type Report = (location: string) => void;

/** One rule. */
export interface Rule {
  /** Stable, `area.subject`. */
  readonly id: string;
  readonly area: Area;
  readonly title: string;
  readonly severity: Severity;
  readonly defaultAction: Exclude<Action, 'strip'>;
  /** Which messages it looks at, in words. */
  readonly appliesTo: string;
  /** What a finding says: the fault and the remedy, without any value of the message. */
  readonly text: string;
  /** Why the rule exists. */
  readonly why: string;
  /** PKB page id, or the chapter of HL7. */
  readonly source: string;
  /** Whether the places it reports are segments that may be stripped, and which notes go with them. */
  readonly strips?: { readonly with: readonly string[] };
  readonly check: (message: Scan, report: Report) => void;
}

/** One finding. It holds no field value of a patient. */
export interface Finding {
  readonly rule: string;
  readonly action: Exclude<Action, 'off'>;
  readonly severity: Severity;
  /** Such as `DG1[2]` or `PID-7`. */
  readonly location: string;
  readonly text: string;
}
