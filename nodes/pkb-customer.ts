/**
 * pkb-customer: a Customer on whose behalf messages are sent, by the aliases that PKB issued.
 */
import { PkbError } from '../src/errors.js';
import { checkCustomer, type Customer } from '../src/pkb/alias.js';
import type { Node, NodeDef, Runtime } from './common/types.js';

/** A pkb-customer node at run time. */
export interface CustomerNode extends Node {
  /** The alias as it was entered. */
  alias: string;
  /** Checked when the node was made; undefined where its settings cannot be used. */
  customer: Customer | undefined;
  /** Why it cannot be used; undefined where it can. */
  fault: PkbError | undefined;
}

interface CustomerDef extends NodeDef {
  alias: string;
  controllerAlias: string;
  timeZone: string;
  nhsNumberStatus: string;
}

module.exports = function (RED: Runtime): void {
  function PkbCustomer(this: CustomerNode, config: CustomerDef): void {
    RED.nodes.createNode(this, config);
    this.alias = config.alias ?? '';
    try {
      this.customer = checkCustomer({
        alias: this.alias,
        controllerAlias: config.controllerAlias || undefined,
        timeZone: config.timeZone || undefined,
        nhsNumberStatus: config.nhsNumberStatus || undefined,
      });
    } catch (error) {
      if (!(error instanceof PkbError)) throw error;
      this.fault = error;
      this.error(error);
    }
  }
  RED.nodes.registerType('pkb-customer', PkbCustomer);
};
