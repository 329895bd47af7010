/** The operators' view: its routes, its page under `/pkb` of the admin API, and the metrics. */
import type { Runtime } from '../common/types.js';
import { metricsRoute } from './metrics.js';
import { operatorRoutes } from './routes.js';

module.exports = function (RED: Runtime): void {
  operatorRoutes(RED);
  metricsRoute(RED);
};
