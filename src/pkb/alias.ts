/**
 * On whose behalf a message is sent: MSH-4 as PKB wants it from a Partner (PKB page "Partner connections", 3365012161).
 */
import { PkbConfigError } from '../errors.js';

/** A Customer as the Partner's messages name it. */
export interface Customer {
  /** The connecting alias that PKB issued. */
  readonly alias: string;
  /** The data-controller alias; the same as `alias` where it is left out or blank. */
  readonly controllerAlias?: string | undefined;
}

/** Characters that would end MSH-4, open a part of it, or break its `connecting{controller}` form. */
const BREAKING = /[{}|^&~\\\s\u0000-\u001f\u007f]/;

/**
 * Says what is wrong with an alias.
 *
 * @returns undefined where it can stand in MSH-4
 */
export function aliasFault(alias: unknown): 'blank' | 'character' | undefined {
  if (typeof alias !== 'string' || alias.trim() === '') return 'blank';
  return BREAKING.test(alias) ? 'character' : undefined;
}

/**
 * Writes MSH-4 for a Customer.
 *
 * @returns `alias{controllerAlias}`, the same alias twice where there is one Customer
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
    fault === 'blank'
      ? `The Customer's ${what} is blank; enter it as PKB issued it.`
      : `The Customer's ${what} holds white space or one of { } | ^ & ~ \\, which would break MSH-4.`,
  );
}

/**
 * Reads MSH-4.
 *
 * @param facility raw MSH-4
 * @returns undefined where it has not the form `connecting{controller}`
 */
export function readSendingFacility(
  facility: string,
): { alias: string; controllerAlias: string } | undefined {
  const match = /^([^{}|^&~\\\s]+)\{([^{}|^&~\\\s]+)\}$/.exec(facility);
  return match ? { alias: match[1] ?? '', controllerAlias: match[2] ?? '' } : undefined;
}
