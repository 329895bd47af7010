/** The metrics of this Node-RED: they outlive every deploy. */
import { isEnvironment } from '../../src/pkb/environments.js';
import { type ConnectionLabels, Metrics } from '../../src/operator/metrics.js';
import { connections } from './connections.js';
import type { ConnectionNode } from './contracts.js';
import { onFlows } from './flow-events.js';
import type { Runtime } from './types.js';

/** By the runtime's events, which outlive every deploy. */
const METRICS = new WeakMap<object, Metrics>();

/** The metrics of a runtime. What is counted of a connection disappears at the deploy that removes it. */
export function metricsOf(RED: Runtime): Metrics {
  const known = METRICS.get(RED.events);
  if (known !== undefined) return known;
  const metrics = new Metrics();
  METRICS.set(RED.events, metrics);
  // While flows are stopped there is no node of a connection that stays, either.
  onFlows(RED, { flowsStarted: () => metrics.keep(new Set(connections(RED).map(({ id }) => id))) });
  return metrics;
}

/** The labels of a connection; one without a name has its id as name. */
export function labelsOf({ id, name, madeFrom: { environment } }: ConnectionNode): ConnectionLabels {
  const known = isEnvironment(environment) ? environment : 'unknown';
  return { connection: id, name: name || id, environment: known };
}
