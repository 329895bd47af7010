/** Asking Node-RED's admin API, as the user who signed in to the editor or here. */
import { text, textOr } from './texts.js';

/** The admin root, with a slash at its end. */
export const root = location.pathname.replace(/pkb\/?$/, '');

/** Where the editor keeps its token, too, so that who signed in there is known here. */
const TOKENS = `auth-tokens${root.slice(0, -1).replaceAll('/', '-')}`;

/** Thrown for an answer that is no success. */
export class Failed extends Error {
  /** @param confirm what may be confirmed, so that it is done all the same */
  constructor(
    readonly status: number,
    words: string,
    readonly confirm?: string,
  ) {
    super(words);
  }
}

/** Asks, and gives back what is answered. @throws Failed */
export async function ask<T>(path: string, body?: object): Promise<T> {
  const token = tokenOf();
  const headers: Record<string, string> = { ...(token !== '' && { authorization: `Bearer ${token}` }) };
  if (body !== undefined) headers['content-type'] = 'application/json';
  let response: Response;
  try {
    const method = body === undefined ? 'GET' : 'POST';
    response = await fetch(root + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  } catch {
    throw new Failed(0, text('failed.unreachable'));
  }
  const answered: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answered as T;
  const { error, code, confirm } = (answered ?? {}) as { error?: unknown; code?: string; confirm?: string };
  const words = typeof error === 'string' ? error : text('failed.forbidden');
  // Ours names the detail, in English.
  const said = textOr(`error.${code}`, '');
  throw new Failed(response.status, said === '' ? words : `${said} (${words})`, confirm);
}

/** Signs in. @returns whether the name and password are right */
export async function signIn(username: string, password: string): Promise<boolean> {
  const client = { client_id: 'node-red-editor', grant_type: 'password', scope: '' };
  const response = await fetch(`${root}auth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...client, username, password }),
  });
  if (!response.ok) return false;
  localStorage.setItem(TOKENS, JSON.stringify(await response.json()));
  return true;
}

/** Ends what signing in began, also for the editor in this browser. */
export async function signOut(): Promise<void> {
  const token = tokenOf();
  localStorage.removeItem(TOKENS);
  await fetch(`${root}auth/revoke`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ token }),
  }).catch(() => undefined);
}

/** Whether somebody has signed in. */
export function isSignedIn(): boolean {
  return tokenOf() !== '';
}

function tokenOf(): string {
  try {
    const { access_token: token } = JSON.parse(localStorage.getItem(TOKENS) ?? '{}') as Record<
      string,
      unknown
    >;
    return typeof token === 'string' ? token : '';
  } catch {
    return '';
  }
}
