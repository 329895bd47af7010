/** Node-RED's admin API, as a command asks it. Address and user come from the environment, so that no list of processes shows them. */
import { PkbConfigError, PkbOutboxError } from '../errors.js';

/** How long an answer may take, in milliseconds. */
const PATIENCE_MS = 30_000;

/** Asks one Node-RED. */
export class NodeRed {
  readonly #root: string;
  readonly #user: { readonly username: string; readonly password: string } | undefined;
  #token: string;

  /** @param env with `PKB_NODE_RED_URL`, and `PKB_NODE_RED_TOKEN` or `PKB_NODE_RED_USER` and `PKB_NODE_RED_PASSWORD` */
  constructor(env: Readonly<Record<string, string | undefined>>) {
    const {
      PKB_NODE_RED_URL: url = 'http://127.0.0.1:1880',
      PKB_NODE_RED_TOKEN: token = '',
      PKB_NODE_RED_USER: username = '',
      PKB_NODE_RED_PASSWORD: password = '',
    } = env;
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new PkbConfigError(
        'PKB_SETTING',
        'Set PKB_NODE_RED_URL to the address of Node-RED’s admin API, such as http://127.0.0.1:1880/.',
      );
    }
    this.#root = url.endsWith('/') ? url : `${url}/`;
    this.#token = token;
    this.#user = username === '' ? undefined : { username, password };
  }

  /** Asks a route of the operators' view. @throws PkbOutboxError `PKB_OUTBOX` what it says, or why there is no answer */
  async ask<T>(path: string, body?: object): Promise<T> {
    if (this.#token === '' && this.#user !== undefined) this.#token = await this.#signIn(this.#user);
    const response = await this.#fetch(`pkb/${path}`, body);
    const answered: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answered as T;
    const { error } = (answered ?? {}) as { error?: unknown };
    if (typeof error === 'string') throw new PkbOutboxError('PKB_OUTBOX', error);
    throw new PkbOutboxError(
      'PKB_OUTBOX',
      STATUSES[response.status] ?? `Node-RED answers HTTP ${response.status}.`,
    );
  }

  async #signIn(user: { readonly username: string; readonly password: string }): Promise<string> {
    const client = { client_id: 'node-red-admin', grant_type: 'password', scope: '' };
    const response = await this.#fetch('auth/token', { ...client, ...user });
    const { access_token: token } = ((await response.json().catch(() => undefined)) ?? {}) as Record<
      string,
      unknown
    >;
    if (response.ok && typeof token === 'string') return token;
    throw new PkbOutboxError(
      'PKB_OUTBOX',
      'Node-RED refused PKB_NODE_RED_USER or PKB_NODE_RED_PASSWORD, or has no adminAuth.',
    );
  }

  async #fetch(path: string, body?: object): Promise<Response> {
    const headers: Record<string, string> = {
      ...(this.#token !== '' && { authorization: `Bearer ${this.#token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    try {
      return await fetch(this.#root + path, {
        method: body === undefined ? 'GET' : 'POST',
        headers,
        signal: AbortSignal.timeout(PATIENCE_MS),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch {
      throw new PkbOutboxError(
        'PKB_OUTBOX',
        'Node-RED cannot be reached at PKB_NODE_RED_URL. Check whether it runs there.',
      );
    }
  }
}

const STATUSES: Readonly<Record<number, string>> = {
  401: 'Node-RED asks for a user with the permission for this. Set PKB_NODE_RED_USER and PKB_NODE_RED_PASSWORD, or PKB_NODE_RED_TOKEN.',
  404: 'There is no operators’ view at PKB_NODE_RED_URL. It must be the admin root of a Node-RED with this package.',
};
