/** A Node-RED that stores and sends what is posted to it, and writes down what its flow is told. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Agent, request } from 'node:http';
import { join } from 'node:path';
import { linkedUserDir } from './node-red.js';

/** A node of a flow, as it stands in a flow file. */
export type FlowNode = { readonly id: string; readonly type: string } & Readonly<Record<string, unknown>>;

/** What a flow was told of a message. */
export interface Told {
  readonly id: string;
  readonly outcome: string;
}

/** The settings that {@link sendingFlow} needs, for `startNodeRed`. */
export const SENDING_SETTINGS = "credentialSecret: false, functionGlobalContext: { fs: require('fs') }";

const file = (userDir: string): string => join(userDir, 'told');

/**
 * Makes a user directory in which {@link sendingFlow} is deployed, with this package linked into it.
 *
 * @param more further nodes
 */
export function sendingUserDir(url: string, more: readonly FlowNode[] = []): string {
  const userDir = linkedUserDir();
  writeFileSync(join(userDir, 'flows.json'), JSON.stringify([...sendingFlow(url, userDir), ...more]));
  const credentials = { connection: { username: 'partner_mailco', password: 'testing' } };
  writeFileSync(join(userDir, 'flows_cred.json'), JSON.stringify(credentials));
  return userDir;
}

/**
 * http in → pkb-send → a function. The Complete node answers when a message is stored; the function writes down, before it
 * ends, what became of it, so that no line can be lost once the function has run.
 *
 * @param url where the messages go
 */
export function sendingFlow(url: string, userDir: string): FlowNode[] {
  const place = { z: 'tab', x: 100, y: 100 };
  const env = [{ name: 'PKB_TOLD', value: file(userDir), type: 'str' }];
  return [
    { id: 'tab', type: 'tab', label: 'sending', env },
    { id: 'outbox', type: 'pkb-outbox', store: 'embedded', path: 'sending.sqlite' },
    {
      id: 'connection',
      type: 'pkb-connection',
      environment: 'custom',
      url,
      timeout: 5,
      concurrency: 8,
      outbox: 'outbox',
    },
    { id: 'in', type: 'http in', url: '/in', method: 'post', wires: [['send']], ...place },
    { id: 'send', type: 'pkb-send', connection: 'connection', wires: [['tell'], ['tell']], ...place },
    { id: 'complete', type: 'complete', scope: ['send'], wires: [['stored']], ...place },
    { id: 'stored', type: 'http response', statusCode: '200', wires: [], ...place },
    {
      id: 'tell',
      type: 'function',
      func:
        'const { outcome, controlId } = msg.payload;\n' +
        "global.get('fs').appendFileSync(env.get('PKB_TOLD'), `${outcome} ${controlId}\\n`);",
      outputs: 0,
      wires: [],
      ...place,
    },
  ];
}

/** Further nodes for {@link sendingFlow}: Catch, and a function that writes down each error's code and control ID. */
export function tellingErrors(): FlowNode[] {
  const place = { z: 'tab', x: 100, y: 100 };
  const func =
    "const id = msg.payload === undefined ? '-' : msg.payload.split('|')[9];\n" +
    "global.get('fs').appendFileSync(env.get('PKB_TOLD'), `${msg.error.code} ${id}\n`);";
  return [
    { id: 'catch', type: 'catch', scope: ['send'], wires: [['caught']], ...place },
    { id: 'caught', type: 'function', func, outputs: 0, wires: [], ...place },
  ];
}

/** What the flow has been told so far, in order. */
export function readTold(userDir: string): Told[] {
  if (!existsSync(file(userDir))) return [];
  const lines = readFileSync(file(userDir), 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const [outcome = '', id = ''] = line.split(' ');
    return { id, outcome };
  });
}

/**
 * Posts a message into the flow.
 *
 * @param limit after how many milliseconds without an answer it is given up
 * @returns whether the flow said that it was done with it
 */
export function post(url: string, body: string, agent: Agent, limit = 20_000): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request(
      url,
      { method: 'POST', agent, headers: { 'content-type': 'text/plain' } },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode === 200));
        response.once('error', () => resolve(false));
      },
    );
    sent.once('error', () => resolve(false));
    sent.setTimeout(limit, () => sent.destroy());
    sent.end(body);
  });
}
