/** The operators' view: its routes, and its page under `/pkb` of the admin API. */
import type { Runtime } from '../common/types.js';
import { operatorRoutes } from './routes.js';

module.exports = function (RED: Runtime): void {
  operatorRoutes(RED);
};
