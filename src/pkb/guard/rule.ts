/**
 * The type of a guard rule. A rule is a value: the list in the editor, the help and `docs/rules.md` come from the same
 * table that the guard runs.
 */
import type { Scan } from './scan.js';

/** What the guard does about a finding. `strip` exists only for rules about whole segments. */
export type Action = 'off' | 'flag' | 'strip' | 'block';

/** How serious a finding is: `error` harms data or is surely rejected, `warning` may be, `note` is worth knowing. */
export type Severity = 'error' | 'warning' | 'note';

/** How certain PKB's behaviour is. */
export const MARKS = {
  D: 'documented on the page named',
  I: 'inferred from what the page says',
  U: 'unknown: no page says it, and the rule asks for care',
} as const;

/** One of {@link MARKS}. */
export type Mark = keyof typeof MARKS;

/** The groups of rules, in the order of display. */
export const AREAS = {
  overwriting: 'Overwriting the Customer’s lists',
  identity: 'Patient and soft matching',
  behalf: 'On behalf of',
  header: 'Header',
  datapoint: 'Data point IDs',
  type: 'Message types',
  form: 'Form',
} as const;

/** One of {@link AREAS}. */
export type Area = keyof typeof AREAS;

/**
 * A check calls this for each fault.
 *
 * @param segment index of a segment, or -1 for a missing segment
 * @param place the location after the segment's name, such as `-7` or `-3.1`; with -1 the whole location, such as `PID`
 */
export type Report = (segment: number, place?: string) => void;

/** Facts besides the message. All are optional; a check without its fact finds nothing. */
export interface GuardContext {
  /** The MSH-4 values of the Customers this flow is configured for. */
  readonly facilities?: readonly string[];
  /** Whether another message with this control ID has been seen before. */
  readonly controlIdSeen?: (controlId: string) => boolean;
  /** Whether an appointment with this ID has been sent before. */
  readonly appointmentSeen?: (id: string) => boolean;
  /** Whether the data point ID is declared as the Customer's own. */
  readonly dataPointIsCustomers?: boolean;
  /** MSH-3 before pkb-build replaced it. */
  readonly sendingApplicationBefore?: string;
  /** Largest message that passes, in characters. */
  readonly sizeLimit?: number;
}

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
  /** The text of a finding: the fault and the remedy, without any value of the message. */
  readonly text: string;
  /** Why the rule exists. */
  readonly why: string;
  /** PKB page id, or the chapter of HL7. */
  readonly source: string;
  /** How certain PKB's behaviour is: one of {@link MARKS}. */
  readonly mark: Mark;
  /** Set if the segments it reports may be stripped; `with` names the notes stripped with them. */
  readonly strips?: { readonly with: readonly string[] };
  readonly check: (message: Scan, report: Report, context: GuardContext) => void;
}

/** One finding. It holds no field value of a patient. */
export interface Finding {
  readonly rule: string;
  readonly action: Exclude<Action, 'off'>;
  readonly severity: Severity;
  /** Such as `DG1[2]` or `PID[1]-7`. */
  readonly location: string;
  readonly text: string;
}
