/**
 * The test of a connection from its dialog: reaches the address and authenticates, with what is entered, and sends no
 * message. PKB itself names opening the address as its test of connectivity (PKB page 3364848418).
 *
 * A stored password is sent only to the deployed address, with the deployed TLS and proxy. To test another address, the
 * user must enter the password.
 */
import { judgeFailure, judgeStatus } from '../../src/delivery/classify.js';
import { type Exchange, type TransportFactory } from '../../src/delivery/transport.js';
import { asPkbError, PkbConfigError } from '../../src/errors.js';
import { addressFor, goalOf, isSimulator } from './address.js';
import { adminPost, audit } from '../common/admin.js';
import { deployedConnection, type Entered, leadsToTheSame, readEntered, resolveEntered } from './entered.js';
import { checkUserName, networkSettings } from '../common/network.js';
import type { Node, Runtime } from '../common/types.js';

/** What the dialog shows. */
export interface Verdict {
  readonly ok: boolean;
  /** In words, without credentials. */
  readonly text: string;
}

/** How long a test may take. */
const LIMIT_MS = 15_000;

/**
 * Makes the route. It can do what a deploy can (fill in environment variables, post anywhere), and so asks for the
 * permission to deploy.
 */
export function connectionTestRoute(RED: Runtime, createTransport: TransportFactory): void {
  const needed = { all: ['pkb-connection.write', 'flows.write'] };
  adminPost(RED, '/pkb-connection/test', needed, (request, response) => {
    const entered = readEntered(request.body);
    if (entered === undefined) {
      response.status(400).json({ ok: false, text: 'Give each setting as text.' });
      return;
    }
    tryConnection(RED, createTransport, entered).then(
      ({ verdict, stored }) => {
        const connection = deployedConnection(RED, entered.id)?.id;
        const which = connection ?? 'a connection that is not deployed';
        const what = `${stored ? 'stored' : 'typed'} password: ${verdict.ok ? 'reached' : 'not reached'}`;
        audit(RED, request, 'pkb-connection.test', `Test of ${which} by {user}, ${what}`, {
          connection,
          stored,
          ok: verdict.ok,
        });
        response.json(verdict);
      },
      (error: unknown) => response.status(500).json({ ok: false, text: asPkbError(error).message }),
    );
  });
}

/** Tries a connection. @returns what came of it, and whether a stored password was used */
async function tryConnection(
  RED: Runtime,
  createTransport: TransportFactory,
  asEntered: Entered,
): Promise<{ verdict: Verdict; stored: boolean }> {
  let stored = false;
  try {
    const deployed = deployedConnection(RED, asEntered.id);
    const entered = resolveEntered(RED, asEntered, deployed);
    checkKind(RED, entered.tls, 'tls-config');
    checkKind(RED, entered.proxy, 'http proxy');
    const url = addressFor(RED, entered);
    const same = deployed !== undefined && leadsToTheSame(entered, deployed.madeFrom);
    const known = same ? deployed.credentials : {};
    stored = entered.password === '' && Boolean(known.password);
    const transport = createTransport({
      ...credentials(
        entered.username || known.username,
        entered.password || known.password,
        isSimulator(entered),
      ),
      timeout: 5,
      concurrency: 1,
      userAgent: 'node-red-pkb (connection test)',
      ...networkSettings(RED, entered, goalOf(RED, entered)),
    });
    const exchange = await transport
      .probe(url, AbortSignal.timeout(LIMIT_MS))
      .finally(() => transport.close());
    return { verdict: judge(exchange), stored };
  } catch (error) {
    return { verdict: { ok: false, text: asPkbError(error).message }, stored };
  }
}

/** What is authenticated with. The simulator lets anyone in unless told otherwise, so none need be entered for it. */
function credentials(
  username: string | undefined,
  password: string | undefined,
  simulator: boolean,
): { username: string; password: string } {
  checkUserName(username ?? '');
  if (username && password) return { username, password };
  if (simulator) return { username: username || 'simulator', password: password || 'simulator' };
  throw new PkbConfigError(
    'PKB_CREDENTIALS',
    'Enter user name and password first. A stored password is used only with the address, TLS and proxy that were deployed.',
  );
}

/** Nodes of other kinds have addresses and credentials, too. */
function checkKind(RED: Runtime, id: string, type: string): void {
  const node = id === '' ? null : (RED.nodes.getNode(id) as Node | null);
  if (node === null || node === undefined || node.type === type) return;
  throw new PkbConfigError(
    'PKB_SETTING',
    'Choose TLS and Proxy of the connection again: one names a node of another type.',
  );
}

function judge(exchange: Exchange): Verdict {
  if ('failure' in exchange) {
    const outcome = judgeFailure(exchange.failure);
    return { ok: false, text: 'reason' in outcome ? outcome.reason : '' };
  }
  const { status } = exchange.answer;
  const refused = judgeStatus(exchange.answer, undefined);
  if (refused) return { ok: false, text: `Reached, but no message would be taken: ${refused.reason}` };
  if (status === 404)
    return { ok: false, text: 'Reached, but there is nothing at this path (HTTP 404); check the address.' };
  return {
    ok: true,
    text: `Reached, and the credentials were not refused (HTTP ${status}). No message was sent.`,
  };
}
