/**
 * Decides which requests to FHIR operations are allowed, from the head of the request alone, before any of its body is read.
 * The HTTP status of each refusal, and the order of the checks, are simulator wording.
 */
import { isOrganisationId } from '../../pkb/alias.js';
import { readContentType } from '../charset.js';
import { type Credentials, isStranger, STRANGER } from '../entry.js';
import type { Refused } from './answers.js';
import type { Grant, Organisations } from './organisations.js';
import type { ApiHead } from './request.js';
import { isPlain } from './token-endpoint.js';
import type { Tokens } from './tokens.js';

/** What decides about a request. */
export interface Gate {
  readonly credentials: Credentials;
  readonly tokens: Tokens;
  readonly organisations: Organisations;
}

/** What an operation needs of a request's head. */
export interface Needs {
  /** The media types that its body may have. */
  readonly types: readonly string[];
  /** Upper limit of its body, in bytes. */
  readonly most: number;
}

/**
 * Decides whether a request is allowed.
 *
 * @param needs undefined if there is no such operation
 * @returns the grant of the organisation on whose behalf it is called, or the refusal
 */
export function admit(head: ApiHead, needs: Needs | undefined, gate: Gate): Grant | Refused {
  if (isStranger(head.remoteAddress, gate.credentials))
    return { status: 403, issue: 'forbidden', text: STRANGER };
  const token = gate.tokens.check(head.authorization);
  if (token !== 'valid') return token === 'expired' ? EXPIRED : BAD_AUTHENTICATION;
  if (needs === undefined)
    return { status: 404, issue: 'not-supported', text: 'The simulator has no such operation.' };
  if (head.method !== 'POST')
    return {
      status: 405,
      issue: 'not-supported',
      text: 'Post to this operation.',
      headers: { allow: 'POST' },
    };
  const granted = grantOf(head.organisation, gate.organisations);
  return isRefused(granted) ? granted : (contentRefusal(head, needs) ?? granted);
}

/** Whether a request is refused. */
export function isRefused(admitted: Grant | Refused): admitted is Refused {
  return 'status' in admitted;
}

/** The answer to a token that is missing, or none that was given. */
export const BAD_AUTHENTICATION: Refused = {
  status: 401,
  issue: 'login',
  code: 'BAD_AUTHENTICATION',
  text: 'The access token in Authorization: Bearer is missing, or none that this simulator has given since it was started.',
  headers: { 'www-authenticate': 'Bearer realm="PKB simulator"' },
};

const EXPIRED: Refused = {
  status: 401,
  issue: 'expired',
  code: 'ACC_TOKEN_EXPIRED',
  text: 'The access token has expired; ask for a new one.',
  headers: { 'www-authenticate': 'Bearer realm="PKB simulator", error="invalid_token"' },
};

/** The answer to a body that is too large. */
export const BODY_TOO_LARGE: Refused = {
  status: 413,
  issue: 'too-long',
  text: 'The request is larger than the simulator takes.',
};

function grantOf(id: string | undefined, organisations: Organisations): Grant | Refused {
  if (id === undefined || id.trim() === '')
    return {
      status: 400,
      issue: 'required',
      text: 'The header X-Org-Public-Id is missing; it names the organisation by its UUID.',
    };
  if (!isOrganisationId(id.trim()))
    return { status: 400, issue: 'value', text: 'The header X-Org-Public-Id must be one UUID.' };
  const grant = organisations.grantOf(id.trim());
  return (
    grant ?? {
      status: 403,
      issue: 'forbidden',
      text: 'The organisation in X-Org-Public-Id has not granted access; the simulator lists those that have.',
    }
  );
}

function contentRefusal(head: ApiHead, { types, most }: Needs): Refused | undefined {
  const { type, encoding } = readContentType(head.contentType);
  if (!types.includes(type) || !isPlain(encoding, head.contentEncoding))
    return {
      status: 415,
      issue: 'not-supported',
      text: `Send Content-Type ${types.join(' or ')}, in UTF-8, without Content-Encoding.`,
    };
  return Number(head.contentLength ?? 0) > most ? BODY_TOO_LARGE : undefined;
}
