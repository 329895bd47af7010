/**
 * Finding the Customer of a message among those that are configured.
 */
import { PkbConfigError } from '../../src/errors.js';
import { type Customer, sendingFacility } from '../../src/pkb/alias.js';
import type { CustomerNode } from './contracts.js';
import type { Runtime } from './types.js';

/**
 * The Customer of a message.
 *
 * @param chosen id of the Customer chosen in the node; blank = taken from the message
 * @param named `msg.customer`: name or alias of a configured Customer, without regard to case and blanks around it
 * @throws PkbConfigError `PKB_CUSTOMER` where there is none, or the two differ; or what is wrong with the Customer's settings;
 *   never passes a name through
 */
export function chooseCustomer(RED: Runtime, chosen: string, named: unknown): { customer: Customer } {
  const node = chosen ? customerNode(RED, chosen) : customerNamed(RED, named);
  if (node === undefined)
    throw new PkbConfigError('PKB_CUSTOMER', 'The Customer chosen in the node is missing or disabled.');
  if (chosen && isGiven(named) && !isNamed(node, named)) {
    throw new PkbConfigError(
      'PKB_CUSTOMER',
      'msg.customer names another Customer than the one chosen in the node: nothing was sent on behalf of either. Leave the Customer of the node blank, or correct msg.customer.',
    );
  }
  if (node.customer) return { customer: node.customer };
  throw node.fault ?? new PkbConfigError('PKB_CUSTOMER', 'The Customer chosen in the node cannot be used.');
}

function isGiven(named: unknown): boolean {
  return named !== undefined && named !== null && named !== '';
}

function plain(name: unknown): string {
  return typeof name === 'string' ? name.trim().toLowerCase() : '';
}

function isNamed({ name, alias }: CustomerNode, named: unknown): boolean {
  const wanted = plain(named);
  return wanted !== '' && (plain(name) === wanted || plain(alias) === wanted);
}

function customerNamed(RED: Runtime, named: unknown): CustomerNode {
  if (plain(named) === '') {
    throw new PkbConfigError(
      'PKB_CUSTOMER',
      'Choose a Customer in the node, or set msg.customer: neither names one.',
    );
  }
  const all = configuredCustomers(RED);
  const byName = all.filter(({ name }) => plain(name) === plain(named));
  const found = byName.length > 0 ? byName : all.filter((node) => isNamed(node, named));
  const [only] = found;
  if (only && found.length === 1) return only;
  throw new PkbConfigError(
    'PKB_CUSTOMER',
    found.length === 0
      ? 'msg.customer names none of the configured Customers; add it as a pkb-customer node, or correct the name.'
      : `msg.customer fits ${found.length} configured Customers; give each a name of its own and use that.`,
  );
}

/** The MSH-4 values of all configured Customers. */
export function configuredFacilities(RED: Runtime): string[] {
  return configuredCustomers(RED).flatMap(({ customer }) => (customer ? [sendingFacility(customer)] : []));
}

/**
 * The UUID of the organisation of a configured Customer.
 *
 * @param facility MSH-4
 * @returns blank where the Customer is not configured, or has none
 */
export function organisationOf(RED: Runtime, facility: string): string {
  const found = configuredCustomers(RED).find(
    ({ customer }) => customer !== undefined && sendingFacility(customer) === facility,
  );
  return found?.customer?.organisationId ?? '';
}

function configuredCustomers(RED: Runtime): CustomerNode[] {
  const all: CustomerNode[] = [];
  RED.nodes.eachNode(({ id, type }) => {
    const node = type === 'pkb-customer' ? customerNode(RED, id) : undefined;
    if (node) all.push(node);
  });
  return all;
}

function customerNode(RED: Runtime, id: string): CustomerNode | undefined {
  return (RED.nodes.getNode(id) as CustomerNode | null) ?? undefined;
}
