/**
 * pkb-customer: a Customer on whose behalf messages are sent, by the aliases that PKB issued.
 */
import { PkbError } from '../src/errors.js';
import { type Customer, sendingFacility } from '../src/pkb/alias.js';
import type { Node, NodeDef, Runtime } from './common/types.js';

/** A pkb-customer node at run time. */
export interface CustomerNode extends Node {
  /** Checked when the node was made; undefined where its aliases cannot be used. */
  customer: Customer | undefined;
  /** Why it cannot be used. */
  fault: PkbError | undefined;
}

interface CustomerDef extends NodeDef {
  alias: string;
  controllerAlias: string;
}

module.exports = function (RED: Runtime): void {
  function PkbCustomer(this: CustomerNode, config: CustomerDef): void {
    RED.nodes.createNode(this, config);
    const customer = { alias: config.alias ?? '', controllerAlias: config.controllerAlias || undefined };
    try {
      sendingFacility(customer);
      this.customer = customer;
    } catch (error) {
      if (!(error instanceof PkbError)) throw error;
      this.fault = error;
      this.error(error);
    }
  }
  RED.nodes.registerType('pkb-customer', PkbCustomer);
};
