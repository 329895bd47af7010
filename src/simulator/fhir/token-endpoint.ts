/**
 * `POST oauth/token`: access tokens for client credentials (PKB page 3364947437; dev.patientsknowbest.com, client-credentials).
 * If PKB's answer is not documented, it is that of RFC 6749, section 5.2.
 */
import type { HttpAnswer } from '../answer.js';
import { readContentType } from '../charset.js';
import { type Credentials, isStranger, mayEnter, STRANGER } from '../entry.js';
import { tokenAnswer, tokenError } from './answers.js';
import { type ApiBody, type ApiHead, formField } from './request.js';
import type { Tokens } from './tokens.js';

/** Upper limit of a request for a token, in bytes. */
export const MOST_FORM = 16 * 1024;

/** Refuses a request for a token from its head alone; undefined if its body must be read. */
export function greetClient(head: ApiHead, credentials: Credentials): HttpAnswer | undefined {
  if (isStranger(head.remoteAddress, credentials)) return tokenError(403, 'access_denied', STRANGER);
  if (head.method !== 'POST')
    return tokenError(405, 'invalid_request', 'Post a form here.', { allow: 'POST' });
  if (!mayEnter(head.authorization, credentials)) return UNAUTHORISED_CLIENT;
  const { type, encoding } = readContentType(head.contentType);
  if (type !== 'application/x-www-form-urlencoded' || !isPlain(encoding, head.contentEncoding))
    return tokenError(
      400,
      'invalid_request',
      'Send Content-Type application/x-www-form-urlencoded, in UTF-8, without Content-Encoding.',
    );
  return Number(head.contentLength ?? 0) > MOST_FORM ? FORM_TOO_LARGE : undefined;
}

/** Answers an allowed request for a token. */
export function giveToken(body: ApiBody, tokens: Tokens): HttpAnswer {
  const grant = formField(body, 'grant_type');
  if (grant === undefined)
    return tokenError(400, 'invalid_request', 'The form must have grant_type=client_credentials.');
  if (grant !== 'client_credentials')
    return tokenError(400, 'unsupported_grant_type', 'grant_type must be client_credentials.');
  return tokenAnswer(200, {
    access_token: tokens.issue(),
    token_type: 'bearer',
    expires_in: Math.floor(tokens.seconds),
  });
}

/** The answer to a wrong client id or secret. The text is simulator wording. */
export const UNAUTHORISED_CLIENT = tokenError(
  401,
  'unauthorized',
  'The client id and secret in Authorization: Basic are missing or wrong.',
  { 'www-authenticate': 'Basic realm="PKB simulator"' },
);

/** The answer to a form that is too large. */
export const FORM_TOO_LARGE = tokenError(413, 'invalid_request', 'The form is larger than 16 KiB.');

/** Whether a body is in UTF-8 and not compressed. */
export function isPlain(encoding: string | undefined, contentEncoding: string | undefined): boolean {
  return (
    (encoding === 'utf-8' || encoding === 'as-declared') && ['', 'identity'].includes(contentEncoding ?? '')
  );
}
