/**
 * Decides which requests are allowed, from the head of the request alone, before any of its body is read.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readContentType } from './charset.js';

/** The head of a request. */
export interface Head {
  readonly method: string | undefined;
  /** Whether its query is `wsdl`, a request for the description of the service. */
  readonly wsdl: boolean;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly contentLength: string | undefined;
  /** The address at the other end of the connection; headers are ignored. */
  readonly remoteAddress: string | undefined;
}

/** Required user name and password. */
export interface Credentials {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** The answer to a refused request. */
export interface Refusal {
  readonly status: 401 | 403 | 405 | 413 | 415;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Decides whether a request is allowed.
 *
 * @param most upper limit of a body, in bytes
 * @returns undefined if it is allowed: a POST of XML, or a GET of the description
 */
export function refusalOf(head: Head, credentials: Credentials, most: number): Refusal | undefined {
  const { username = '', password = '' } = credentials;
  const open = username === '' && password === '';
  if (isStranger(head.remoteAddress, credentials)) return refuse(403, STRANGER);
  const describes = head.wsdl && (head.method === 'GET' || head.method === 'HEAD');
  if (!mayEnter(head.authorization, credentials) && !(describes && open)) return UNAUTHORISED;
  if (describes) return undefined;
  if (head.method !== 'POST') return refuse(405, 'Post SOAP 1.1 here.', { allow: 'POST' });
  return checkContent(head, most);
}

/** What another computer is told while the simulator has no user name and password. */
export const STRANGER =
  'This PKB simulator has no user name and password, so it answers its own computer only. Set a user name and a password in it to let others in.';

/** Whether a request comes from another computer, to a simulator that answers its own only. */
export function isStranger(remoteAddress: string | undefined, credentials: Credentials): boolean {
  const { username = '', password = '' } = credentials;
  return (username === '' || password === '') && !isLoopback(remoteAddress);
}

/**
 * Whether a request has the required user name and password. If none are set, any are accepted; PKB always requires some.
 */
export function mayEnter(authorization: string | undefined, credentials: Credentials): boolean {
  const { username = '', password = '' } = credentials;
  const match = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '');
  if (!match) return false;
  if (username === '' && password === '') return true;
  const given = Buffer.from(match[1] ?? '', 'base64').toString('utf8');
  return timingSafeEqual(digest(given), digest(`${username}:${password}`));
}

/** The answer to missing or wrong credentials. */
export const UNAUTHORISED: Refusal = {
  status: 401,
  headers: { 'www-authenticate': 'Basic realm="PKB simulator"' },
  body: '',
};

function checkContent(head: Head, most: number): Refusal | undefined {
  const { type, encoding } = readContentType(head.contentType);
  if (type !== 'text/xml') {
    const version = type === 'application/soap+xml' ? ' (application/soap+xml is SOAP 1.2)' : '';
    return refuse(415, `PKB speaks SOAP 1.1: send Content-Type text/xml${version}.`);
  }
  if (encoding === undefined)
    return refuse(415, 'The charset of Content-Type must be UTF-8, UTF-16 or ISO-8859-1.');
  if (!['', 'identity'].includes(head.contentEncoding ?? ''))
    return refuse(415, 'Send the body without Content-Encoding.');
  return Number(head.contentLength ?? 0) > most ? TOO_LARGE : undefined;
}

/** The answer to a body that is too large. */
export const TOO_LARGE: Refusal = refuse(413, 'The request is larger than the simulator takes.');

function refuse(status: Refusal['status'], text: string, more: Record<string, string> = {}): Refusal {
  return { status, headers: { 'content-type': 'text/plain; charset=UTF-8', ...more }, body: `${text}\n` };
}

/** Whether an address is this computer's own: 127.0.0.0/8, also as IPv6 writes it, or ::1. */
export function isLoopback(address: string | undefined): boolean {
  return /^(?:(?:::ffff:)?127(?:\.\d{1,3}){3}|::1)$/i.test(address ?? '');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
