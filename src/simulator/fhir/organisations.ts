/**
 * The organisations on whose behalf the FHIR operations may be called (header `X-Org-Public-Id`).
 */
import { PkbConfigError } from '../../errors.js';
import { isOrganisationId, readSendingFacility } from '../../pkb/alias.js';

/** An organisation as entered in the node. */
export interface Organisation {
  /** The UUID of the organisation at PKB, as in `X-Org-Public-Id`. */
  readonly id: string;
  /** MSH-4 of its documents, such as `partner{trust}`. */
  readonly facility: string;
}

/** What an organisation may ask about. */
export interface Grant {
  /** MSH-4 of its documents; undefined = the documents of all Customers. */
  readonly facility: string | undefined;
}

/** Upper limit of organisations in the setting. */
const MOST = 1_000;

/** The organisations that have granted access. */
export class Organisations {
  readonly #facilities: ReadonlyMap<string, string>;

  /**
   * @param list empty = every organisation has granted access, and may ask about the documents of all
   * @throws PkbConfigError `PKB_SETTING` if it is not a list of organisations; the text has the place, not the value
   */
  constructor(list: readonly Organisation[]) {
    this.#facilities = readOrganisations(list);
  }

  /** The grant of an organisation; undefined if it has given none. @param id a UUID */
  grantOf(id: string): Grant | undefined {
    if (this.#facilities.size === 0) return { facility: undefined };
    const facility = this.#facilities.get(id.toLowerCase());
    return facility === undefined ? undefined : { facility };
  }
}

/**
 * Checks organisations as entered in the node.
 *
 * @returns MSH-4 by UUID in lower case
 * @throws PkbConfigError `PKB_SETTING`
 */
export function readOrganisations(list: readonly Organisation[]): Map<string, string> {
  if (!Array.isArray(list) || list.length > MOST) throw wrong(`are a list of at most ${MOST}`);
  const facilities = new Map<string, string>();
  for (const [i, one] of (list as readonly unknown[]).entries()) {
    const { id, facility } = (one ?? {}) as Record<string, unknown>;
    if (typeof id !== 'string' || !isOrganisationId(id.trim()))
      throw wrong(`need the UUID of the organisation; number ${i + 1} has none`);
    if (typeof facility !== 'string' || readSendingFacility(facility.trim()) === undefined)
      throw wrong(`need MSH-4 as trustalias{trustalias}; number ${i + 1} has none`);
    const key = id.trim().toLowerCase();
    if (facilities.has(key)) throw wrong(`are each entered once; number ${i + 1} is entered twice`);
    facilities.set(key, facility.trim());
  }
  return facilities;
}

function wrong(what: string): PkbConfigError {
  return new PkbConfigError('PKB_SETTING', `The organisations of the simulator ${what}.`);
}
