/**
 * The test of a connection from its dialog: reaches the address and authenticates, with what is entered, and sends no
 * message. PKB itself names opening the address as its test of connectivity (PKB page 3364848418).
 */
import { type Exchange, type TransportFactory } from '../../src/delivery/transport.js';
import { judgeFailure } from '../../src/delivery/classify.js';
import { asPkbError, PkbConfigError } from '../../src/errors.js';
import type { ConnectionDef } from '../pkb-connection.js';
import { addressFor } from './address.js';
import { networkSettings } from './network.js';
import type { Runtime } from './types.js';

/** What the dialog sends: the settings as entered, and credentials only where they were changed. */
export type Tried = ConnectionDef & { username?: string; password?: string };

/** What the dialog shows. */
export interface Verdict {
  readonly ok: boolean;
  /** In words, without credentials. */
  readonly text: string;
}

/** How long a test may take. */
const LIMIT_MS = 15_000;

/**
 * Tries a connection.
 *
 * @param stored the credentials of the deployed node, for those that were not changed
 */
export async function tryConnection(
  RED: Runtime,
  createTransport: TransportFactory,
  tried: Tried,
  stored: { username?: string; password?: string },
): Promise<Verdict> {
  try {
    const username = tried.username || stored.username || '';
    const password =
      !tried.password || tried.password === '__PWRD__' ? (stored.password ?? '') : tried.password;
    const url = addressFor(RED, tried);
    if ((username === '' || password === '') && tried.environment !== 'simulator') {
      throw new PkbConfigError('PKB_CREDENTIALS', 'Enter user name and password first.');
    }
    const transport = createTransport({
      username: username || 'simulator',
      password: password || 'simulator',
      timeout: 5,
      concurrency: 1,
      userAgent: 'node-red-pkb (connection test)',
      ...networkSettings(RED, tried),
    });
    const exchange = await transport.probe(url, AbortSignal.timeout(LIMIT_MS));
    transport.close();
    return judge(exchange);
  } catch (error) {
    return { ok: false, text: asPkbError(error).message };
  }
}

function judge(exchange: Exchange): Verdict {
  if ('failure' in exchange) {
    const outcome = judgeFailure(exchange.failure);
    return { ok: false, text: 'reason' in outcome ? outcome.reason : '' };
  }
  const { status } = exchange.answer;
  if (status === 401 || status === 403)
    return { ok: false, text: `Reached, but the credentials or this sender were refused (HTTP ${status}).` };
  if (status === 407) return { ok: false, text: 'The proxy wants credentials (HTTP 407).' };
  if (status >= 300 && status < 400)
    return {
      ok: false,
      text: `Reached, but the address answers with a redirect (HTTP ${status}); it is not PKB's HL7 endpoint.`,
    };
  if (status === 404)
    return { ok: false, text: 'Reached, but there is nothing at this path (HTTP 404); check the address.' };
  if (status >= 502) return { ok: false, text: `Reached, but PKB is out of order (HTTP ${status}).` };
  return {
    ok: true,
    text: `Reached, and the credentials were not refused (HTTP ${status}). No message was sent.`,
  };
}
