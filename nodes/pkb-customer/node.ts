/**
 * pkb-customer: a Customer on whose behalf messages are sent, by the aliases that PKB issued.
 */
import { PkbError } from '../../src/errors.js';
import { checkCustomer } from '../../src/pkb/alias.js';
import { raiseError } from '../common/errors.js';
import type { CustomerNode } from '../common/contracts.js';
import type { NodeDef, Runtime } from '../common/types.js';

interface CustomerDef extends NodeDef {
  alias: string;
  controllerAlias: string;
  timeZone: string;
  nhsNumberStatus: string;
  organisationId?: string;
}

module.exports = function (RED: Runtime): void {
  function PkbCustomer(this: CustomerNode, config: CustomerDef): void {
    RED.nodes.createNode(this, config);
    this.alias = config.alias ?? '';
    this.customer = undefined;
    this.fault = undefined;
    try {
      this.customer = checkCustomer({
        alias: this.alias,
        controllerAlias: config.controllerAlias || undefined,
        timeZone: config.timeZone || undefined,
        nhsNumberStatus: config.nhsNumberStatus || undefined,
        organisationId: config.organisationId || undefined,
      });
    } catch (error) {
      if (!(error instanceof PkbError)) throw error;
      this.fault = error;
      raiseError(RED, this, error);
    }
  }
  RED.nodes.registerType('pkb-customer', PkbCustomer);
};
