/** Parts of flows that tests put together. */

/** A connection to the simulator, or to an address. */
export const connection = (url?: string, more: object = {}): object => ({
  id: 'connection',
  type: 'pkb-connection',
  name: '',
  environment: url === undefined ? 'simulator' : 'custom',
  url: url ?? '',
  timeout: 5,
  concurrency: 1,
  outbox: 'outbox',
  ...more,
});

/** An outbox in memory, or a file. */
export const outbox = (more: object = {}): object => ({
  id: 'outbox',
  type: 'pkb-outbox',
  store: 'memory',
  ...more,
});

export const CREDENTIALS = { connection: { username: 'partner_mailco', password: 'testing' } };

export const customer = (id: string, name: string, alias: string, controllerAlias = ''): object => ({
  id,
  type: 'pkb-customer',
  name,
  alias,
  controllerAlias,
});

export const build = (more: object = {}): object => ({
  id: 'build',
  type: 'pkb-build',
  customer: 'customer',
  controlId: 'new',
  processingId: 'P',
  dataPointId: 'keep',
  wires: [['built']],
  ...more,
});

export const guard = (more: object = {}): object => ({
  id: 'guard',
  type: 'pkb-guard',
  rules: {},
  wires: [['passed'], ['stopped']],
  ...more,
});

export const send = (more: object = {}): object => ({
  id: 'send',
  type: 'pkb-send',
  connection: 'connection',
  orderBy: 'patient',
  onRejected: 'continue',
  wires: [['accepted'], ['rejected']],
  ...more,
});

export const simulator = (more: object = {}): object => ({
  id: 'simulator',
  type: 'pkb-simulator',
  path: '/pkb-simulator/services/hl7',
  aliases: [],
  wires: [['received']],
  ...more,
});

export const collector = (id: string): object => ({ id, type: 'helper' });

/** A Catch node and what it caught, and a Complete node for one node and what it saw completed. */
export const CATCH = [
  { id: 'catch', type: 'catch', scope: null, wires: [['caught']] },
  { id: 'caught', type: 'helper' },
];
