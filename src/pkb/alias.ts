/**
 * On whose behalf a message is sent: MSH-4 as PKB wants it from a Partner (PKB page "Partner connections", 3365012161).
 */
import { PkbConfigError } from '../errors.js';
import { isZone } from '../hl7/zone.js';

/** A Customer as the Partner's messages name it. */
export interface Customer {
  /** The connecting alias that PKB issued. */
  readonly alias: string;
  /** The data-controller alias; the same as `alias` if left out or blank. */
  readonly controllerAlias?: string | undefined;
  /** IANA time zone of its clock times without an offset; `Europe/London` if left out or blank. */
  readonly timeZone?: string | undefined;
  /** Status for NHS numbers given without one, such as `01` (verified); none is written if left out or blank. */
  readonly nhsNumberStatus?: string | undefined;
  /** UUID of its organisation, for PKB's FHIR operations (`X-Org-Public-Id`, PKB page 3364618357); not the alias. */
  readonly organisationId?: string | undefined;
}

/** Characters that would end MSH-4, open a part of it, or break its `connecting{controller}` form. */
const BREAKING = /[{}|^&~\\]/;

/** Characters that are invisible, or never part of an alias: blanks, control, format and unassigned characters. */
const UNSEEN = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Longer than any alias; MSH-4 holds 180 characters in HL7 2.4 (chapter 2, table of MSH). */
const LONGEST = 180;

/** What can be wrong with an alias. */
export type AliasFault = 'blank' | 'character' | 'unseen' | 'long';

/**
 * Finds what is wrong with an alias. Characters that a person cannot see in the dialog (a soft hyphen) and letters of other
 * widths are refused. Letters of other scripts that look alike are not.
 *
 * @returns undefined if the alias can be used in MSH-4
 */
export function aliasFault(alias: unknown): AliasFault | undefined {
  if (typeof alias !== 'string' || alias.trim() === '') return 'blank';
  if (alias.length > LONGEST) return 'long';
  if (UNSEEN.test(alias) || alias.normalize('NFKC') !== alias) return 'unseen';
  return BREAKING.test(alias) ? 'character' : undefined;
}

/**
 * Writes MSH-4 for a Customer.
 *
 * @returns `alias{controllerAlias}`; the same alias twice if there is no controller alias of its own
 * @throws PkbConfigError `PKB_ALIAS`
 */
export function sendingFacility({ alias, controllerAlias }: Customer): string {
  mustFit(alias, 'alias');
  if (!controllerAlias || controllerAlias === alias) return `${alias}{${alias}}`;
  mustFit(controllerAlias, 'data-controller alias');
  return `${alias}{${controllerAlias}}`;
}

function mustFit(alias: string, what: string): void {
  const fault = aliasFault(alias);
  if (fault === undefined) return;
  if (/^\$\{\w+\}$/.test(alias)) {
    throw new PkbConfigError(
      'PKB_ALIAS',
      `The environment variable named for the Customer's ${what} is not set.`,
    );
  }
  throw new PkbConfigError(
    'PKB_ALIAS',
    `The Customer's ${what} ${FAULTS[fault]}; enter it as PKB issued it.`,
  );
}

const FAULTS: Readonly<Record<AliasFault, string>> = {
  blank: 'is blank',
  character: 'holds one of { } | ^ & ~ \\, which would break MSH-4',
  unseen: 'holds white space, an invisible character or one that only looks like a letter of an alias',
  long: `is longer than ${LONGEST} characters`,
};

/** The statuses of an NHS number (NHS Data Dictionary, NHS NUMBER STATUS INDICATOR CODE). */
export const NHS_NUMBER_STATUSES = ['01', '02', '03', '04', '05', '06', '07', '08'] as const;

/**
 * Checks the settings of a Customer.
 *
 * @returns the same object
 * @throws PkbConfigError `PKB_ALIAS`; `PKB_SETTING` for a time zone or status that does not exist, or an organisation that is no UUID
 */
export function checkCustomer(customer: Customer): Customer {
  sendingFacility(customer);
  zoneOf(customer);
  const { nhsNumberStatus = '' } = customer;
  if (nhsNumberStatus !== '' && !NHS_NUMBER_STATUSES.some((status) => status === nhsNumberStatus))
    throw new PkbConfigError(
      'PKB_SETTING',
      `The NHS number status must be one of ${NHS_NUMBER_STATUSES.join(', ')}.`,
    );
  if (customer.organisationId && !isOrganisationId(customer.organisationId))
    throw new PkbConfigError(
      'PKB_SETTING',
      'The organisation of the Customer must be a UUID such as 00000000-0000-4000-8000-0000000000aa; ask PKB for it.',
    );
  return customer;
}

/** Whether a text is the UUID of an organisation. */
export function isOrganisationId(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** The zone of most of PKB's Customers. */
export const DEFAULT_ZONE = 'Europe/London';

/**
 * The time zone of a Customer.
 *
 * @throws PkbConfigError `PKB_SETTING` if there is no such zone
 */
export function zoneOf({ timeZone }: Pick<Customer, 'timeZone'>): string {
  const zone = timeZone || DEFAULT_ZONE;
  if (isZone(zone)) return zone;
  throw new PkbConfigError(
    'PKB_SETTING',
    'The time zone of the Customer does not exist; write an IANA name such as Europe/London.',
  );
}

/**
 * Reads MSH-4.
 *
 * @param facility raw MSH-4
 * @returns undefined if it does not have the form `connecting{controller}`
 */
export function readSendingFacility(
  facility: string,
): { alias: string; controllerAlias: string } | undefined {
  const match = /^([^{}|^&~\\\s]+)\{([^{}|^&~\\\s]+)\}$/.exec(facility);
  return match ? { alias: match[1] ?? '', controllerAlias: match[2] ?? '' } : undefined;
}
