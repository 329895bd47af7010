/**
 * pkb-simulator: a stand-in for PKB inside Node-RED's own HTTP server.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RequestHandler } from 'express';
import { PkbConfigError } from '../../src/errors.js';
import { parsedView } from '../../src/hl7/parsed.js';
import { apiPathOf } from '../../src/simulator/fhir/request.js';
import { SIMULATOR_PATH } from '../../src/simulator/server.js';
import { Service } from '../../src/simulator/serve.js';
import { type Received, Simulator, summaryOf } from '../../src/simulator/simulator.js';
import { raiseError, showError } from '../common/errors.js';
import type { LoginCredentials, SimulatorNode } from '../common/contracts.js';
import type { Runtime } from '../common/types.js';
import { type SimulatorDef, simulatorOptions } from './settings.js';

module.exports = function (RED: Runtime): void {
  function PkbSimulator(this: SimulatorNode, config: SimulatorDef): void {
    RED.nodes.createNode(this, config);
    this.url = undefined;
    const path = config.path || SIMULATOR_PATH;
    if (!/^\/[^\s?#:*()]*$/.test(path) || (RED.settings.httpNodeRoot as unknown) === false) {
      const error = new PkbConfigError(
        'PKB_SETTING',
        'Path must begin with / and have no spaces and none of ? # : * ( ), and httpNodeRoot must not be switched off.',
      );
      this.status({ fill: 'red', shape: 'ring', text: RED._('pkb-simulator.status.check-settings') });
      raiseError(RED, this, error);
      return;
    }
    let simulator: Simulator;
    try {
      simulator = new Simulator(simulatorOptions(config, this.credentials));
    } catch (error) {
      showError(RED, this, 'PKB_SETTING');
      raiseError(RED, this, error);
      return;
    }
    this.url = () => new URL(join(RED.settings.httpNodeRoot, path), ownAddress(RED));
    let count = 0;
    const show = (received: Received): void => {
      const { hl7, ...simulated } = { ...received, summary: summaryOf(received) };
      const { forgotten } = simulator;
      const key = forgotten > 0 ? 'received-forgotten' : 'received';
      const text = RED._(`pkb-simulator.status.${key}`, { count: ++count, forgotten });
      this.status({ fill: 'green', shape: 'dot', text });
      const parsed = parsedView(hl7);
      this.send({
        payload: hl7,
        topic: simulated.messageType,
        ...(parsed && { parsed }),
        simulator: simulated,
      });
    };
    const service = new Service(simulator, show);
    const route: RequestHandler = (request, response) => service.serve(request, response);
    const apiRoute: RequestHandler = (request, response, next) => {
      const apiPath = apiPathOf(request.url, path);
      if (apiPath === undefined) next();
      else void service.serveApi(request, response, apiPath);
    };
    RED.httpNode.all(path, route);
    RED.httpNode.all(below(path), apiRoute);
    this.on('close', () => {
      removeRoute(RED, route);
      removeRoute(RED, apiRoute);
    });
  }
  RED.nodes.registerType<SimulatorNode, SimulatorDef, object, LoginCredentials>(
    'pkb-simulator',
    PkbSimulator,
    {
      credentials: { username: { type: 'text' }, password: { type: 'password' } },
    },
  );
};

/** This Node-RED's own HTTP server, by the address it is bound to. */
function ownAddress(RED: Runtime): string {
  const server = RED.server as unknown as Server & { setSecureContext?: unknown };
  const bound = server.address() as AddressInfo | null;
  const scheme = server.setSecureContext === undefined ? 'http' : 'https';
  const anyAddress = bound === null || ['0.0.0.0', '::', ''].includes(bound.address);
  const host = anyAddress ? '127.0.0.1' : bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return `${scheme}://${host}:${bound?.port ?? RED.settings.uiPort}`;
}

/** What matches every path below another one. A text would be read as a pattern. */
function below(path: string): RegExp {
  const base = path.endsWith('/') ? path.slice(0, -1) : path;
  return new RegExp(`^${base.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}/`);
}

function join(root: string | false | undefined, path: string): string {
  return `${(root || '/').replace(/\/$/, '')}${path}`;
}

/** Takes a route out of Express's table, as Node-RED's own http in node does. */
function removeRoute(RED: Runtime, handler: RequestHandler): void {
  const { _router: router } = RED.httpNode as unknown as { _router?: { stack: ExpressLayer[] } };
  if (router === undefined) return;
  router.stack = router.stack.filter((layer) => !layer.route?.stack.some(({ handle }) => handle === handler));
}

interface ExpressLayer {
  readonly route?: { readonly stack: readonly { readonly handle: unknown }[] };
}
