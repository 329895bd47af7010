/** A whole Node-RED whose admin routes are attacked: its users, its flow with secrets, and requests as anybody sends them. */
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stamped } from './messages.js';
import { type NodeRed, startNodeRed } from './node-red.js';
import { soapAck, startServer, type TestServer } from './server.js';

const root = join(__dirname, '../..');

/** The editor users, by name, with what Node-RED lets each of them do. `anonymous` is whoever does not sign in. */
export const PERMISSIONS = {
  everything: '*',
  writer: 'write',
  reader: 'read',
  clinician: ['read', 'pkb.phi'],
  operator: ['read', 'pkb.operate'],
  tester: ['pkb-connection.write'],
  anonymous: 'read',
} as const;

/** One of {@link PERMISSIONS}. */
export type Role = keyof typeof PERMISSIONS;

/** Settings with `adminAuth` for {@link PERMISSIONS}; the password of each user is `<name>-password`. */
export const ADMIN_AUTH = `adminAuth: (() => {
  const permissions = ${JSON.stringify(PERMISSIONS)};
  const user = async (name) => (name in permissions ? { username: name, permissions: permissions[name] } : null);
  return {
    type: 'credentials',
    users: user,
    authenticate: (name, password) => user(password === name + '-password' ? name : ''),
    default: { permissions: permissions.anonymous },
  };
})()`;

/** The secrets of the flow's nodes, by node id. */
export const SECRETS: Record<string, { username: string; password: string }> = {
  connection: { username: 'partner_mailco', password: 'SECRET-OF-CONNECTION' },
  disabled: { username: 'partner_disabled', password: 'SECRET-OF-DISABLED' },
  proxy: { username: 'proxy_user', password: 'SECRET-OF-PROXY' },
  broker: { username: 'broker_user', password: 'SECRET-OF-BROKER' },
  request: { username: 'request_user', password: 'SECRET-OF-REQUEST' },
};

/** What PKB says of the one message of the flow; it quotes the message, as PKB's words may. */
export const PKB_WORDS = 'PID-5 Example^Alex is <b>not</b> known';

/** Starts a PKB that rejects some messages with {@link PKB_WORDS}, and accepts the others. */
export function startRejecting(isRejected: (controlId: string) => boolean): Promise<TestServer> {
  return startServer(({ controlId }, response) =>
    response.end(
      isRejected(controlId)
        ? soapAck('AR', controlId, PKB_WORDS.replaceAll('<', '&lt;'))
        : soapAck('AA', controlId),
    ),
  );
}

/**
 * Starts Node-RED with a flow that has secrets in nodes of several kinds, and one message that PKB rejects.
 *
 * @param pkb address of what is PKB
 * @param attacker address that is the attacker's, also of a proxy that is deployed
 * @param more further nodes; those with the id of one of the flow's replace it
 */
export async function startAttacked(
  runtime: string,
  pkb: string,
  attacker: string,
  settings: string,
  env: Record<string, string> = {},
  more: readonly { id: string; [setting: string]: unknown }[] = [],
): Promise<NodeRed> {
  const userDir = mkdtempSync(join(tmpdir(), 'pkb-admin-'));
  mkdirSync(join(userDir, 'node_modules/@pkb-partner'), { recursive: true });
  symlinkSync(root, join(userDir, 'node_modules/@pkb-partner/node-red-pkb'), 'junction');
  const manifest = { name: 'x', private: true, dependencies: { '@pkb-partner/node-red-pkb': '*' } };
  writeFileSync(join(userDir, 'package.json'), JSON.stringify(manifest));
  const place = { z: 'tab', x: 10, y: 10, wires: [] };
  const props = [{ p: 'payload', v: stamped('id1'), vt: 'str' }];
  const toPkb = { type: 'pkb-connection', environment: 'custom', outbox: 'outbox', timeout: 5 };
  const flow = [
    { id: 'tab', type: 'tab' },
    { id: 'outbox', type: 'pkb-outbox', store: 'memory' },
    { id: 'connection', ...toPkb, url: pkb },
    { id: 'disabled', ...toPkb, url: pkb, d: true },
    { id: 'by-env', ...toPkb, url: '${ATTACK_PKB_URL}' },
    { id: 'proxy', type: 'http proxy', url: new URL(attacker).origin, noproxy: [] },
    { id: 'tls', type: 'tls-config', verifyservercert: true },
    { id: 'broker', type: 'mqtt-broker', broker: '127.0.0.1', port: '1', autoConnect: false },
    { id: 'request', type: 'http request', method: 'GET', url: pkb, authType: 'basic', ...place },
    { id: 'inject', type: 'inject', props, once: true, onceDelay: 0.1, ...place, wires: [['send']] },
    { id: 'send', type: 'pkb-send', connection: 'connection', ...place, wires: [[], []] },
    { id: 'guard', type: 'pkb-guard', rules: {}, ...place, wires: [[], []] },
  ];
  const replaced = new Set(more.map(({ id }) => id));
  writeFileSync(
    join(userDir, 'flows.json'),
    JSON.stringify([...flow.filter(({ id }) => !replaced.has(id)), ...more]),
  );
  // Core nodes call the user name differently; each has both, so that what looks for either would find it.
  const credentials = Object.fromEntries(
    Object.entries(SECRETS).map(([id, secret]) => [id, { ...secret, user: secret.username }]),
  );
  const byEnv = { username: '${ATTACK_PKB_USER}', password: '${ATTACK_PKB_PASSWORD}' };
  writeFileSync(join(userDir, 'flows_cred.json'), JSON.stringify({ ...credentials, 'by-env': byEnv }));
  return startNodeRed(runtime, userDir, `credentialSecret: false, ${settings}`, env);
}

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of any shape
  readonly body: any;
}

/** Sends a request with exactly these headers, as a browser on any page can. */
export async function call(
  url: string,
  method: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const { statusCode: status = 0, headers: given } = response;
        const isJson = given['content-type']?.startsWith('application/json') ?? false;
        resolve({ status, headers: given, text, body: isJson ? JSON.parse(text) : undefined });
      });
    });
    sending.on('error', reject);
    sending.end(body);
  });
}

/** Signs in. @returns the headers by which the user is known */
export async function signIn(red: NodeRed, role: Role): Promise<Record<string, string>> {
  if (role === 'anonymous') return {};
  const { status, body } = await call(
    `${red.url}/auth/token`,
    'POST',
    { 'content-type': 'application/json' },
    JSON.stringify({
      client_id: 'node-red-editor',
      grant_type: 'password',
      scope: '',
      username: role,
      password: `${role}-password`,
    }),
  );
  if (status !== 200) throw new Error(`${role} could not sign in: HTTP ${status}`);
  return { authorization: `Bearer ${body.access_token}` };
}
